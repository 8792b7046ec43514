"""What speaks against candidates: planets, eclipsing binaries and variables that are simulated, each told apart."""

import numpy as np
import pytest
from simulated_stars import START_DAY, ephemeris_of, orbit, star

from astrocnn.scoring.flags import flag_names
from astrocnn.search.dips import RegularCurve
from astrocnn.search.timing import timed, timing_errors
from astrocnn.search.transits import measure_transits
from astrocnn.search.vetting.elsewhere import elsewhere
from astrocnn.search.vetting.odd_even import odd_even
from astrocnn.search.vetting.rotation import STEADY, follows_from, variability
from astrocnn.search.vetting.shape import fit_trapezoid, trapezoid_profile
from astrocnn.search.vetting.sinusoid import sinusoid
from astrocnn.search.vetting.strongest import snr_without_strongest, strongest
from astrocnn.search.vetting.thresholds import Vetting
from astrocnn.search.vetting.vet import examine, flags_of
from astrocnn.time_series.ephemeris import Ephemeris

BINARY = {"radius_ratio": 0.5, "impact": 1.2, "a_over_rstar": 12.0}


def flags(curve, ephemeris, variable=STEADY):
    """Names of the flags of a candidate."""
    transits = measure_transits(curve, ephemeris)
    evidence = examine(curve, ephemeris, ephemeris.duration_hour, transits, variable)
    found = flags_of(evidence, ephemeris, transits, curve.interval_day, Vetting())
    return set(str(flag_names(np.array([found]))[0]).split(",")) - {""}


@pytest.mark.parametrize("radius_ratio", [0.1, 0.03, 0.022])
@pytest.mark.parametrize("seed", range(3))
def test_nothing_speaks_against_a_planet(radius_ratio, seed):
    planet = orbit(radius_ratio=radius_ratio)
    assert flags(star(planet, seed=seed, missing=0.1), ephemeris_of(planet)) == set()


def test_nor_against_one_that_is_seen_to_shine():
    """HAT-P-7 b loses 1 % of the depth of its transit when it is eclipsed."""
    planet = orbit(radius_ratio=0.1)
    assert flags(star(planet, noise=5e-5, brightness=0.01), ephemeris_of(planet)) == set()


def test_stars_that_eclipse_each_other_at_half_their_period():
    pair = orbit(period=6.6, **BINARY)
    curve, whole = star(pair, brightness=0.4), ephemeris_of(pair)
    half = Ephemeris(3.3, whole.epoch_day, whole.duration_hour)
    found = odd_even(measure_transits(curve, half))
    assert found.share == pytest.approx(1 - 0.4, abs=0.1)  # eclipses of equal area differ by the surface brightness
    assert found.sigma > 50
    assert "odd_even" in flags(curve, half)
    assert "odd_even" not in flags(curve, whole)
    assert np.isnan(odd_even(measure_transits(curve, Ephemeris(np.inf, whole.epoch_day, 3.0))).sigma)


@pytest.mark.parametrize("brightness", [1.0, 0.95])
def test_two_alike_eclipses_pass_as_the_page_says(brightness):
    """Half the period of the orbit: the depth alone is no planet's."""
    pair = orbit(period=6.6, radius_ratio=0.9, a_over_rstar=30.0)
    whole = ephemeris_of(pair)
    half = Ephemeris(3.3, whole.epoch_day, whole.duration_hour)
    curve = star(pair, brightness=brightness)
    transits = measure_transits(curve, half)
    assert odd_even(transits).share < 0.1
    assert not flags(curve, half) & {"odd_even", "secondary"}
    assert transits.mean_depth > 0.1


def test_stars_that_eclipse_each_other_at_their_period():
    pair = orbit(period=4.0, eccentricity=0.1, periastron=20.0, **BINARY)
    curve, ephemeris = star(pair, brightness=0.4), ephemeris_of(pair)
    found = elsewhere(curve, ephemeris, ephemeris.duration_hour)
    expected = 0.5 + 2 * 0.1 * np.cos(np.radians(20)) / np.pi  # to first order in the eccentricity
    assert found.secondary_phase == pytest.approx(expected, abs=0.01)
    assert "secondary" in flags(curve, ephemeris)


def test_noise_has_no_secondary_that_counts():
    planet = orbit()
    sigma = [elsewhere(star(planet, seed=seed), ephemeris_of(planet), 3.0).secondary_sigma for seed in range(5)]
    assert 0.5 < min(sigma) < max(sigma) < 4


def test_stars_that_graze_each_other_have_a_v():
    pair = orbit(radius_ratio=0.3, impact=1.15)
    curve, ephemeris = star(pair, brightness=0.0), ephemeris_of(pair)
    assert fit_trapezoid(curve, ephemeris).ingress_share > 0.35
    assert "v_shaped" in flags(curve, ephemeris)


