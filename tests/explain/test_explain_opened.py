"""Opening a network: scores before the last activation, layers by name, arrays of layers, and what cannot be opened."""

import keras
import numpy as np
import pytest
from hand_made import convolved, linear, pooled
from keras import layers

from astrocnn.errors import MismatchError, UnknownName
from astrocnn.explain.feature_maps import feature_maps, first_filters, layers_to_show, strongest_channels
from astrocnn.explain.opened import BATCH, open_network
from astrocnn.networks import registry

RNG = np.random.default_rng(1)
KERNEL, DENSE = RNG.normal(size=(3, 3, 2, 4)), RNG.normal(size=(4, 1))


def test_a_score_is_the_log_odds_of_a_probability():
    weights = RNG.normal(size=(4, 5, 2))
    values = RNG.normal(size=(3, 4, 5, 2))
    opened = open_network(linear(weights, "sigmoid"))
    (scores,) = opened.computed([None], values)
    np.testing.assert_allclose(scores[:, 0], (values * weights).sum(axis=(1, 2, 3)) + 0.25, rtol=1e-5)
    assert opened.score_is == "log-odds"
    assert open_network(linear(weights)).score_is == "output"


@pytest.mark.parametrize("ending", ["softmax", "layer", "activation"])
def test_a_softmax_is_left_out_wherever_it_stands(ending):
    inputs = keras.Input((5, 1))
    plain = layers.Dense(3, activation="softmax" if ending == "softmax" else None, name="dense")
    features = plain(layers.Flatten()(inputs))
    if ending == "layer":
        features = layers.Softmax()(features)
    elif ending == "activation":
        features = layers.Activation("softmax")(features)
    opened = open_network(keras.Model(inputs, features))
    value = RNG.normal(size=(2, 5, 1))
    kernel, bias = plain.get_weights()
    (scores,) = opened.computed([None], value)
    np.testing.assert_allclose(scores, value[..., 0] @ kernel + bias, rtol=1e-5, atol=1e-6)
    assert (opened.score_is, opened.number_of_scores) == ("score before the softmax", 3)


def test_feature_maps_are_those_of_numpy():
    opened = open_network(pooled(KERNEL, DENSE, (7, 6, 2), strides=2))
    values = RNG.normal(size=(2, 7, 6, 2)).astype("float32")
    maps = feature_maps(opened, values, ["conv"])["conv"]
    expected = np.stack([np.maximum(convolved(one, KERNEL, 2), 0) for one in values])
    np.testing.assert_allclose(maps, expected, atol=1e-5)
    assert opened.last_map == "conv"
    np.testing.assert_array_equal(strongest_channels(maps[0], 4), np.argsort(-expected[0].std(axis=(0, 1))))


def test_feature_maps_of_a_curve():
    kernel = RNG.normal(size=(5, 1, 3))
    opened = open_network(pooled(kernel, RNG.normal(size=(3, 2)), (11, 1), "softmax"))
    value = RNG.normal(size=(1, 11, 1)).astype("float32")
    np.testing.assert_allclose(
        feature_maps(opened, value, ["conv"])["conv"][0], np.maximum(convolved(value[0], kernel), 0), atol=1e-5
    )


def test_many_objects_get_what_few_get():
    """More than a batch, through the compiled function, padded."""
    opened = open_network(pooled(KERNEL, DENSE, (6, 6, 2)))
    values = RNG.normal(size=(BATCH + 3, 6, 6, 2))
    few = np.concatenate([opened.computed([None], values[k : k + 1])[0] for k in (0, BATCH, BATCH + 2)])
    (many,) = opened.computed([None], values)
    np.testing.assert_allclose(many[[0, BATCH, BATCH + 2]], few, rtol=1e-5)


def test_layers_inside_a_nested_model_have_a_path():
    inner = pooled(KERNEL, DENSE, (6, 6, 2), activation=None)
    inner.name = "inner"
    inputs = keras.Input((6, 6, 2))
    opened = open_network(keras.Model(inputs, layers.Activation("sigmoid")(inner(inputs))))
    assert opened.last_map == "inner/conv"
    value = RNG.normal(size=(1, 6, 6, 2))
    np.testing.assert_allclose(
        feature_maps(opened, value, ["conv"])["inner/conv"][0], np.maximum(convolved(value[0], KERNEL), 0), atol=1e-5
    )


def test_the_last_map_of_a_squeezed_network_is_the_last_one():
    """Squeeze-and-excite pools early on, and features go on beside it."""
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    weight = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.Conv2D(4, 3, name="second")(layers.Multiply()([x, weight]))
    opened = open_network(keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling2D()(x))))
    assert opened.last_map == "second"


def test_a_layer_that_is_not_there_or_has_no_axes():
    opened = open_network(pooled(KERNEL, DENSE, (6, 6, 2)))
    with pytest.raises(UnknownName, match=r"there is no layer 'convv' on the way; to fix, did you mean conv"):
        feature_maps(opened, np.zeros((1, 6, 6, 2)), ["convv"])
    with pytest.raises(MismatchError, match=r"pool: the layer has no spatial axes.*name conv, the last of them"):
        feature_maps(opened, np.zeros((1, 6, 6, 2)), ["pool"])


def test_networks_of_maps_and_of_several_inputs_are_refused():
    inputs = keras.Input((6, 6, 2))
    with pytest.raises(MismatchError, match="numbers for each object"):
        open_network(keras.Model(inputs, layers.Conv2D(1, 3)(inputs)))
    other = keras.Input((3,))
    joined = layers.Concatenate()([layers.Flatten()(inputs), other])
    with pytest.raises(MismatchError, match="only networks from one input"):
        open_network(keras.Model([inputs, other], layers.Dense(1)(joined)))


def test_filters_are_the_kernels_of_the_first_convolution():
    found = first_filters(open_network(pooled(KERNEL, DENSE, (6, 6, 2))))
    assert found.layer == "conv"
    np.testing.assert_array_equal(found.kernels, KERNEL.astype("float32"))
    assert first_filters(open_network(linear(np.ones((4, 4, 1))))) is None


def test_the_layers_shown_by_default_end_each_size_of_the_map():
    opened = open_network(registry.build("deeplens", (45, 45, 1), widths=(4, 4, 4, 4), units_per_block=1, stem_width=4))
    shown = layers_to_show(opened)
    assert shown == ["stem_elu", "block2_unit1_elu", "block3_unit1_elu", "block4_unit1_elu", opened.last_map]
    sizes = [opened.step(name).field.map_size for name in shown]
    assert sizes == [(45, 45), (45, 45), (23, 23), (12, 12), (6, 6)]
    assert layers_to_show(open_network(pooled(KERNEL, DENSE, (6, 6, 2)))) == ["conv"]
