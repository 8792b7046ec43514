"""Whole searches: planets are found at their period, several of a star one after the other, and noise has none."""

import numpy as np
import pytest
from simulated_stars import START_DAY, ephemeris_of, orbit, star

from astrocnn.errors import DataError
from astrocnn.search.boxes import box_ephemerides, trial_durations
from astrocnn.search.dips import RegularCurve
from astrocnn.search.divided import undivided
from astrocnn.search.find import find_transits
from astrocnn.search.network_events import network_period, single_events, stretches
from astrocnn.search.options import SearchOptions
from astrocnn.search.refine import refined
from astrocnn.search.search import search_star
from astrocnn.search.star import prepare_star, search_interval_hour
from astrocnn.search.transits import measure_transits
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import BoxOptions

BOX = BoxOptions(shortest_day=1.0, longest_day=8.0, duration_hour=(1.5, 6.0))
OPTIONS = SearchOptions(box=BOX)


def is_of(found, truth, curve):
    """Whether an ephemeris is another's, all along the curve."""
    apart = truth.days_from_middle(np.array([found.epoch_day, found.epoch_day + 6 * found.period_day]))
    same = abs(found.period_day / truth.period_day - 1) < 0.005
    return same and np.abs(apart).max() < 0.25 * truth.duration_day


def test_two_planets_are_found_one_after_the_other():
    large, small = orbit(period=3.3, radius_ratio=0.06), orbit(period=4.7, mid=2.0, radius_ratio=0.045)
    curve = star(large, small, missing=0.1)
    found = find_transits(curve, OPTIONS)
    assert [one.found_by for one in found] == ["box", "box"]
    assert is_of(found[0].ephemeris, ephemeris_of(large), curve)
    assert is_of(found[1].ephemeris, ephemeris_of(small), curve)
    assert found[0].snr > found[1].snr > 7.1
    assert found[0].ephemeris.duration_hour == pytest.approx(ephemeris_of(large).duration_hour, rel=0.15)
    assert found[0].box.duration_hour < found[0].ephemeris.duration_hour


@pytest.mark.parametrize("seed", range(3))
def test_noise_has_no_planet(seed):
    assert find_transits(star(seed=seed), OPTIONS) == []


def test_a_single_transit_is_one():
    once = orbit(period=40.0, mid=12.0, a_over_rstar=60.0)
    (found,) = find_transits(star(once), OPTIONS)
    assert np.isinf(found.ephemeris.period_day)
    assert found.ephemeris.epoch_day == pytest.approx(START_DAY + 12.0, abs=0.01)


def test_a_wave_of_days_is_left_alone():
    """It raises both sides of a box together; box least squares of the flux would fold it."""
    planet = orbit(radius_ratio=0.035)
    curve = star(planet, wave=(2.3, 0.0015))
    (found,) = find_transits(curve, OPTIONS)
    assert is_of(found.ephemeris, ephemeris_of(planet), curve)


def test_fractions_and_multiples_lead_to_the_period():
    planet = orbit(period=3.3, radius_ratio=0.05)
    truth, curve = ephemeris_of(planet), star(planet)
    for factor in (1 / 3, 0.4, 0.5, 2.0, 3.0):
        start = Ephemeris(factor * truth.period_day, truth.epoch_day, 2.5)
        found = refined(curve, start, (1.0, 6.0), 1.0)
        assert is_of(found, truth, curve)
        assert measure_transits(curve, found).snr > 20


def test_durations_cover_the_range():
    durations = trial_durations((1.0, 12.0))
    assert len(durations) == 4
    assert 1.0 < durations[0] < 1.5
    assert 8.0 < durations[-1] < 12.0
    assert trial_durations((2.0, 2.0)) == [2.0]
    assert list(box_ephemerides(star(days=1.5), BOX)) == []


def test_what_a_network_sees():
    planet = orbit(radius_ratio=0.04)
    curve, truth = star(planet), ephemeris_of(planet)
    probability = np.where(truth.covers(curve.time_day, 2.0), 0.95, 0.1)
    probability[:100] = np.nan
    assert len(stretches(probability, 0.9)) == 8
    found = network_period(curve, probability, 6.0, BOX)
    assert is_of(refined(curve, found, BOX.duration_hour), truth, curve)
    events = single_events(curve, probability, 0.9, BOX.duration_hour)
    assert len(events) == 8
    assert np.abs(truth.days_from_middle(np.array([one.epoch_day for one in events]))).max() < 0.06
    assert network_period(curve, np.full(len(curve), np.nan), 6.0, BOX) is None
    assert single_events(curve, probability, 0.99, BOX.duration_hour) == []


def test_an_event_that_only_the_network_and_the_dip_show():
    """No box comes back; the network points at one dip."""
    once = orbit(period=40.0, mid=12.0, a_over_rstar=60.0, radius_ratio=0.04)
    curve = star(once)
    probability = np.where(np.abs(curve.time_day - START_DAY - 12.0) < 0.2, 0.95, 0.1)
    options = SearchOptions(box=BOX, maximum_candidates=2)
    found = find_transits(curve, options, probability, 6.0)
    assert {one.found_by for one in found} <= {"box", "event", "network"}
    assert found[0].ephemeris.epoch_day == pytest.approx(START_DAY + 12.0, abs=0.03)


def with_gap(curve, middle, hours):
    """The curve without what was observed so many hours about a time."""
    hidden = np.abs(curve.time_day - middle) < 0.5 * hours / 24
    return RegularCurve(curve.start_day, curve.interval_day, np.where(hidden, np.nan, curve.flux))


