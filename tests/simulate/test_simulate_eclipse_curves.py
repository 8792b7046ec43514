"""Light curves of transits and eclipses: against batman, against many instants, and what must hold of any."""

import numpy as np
import pytest
from transit_reference import batman_curve

from astrocnn.simulate.eclipse_curves import eclipsing_binary_curves, exposure_nodes, transit_curves
from astrocnn.simulate.orbit import Orbits, a_over_rstar_of

PPM = 1e-6
MINUTE = 1 / 1440


def drawn(number, seed=1, highest=0.6):
    """Orbits of planets with some circular ones, and limb darkening."""
    rng = np.random.default_rng(seed)
    eccentricity = np.minimum(rng.beta(0.867, 3.03, number), highest)
    eccentricity[: number // 5] = 0.0
    period = rng.uniform(1, 10, number)
    distance = np.maximum(a_over_rstar_of(period, rng.uniform(0.3, 2, number)), 2 / (1 - eccentricity))
    orbits = Orbits(
        period_day=period, mid_transit_day=rng.uniform(-0.1, 0.1, number), a_over_rstar=distance,
        impact_parameter=rng.uniform(0, 1, number), eccentricity=eccentricity,
        periastron_deg=rng.uniform(0, 360, number), radius_ratio=rng.uniform(0.02, 0.15, number),
    )  # fmt: skip
    return orbits, *rng.uniform(0, 0.5, (2, number))


def test_curves_are_those_of_batman():
    orbits, u1, u2 = drawn(25)
    time = np.linspace(-0.3, 0.3, 361)
    ours = transit_curves(time, orbits, u1, u2)
    for row in range(25):
        theirs = batman_curve(time, orbits, u1, u2, row)
        np.testing.assert_allclose(ours[row], theirs, atol=0.05 * PPM)


@pytest.mark.parametrize(("minutes", "within"), [(58.85 / 60, 10 * PPM), (2.0, 10 * PPM), (29.4244, 20 * PPM)])
def test_an_exposure_is_the_mean_of_many_instants(minutes, within):
    orbits, u1, u2 = drawn(20)
    time = np.linspace(-0.3, 0.3, 121)
    instants = time[:, None] + ((np.arange(300) + 0.5) / 300 - 0.5) * minutes * MINUTE
    many = transit_curves(instants.ravel(), orbits, u1, u2).reshape(20, 121, 300).mean(axis=2)
    ours = transit_curves(time, orbits, u1, u2, exposure_day=minutes * MINUTE)
    np.testing.assert_allclose(ours, many, atol=within)
    assert np.median(np.abs(ours - many).max(axis=1) / orbits.radius_ratio**2) < 5e-4, "of the depth, mostly"


def test_nodes_are_a_mean():
    for minutes, number in ((0.0, 1), (1.0, 3), (2.0, 3), (30.0, 20)):
        offsets, weights = exposure_nodes(minutes * MINUTE)
        assert len(offsets) == number
        assert weights.sum() == pytest.approx(1.0)
        np.testing.assert_allclose(offsets, -offsets[::-1], atol=1e-18)
        assert np.abs(offsets).max() <= 0.5 * minutes * MINUTE


def test_leaving_times_out_that_cannot_be_in_transit_changes_nothing():
    """Each time by itself has nothing to be left out; times in any order and spacing give the same."""
    orbits, u1, u2 = drawn(12, seed=2)
    time = np.sort(np.random.default_rng(3).uniform(-6, 6, 200))
    together = transit_curves(time, orbits, u1, u2, exposure_day=2 * MINUTE)
    alone = np.concatenate([transit_curves(one[None], orbits, u1, u2, exposure_day=2 * MINUTE) for one in time], axis=1)
    np.testing.assert_allclose(together, alone, atol=1e-13)
    assert (together < 1).any(axis=1).sum() > 6
    order = np.random.default_rng(4).permutation(200)
    shuffled = transit_curves(time[order], orbits, u1, u2, exposure_day=2 * MINUTE)
    np.testing.assert_allclose(shuffled, together[:, order], atol=1e-13)


def test_every_row_has_its_own_times_and_nan_goes_through():
    orbits, u1, u2 = drawn(3)
    times = orbits.mid_transit_day[:, None] + np.array([[-0.5, 0.0, 0.5]])
    times[1, 0] = np.nan
    flux = transit_curves(times, orbits, u1, u2)
    assert (flux[:, 1] < 1).all()
    assert np.isnan(flux).tolist() == [[False] * 3, [True, False, False], [False] * 3]


def test_a_companion_behind_the_star_dims_nothing_while_it_is_dark():
    orbits, u1, u2 = drawn(10)
    circular = orbits.rows(orbits.eccentricity == 0)
    behind = circular.mid_transit_day[:, None] + 0.5 * circular.period_day[:, None] + np.linspace(-0.1, 0.1, 21)
    assert (transit_curves(behind, circular, u1[:2], u2[:2]) == 1).all()


def equal_stars(**changes):
    values = {
        "period_day": 2.0, "mid_transit_day": 0.0, "a_over_rstar": 8.0, "impact_parameter": 0.0, "eccentricity": 0.0,
        "periastron_deg": 0.0, "radius_ratio": 1.0, **changes,
    }  # fmt: skip
    return Orbits(**{name: np.array([value]) for name, value in values.items()})


def test_equal_stars_lose_half_of_their_light_twice_an_orbit():
    time = np.linspace(-1, 1, 2001)
    zero = np.zeros(1)
    (flux,) = eclipsing_binary_curves(time, equal_stars(), zero, zero, np.ones(1))
    assert flux[1000] == pytest.approx(0.5, abs=1e-9)
    assert flux[0] == pytest.approx(0.5, abs=1e-9), "half an orbit later the other one"
    np.testing.assert_allclose(flux[:1000], flux[1000:2000], atol=1e-9)


def test_eclipses_of_unequal_stars_have_the_depths_of_their_light():
    """Annular: the small star hides its area of the large one; total: its light is gone."""
    ratio, brightness = 0.4, 0.3
    zero = np.zeros(1)
    binary = equal_stars(radius_ratio=ratio)
    (flux,) = eclipsing_binary_curves(np.array([0.0, 0.5, 1.0]), binary, zero, zero, np.array([brightness]))
    light = brightness * ratio**2
    np.testing.assert_allclose(1 - flux, [ratio**2 / (1 + light), 0.0, light / (1 + light)], atol=1e-9)


def test_a_dark_star_is_a_planet():
    orbits, u1, u2 = drawn(6)
    time = np.linspace(-0.3, 0.3, 61)
    binary = eclipsing_binary_curves(time, orbits, u1, u2, np.zeros(6), exposure_day=2 * MINUTE)
    np.testing.assert_allclose(binary, transit_curves(time, orbits, u1, u2, exposure_day=2 * MINUTE), atol=1e-12)


def test_grazing_eclipses_are_pointed():
    """No flat bottom: the flux at the middle of the descent is half-way down, as a V has it."""
    time = np.linspace(-0.2, 0.2, 401)
    (flux,) = eclipsing_binary_curves(
        time, equal_stars(radius_ratio=0.8, impact_parameter=1.2), np.full(1, 0.3), np.full(1, 0.2), np.ones(1)
    )
    depth = 1 - flux.min()
    below_half = (flux < 1 - depth / 2).sum() / (flux < 1).sum()
    assert 0.3 < below_half < 0.62  # a box would have 1, a V 0.5, rounded limbs a little more
