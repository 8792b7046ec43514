"""Layers over the group p4m: the law that each obeys under turns, its filters by hand, and storing."""

import itertools

import keras
import numpy as np
import pytest
from layer_checks import comes_back, in_half_precision, numpy_of

from astrocnn.errors import MismatchError, PipelineFileError
from astrocnn.networks.layers.dihedral_group import ORDER, inverse, product, transformed
from astrocnn.networks.layers.group_convolution import GroupConvolution, LiftingConvolution
from astrocnn.networks.layers.group_features import GroupBatchNormalization, GroupPooling

ELEMENTS = range(ORDER)
RNG = np.random.default_rng(1)
IMAGES = RNG.normal(size=(2, 9, 9, 3)).astype("float32")
FEATURES = RNG.normal(size=(2, 8, 8, ORDER * 3)).astype("float32")


def acted(values, element, over_group):
    """Element acts on images, (h f)(y, x), or on features, whose maps it also moves: (h f)(g) = h f(h^-1 g)."""
    turned = transformed(values, element, axes=(1, 2))
    if over_group:
        maps = turned.reshape(*turned.shape[:-1], ORDER, -1)
        turned = maps[..., [product(inverse(element), g) for g in ELEMENTS], :].reshape(turned.shape)
    return np.ascontiguousarray(turned)


def randomised(layer, values):
    """The layer with all weights drawn, statistics of normalisation included."""
    layer.build(values.shape)
    layer.set_weights([np.abs(RNG.normal(1, 0.5, weight.shape)) for weight in layer.get_weights()])
    return layer


def test_the_group():
    """Eight different images of an L; products and inverses as they act; neutral element 0."""
    picture = RNG.normal(size=(4, 4))
    images = [transformed(picture, g) for g in ELEMENTS]
    assert len({image.tobytes() for image in images}) == 8
    np.testing.assert_array_equal(images[6], np.rot90(picture[:, ::-1], 2))
    for first, second in itertools.product(ELEMENTS, ELEMENTS):
        np.testing.assert_array_equal(transformed(transformed(picture, second), first), images[product(first, second)])
    assert all(product(g, inverse(g)) == 0 == product(inverse(g), g) for g in ELEMENTS)


def test_lifted_filters_by_hand():
    layer = randomised(LiftingConvolution(2, 3), IMAGES)
    kernel, bank = numpy_of(layer.kernel), numpy_of(layer.filter_bank())
    assert bank.shape == (3, 3, 3, 16)
    for mirrored, quarters, channel, filter_ in itertools.product((0, 1), range(4), range(3), range(2)):
        expected = np.rot90(kernel[:, ::-1, channel, filter_] if mirrored else kernel[:, :, channel, filter_], quarters)
        np.testing.assert_array_equal(bank[:, :, channel, (4 * mirrored + quarters) * 2 + filter_], expected)


def test_filters_over_the_group_by_hand():
    """The quarter turn of a filter reads, at h, what the filter reads at the quarter turn back of h."""
    layer = randomised(GroupConvolution(2, 3), FEATURES)
    kernel = numpy_of(layer.kernel).reshape(3, 3, 8, 3, 2)
    bank = numpy_of(layer.filter_bank()).reshape(3, 3, 8, 3, 8, 2)
    np.testing.assert_array_equal(bank[..., 0, :], kernel)
    # Turned by a quarter: unmirrored orientations 0, 1, 2, 3 come from 3, 0, 1, 2, and the mirrored ones likewise.
    np.testing.assert_array_equal(bank[..., 1, :], np.rot90(kernel)[:, :, [3, 0, 1, 2, 7, 4, 5, 6]])
    # Mirrored: a turn r of the image is a turn -r of its mirror image.
    np.testing.assert_array_equal(bank[..., 4, :], kernel[:, ::-1][:, :, [4, 7, 6, 5, 0, 3, 2, 1]])


@pytest.mark.parametrize("element", ELEMENTS)
def test_each_layer_turns_with_its_input(element):
    """Exactly, but for the order of sums: 1e-5 of values of some tens."""
    lifting = [LiftingConvolution(2, kernel, padding) for kernel, padding in ((3, "same"), (5, "valid"), (4, "valid"))]
    over_group = [
        GroupConvolution(2, 3), GroupConvolution(1, 1), GroupConvolution(2, 2, "valid"), GroupBatchNormalization(),
    ]  # fmt: skip
    cases = [(layer, IMAGES, False, True) for layer in lifting] + [
        (layer, FEATURES, True, True) for layer in over_group
    ]
    cases += [(GroupPooling(kind), FEATURES, True, False) for kind in ("maximum", "mean")]
    for layer, values, group_before, group_after in cases:
        randomised(layer, values)
        found = numpy_of(layer(acted(values, element, group_before)))
        expected = acted(numpy_of(layer(values)), element, group_after)
        np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max(), err_msg=layer.name)


