"""Periods of waves in two bands."""

import numpy as np
import pytest
from many_points import made

from astrocnn.representations.periods import periods
from astrocnn.time_series.period_options import PeriodOptions

OPTIONS = PeriodOptions(shortest_day=0.3, harmonics=1)


def wave(period, number=60, seed=0, error=0.05, bands=2):
    rng = np.random.default_rng(seed)
    time, band = np.sort(rng.uniform(0, 90, number)), rng.integers(bands, size=number)
    height = np.array([0.5, 0.3])[band]
    value = 15 + band + height * np.sin(2 * np.pi * time / period + band) + rng.normal(0, error, number)
    return list(zip(time, value, np.full(number, error), band, strict=True))


def test_the_period_of_a_wave_in_two_bands_of_other_height_and_phase():
    points = made(wave(2.345), wave(0.71, seed=1), bands=("g", "r"))
    period, power = periods(points, OPTIONS)
    np.testing.assert_allclose(period, [2.345, 0.71], rtol=2e-3)  # a peak is a 90th of a cycle wide
    assert ((power > 0.9) & (power <= 1)).all()


def test_the_power_is_the_share_of_chi_square_that_sines_explain():
    """Against least squares of a mean and a sine in each band, at the period found."""
    rows = wave(2.345)
    points = made(rows, bands=("g", "r"))
    period, power = periods(points, OPTIONS)
    before = after = 0.0
    for band in (0, 1):
        time, value = np.array([row[:2] for row in rows if row[3] == band]).T
        angle = 2 * np.pi * time / period[0]
        design = np.stack([np.ones_like(angle), np.sin(angle), np.cos(angle)], axis=1)
        before += np.square(value - value.mean()).sum()
        after += np.square(value - design @ np.linalg.lstsq(design, value)[0]).sum()
    assert power[0] == pytest.approx(1 - after / before, abs=2e-3)  # the fast sums are interpolated


def test_curves_without_a_period():
    """Too few points in each band; one value; nothing."""
    points = made(wave(2.0)[:6], [(time, 3.0, 0.1, 0) for time in range(20)], [], bands=("g", "r"))
    period, power = periods(points, OPTIONS)
    assert np.isnan(period).all()
    assert np.isnan(power).all()
