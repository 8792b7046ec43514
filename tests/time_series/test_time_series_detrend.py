"""Trends of light curves against astropy's biweight, analytic slopes, masks, gaps and what is not known."""

import numpy as np
import pytest
from astropy.stats import biweight_location

from astrocnn.errors import DataError
from astrocnn.time_series.detrend import detrend
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.gaps import segment_slices, segments
from astrocnn.time_series.windows import TUNING, window_averages

DAY = 24.0


def star(days=6.0, cadence_minute=10.0, noise=3e-4, seed=0):
    time = np.arange(0.0, days, cadence_minute / 1440)
    return time, 1 + np.random.default_rng(seed).normal(0, noise, len(time))


def test_gaps_split_and_slices_cover():
    time = np.array([0.0, 0.1, 0.2, 1.0, 1.1, 1.1, 3.0])
    found = segments(time, 12.0)
    assert found.tolist() == [0, 0, 0, 1, 1, 1, 2]
    assert [time[one].tolist() for one in segment_slices(found)] == [[0.0, 0.1, 0.2], [1.0, 1.1, 1.1], [3.0]]
    assert segment_slices(segments(np.empty(0), 1.0)) == []


def test_a_window_is_the_biweight_of_astropy():
    time, flux = star(days=2)
    flux[::7] -= 0.01
    when, level = window_averages(time, flux, 0.5, "biweight")
    for number in (0, len(when) // 2, len(when) - 1):
        middle = when[number] if 0 < number < len(when) - 1 else (time[0], time[-1])[number > 0]
        inside = np.abs(time - middle) <= 0.25 + 1e-9
        expected = np.median(flux[inside])
        for _ in range(50):
            expected = biweight_location(flux[inside], c=TUNING, M=np.array(expected))
        assert when[number] == pytest.approx(time[inside].mean(), abs=0.006)  # knots stand on points, 10 minutes apart
        assert level[number] == pytest.approx(expected, abs=3e-6 if number in (0, len(when) - 1) else 3e-5)


@pytest.mark.parametrize("method", ["biweight", "median", "mean"])
def test_a_slope_goes_but_for_the_ends_and_the_median_is_one(method):
    time = np.arange(0, 10, 1 / 144)
    flux = 500 * (1 + 0.002 * time)
    found = detrend(time, flux, window_hour=DAY, method=method, dip_sigma=None)
    inside = (time > 0.26) & (time < 9.74)
    assert np.abs(found.flux[inside] - 1).max() < 1e-6
    assert found.flux[-1] - 1 == pytest.approx(
        0.002 * 0.25 / 1.0197, rel=0.03
    )  # level for the last quarter of a window
    np.testing.assert_allclose(found.flux * found.trend, flux)


def test_segments_stand_alone():
    time, flux = star(days=8)
    kept = (time < 3) | (time > 4.5)
    time, flux = time[kept], flux[kept] * np.where(time[kept] < 4, 100.0, 7000.0)
    found = detrend(time, flux, window_hour=DAY, gap_hour=10)
    assert found.segment.max() == 1
    for number in (0, 1):
        assert np.median(found.flux[found.segment == number]) == pytest.approx(1, abs=1e-9)
    assert np.abs(found.flux - 1).max() < 3e-3


def test_what_is_not_known_stays_so():
    time, flux = star()
    flux[100:110] = np.nan
    lonely = np.concatenate([time, [20.0, 20.1]])  # a segment of two points
    found = detrend(lonely, np.concatenate([flux, [1.0, 1.0]]), window_hour=DAY)
    assert np.flatnonzero(np.isnan(found.flux)).tolist() == [*range(100, 110), len(time), len(time) + 1]
    assert np.isfinite(found.trend[:-2]).all()
    error = found.error(np.full(len(lonely), 2e-3))
    assert np.isnan(error[100])
    assert error[0] == pytest.approx(2e-3, rel=1e-2)


def test_known_transits_are_bridged():
    time, flux = star(noise=1e-4)
    flux *= 1 + 0.01 * np.sin(2 * np.pi * time / 5.0)
    planet = Ephemeris(2.0, 1.0, 8.0)
    inside = planet.covers(time)
    dipped = np.where(inside, flux * 0.99, flux)
    depth = [
        1 - np.median(detrend(time, dipped, window_hour=16, transits=transits, dip_sigma=None).flux[inside])
        for transits in ((), (planet,))
    ]
    assert depth[0] < 0.009  # a window of twice the duration follows them
    assert depth[1] == pytest.approx(0.01, rel=0.03)
    mask = detrend(time, dipped, window_hour=16, masked=planet.covers(time, 1.25))
    np.testing.assert_array_equal(mask.flux, detrend(time, dipped, window_hour=16, transits=[planet]).flux)


def test_magnitudes_become_the_same_flux():
    time, flux = star()
    flux *= 1 + 0.05 * np.sin(time)
    magnitude = 20 - 2.5 * np.log10(flux)
    one = detrend(time, flux, window_hour=DAY)
    two = detrend(time, magnitude, window_hour=DAY, quantity="magnitude")
    np.testing.assert_allclose(two.flux, one.flux, atol=1e-4)  # averages of magnitudes are not of fluxes
    error = two.error(np.full(len(time), 0.01), "magnitude")
    np.testing.assert_allclose(error, 0.01 * 0.4 * np.log(10) * two.flux)


def test_flares_go_and_dips_stay():
    time, flux = star()
    flux[200:203] += 0.02
    flux[400:403] -= 0.02
    found = detrend(time, flux, window_hour=DAY, clip_sigma=6.0, edge_hour=1.0)
    assert np.flatnonzero(np.isnan(found.flux)).tolist() == [*range(6), 200, 201, 202, *range(len(time) - 6, len(time))]
    assert found.flux[401] < 0.985


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"window_hour": 0.0}, "window_hour above 0"),
        ({"gap_hour": -1.0}, "gap_hour above 0"),
        ({"time_day": np.arange(864)[::-1] / 144}, "do not fall"),
        ({"flux": np.zeros(5)}, "of one curve differ"),
        ({"flux": np.full(864, -1.0)}, "a trend above 0 everywhere"),
    ],
)
def test_what_cannot_be_detrended_is_told(changes, said):
    time, flux = star()
    with pytest.raises(DataError, match=said):
        detrend(**{"time_day": time, "flux": flux, "window_hour": DAY} | changes)


def test_an_ephemeris_is_checked_and_a_single_transit_is_one():
    with pytest.raises(DataError, match="no ephemeris"):
        Ephemeris(0.0, 1.0, 2.0)
    assert Ephemeris(np.inf, 1.0, 2.4).covers(np.array([0.0, 0.96, 3.0])).tolist() == [False, True, False]
    np.testing.assert_allclose(Ephemeris(2.0, 1.0, 1.0).days_from_middle(np.array([0.0, 1.5, 2.9])), [-1, 0.5, -0.1])
