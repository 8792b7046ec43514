"""What detrending leaves of the depth of transits that were there before it, and that it is not told of."""

import numpy as np
import pytest
from transit_curves import real_curve, transiting

from astrocnn.simulate.star_noise import damped_random_walk
from astrocnn.time_series.detrend import LEAST_WINDOW_OVER_DURATION, detrend
from astrocnn.time_series.dips import dips
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.scatter import robust_scatter

PLANET = Ephemeris(3.3, 1001.7, 3.0)
NOISE = 1e-3
"""Of a point, every ten minutes."""


@pytest.fixture(scope="module")
def spotted():
    """A star with spots and red noise: time, flux, noise of a transit's mean."""
    time, flux, _ = transiting(PLANET, 0.0, days=30.0, noise=NOISE)
    white = np.random.default_rng(7).normal(size=(1, len(time)))
    return time, flux + 3e-3 * np.sin(time) + 3e-4 * damped_random_walk(white, np.array([72.0]))[0], NOISE / np.sqrt(18)


def depth_kept(star, ratio, snr, planet=PLANET, **options):
    """Depth after over depth before, of transits with `snr` in white noise each."""
    time, flux, noise = star
    inside, depth = planet.covers(time), snr * noise
    how = {"window_hour": ratio * planet.duration_hour, **options}
    before, after = (detrend(time, one, **how).flux for one in (flux, flux * (1 - depth * inside)))
    lost = (before - after) / depth
    return lost[inside].mean() - lost[~inside].mean()


@pytest.mark.parametrize("method", ["biweight", "median", "mean"])
def test_the_recommended_window_keeps_the_depth_to_five_per_cent(spotted, method):
    """Transits of a signal to noise of 10 and more each, every method, twice as long windows too."""
    for ratio in (LEAST_WINDOW_OVER_DURATION, 2 * LEAST_WINDOW_OVER_DURATION):
        for snr in (10, 20, 100):
            assert depth_kept(spotted, ratio, snr, method=method) == pytest.approx(1, abs=0.05), (ratio, snr)


def test_deep_transits_stay_in_windows_of_three_durations(spotted):
    assert depth_kept(spotted, 3, 40) == pytest.approx(1, abs=0.05)


def test_what_cannot_be_seen_in_one_transit_loses_duration_over_window_unless_it_is_known(spotted):
    """The level beside transits sinks a little too, by which the depth is less than that."""
    for ratio in (4, 8, 20):
        assert depth_kept(spotted, ratio, 1.5, method="mean", dip_sigma=None) == pytest.approx(1 - 1 / ratio, abs=0.05)
        assert depth_kept(spotted, ratio, 1.5) == pytest.approx(1 - 1 / ratio, abs=0.05)
        assert depth_kept(spotted, ratio, 1.5, transits=[PLANET]) == pytest.approx(1, abs=0.02)
    assert depth_kept(spotted, 20, 1.5) == pytest.approx(1, abs=0.05)


def test_dips_are_what_is_short_and_deep():
    time, flux, _ = transiting(PLANET, 2e-3, noise=NOISE)
    found = dips(time, flux - 1, 24.0, 3.5)
    inside = PLANET.covers(time)
    assert found[inside].mean() > 0.95
    assert found[~inside].mean() < 0.12  # the neighbouring means, of an hour and a half
    assert not dips(time, 1 - flux, 24.0, 4.5).any()  # brightenings are none
    long = np.where((time > 1005) & (time < 1006), -0.01, 0.0) + flux - 1
    assert not dips(time, long, 24.0, 3.5)[(time > 1005.2) & (time < 1005.8)].any()
    assert not dips(time[:20], flux[:20], 24.0, 3.5).any()
    assert not dips(time, np.full(len(time), np.nan), 24.0, 3.5).any()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["WASP-126", "pi Men"])
def test_the_depth_is_kept_in_real_curves(name):
    """Transits put into the curves of two stars of TESS, beside their own, with the biweight."""
    curve = real_curve(name)
    scatter = robust_scatter(detrend(curve.time, curve.value, window_hour=24.0).flux)
    star, planet = (curve.time, curve.value.astype(float), scatter / np.sqrt(90)), Ephemeris(4.6, 8326.3, 3.0)
    for ratio in (LEAST_WINDOW_OVER_DURATION, 2 * LEAST_WINDOW_OVER_DURATION):
        for snr in (15, 30):
            assert depth_kept(star, ratio, snr, planet) == pytest.approx(1, abs=0.05), (ratio, snr)
