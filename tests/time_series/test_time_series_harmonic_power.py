"""The periodogram of harmonics against astropy's least squares, and waves that the times do not tell apart."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle

from astrocnn.time_series.harmonic_power import harmonic_power
from astrocnn.time_series.period_grid import FrequencyGrid


@pytest.mark.parametrize("number", [12, 90])
def test_powers_are_those_of_astropy_s_least_squares(number):
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 200, number))
    error = rng.uniform(0.05, 0.1, number)
    phase = 2 * np.pi * time / 1.37
    value = 15 + np.sin(phase) + 0.3 * np.cos(2 * phase) + error * rng.normal(size=number)
    grid = FrequencyGrid(1 / 200, 1 / 1000, 1500)
    found = harmonic_power(time, value, error, grid, 3)
    assert found.shape == (3, 1500)
    some = slice(5, None, 37)
    for harmonics in (1, 2, 3):
        expected = LombScargle(time, value, error, nterms=harmonics).power(grid.frequencies()[some], method="chi2")
        np.testing.assert_allclose(found[harmonics - 1, some], expected, atol=2e-5)  # sums in single precision
    assert (np.diff(found, axis=0) >= -1e-6).all()


def test_waves_that_the_times_do_not_tell_apart_add_nothing():
    """At 1 / day, and twice that, all points of one hour of the night have nearly one phase."""
    rng = np.random.default_rng(0)
    time = np.arange(40.0) + 0.01 * rng.normal(size=40)
    found = harmonic_power(time, rng.normal(size=40), np.full(40, 0.1), FrequencyGrid(1.0, 1e-9, 3), 3)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (found < 0.5).all()
