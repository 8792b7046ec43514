"""Where a network looks: saliency, Grad-CAM and occlusion against what follows from weights put in by hand."""

import keras
import numpy as np
import pytest
from explained_models import with_weights
from hand_made import convolved, linear, pooled
from keras import layers

from astrocnn.explain.grad_cam import grad_cam, on_the_input
from astrocnn.explain.occlusion import occlusion
from astrocnn.explain.opened import open_network
from astrocnn.explain.saliency import input_gradient, saliency_map

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("shape", [(6, 5, 2), (9, 1)])
def test_the_saliency_of_a_linear_network_is_its_weights(shape):
    weights = RNG.normal(size=shape)
    opened = open_network(linear(weights, "sigmoid"))
    values = 100 * RNG.normal(size=(2, *shape))  # where the probability is 0 or 1, and its own gradient none
    slope = input_gradient(opened, values, [0, 0])
    np.testing.assert_allclose(slope, np.stack([weights, weights]), rtol=1e-5)
    np.testing.assert_allclose(saliency_map(slope)[1], np.abs(weights).max(axis=-1), rtol=1e-5)


def test_each_object_has_the_gradient_of_its_own_class():
    inputs = keras.Input((4, 1))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="score")(layers.Flatten()(inputs)))
    weights = RNG.normal(size=(4, 3))
    opened = open_network(with_weights(model, score=[weights, np.zeros(3)]))
    slope = input_gradient(opened, np.zeros((2, 4, 1)), [2, 0])
    np.testing.assert_allclose(slope[..., 0], [weights[:, 2], weights[:, 0]], rtol=1e-5)


def test_smoothgrad_averages_over_noise():
    """Of ReLU(w x), x near 0: half of the copies have the slope w, with noise of any width."""
    inputs = keras.Input((2, 1))
    features = layers.Conv1D(1, 1, activation="relu", use_bias=False, name="conv")(inputs)
    model = keras.Model(inputs, layers.Dense(1, name="score")(layers.Flatten()(features)))
    opened = open_network(with_weights(model, conv=[np.full((1, 1, 1), 3.0)], score=[[[1.0], [1.0]], [0.0]]))
    value = np.array([[[-1e-6], [1.0]]])
    assert input_gradient(opened, value, [0])[0, :, 0].tolist() == [0.0, 3.0]
    smooth = input_gradient(opened, value, [0], copies=200)[0, :, 0]
    assert smooth[0] == pytest.approx(1.5, abs=0.4)  # 4 sigma of a fair coin thrown 200 times: 0.42
    assert smooth[1] == pytest.approx(3.0)
    again = input_gradient(opened, value, [0], copies=200)[0, :, 0]
    np.testing.assert_array_equal(again, smooth)


