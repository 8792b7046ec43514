"""Depths of boxes against their sides: right in a box, right in a trend, with the noise of the red part."""

import numpy as np
import pytest
from simulated_stars import INTERVAL_DAY, START_DAY, ephemeris_of, orbit, star

from astrocnn.search.dips import RegularCurve, dips_of, local_noise, means_of
from astrocnn.search.transits import folded_depths, measure_transits, mid_transits, weighted_depth
from astrocnn.time_series.ephemeris import Ephemeris


def box_curve(depth=0.01, width=18, samples=900, slope=0.0):
    flux = 1 + slope * np.arange(samples)
    flux[400 : 400 + width] -= depth
    return RegularCurve(START_DAY, INTERVAL_DAY, flux)


def test_a_box_has_its_depth_also_on_a_slope():
    for slope in (0.0, 1e-5):
        curve = box_curve(slope=slope)
        middle = curve.time_day[400:418].mean()
        depth, _ = dips_of(curve, 3.0).at(np.array([middle]))
        assert depth[0] == pytest.approx(0.01, abs=1e-9)


def test_places_where_too_little_is_observed_have_no_depth():
    curve = box_curve()
    hidden = RegularCurve(curve.start_day, curve.interval_day, np.where(np.arange(900) < 410, np.nan, curve.flux))
    depth, noise = dips_of(hidden, 3.0).at(curve.time_day[[100, 408]])
    assert np.isnan(depth).all()
    assert np.isinf(noise).all()
    assert not len(dips_of(RegularCurve(0.0, 0.01, np.ones(10)), 3.0).depth)


def test_noise_is_that_of_means_and_grows_where_the_curve_is_disturbed():
    rng = np.random.default_rng(1)
    flux = 1 + rng.normal(0, 1e-3, 8000)
    flux[7200:] = 1 + rng.normal(0, 5e-3, 800)
    dips = dips_of(RegularCurve(0.0, INTERVAL_DAY, flux), 3.0)
    expected = 1e-3 * np.sqrt(1 / 18 + 1 / 54)  # a box of 18 samples, two sides of 27
    assert np.median(dips.noise[500:6000]) == pytest.approx(expected, rel=0.25)
    assert np.median(dips.noise[7500:]) == pytest.approx(5 * expected, rel=0.25)
    assert np.isinf(local_noise(np.full(10, np.nan), 5)).all()


def test_means_of_samples_leave_out_what_is_missing():
    np.testing.assert_array_equal(means_of(np.array([1, 3, np.nan, 5, np.nan, np.nan, 9]), 2), [2, 5, np.nan])
    curve = box_curve().coarser(6)
    assert (len(curve), curve.interval_day) == (150, pytest.approx(6 * INTERVAL_DAY))
    assert curve.start_day == pytest.approx(START_DAY + 2.5 * INTERVAL_DAY)


def test_transits_are_measured_one_by_one():
    planet = orbit(period=2.5, mid=0.7)
    ephemeris = ephemeris_of(planet)
    curve = star(planet, days=20.0)
    box = Ephemeris(2.5, ephemeris.epoch_day, 0.7 * ephemeris.duration_hour)
    found = measure_transits(curve, box)
    np.testing.assert_array_equal(found.number, np.arange(8))
    np.testing.assert_allclose(found.depth, 0.0113, atol=5 * found.noise.max())
    assert found.snr == pytest.approx(found.mean_depth / found.depth_error)
    gap = np.where(np.abs(curve.time_day - START_DAY - 8.2) < 1.0, np.nan, curve.flux)
    fewer = measure_transits(RegularCurve(curve.start_day, curve.interval_day, gap), box)
    assert fewer.number.tolist() == [0, 1, 2, 4, 5, 6, 7]


def test_mid_transits_lie_on_the_curve():
    number, middle = mid_transits(Ephemeris(2.0, 11.0, 3.0), 4.5, 9.0)
    np.testing.assert_array_equal(number, [-3, -2, -1])
    np.testing.assert_allclose(middle, [5, 7, 9])
    assert mid_transits(Ephemeris(np.inf, 11.0, 3.0), 4.5, 9.0)[0].size == 0


def test_other_phases_are_folded_with_their_errors():
    planet = orbit(period=2.5, mid=0.7)
    curve = star(planet, days=20.0, noise=1e-4)
    depth, error = folded_depths(dips_of(curve, 1.5), ephemeris_of(planet), curve.end_day, np.array([0.0, 0.3, 0.5]))
    assert depth[0] == pytest.approx(0.0113, rel=0.05)
    assert np.abs(depth[1:] / error[1:]).max() < 4
    mean, error = weighted_depth(np.array([1.0, 3.0, np.nan]), np.array([1.0, 1.0, np.inf]))
    assert (mean, error) == (2.0, pytest.approx(0.5**0.5))