def test_a_trapezoid_is_found_again():
    ephemeris = Ephemeris(3.3, START_DAY + 1.1, 4.0)
    time = START_DAY + 2 / 1440 * np.arange(20_000)
    hour = 24 * ephemeris.days_from_middle(time) - 0.2
    flux = 1 - 0.002 * trapezoid_profile(hour, 4.4, 1.1) + np.random.default_rng(0).normal(0, 2e-4, len(time))
    found = fit_trapezoid(RegularCurve(START_DAY, 2 / 1440, flux), ephemeris)
    assert found.depth == pytest.approx(0.002, rel=0.02)
    assert found.duration_hour == pytest.approx(4.4, rel=0.02)
    assert found.ingress_hour == pytest.approx(1.1, rel=0.1)
    assert found.offset_hour == pytest.approx(0.2, abs=0.02)
    assert np.isnan(fit_trapezoid(RegularCurve(0.0, 0.01, np.full(50, np.nan)), ephemeris).depth)


def test_one_glitch_is_no_planet():
    curve = star(days=20.0)
    flux = curve.flux.copy()
    flux[500:510] -= 0.01
    glitch = Ephemeris(4.1, float(curve.time_day[505]), 1.6)
    curve = RegularCurve(curve.start_day, curve.interval_day, flux)
    transits = measure_transits(curve, glitch)
    assert strongest(transits) == 0
    assert snr_without_strongest(transits) < 3 < transits.snr
    assert "single_transit" in flags(curve, glitch)
    assert "single_transit" in flags(curve, Ephemeris(np.inf, glitch.epoch_day, 1.6))


def test_troughs_of_a_variable_are_no_transits():
    wave = (1.3, 0.004)
    curve = star(wave=wave)
    troughs = Ephemeris(1.3, 1.3 * np.ceil(START_DAY / 1.3) - 0.25 * 1.3, 5.0)
    found = variability(curve.time_day, curve.flux, 0.1)
    assert found.period_day == pytest.approx(1.3, rel=0.01)
    assert found.amplitude == pytest.approx(0.004, rel=0.05)
    assert sinusoid(curve, troughs).amplitude == pytest.approx(0.004, rel=0.1)
    assert {"stellar_period", "sinusoidal"} <= flags(curve, troughs, found)


def test_a_curve_that_rises_as_much_as_it_dips():
    dips, bumps = orbit(radius_ratio=0.05), orbit(radius_ratio=0.045, mid=2.4)
    curve = star(dips)
    flux = curve.flux + 1 - star(bumps, noise=0.0).flux
    found = elsewhere(RegularCurve(curve.start_day, curve.interval_day, flux), ephemeris_of(dips), 3.0)
    assert found.bump == pytest.approx(0.045**2, rel=0.25)
    assert "bumps" in flags(RegularCurve(curve.start_day, curve.interval_day, flux), ephemeris_of(dips))


def test_a_planet_of_a_variable_star_is_none_the_worse():
    """Spots of another period, taken out by the trend: only the curve before detrending shows them."""
    planet = orbit(radius_ratio=0.05)
    before = star(planet, wave=(1.9, 0.01))
    found = variability(before.without(ephemeris_of(planet), 1.5).time_day, before.flux, 0.1)
    assert found.power > 0.9
    assert flags(star(planet), ephemeris_of(planet), found) == set()


def test_variability_needs_a_curve():
    assert variability(np.arange(10.0), np.ones(10), 0.1) is STEADY
    assert variability(np.empty(0), np.empty(0), 0.1) is STEADY


@pytest.mark.parametrize(
    ("period", "star_day", "expected"),
    [(2.0, 2.0, True), (1.0, 2.0, True), (6.0, 2.0, True), (2.3, 2.0, False), (5.08, 2.0, True), (0.3, 2.0, False),
     (np.nan, 2.0, False), (np.inf, 2.0, False), (3.02, 2.0, True), (45.0, 2.0, False)],
)  # fmt: skip
def test_periods_that_follow_from_a_stars(period, star_day, expected):
    assert follows_from(period, star_day) is expected


def test_period_and_epoch_scatter_as_their_errors_say():
    """Thirty stars with noise of their own: pulls of about one."""
    planet = orbit(radius_ratio=0.04)
    truth = ephemeris_of(planet)
    pulls = []
    for seed in range(30):
        curve = star(planet, seed=seed)
        start = Ephemeris(truth.period_day + 0.002, truth.epoch_day - 0.004, truth.duration_hour)
        shape = fit_trapezoid(curve, start)
        found = timed(curve, start, shape)
        transits = measure_transits(curve, Ephemeris(found.period_day, found.epoch_day, 0.8 * found.duration_hour))
        period_error, _ = timing_errors(transits, found.duration_hour, shape.ingress_hour)
        pulls.append((found.period_day - truth.period_day) / period_error)
    assert abs(np.mean(pulls)) < 0.5
    assert 0.4 < np.std(pulls) < 1.6
