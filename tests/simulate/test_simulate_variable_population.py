"""A population of variable stars: periods and amplitudes found again by other means, seasons, noise, bands."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle
from pydantic import ValidationError

from astrocnn.samples.seeds import block_generator
from astrocnn.simulate.variable_population import KINDS, VariablePopulation, redness
from astrocnn.simulate.variable_samples import sampled_variables
from astrocnn.simulate.variable_sampling import YEAR_DAY, Nights

QUIET = {"error_at_limit_mag": 1e-6, "error_floor_mag": 1e-6, "faint_limit_mag": 99.0}


def draw(kinds, bands=("V", "I"), **changes):
    population = VariablePopulation(**{"points": (150, 150), **changes})
    classes = {kind: [kind] for kind in kinds}
    shares = dict.fromkeys(classes, 1 / len(classes))
    nights = Nights(population, bands)
    block, truth = sampled_variables(population, block_generator(1, "stars", 0), nights, bands, classes, shares)
    return list(block), truth


@pytest.mark.parametrize(("kind", "terms"), [("rr_ab", 3), ("rr_c", 1), ("cepheid", 2)])
def test_periods_are_found_by_another_method(kind, terms):
    curves, truth = draw([kind])
    for row in range(3):
        curve, period = curves[row].in_band("V"), truth["period_day"][row]
        frequency = np.linspace(0.98, 1.02, 1201) / period
        power = LombScargle(curve.time, curve.value, curve.error, nterms=terms).power(frequency)
        assert 1 / frequency[power.argmax()] == pytest.approx(period, rel=3e-4)
        assert power.max() > 0.8


def test_amplitudes_and_colours_are_those_told():
    curves, truth = draw(["rr_ab"], points=(400, 400), **QUIET)
    for row in range(5):
        v, i = (curves[row].in_band(name).value for name in "VI")
        assert np.ptp(v) == pytest.approx(truth["amplitude"][row], rel=0.05)
        assert np.ptp(i) == pytest.approx(0.63 * truth["amplitude"][row], rel=0.05)
        assert 0.35 < v.mean() - i.mean() < 0.85


def test_the_depth_of_binaries_is_the_range_of_their_curves():
    curves, truth = draw(["eclipsing"], points=(3000, 3000), bands=("V",), **QUIET)
    seen = np.array([np.ptp(curve.value) for curve in curves[:40]])
    np.testing.assert_allclose(seen, truth["amplitude"][:40], atol=0.03, rtol=0.05)
    assert np.quantile(truth["amplitude"], 0.5) > 0.1


def test_cepheids_follow_the_law_of_leavitt():
    curves, truth = draw(["cepheid"], bands=("V",), **QUIET)
    mean = np.array([curve.value.mean() for curve in curves])
    slope, zero = np.polyfit(np.log10(truth["period_day"]), mean, 1)
    assert slope == pytest.approx(-2.76, abs=0.1)
    assert zero == pytest.approx(17.5, abs=0.1)


def test_bands_are_named_as_one_likes_and_stand_for_those_known():
    population = VariablePopulation(points=(150, 150), **QUIET)
    nights = Nights(population, ("blue", "red"))
    classes, shares = {"mira": ["mira"]}, {"mira": 1.0}
    block, _ = sampled_variables(population, block_generator(1, "stars", 0), nights, ("V", "I"), classes, shares)
    same, _ = draw(["mira"], **QUIET)
    assert block.bands == ("blue", "red")
    for found, expected in zip(block, same, strict=True):
        np.testing.assert_array_equal(found.value, expected.value)


def test_nights_have_seasons_and_points_are_in_order():
    curves, _ = draw(["constant"], bands=("V",), season_day=100.0, span_day=1500.0, points=(400, 400))
    for curve in curves[:10]:
        assert (np.diff(curve.time) > 0).all()
        assert np.ptp(curve.time) > 1000
        assert YEAR_DAY - 100.0 - 5 < np.diff(curve.time).max() < YEAR_DAY - 100.0 + 40
        hour = curve.time % 1.0
        assert (np.abs(hour - 0.5) <= 0.2 + 1e-9).all()


def test_errors_are_the_noise_and_grow_towards_the_limit():
    curves, truth = draw(["constant"], bands=("V",), faint_limit_mag=20.5)
    assert np.isnan(truth["period_day"]).all()
    assert (truth["amplitude"] == 0).all()
    spread = np.array([curve.value.std() / curve.error[0] for curve in curves if curve.value.mean() < 19.5])
    assert np.median(spread) == pytest.approx(1, abs=0.03)
    bright, faint = sorted(curves, key=lambda one: one.value.mean())[:: len(curves) - 1]
    assert bright.error[0] == pytest.approx(0.006, rel=0.05)
    assert faint.error[0] > 0.08
    assert max(curve.value.max() for curve in curves) <= 20.5


def test_kinds_have_their_shares_and_a_block_is_always_the_same():
    curves, truth = draw(KINDS, points=(5, 40))
    again, _ = draw(KINDS, points=(5, 40))
    kinds, counts = np.unique(truth["kind"].astype(str), return_counts=True)
    assert set(kinds) == set(KINDS)
    assert counts.min() > 14
    for one, other in zip(curves, again, strict=True):
        np.testing.assert_array_equal(one.value, other.value)
    number = [len(curve.in_band("V")) for curve, kind in zip(curves, truth["kind"], strict=True) if kind == "rr_c"]
    assert 5 <= min(number) < max(number) <= 40


def test_eruptions_brighten_and_return():
    curves, truth = draw(["dwarf_nova", "supernova"], bands=("V",), points=(400, 400), season_day=365.25, **QUIET)
    for kind in ("dwarf_nova", "supernova"):
        rows = np.flatnonzero(truth["kind"] == kind)
        above = np.array([np.median(curves[row].value) - curves[row].value.min() for row in rows])
        assert 0.6 < np.median(above / truth["amplitude"][rows]) <= 1.01
        assert (above <= truth["amplitude"][rows] + 1e-3).all()


def test_bands_stand_on_the_scale_of_wavelength():
    assert redness("V") == 0
    assert redness("I") == 1
    assert redness("B") < redness("g") < 0 < redness("r") < redness("i") < 1 < redness("z")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"points": (9, 3)}, "fewest, most"),
        ({"ranges": {"eclipsing": {"amplitude_mag": [0.1, 0.2]}}}, "takes no amplitude_mag"),
        ({"ranges": {"supernova": {"period_day": [1.0, 2.0]}}}, "has no period_day"),
        ({"ranges": {"mira": {"period_day": [200.0, 100.0]}}}, "ascending"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(given, expected):
    with pytest.raises(ValidationError, match=expected):
        VariablePopulation(**given)


def test_single_ranges_replace_those_of_a_kind():
    population = VariablePopulation(ranges={"mira": {"period_day": [100.0, 200.0]}})
    assert population.of("mira").period_day == (100.0, 200.0)
    assert population.of("mira").amplitude_mag == VariablePopulation().of("mira").amplitude_mag