@pytest.mark.parametrize("gap_hour", [1.0, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_single_transit_that_a_gap_divides_is_one(gap_hour, seed):
    once = orbit(period=40.0, mid=12.0, a_over_rstar=30.0, radius_ratio=0.05)
    truth = ephemeris_of(once)
    curve = with_gap(star(once, seed=seed), truth.epoch_day, gap_hour)
    hour = 24 * np.abs(curve.time_day - truth.epoch_day)
    probability = np.where(hour < 0.6 * truth.duration_hour, 0.95, 0.1)
    probability[hour < 0.5 * gap_hour] = np.nan
    options = SearchOptions(box=BOX.model_copy(update={"duration_hour": (1.0, 8.0)}))
    (found,) = find_transits(curve, options, probability, 12.0)
    assert np.isinf(found.ephemeris.period_day)
    assert 24 * abs(found.ephemeris.epoch_day - truth.epoch_day) < 0.5 * truth.duration_hour


def test_two_single_transits_near_each_other_are_two():
    """The star is seen at its level between them."""
    one, other = (orbit(period=80.0, mid=mid, a_over_rstar=60.0, radius_ratio=0.06) for mid in (12.0, 12.5))
    curve = star(one, other)
    probability = np.where(curve.flux < 1 - 0.5 * 0.06**2, 0.95, 0.1)
    found = [event.ephemeris for event in find_transits(curve, OPTIONS, probability, 12.0)]
    assert [np.isinf(event.period_day) for event in found] == [True, True]
    middles = sorted(event.epoch_day - START_DAY for event in found)
    assert middles == pytest.approx([12.0, 12.5], abs=0.1)


def dip(middle_hour, duration_hour):
    return Ephemeris(np.inf, middle_hour / 24, duration_hour)


@pytest.mark.parametrize(
    ("between", "later", "depth", "expected"),
    [
        (np.nan, dip(7.0, 4.0), (0.01, 0.01), (4.5, 9.0)),  # from 0 to 9 h; nothing was seen from 4 to 5 h
        (0.99, dip(7.0, 4.0), (0.01, 0.01), (4.5, 9.0)),
        (1.0, dip(7.0, 4.0), (0.01, 0.01), None),  # back at its level
        (0.99, dip(7.0, 4.0), (np.nan, 0.01), None),
        (np.nan, dip(8.8, 2.0), (0.01, 0.01), (4.9, 9.8)),  # 3.8 h unseen, and the first lasts 4
        (np.nan, dip(9.2, 2.0), (0.01, 0.01), None),
        (1.0, dip(3.0, 1.0), (0.01, 0.01), (2.0, 4.0)),  # within the other
    ],
)
def test_two_dips_are_one_where_the_star_is_not_seen_to_come_back(between, later, depth, expected):
    curve = RegularCurve(0.0, 0.1 / 24, np.full(120, between))
    found = undivided(curve, later, dip(2.0, 4.0), depth)
    assert (found and (24 * found.epoch_day, found.duration_hour)) == (expected and pytest.approx(expected))


def observed(*orbits, wave=None, slope=0.0, **options):
    """Times and flux of a star in electrons, not detrended."""
    curve = star(*orbits, wave=wave, **options)
    flux = 5000 * curve.flux * (1 + slope * (curve.time_day - START_DAY))
    return curve.time_day, flux


def test_a_whole_star_is_detrended_searched_and_measured():
    planet = orbit(radius_ratio=0.06)
    time, flux = observed(planet, wave=(6.1, 0.01), slope=1e-3)
    search = search_star(time, flux, "flux", OPTIONS)
    (one,) = search.candidates
    assert is_of(one.ephemeris, ephemeris_of(planet), search.star.curve)
    assert one.depth == pytest.approx(0.06**2 * 1.15, rel=0.08)  # the middle of a darkened star is deeper
    assert abs(one.depth - 0.06**2 * 1.15) < 5 * one.depth_error
    assert one.flags == 0
    assert one.evidence.star.period_day == pytest.approx(6.1, rel=0.1)
    assert np.isnan(one.score)
    assert search.probability is None


def test_magnitudes_are_searched_as_flux():
    planet = orbit(radius_ratio=0.06)
    time, flux = observed(planet)
    (one,) = search_star(time, 15 - 2.5 * np.log10(flux / 5000), "magnitude", OPTIONS).candidates
    assert one.depth == pytest.approx(0.06**2 * 1.15, rel=0.08)


def test_steps_follow_the_cadence_and_the_shortest_transit():
    time, flux = observed(days=5.0)
    assert search_interval_hour(time, OPTIONS) == pytest.approx(0.25)
    assert search_interval_hour(time[::6], OPTIONS) == pytest.approx(1.0)
    prepared = prepare_star(time, flux, "flux", 24 * (time[1] - time[0]), OPTIONS)
    assert np.isfinite(prepared.curve.flux).all(), "points of the very cadence lie in the middle of the steps"
    np.testing.assert_allclose(prepared.curve.time_day, time, atol=1e-6)


def test_what_cannot_be_searched():
    time, flux = observed(days=5.0)
    with pytest.raises(DataError, match="a curve without values"):
        search_star(time, np.full(len(time), np.nan), "flux", OPTIONS)
    with pytest.raises(DataError, match="not detrended; expected relative flux about 1; received flux, median 4999"):
        search_star(time, flux, "flux", SearchOptions(window_hour=0.0))
    assert search_star(time[:5], flux[:5], "flux", OPTIONS).candidates == ()
