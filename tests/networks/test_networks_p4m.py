"""The network over turned filters: one answer for the eight ways to turn and mirror an image; parameters by hand."""

import keras
import numpy as np
import pytest
from layer_checks import numpy_of

from astrocnn.networks import registry
from astrocnn.networks.layers.dihedral_group import ORDER, transformed
from astrocnn.receptive_field.measure import receptive_field


def unsettled(shape, **options):
    """The network, all its normalisations random, with a last layer small enough for probabilities around a half."""
    model = registry.build("p4m", shape, seed=1, **options)
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if len(weight.shape) == 1:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    kernel = model.get_layer("probability").kernel
    kernel.assign(0.03 * numpy_of(kernel))
    return model


def random_images(shape):
    """Of different brightness, so that the answers differ."""
    brightness = np.arange(1, shape[0] + 1)[:, None, None, None]
    return (brightness * np.random.default_rng(2).normal(size=shape)).astype("float32")


def same_for(elements, model, images):
    """Answers, and the features they are made of, to 1e-5 of the largest."""
    both = keras.Model(model.inputs, [model.get_layer("global_pool").output, model.output])
    first = both.predict_on_batch(images)
    for values in first:
        assert np.ptp(values) > 1e-3  # it does depend on the image
    for element in elements:
        turned = np.ascontiguousarray(transformed(images, element, axes=(1, 2)))
        for found, expected in zip(both.predict_on_batch(turned), first, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("size", [21, 22, 24, 27])
def test_answer_does_not_depend_on_orientation(size):
    """Sizes that are odd or even at each of the stages: 21, 11, 6, 3; 22, 11, 6, 3; 24, 12, 6, 3; 27, 14, 7, 4."""
    model = unsettled((size, size, 2), widths=[2, 3, 2], stem_kernel=3)
    images = random_images((3, size, size, 2))
    same_for(range(1, ORDER), model, images)


@pytest.mark.parametrize("orientations", ["maximum", "mean"])
def test_the_full_network_does_not_depend_on_orientation(orientations):
    images = random_images((2, 45, 45, 1))
    same_for((1, 6), unsettled((45, 45, 1), orientations=orientations), images)


def test_stamps_that_are_not_square():
    """Mirrored along either axis, and turned by 180 degrees."""
    images = random_images((2, 21, 24, 1))
    same_for((2, 4, 6), unsettled((21, 24, 1), widths=[2, 3], stem_kernel=3), images)


@pytest.mark.parametrize("bands", [1, 4])
def test_parameters(bands):
    """A filter of a group convolution has 8 channels x k^2 weights; normalisation 2 a filter; no other bias."""
    total, before = 5 * 5 * bands * 6 + 2 * 6, 6
    for width in (6, 12, 24, 48):
        total += 8 * 9 * (before + width) * width + 2 * 2 * width
        total += 0 if before == width else 8 * before * width + 2 * width
        before = width
    total += 48 + 1
    model = registry.build("p4m", (45, 45, bands))
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_variables) == total
    assert sum(int(np.prod(weight.shape)) for weight in model.non_trainable_variables) == 2 * (6 + 2 * 90 + 84)
    assert total == {1: 344_611, 4: 345_061}[bands]


def test_maps_and_field():
    """Even maps: 5 + 1 = 6 after the first pooling, and + 4 x 2 of the unit = 14; then 16, 32; 36, 68; 76, 140."""
    model = registry.build("p4m", (64, 64, 1))
    field = receptive_field(model)
    ends = [f"stage{stage}_unit1_add" for stage in range(1, 5)]
    assert [field.row(name).size[0] for name in ends] == [14, 32, 68, 140]
    assert [model.get_layer(name).output.shape[1:] for name in ends] == [
        (32, 32, 48), (16, 16, 96), (8, 8, 192), (4, 4, 384),
    ]  # fmt: skip
    assert (field.global_at, field.offset, field.misaligned) == ("global_pool", (0, 0), ())


def test_cost_is_that_of_a_small_residual_network():
    """Multiply-adds at 45 px by hand: 45^2 for the stem, then maps of 23, 12, 6 and 3."""
    by_hand, before = 45**2 * 25 * 48, 48
    for side, width in ((23, 48), (12, 96), (6, 192), (3, 384)):
        by_hand += side**2 * (9 * (before + width) * width + (0 if before == width else before * width))
        before = width
    by_hand += 48
    assert receptive_field(registry.build("p4m", (45, 45, 1))).multiply_adds == by_hand
    assert 0.6 < by_hand / 115.8e6 < 0.8  # of DeepLens
