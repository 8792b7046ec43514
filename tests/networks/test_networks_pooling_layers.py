"""Pooling by p-norms and learned pooling, against sums written out in numpy and Keras's own poolings."""

import itertools

import keras
import numpy as np
import pytest
from layer_checks import comes_back, in_half_precision, numpy_of, slope

from astrocnn.errors import MismatchError, PipelineFileError
from astrocnn.networks.layers.learned_pooling import Between, LearnedPNormPooling, MixedPooling
from astrocnn.networks.layers.p_norm_pooling import GlobalPNormPooling, PNormPooling

IMAGES = np.random.default_rng(1).normal(size=(2, 7, 9, 3)).astype("float32")
CURVES = np.random.default_rng(2).normal(size=(2, 11, 3)).astype("float32")
WINDOWS = [(2, 2, "valid"), (3, 2, "same"), (3, 1, "same"), (2, 3, "valid"), (4, 3, "same")]


def by_hand(values, exponent, side, stride, padding):
    """Window by window; those of `same` are cut off at the edges."""
    sizes = values.shape[1:-1]
    spans = []
    for n in sizes:
        outputs = -(-n // stride) if padding == "same" else (n - side) // stride + 1
        before = max((outputs - 1) * stride + side - n, 0) // 2 if padding == "same" else 0
        starts = [i * stride - before for i in range(outputs)]
        spans.append([slice(max(0, start), min(n, start + side)) for start in starts])
    out = np.empty((len(values), *map(len, spans), values.shape[-1]))
    for place in itertools.product(*(range(len(span)) for span in spans)):
        window = np.abs(values[(slice(None), *(span[i] for span, i in zip(spans, place, strict=True)))].astype(float))
        axes = tuple(range(1, window.ndim - 1))
        out[(slice(None), *place)] = (window**exponent).mean(axis=axes) ** (1 / exponent)
    return out


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("exponent", [1, 2, 3.5])
@pytest.mark.parametrize("values", [IMAGES, CURVES], ids=["images", "curves"])
def test_power_mean_of_each_window(values, exponent, window):
    found = numpy_of(PNormPooling(exponent, *window)(values))
    np.testing.assert_allclose(found, by_hand(values, exponent, *window), rtol=1e-5)


@pytest.mark.parametrize("window", WINDOWS)
def test_ends_are_average_and_max_pooling(window):
    """Keras averages over the positions inside the map as well; N^(-1/1000) is 0.9977 for 9 positions."""
    average, largest = (
        kind(*window)(np.abs(IMAGES)) for kind in (keras.layers.AveragePooling2D, keras.layers.MaxPooling2D)
    )
    np.testing.assert_allclose(numpy_of(PNormPooling(1, *window)(IMAGES)), numpy_of(average), rtol=1e-5)
    found, largest = numpy_of(PNormPooling(1000, *window)(IMAGES)), numpy_of(largest)
    assert (found <= largest * (1 + 1e-5)).all()
    assert (found >= largest * window[0] ** (-2 / 1000) * (1 - 1e-4)).all()


def test_normalisation():
    """A constant map keeps its value whatever the window and p, where the plain sum grows by N^(1/p)."""
    for exponent, side in itertools.product((1, 2, 7, 1000), (1, 2, 3)):
        layer = PNormPooling(exponent, side, 1, "same")
        np.testing.assert_allclose(numpy_of(layer(np.full((1, 5, 4, 1), -3.0, "float32"))), 3, rtol=1e-5)


@pytest.mark.parametrize("exponent", [1, 1.5, 2, 50, 1000])
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1.0, 1e30])
def test_no_power_overflows_and_no_slope_is_infinite(exponent, scale):
    values = scale * IMAGES
    values[0, :4] = 0  # whole windows of zeros
    values[1, ::3] = 0  # and windows with some
    layer = PNormPooling(exponent, 3, 2, "same")
    found = numpy_of(layer(values))
    assert np.isfinite(found).all()
    assert (found[0, 0] == 0).all()
    # sum(y)^2 would overflow: the slope of each output is what must be bounded by one.
    steps = slope(lambda x: keras.ops.sqrt(layer(x) + 1e-30), values)
    assert np.isfinite(steps).all()


def test_slope_by_hand():
    """sign(x) / N (|x| / y)^(p - 1)."""
    values = np.array([1.0, -2.0, 0.0, 4.0], "float32")[None, :, None]
    y = ((1 + 8 + 64) / 4) ** (1 / 3)
    expected = 2 * y * np.sign(values) / 4 * (np.abs(values) / y) ** 2  # of y^2
    np.testing.assert_allclose(slope(PNormPooling(3, 4), values), expected, rtol=1e-5)


