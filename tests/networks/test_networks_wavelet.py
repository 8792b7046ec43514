"""The wavelet layer against sums written out, and against what a wavelet transform must do."""

import keras
import numpy as np
import pytest

from astrocnn.networks.layers.wavelet import APPROXIMATION, DETAIL, DaubechiesTransform
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field


def transform_by_hand(x):
    """Approximation and detail of one channel as PyWavelets defines them, sample by sample."""
    n = len(x)

    def mirrored(place):
        while not 0 <= place < n:
            place = -1 - place if place < 0 else 2 * n - 1 - place
        return x[place]

    # The filters as PyWavelets prints them for db2, to eight digits.
    low = [-0.12940952, 0.22414387, 0.8365163, 0.48296291]
    high = [-0.48296291, 0.8365163, -0.22414387, -0.12940952]
    outputs = range((n + 3) // 2)
    return np.array([[sum(f[j] * mirrored(2 * k + 1 - j) for j in range(4)) for f in (low, high)] for k in outputs])


@pytest.mark.parametrize("length", [3, 4, 5, 8, 31, 180])
def test_against_sums_written_out(length):
    curves = np.random.default_rng(length).normal(size=(2, length, 3)).astype("float32")
    found = keras.ops.convert_to_numpy(DaubechiesTransform()(curves))
    assert found.shape == DaubechiesTransform().compute_output_shape(curves.shape)
    for curve, values in zip(curves, found, strict=True):
        expected = np.concatenate([transform_by_hand(curve[:, channel]) for channel in range(3)], axis=-1)
        np.testing.assert_allclose(values, expected, atol=1e-6)


def test_filters():
    """Orthonormal, and the detail of a straight line is nothing (two vanishing moments)."""
    for one, other, product in ((APPROXIMATION, APPROXIMATION, 1), (DETAIL, DETAIL, 1), (APPROXIMATION, DETAIL, 0)):
        assert one @ other == pytest.approx(product, abs=1e-15)
        assert one[:2] @ other[2:] == pytest.approx(0, abs=1e-15)
    assert APPROXIMATION.sum() == pytest.approx(np.sqrt(2))
    line = np.arange(40, dtype="float32")[None, :, None] / 40
    detail = keras.ops.convert_to_numpy(DaubechiesTransform()(line))[0, :, 1]
    np.testing.assert_allclose(detail[1:-1], 0, atol=1e-6)
    assert abs(detail[0]) > 1e-3  # the mirrored line has a corner there


def test_it_keeps_the_energy_of_what_stands_inside():
    curve = np.zeros((1, 60, 1), "float32")
    curve[0, 10:50, 0] = np.random.default_rng(0).normal(size=40)
    values = keras.ops.convert_to_numpy(DaubechiesTransform()(curve))
    assert np.sum(values**2) == pytest.approx(np.sum(curve**2), rel=1e-5)


def test_a_sample_that_is_not_a_number_spreads_to_what_reads_it():
    curve = np.zeros((1, 20, 1), "float32")
    curve[0, 8] = np.nan
    bad = np.isnan(keras.ops.convert_to_numpy(DaubechiesTransform()(curve))).any(axis=-1)[0]
    assert list(np.flatnonzero(bad)) == [4, 5]  # 6 to 9, and 8 to 11


def test_open_lengths_and_other_precisions():
    assert DaubechiesTransform()(keras.Input((None, 2))).shape == (None, None, 4)
    layer = DaubechiesTransform(dtype="mixed_float16")
    assert keras.backend.standardize_dtype(layer(np.ones((1, 8, 1), "float32")).dtype) == "float16"
    assert DaubechiesTransform().weights == []


def test_receptive_field_against_the_gradient():
    """Four samples in steps of two; after a convolution of 3 and before one of 2, (3 - 1) + 4 + 2."""
    inputs = keras.Input((24, 1))
    features = keras.layers.Conv1D(1, 3, padding="same")(inputs)
    features = DaubechiesTransform()(features)
    model = keras.Model(inputs, keras.layers.Conv1D(1, 2)(features))
    field = receptive_field(model)
    assert (field.size, field.jump, field.map_size) == ((8,), (2,), (12,))
    for position in range(12):
        assert confirm(model, position=(position,)).agrees
