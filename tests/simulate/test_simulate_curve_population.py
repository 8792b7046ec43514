"""The sampled population: what is drawn lies in its ranges, and nothing but the transit tells the classes apart."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest, spearmanr

from astrocnn.samples.seeds import block_generator
from astrocnn.simulate.curve_population import CurvePopulation, sampled_curves
from astrocnn.simulate.transit_population import limb_darkening_pair, longest_duration_hour

SAMPLING = {"samples": 180, "interval_hour": 1 / 30, "exposure_day": 1 / 720, "noise_ppm": (300.0, 9000.0)}
QUIET = {
    "red_noise": (0.0, 0.0), "variability_ppm": (1e-6, 1e-6), "flare_fraction": 0.0, "gap_fraction": 0.0,
    "missing_fraction": 0.0, "noise_ppm": (1e-3, 1e-3),
}  # fmt: skip
TIME_HOUR = (np.arange(180) - 89.5) / 30


def draw(blocks=4, part="", sampling=SAMPLING, **changes):
    """Flux and truth of some blocks."""
    population = CurvePopulation(**changes)
    drawn = [
        sampled_curves(population, block_generator(1, "curves", block, part), **sampling) for block in range(blocks)
    ]
    names = drawn[0][1]
    return (
        np.concatenate([flux for flux, _ in drawn]),
        {name: np.concatenate([truth[name] for _, truth in drawn]) for name in names},
    )


@pytest.fixture(scope="module")
def population():
    return draw(blocks=8)


@pytest.fixture(scope="module")
def quiet():
    """Nothing but the signals: no noise, no star, no gaps. Depths of a percent."""
    return draw(depth_ppm=(5e3, 2e4), **QUIET)


def of(truth, kind):
    return truth["kind"] == kind


def test_kinds_have_their_shares(population):
    _, truth = population
    number = len(truth["kind"])
    expected = {"transit": 0.5, "eclipsing-binary": 0.125, "inverted": 0.075, "nothing": 0.3}
    for kind, share in expected.items():
        assert of(truth, kind).mean() == pytest.approx(share, abs=4 * np.sqrt(share / number))
    np.testing.assert_array_equal(truth["label"], of(truth, "transit"))


def test_parameters_lie_in_their_ranges(population):
    _, truth = population
    drawn = {name: values[of(truth, "transit")] for name, values in truth.items()}
    limits = {
        "period_day": (1, 15), "impact_parameter": (0, 0.95), "duration_hour": (0.4, 4.5), "eccentricity": (0, 0.6),
        "radius_ratio": (0.005, 0.25), "noise_ppm": (300, 9000), "periastron_deg": (0, 360), "u1": (0, 2),
        "u2": (-1, 1),
        "variability_ppm": (50, 2000), "variability_period_day": (0.25, 10), "red_noise": (0, 1),
        "red_noise_hour": (1, 24),
    }  # fmt: skip
    for name, (low, high) in limits.items():
        assert drawn[name].min() >= low - 1e-9, name
        assert drawn[name].max() <= high + 1e-9, name
    closest = drawn["a_over_rstar"] * (1 - drawn["eccentricity"])
    assert (closest > 1.49 * (1 + drawn["radius_ratio"])).all(), "outside of the star"


def test_what_is_no_transit_has_no_transits_parameters(population):
    _, truth = population
    for name in ("period_day", "depth_ppm", "mid_transit_hour", "snr_per_point", "eccentricity", "u1"):
        np.testing.assert_array_equal(np.isfinite(truth[name]), of(truth, "transit"))
    assert (truth["snr"][of(truth, "nothing")] == 0).all()
    assert (truth["snr"][~of(truth, "nothing")] > 0).all()


def test_the_signal_to_noise_is_about_what_was_asked_for(population):
    _, truth = population
    snr = truth["snr"][of(truth, "transit")]
    assert kstest(np.log(snr), "uniform", (np.log(6), np.log(10))).statistic < 0.12
    assert 2.5 < snr.min() < snr.max() < 90  # half in the window, and half of that in a gap


def test_noise_tells_nothing_of_the_class(population):
    """Transits, binaries and stars alone have the same noise, variability and red noise."""
    _, truth = population
    for name in ("noise_ppm", "variability_ppm", "variability_period_day", "red_noise"):
        for kind in ("eclipsing-binary", "inverted", "nothing"):
            same = ks_2samp(truth[name][of(truth, "transit")], truth[name][of(truth, kind)])
            assert same.pvalue > 1e-3, (name, kind)


def test_with_depths_stated_the_noise_tells_nothing_of_the_depth():
    _, truth = draw(depth_ppm=(200.0, 20_000.0), blocks=6)
    transit = of(truth, "transit")
    number = transit.sum()
    correlation = spearmanr(truth["depth_ppm"][transit], truth["noise_ppm"][transit]).statistic
    assert abs(correlation) < 4 / np.sqrt(number)
    assert kstest(np.log(truth["depth_ppm"][transit]), "uniform", (np.log(200), np.log(100))).pvalue > 1e-3


def test_transits_lie_anywhere_in_the_window_and_at_least_half_inside(population):
    _, truth = population
    transit = of(truth, "transit")
    middle, duration = truth["mid_transit_hour"][transit], truth["duration_hour"][transit]
    assert kstest(middle, "uniform", (-3, 6)).statistic < 0.06
    inside = np.minimum(middle + duration / 2, 3) - np.maximum(middle - duration / 2, -3)
    assert (inside >= 0.5 * duration - 1e-9).all()
    assert (inside < 0.9 * duration).any(), "some are cut by the window's end"


def test_transits_can_be_kept_near_the_middle():
    _, truth = draw(blocks=2, farthest_hour=1.0)
    middle = truth["mid_transit_hour"][of(truth, "transit")]
    assert 0.9 < np.abs(middle).max() <= 1.0


def test_depth_and_place_of_the_dips_are_those_of_the_truth(quiet):
    flux, truth = quiet
    rows = np.flatnonzero(of(truth, "transit") & (truth["impact_parameter"] < 0.5) & (truth["u1"] + truth["u2"] < 0.6))
    assert len(rows) > 30
    for row in rows:
        dip = np.flatnonzero(flux[row] < 1 - 1e-5)
        middle, half = truth["mid_transit_hour"][row], truth["duration_hour"][row] / 2
        assert TIME_HOUR[dip].min() == pytest.approx(max(middle - half, TIME_HOUR[0]), abs=0.1 + 0.03 * half)
        assert TIME_HOUR[dip].max() == pytest.approx(min(middle + half, TIME_HOUR[-1]), abs=0.1 + 0.03 * half)
        if abs(middle) < 2.8:
            deepest = 1 - flux[row].min()
            assert 0.9 * truth["depth_ppm"][row] < 1e6 * deepest < 1.4 * truth["depth_ppm"][row]


def test_binaries_are_dips_no_deeper_than_transits_and_inverted_ones_are_not(quiet):
    flux, truth = quiet
    binary, inverted = flux[of(truth, "eclipsing-binary")], flux[of(truth, "inverted")]
    assert (binary.min(axis=1) >= 1 - 0.02 - 1e-6).all()
    assert (binary.min(axis=1) < 1 - 1e-3).mean() > 0.9
    assert binary.max() <= 1 + 1e-6
    assert inverted.min() >= 1 - 1e-6
    assert (inverted.max(axis=1) > 1 + 1e-3).all()
    np.testing.assert_allclose(flux[of(truth, "nothing")], 1.0, atol=1e-6)


def test_durations_do_not_exceed_the_extent(quiet):
    """By the light: from the first to the last sample that is dimmed, a sample and a fiftieth of it longer at most."""
    flux, truth = quiet
    dimmed = (flux[of(truth, "transit")] < 1 - 1e-7) * (1 / 30)
    longest = longest_duration_hour(CurvePopulation())
    assert longest == 4.5
    assert dimmed.sum(axis=1).max() <= longest * 1.02 + 1 / 15


def test_the_extent_is_shorter_where_no_transit_could_last_so_long():
    short = CurvePopulation(period_day=(0.8, 1.0), stellar_density=(1.0, 2.0), highest_eccentricity=0.0)
    assert longest_duration_hour(short) == pytest.approx(2.2, abs=0.2)
    _, truth = draw(blocks=2, period_day=(0.8, 1.0), stellar_density=(1.0, 2.0), highest_eccentricity=0.0)
    assert np.nanmax(truth["duration_hour"]) <= longest_duration_hour(short) + 1e-9


def test_gaps_and_missing_samples_have_their_shares_and_never_hide_a_signal(population):
    flux, truth = population
    missing = np.isnan(flux)
    assert 0.01 < missing.mean() < 0.06
    gap = missing.sum(axis=1) > 9
    assert gap.mean() == pytest.approx(0.14, abs=0.05)  # a fifth, fewer where they would hide something
    assert (truth["snr"][of(truth, "transit")] > 2.5).all()
    for kind in ("transit", "nothing"):  # and tell nothing of the class
        chosen = of(truth, kind)
        error = np.sqrt(0.2 * 0.8 / chosen.sum())
        assert gap[chosen].mean() == pytest.approx(gap.mean(), abs=4 * error)


def test_flares_stand_up_in_all_classes():
    flaring = QUIET | {"flare_fraction": 1.0, "noise_ppm": (50.0, 50.0)}
    flux, truth = draw(depth_ppm=(100.0, 100.0), flare_peak=(50.0, 50.0), **flaring)
    for kind in ("transit", "nothing"):
        peak = flux[of(truth, kind)].max(axis=1) - 1
        assert np.median(peak) == pytest.approx(50 * 50e-6, rel=0.35)


def test_white_and_red_noise_have_their_size():
    still = QUIET | {"noise_ppm": (1000.0, 1000.0), "red_noise": (2.0, 2.0), "red_noise_hour": (1.0, 1.0)}
    flux, _ = draw(transit_fraction=0.0, eclipsing_fraction=0.0, inverted_fraction=0.0, **still)
    assert flux.std() == pytest.approx(1e-3 * np.sqrt(1 + 4), rel=0.03)
    lag = ((flux[:, :-30] - 1) * (flux[:, 30:] - 1)).mean()
    assert lag == pytest.approx(4e-6 * np.exp(-1), rel=0.15), "an hour is thirty samples"


def test_limb_darkening_keeps_stars_bright_and_darker_at_the_limb():
    q1, q2 = np.random.default_rng(1).random((2, 1000))
    u1, u2 = limb_darkening_pair(q1, q2)
    np.testing.assert_allclose((u1 + u2) ** 2, q1, atol=1e-12)
    np.testing.assert_allclose(u1 / (2 * (u1 + u2)), q2, atol=1e-9)
    assert (u1 + u2 <= 1).all()
    assert (u1 >= 0).all()
    assert (u1 + 2 * u2 >= -1e-12).all()


def test_eccentricities_follow_the_cut_beta_distribution(population):
    from scipy.stats import beta

    _, truth = population
    below = beta(0.867, 3.03)
    found = truth["eccentricity"][of(truth, "transit")]
    assert kstest(found, lambda e: below.cdf(e) / below.cdf(0.6)).pvalue > 1e-3


def test_circular_orbits_can_be_asked_for():
    _, truth = draw(blocks=1, highest_eccentricity=0.0)
    assert np.nanmax(truth["eccentricity"]) == 0.0


def test_long_cadences_hold_several_transits_of_short_periods():
    kepler = {**SAMPLING, "interval_hour": 0.49, "exposure_day": 0.49 / 24}
    flux, truth = draw(blocks=1, sampling=kepler, period_day=(1.0, 1.0), depth_ppm=(1e4, 1e4), **QUIET)
    transit = of(truth, "transit") & (truth["impact_parameter"] < 0.5)
    dimmed = flux[transit] < 1 - 1e-3
    begins = (dimmed[:, 1:] & ~dimmed[:, :-1]).sum(axis=1)
    assert np.median(begins) >= 3


def test_wrong_ranges_are_told():
    with pytest.raises(ValueError, match="ascending order"):
        CurvePopulation(period_day=(5.0, 1.0))
    with pytest.raises(ValueError, match="at most 1 together"):
        CurvePopulation(eclipsing_fraction=0.7, inverted_fraction=0.4)
    with pytest.raises(ValueError, match="Extra inputs"):
        CurvePopulation(periods=(1.0, 2.0))
