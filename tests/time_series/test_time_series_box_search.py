"""Transits looked for: made ones against what was put in, real ones against the published periods."""

import time as clock

import numpy as np
import pytest
from transit_curves import PLANETS, real_curve, transiting

from astrocnn.errors import DataError
from astrocnn.time_series.box_search import box_search
from astrocnn.time_series.detrend import detrend
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import BoxOptions

PLANET = Ephemeris(3.21, 1001.3, 3.0)


def test_a_planet_is_found_with_all_its_numbers():
    found = box_search(*transiting(PLANET, 1e-3))
    assert found.period_day == pytest.approx(3.21, rel=1e-3)
    assert found.ephemeris.days_from_middle(np.array([1001.3])) == pytest.approx(0, abs=0.02)
    assert 1000 <= found.epoch_day < 1003.21
    assert found.duration_hour == pytest.approx(3.0, rel=0.15)
    assert found.depth == pytest.approx(1e-3, rel=0.1)
    assert found.snr == pytest.approx(found.depth / found.depth_error)
    assert found.snr == pytest.approx(1e-3 / 3e-4 * np.sqrt(6 * 18), rel=0.15)  # 6 transits of 18 points
    assert found.snr_red == pytest.approx(found.snr, rel=0.4)  # the noise is white
    assert (found.depth_odd, found.depth_even) == (pytest.approx(1e-3, rel=0.2), pytest.approx(1e-3, rel=0.2))
    assert abs(found.secondary_depth) < 3 * found.secondary_depth_error
    assert found.transits == 6
    assert found.sde > 7


def test_an_eclipsing_binary_shows_in_odd_and_even_depths():
    time, flux, error = transiting(PLANET, 0.004)
    flux = flux - 0.003 * Ephemeris(6.42, 1001.3, 3.0).covers(time)
    found = box_search(time, flux, error, BoxOptions(longest_day=4.0))
    assert found.period_day == pytest.approx(3.21, rel=1e-3)
    assert found.depth_even - found.depth_odd == pytest.approx(0.003, rel=0.1)  # the first is even
    found = box_search(time, flux, error, BoxOptions(shortest_day=4.0))  # the other eclipse is then the secondary
    assert found.period_day == pytest.approx(6.42, rel=1e-3)
    assert found.secondary_depth == pytest.approx(0.004, rel=0.1)


def test_days_of_more_noise_do_not_hide_a_planet():
    time, flux, error = transiting(PLANET, 6e-4)
    unsteady = (time > 1012) & (time < 1014)
    flux[unsteady] += np.random.default_rng(1).normal(0, 3e-3, np.count_nonzero(unsteady))
    flux[20:40] = np.nan
    assert box_search(time, flux, error).period_day == pytest.approx(3.21, rel=2e-3)
    assert box_search(time, flux).period_day == pytest.approx(3.21, rel=2e-3)


def test_nothing_to_find():
    time = np.arange(0, 10, 0.02)
    assert box_search(time, np.ones(500)) is None
    assert box_search(time, np.full(500, np.nan)) is None
    noise = box_search(time, 1 + np.random.default_rng(0).normal(0, 1e-3, 500))
    assert noise.snr < 7
    assert box_search(time[:30], np.random.default_rng(0).normal(1, 1e-3, 30)) is None  # no period fits
    with pytest.raises(DataError, match=r"star 3: .* too long"):
        box_search(
            time, np.random.default_rng(0).normal(1, 1e-3, 500), None, BoxOptions(maximum_trials=9), where="star 3"
        )


def test_times_far_from_zero_are_the_same_times():
    time, flux, error = transiting(PLANET, 1e-3)
    near, far = box_search(time - 1000, flux, error), box_search(time + 2_450_000, flux, error)
    assert far.epoch_day - 2_451_000 == pytest.approx(near.epoch_day, abs=0.01)
    assert (far.period_day, far.depth) == (
        pytest.approx(near.period_day, rel=1e-3),
        pytest.approx(near.depth, rel=0.02),
    )


@pytest.mark.slow
@pytest.mark.parametrize("star", PLANETS)
def test_known_planets_are_found_in_time(star):
    """HAT-P-7, WASP-126 and pi Men, whose transits are of 300 ppm, blind; 27 days of two minutes in under 2 s."""
    curve = real_curve(star)
    started = clock.process_time()
    found = detrend(curve.time, curve.value, window_hour=24.0, edge_hour=6.0)
    peak = box_search(curve.time, found.flux, found.error(curve.error))
    assert clock.process_time() - started < 2.0
    assert peak.period_day == pytest.approx(PLANETS[star][1], rel=1e-3)
    assert abs(peak.depth_odd - peak.depth_even) < 3 * np.hypot(peak.depth_odd_error, peak.depth_even_error)
