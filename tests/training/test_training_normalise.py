"""Normalisation constants against numpy over everything at once, and what cannot be normalised."""

import tracemalloc

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.samples import batches
from astrocnn.training.normalise import Normalisation, fit_normalisation


def test_constants_are_mean_and_standard_deviation_of_all_pixels(write_set):
    samples = write_set(70, 12)
    fitted = fit_normalisation(samples, None, batch=16)
    data = samples.read(np.arange(70)).astype(np.float64)
    np.testing.assert_allclose(fitted.mean, data.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(fitted.sigma, data.std(axis=(0, 1, 2)), rtol=1e-10)


def test_constants_do_not_depend_on_the_batches(write_set):
    samples = write_set(70, 12)
    whole = fit_normalisation(samples, None, batch=512)
    for size in (1, 13):
        parts = fit_normalisation(samples, None, batch=size)
        np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-12)
        np.testing.assert_allclose(parts.sigma, whole.sigma, rtol=1e-10)


def test_a_small_noise_on_a_large_level_is_not_lost(write_set):
    """Sums of squares of raw values would lose all digits: sigma / mean is 1e-6 and float64 has 16 of them."""
    rng = np.random.default_rng(0)
    data = np.float32(2.0**20) + rng.integers(-8, 9, (30, 8, 8, 2)).astype(np.float32)
    fitted = fit_normalisation(write_set(30, data=data), None, batch=7)
    np.testing.assert_allclose(fitted.sigma, data.astype(np.float64).std(axis=(0, 1, 2)), rtol=1e-6)


def test_applied_values_are_those_of_the_formula(write_set):
    fitted = Normalisation(mean=(5.0, -2.0), sigma=(2.0, 0.5))
    data = np.random.default_rng(1).normal(size=(3, 4, 4, 2)).astype(np.float32)
    got = fitted.apply(data)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, (data - [5.0, -2.0]) / [2.0, 0.5], rtol=1e-6, atol=1e-6)


def test_values_are_clipped_in_units_of_sigma_and_only_when_asked():
    data = np.array([-1e6, -4.0, 5.0, 1e6], np.float32)[:, None]
    clipped = Normalisation(mean=(1.0,), sigma=(2.0,), clip_sigma=2.0).apply(data)
    np.testing.assert_array_equal(clipped[:, 0], [-2.0, -2.0, 2.0, 2.0])
    assert Normalisation(mean=(1.0,), sigma=(2.0,)).apply(data).max() > 1e5
    assert np.isnan(Normalisation(mean=(1.0,), sigma=(2.0,), clip_sigma=2.0).apply(np.array([[np.nan]], np.float32)))


def test_what_was_normalised_comes_back():
    values = np.random.default_rng(0).normal(3, 2, (4, 5, 2)).astype(np.float32)
    constants = Normalisation(mean=(3.0, -1.0), sigma=(2.0, 0.5), clip_sigma=50.0)
    np.testing.assert_allclose(constants.undo(constants.apply(values)), values, rtol=1e-5, atol=1e-6)


def test_objects_that_are_not_finite_are_named(write_set):
    data = np.ones((8, 6, 6, 2), np.float32) * np.arange(8, dtype=np.float32)[:, None, None, None]
    data[3, 2, 2, 1] = np.nan
    data[6, 0, 0, 0] = np.inf
    with pytest.raises(DataError, match=r"set-3, set-6.*not finite") as caught:
        fit_normalisation(write_set(8, data=data), None)
    assert "set-2" not in str(caught.value)


@pytest.mark.parametrize("level", [0.0, 3.0, 0.1, 1e-7, 12345.678])
def test_a_band_without_any_variation_is_refused_by_name(write_set, level):
    """Also where the mean of equal numbers is not that number to the last bit."""
    data = np.random.default_rng(2).normal(size=(11, 7, 7, 2)).astype(np.float32)
    data[..., 1] = level
    with pytest.raises(DataError, match=r"band r: all values are the same"):
        fit_normalisation(write_set(11, data=data), None, batch=4)


NUMBERS = {"numbers": {"of_bands": ["error"], "colours": False, "columns": []}}


def test_a_number_that_is_the_same_for_all_is_told_and_becomes_0(write_set, caplog):
    data = np.random.default_rng(2).normal(4, 2, size=(11, 7, 7, 2)).astype(np.float32)
    data[..., 1] = 0.1
    fitted = fit_normalisation(write_set(11, data=data, bands=("g", "g_error"), notes=NUMBERS), None)
    assert "and so taken as 0: g_error;" in caplog.text
    assert fitted.sigma[1] == 0
    data[0, ..., 1], data[1, ..., 1] = -5.0, 1e6  # what is scored later may differ
    got = fitted.apply(data)
    np.testing.assert_array_equal(got[..., 1], 0)
    np.testing.assert_allclose(got[..., 0].std(), 1, rtol=1e-5)
    np.testing.assert_allclose(fitted.undo(got)[2:], data[2:], rtol=1e-5)


def test_numbers_alone_without_any_variation_are_refused(write_set):
    data = np.ones((4, 5, 5, 2), np.float32)
    with pytest.raises(DataError, match=r"band g, g_error: all values are the same"):
        fit_normalisation(write_set(4, data=data, bands=("g", "g_error"), notes=NUMBERS), None)


def test_numbers_are_not_normalised_within_each_object(write_set):
    samples = write_set(
        4, bands=("g", "g_error"), data=np.random.default_rng(0).normal(size=(4, 5, 5, 2)), notes=NUMBERS
    )
    with pytest.raises(DataError, match=r"would become 0.*to fix, state normalise: set"):
        fit_normalisation(samples, None, normalise="object")


def test_a_band_that_varies_in_one_pixel_is_not_constant(write_set):
    data = np.ones((4, 5, 5, 2), np.float32)
    data[3, 4, 4] = np.nextafter(np.float32(1), np.float32(2))
    fitted = fit_normalisation(write_set(4, data=data), None)
    # one of 100 values a step of 2^-23 away: sigma = step * sqrt(0.01 * 0.99)
    np.testing.assert_allclose(fitted.sigma, 2.0**-23 * np.sqrt(0.01 * 0.99), rtol=1e-6)


def test_an_empty_training_set_is_refused(write_set):
    with pytest.raises(DataError, match="empty"):
        fit_normalisation(write_set(6, 8).select(np.zeros(6, bool)), None)


def test_memory_does_not_grow_with_the_set(write_set, monkeypatch):
    monkeypatch.setattr(batches, "SEGMENT_BYTES", 0)  # read two chunks at a time, as for objects of many megabytes

    def peak(number):
        samples = write_set(number, 32, name=f"set{number}")
        samples.column("id")
        tracemalloc.start()
        fit_normalisation(samples, None, batch=64)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few, many = peak(256), peak(2048)
    assert many < 1.3 * few, "eight times the objects, and no more memory than some of the reader's own"
    assert many < 2048 * 32 * 32 * 2 * 4 / 2, "less than half of the data"