def test_global_form():
    for values in (IMAGES, CURVES):
        found = numpy_of(GlobalPNormPooling(3)(values))
        axes = tuple(range(1, values.ndim - 1))
        np.testing.assert_allclose(found, (np.abs(values) ** 3).mean(axis=axes) ** (1 / 3), rtol=1e-5)
    open_sizes = keras.Input((None, None, 3))
    model = keras.Model(open_sizes, GlobalPNormPooling(3)(open_sizes))
    np.testing.assert_allclose(model.predict_on_batch(IMAGES), numpy_of(GlobalPNormPooling(3)(IMAGES)), rtol=1e-5)


def test_nan_reaches_the_windows_that_read_it():
    values = IMAGES.copy()
    values[0, 0, 0, 0] = np.nan
    for layer in (PNormPooling(2), MixedPooling()):
        found = np.isnan(numpy_of(layer(values)))
        assert found.sum() == 1
        assert found[0, 0, 0, 0]


@pytest.mark.parametrize("window", WINDOWS)
def test_learned_pooling_starts_as_average_or_max_pooling(window):
    positive = np.abs(IMAGES)
    average, largest = (
        numpy_of(kind(*window)(positive)) for kind in (keras.layers.AveragePooling2D, keras.layers.MaxPooling2D)
    )
    for start, other in ((1.0, 1000.0), (0.0, 1.0)):
        kind = LearnedPNormPooling if start else MixedPooling
        np.testing.assert_allclose(numpy_of(kind(start, *window)(positive)), average, rtol=1e-5)
        np.testing.assert_allclose(numpy_of(kind(other, *window)(positive)), largest, rtol=0.006)
    np.testing.assert_allclose(
        numpy_of(MixedPooling(0.25, *window)(positive)), 0.75 * average + 0.25 * largest, rtol=1e-5
    )


@pytest.mark.parametrize("start", [1.0, 1000.0])
def test_an_exponent_is_learned(start):
    """Trained on what p = 2 and p = 6 give, one for each channel, from either end."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(32, 8, 8, 2)).astype("float32")
    targets = np.concatenate([by_hand(values[..., c : c + 1], p, 4, 4, "valid") for c, p in ((0, 2), (1, 6))], axis=-1)
    layer = trained(LearnedPNormPooling(start, 4), values, targets)
    np.testing.assert_allclose(1 / numpy_of(layer.inverse_exponent), (2, 6), rtol=0.02)


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_a_share_is_learned(start):
    values = np.random.default_rng(3).normal(size=(32, 8, 8, 2)).astype("float32")
    layer = MixedPooling(0.5, 4)
    layer.build(values.shape)
    layer.set_weights([np.array([0.2, 0.7], "float32")])
    again = trained(MixedPooling(start, 4), values, numpy_of(layer(values)))
    np.testing.assert_allclose(numpy_of(again.share), (0.2, 0.7), atol=0.02)


def trained(layer, values, targets, optimizer=None, steps=120):
    inputs = keras.Input(values.shape[1:])
    model = keras.Model(inputs, layer(inputs))
    model.compile(optimizer or keras.optimizers.Adam(0.03), "mse")
    for _ in range(steps):
        model.train_on_batch(values, targets)
    return layer


def test_weights_stay_inside_their_range():
    """Pulled beyond the mean and beyond the maximum: p stays between 1 and 1000, the share between 0 and 1."""
    values = np.abs(IMAGES)
    for target in (-10, 10):
        for layer in (LearnedPNormPooling(2), MixedPooling()):
            targets = np.full((2, 3, 4, 3), target, "float32")
            pulled = numpy_of(trained(layer, values, targets, keras.optimizers.SGD(1e6), steps=1).weights[0])
            end = {-10: (1.0, 0.0), 10: (0.001, 1.0)}[target][isinstance(layer, MixedPooling)]
            np.testing.assert_allclose(pulled, end)
    assert Between.from_config(Between(0, 1).get_config()).high == 1


@pytest.mark.parametrize("values", [IMAGES, CURVES], ids=["images", "curves"])
@pytest.mark.parametrize("kind", [PNormPooling, LearnedPNormPooling, MixedPooling, GlobalPNormPooling])
def test_stored_and_in_half_precision(kind, values, tmp_path):
    layer = kind(3) if kind is GlobalPNormPooling else kind(1.0, 3, 2, "same")
    comes_back(layer, values, tmp_path)
    in_half_precision(layer, values)


def test_what_is_refused():
    for kind in (PNormPooling, GlobalPNormPooling, LearnedPNormPooling):
        for exponent in (0.5, 2000):
            with pytest.raises(PipelineFileError, match=f"from 1, the mean, to 1000.*received {exponent}"):
                kind(exponent)
    with pytest.raises(PipelineFileError, match="expected from 0 to 1; received 2"):
        MixedPooling(2)
    with pytest.raises(MismatchError, match=r"expected known sizes, \(3, 3\) or more.*received \(2, 9\)"):
        PNormPooling(2, 3)(IMAGES[:, :2])
    with pytest.raises(MismatchError, match=r"known sizes.*received \(None, 9\)"):
        PNormPooling(2)(keras.Input((None, 9, 1)))
