"""The periodogram of harmonics against astropy's least squares, and periods that a sine alone does not find."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle

from astrocnn.time_series.harmonic_power import harmonic_power
from astrocnn.time_series.lomb_scargle import band_points, wave_search
from astrocnn.time_series.period_grid import FrequencyGrid
from astrocnn.time_series.period_options import WaveOptions


def curve(shape, seed=0, number=90, length=200.0, noise=0.1):
    """Times, values with a shape of the phase of 1.37 days, and errors."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, length, number))
    error = rng.uniform(noise / 2, noise, number)
    return time, 15 + shape(time / 1.37 % 1) + error * rng.normal(size=number), error


def two_eclipses(phase):
    """Of unequal depth."""
    return sum(depth * np.exp(-(((phase - at) / 0.1) ** 2)) for at, depth in ((0.25, 0.8), (0.75, 0.5)))


@pytest.mark.parametrize("harmonics", [1, 2, 3])
def test_powers_are_those_of_astropy_s_least_squares(harmonics):
    time, value, error = curve(lambda phase: np.sin(2 * np.pi * phase) + 0.3 * np.cos(4 * np.pi * phase))
    grid = FrequencyGrid(1 / 200, 1 / 1000, 1500)
    found = harmonic_power(time, value, error, grid, harmonics)
    some = slice(0, None, 37)
    expected = LombScargle(time, value, error, nterms=harmonics).power(grid.frequencies()[some], method="chi2")
    np.testing.assert_allclose(found[some], expected, atol=2e-6)  # sums in single precision
    assert found.shape == (1500,)


def test_waves_that_the_times_do_not_tell_apart_add_nothing():
    """At 1 / day, and twice that, all points of one hour of the night have one phase."""
    time = np.arange(40.0) + 0.01 * np.random.default_rng(0).normal(size=40)
    value = np.random.default_rng(1).normal(size=40)
    found = harmonic_power(time, value, np.full(40, 0.1), FrequencyGrid(0.9999, 1e-4, 3), 3)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (found < 0.5).all()


def test_a_period_of_two_eclipses():
    """A sine finds half of it, harmonics the whole, for the eclipses differ."""
    time, value, error = curve(two_eclipses, number=250)
    bands = [band_points(time, value, error)]
    sine, shape = (wave_search(bands, WaveOptions(longest_day=5.0, harmonics=number)) for number in (1, 4))
    assert sine is not None
    assert shape is not None
    assert sine.period_day == pytest.approx(1.37 / 2, rel=0.01)
    assert shape.period_day == pytest.approx(1.37, rel=0.01)
    assert shape.power > sine.power
    assert shape.false_alarm < 1e-6


def test_noise_is_told_as_such_whatever_the_harmonics():
    time, value, error = curve(lambda phase: 0 * phase, number=60)
    for harmonics in (1, 2, 3):
        peak = wave_search([band_points(time, value, error)], WaveOptions(harmonics=harmonics))
        assert peak is not None
        assert peak.false_alarm > 0.01


def test_too_few_points_for_so_many_waves():
    time, value, error = curve(lambda phase: phase, number=8)
    assert wave_search([band_points(time, value, error)], WaveOptions()) is not None
    assert wave_search([band_points(time, value, error)], WaveOptions(harmonics=3)) is None