@pytest.mark.parametrize(
    ("shape", "sides", "stride"), [((8, 7, 2), (3, 3), 2), ((8, 7, 2), (3, 3), 1), ((12, 1), (5,), 1)]
)
def test_grad_cam_by_hand(shape, sides, stride):
    """The score is the mean of the map times the dense weights, so that alpha_k is w_k / Z."""
    kernel, dense = RNG.normal(size=(*sides, shape[-1], 4)), RNG.normal(size=(4, 1))
    opened = open_network(pooled(kernel, dense, shape, strides=stride))
    values = RNG.normal(size=(2, *shape)).astype("float32")
    found = grad_cam(opened, values, [0, 0])
    maps = np.stack([np.maximum(convolved(one, kernel, stride), 0) for one in values])
    alpha = dense[:, 0] / np.prod(maps.shape[1:-1])
    np.testing.assert_allclose(found.weights, np.stack([alpha, alpha]), rtol=1e-4)
    np.testing.assert_allclose(found.places, np.maximum(maps @ alpha, 0), atol=1e-6)
    contributions = (maps * alpha).reshape(2, -1, 4).sum(axis=1)
    np.testing.assert_allclose(found.contributions, contributions, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(contributions.sum(axis=1), opened.computed([None], values)[0][:, 0], rtol=1e-4)
    assert found.layer == "conv"
    assert found.on_input.shape == (2, *shape[:-1])


def test_grad_cam_is_laid_where_the_features_look():
    """Strided by 2 without padding, feature i sees the pixels 2 i to 2 i + 2 and stands at 2 i + 1."""
    model = keras.Sequential(
        [keras.Input((9, 1)), layers.Conv1D(1, 3, 2), layers.GlobalAveragePooling1D(), layers.Dense(1)]
    )
    field = open_network(model).maps[-1].field
    found = on_the_input(np.array([[0.0, 2.0, 0.0, 6.0]]), field)
    np.testing.assert_allclose(found, [[0, 0, 1, 2, 1, 0, 3, 6, 6]])


def test_grad_cam_goes_around_a_shortcut():
    """The gradient is that by the layer's map alone; what passes beside it counts for nothing."""
    inputs = keras.Input((6, 1))
    features = layers.Conv1D(1, 1, use_bias=False, name="conv")(inputs)
    model = keras.Model(inputs, layers.Dense(1, name="score")(layers.Flatten()(layers.Add()([features, inputs]))))
    weights = RNG.normal(size=(6, 1))
    opened = open_network(with_weights(model, conv=[np.full((1, 1, 1), 2.0)], score=[weights, [0.0]]))
    value = RNG.normal(size=(1, 6, 1))
    found = grad_cam(opened, value, [0], "conv")
    assert found.weights[0, 0] == pytest.approx(weights.mean(), rel=1e-4)
    np.testing.assert_allclose(found.places[0], np.maximum(2 * value[0, :, 0] * weights.mean(), 0), atol=1e-6)


def test_occlusion_of_a_network_that_looks_at_one_pixel():
    weights = np.zeros((9, 8, 2))
    weights[4, 3, 1] = 2.0
    opened = open_network(linear(weights, "sigmoid"))
    value = RNG.normal(size=(9, 8, 2))
    fall = occlusion(opened, value, 0, (3, 3))
    full = 2.0 * value[4, 3, 1]
    assert fall[4, 3] == pytest.approx(full, rel=1e-4)
    reached = np.zeros((9, 8), bool)
    reached[2:7, 1:6] = True  # a window of 3 that hides the pixel reaches two further
    assert (fall[~reached] == 0).all()
    np.testing.assert_allclose(np.abs(fall[reached]), np.clip(np.abs(fall[reached]), 0, abs(full) * (1 + 1e-5)))
    filled = occlusion(opened, value, 0, (3, 3), fill=np.array([0.0, value[4, 3, 1]]))
    np.testing.assert_allclose(filled, 0, atol=1e-5)


@pytest.mark.parametrize("side", [1, 3, 6])
def test_occlusion_of_a_curve(side):
    """Of a linear network a window takes away the sum of weight times value inside it."""
    weights, value = RNG.normal(size=(10, 1)), RNG.normal(size=(10, 1))
    fall = occlusion(open_network(linear(weights)), value, 0, (side,))
    parts = (weights * value)[:, 0]
    stride = max(1, side // 3)
    windows = [
        np.arange(max(0, middle - (side - 1) // 2), min(10, middle - (side - 1) // 2 + side))
        for middle in range(9 % stride // 2, 10, stride)
    ]
    expected = [np.mean([parts[window].sum() for window in windows if k in window]) for k in range(10)]
    np.testing.assert_allclose(fall, expected, rtol=1e-3, atol=1e-5)


def test_hiding_what_speaks_against_a_class_is_negative():
    weights = np.array([[1.0], [0], [0], [0], [0], [-1.0]])
    fall = occlusion(open_network(linear(weights)), np.ones((6, 1)), 0, (1,))
    np.testing.assert_allclose(fall, [1, 0, 0, 0, 0, -1], atol=1e-6)