@pytest.mark.parametrize("element", [1, 6])
def test_normalisation_in_training_turns_with_its_input(element):
    layer = randomised(GroupBatchNormalization(momentum=0.5), FEATURES)
    start = layer.get_weights()
    expected = acted(numpy_of(layer(FEATURES, training=True)), element, True)
    learned = layer.get_weights()
    layer.set_weights(start)
    np.testing.assert_allclose(numpy_of(layer(acted(FEATURES, element, True), training=True)), expected, atol=1e-4)
    for again, first in zip(layer.get_weights(), learned, strict=True):
        np.testing.assert_allclose(again, first, rtol=1e-5)


def test_normalisation_by_hand():
    """Mean and variance of each filter over objects, positions and orientations."""
    layer = GroupBatchNormalization(momentum=0.0, epsilon=0.0)
    found = numpy_of(layer(FEATURES, training=True)).reshape(2, 8, 8, 8, 3)
    apart = FEATURES.reshape(2, 8, 8, 8, 3)
    mean, variance = apart.mean(axis=(0, 1, 2, 3)), apart.var(axis=(0, 1, 2, 3))
    np.testing.assert_allclose(found, (apart - mean) / np.sqrt(variance), atol=1e-4)
    np.testing.assert_allclose(numpy_of(layer.moving_mean), mean, atol=1e-5)
    np.testing.assert_allclose(numpy_of(layer.moving_variance), variance, rtol=1e-4)


def test_pooling_by_hand():
    apart = FEATURES.reshape(2, 8, 8, 8, 3)
    np.testing.assert_array_equal(numpy_of(GroupPooling()(FEATURES)), apart.max(axis=3))
    np.testing.assert_allclose(numpy_of(GroupPooling("mean")(FEATURES)), apart.mean(axis=3), atol=1e-6)
    assert GroupPooling()(keras.Input((None, None, 16))).shape == (None, None, None, 2)


def test_weights_are_those_of_one_orientation():
    lifting, group, norm = LiftingConvolution(2, 5), GroupConvolution(2, 3), GroupBatchNormalization()
    for layer, values, shapes in (
        (lifting, IMAGES, [(5, 5, 3, 2), (2,)]),
        (group, FEATURES, [(3, 3, 24, 2), (2,)]),
        (norm, FEATURES, [(3,)] * 4),
    ):
        layer.build(values.shape)
        assert [weight.shape for weight in layer.weights] == shapes


@pytest.mark.parametrize(
    ("layer", "values"),
    [
        (LiftingConvolution(2, 3, bias_initializer="ones"), IMAGES),
        (GroupConvolution(2, 2, "valid", use_bias=False), FEATURES),
        (GroupBatchNormalization(momentum=0.9), FEATURES),
        (GroupPooling("mean"), FEATURES),
    ],
    ids=lambda value: type(value).__name__,
)
def test_stored_and_in_half_precision(layer, values, tmp_path):
    comes_back(layer, values, tmp_path)
    in_half_precision(layer, values)


def test_open_sizes():
    """A network of any size of image: equal to the one of that size."""
    inputs = keras.Input((None, None, 3))
    layers = [randomised(LiftingConvolution(1, 3), IMAGES), randomised(GroupBatchNormalization(), FEATURES[..., :8])]
    model = keras.Model(inputs, layers[1](layers[0](inputs)))
    np.testing.assert_allclose(model.predict_on_batch(IMAGES), numpy_of(layers[1](layers[0](IMAGES))), atol=1e-5)


def test_what_is_refused():
    with pytest.raises(PipelineFileError, match=r"expected an odd kernel_size; received 4"):
        LiftingConvolution(1, 4)
    for layer in (GroupConvolution(1, 3), GroupBatchNormalization()):
        with pytest.raises(MismatchError, match="begin with a LiftingConvolution"):
            layer(IMAGES)
    with pytest.raises(PipelineFileError, match="expected maximum or mean; received max"):
        GroupPooling("max")
    with pytest.raises(MismatchError, match="a multiple of 8 channels; received 3"):
        GroupPooling().compute_output_shape(IMAGES.shape)
