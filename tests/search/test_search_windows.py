"""Windows over whole curves: every sample is covered, gaps are left out, and a mean is comparable along the curve."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrocnn.errors import MismatchError
from astrocnn.search.dips import RegularCurve
from astrocnn.search.window_scores import WindowScorer, refuse_other_models, too_coarse
from astrocnn.search.windows import centred_starts, cut_windows, probability_per_sample, sliding_starts
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.training.normalise import Normalisation


@given(st.integers(1, 300), st.integers(1, 60), st.integers(1, 70))
def test_windows_lie_on_the_curve_and_reach_both_ends(samples, length, step):
    starts = sliding_starts(samples, length, step)
    if samples < length:
        assert not len(starts)
        return
    assert starts[0] == 0
    assert starts[-1] == samples - length
    assert (np.diff(starts) <= step).all()


@given(st.integers(20, 200), st.integers(2, 20), st.integers(1, 9), st.integers(0, 99))
def test_the_mean_is_that_of_a_loop_over_samples(samples, length, step, seed):
    rng = np.random.default_rng(seed)
    starts = sliding_starts(samples, length, step)
    probability = np.where(rng.random(len(starts)) < 0.3, np.nan, rng.random(len(starts)))
    expected = np.full(samples, np.nan)
    for sample in range(samples):
        covering = probability[(starts <= sample) & (sample < starts + length)]
        if np.isfinite(covering).any():
            expected[sample] = np.nanmean(covering)
    np.testing.assert_allclose(probability_per_sample(starts, probability, length, samples), expected, atol=1e-12)


def test_missing_samples_hold_the_mean_of_their_window():
    flux = np.array([1.0, np.nan, 3.0, 5.0])
    windows, covered = cut_windows(flux, np.array([0, 2, -3]), 3)
    np.testing.assert_array_equal(windows[..., 0], [[1, 2, 3], [3, 5, 4], [0, 0, 0]])
    np.testing.assert_allclose(covered, [2 / 3, 2 / 3, 0])
    assert centred_starts(np.array([10.0]), 5).tolist() == [8]


class Depth:
    """A network whose score is how far the middle third of a normalised window lies below its ends."""

    output_shape = (None, 1)

    def predict_on_batch(self, x):
        third = x.shape[1] // 3
        return 1 / (1 + np.exp(3 + 3 * x[:, third : 2 * third, 0].mean(axis=1, keepdims=True)))


def scorer(least_covered=0.5, **card):
    usual = {
        "kind": "curves", "bands": ("flux",), "scale": 0.5, "scale_unit": "hour", "axes_px": (30,), "views": 1,
        "normalisation": Normalisation(mean=(0.0,), sigma=(1.0,), own=True), "positive_output": 0, "calibration": None,
    }  # fmt: skip
    return WindowScorer(SimpleNamespace(**{**usual, **card}), [Depth()], least_covered)


def dipping(samples=600, period=150, seed=0):
    """Dips of 10 samples every 150, from 75 on, in noise of a tenth of them."""
    flux = 1 + np.random.default_rng(seed).normal(0, 0.001, samples)
    for start in range(70, samples, period):
        flux[start : start + 10] -= 0.01
    return RegularCurve(100.0, 0.5 / 24, flux)


def test_probability_is_high_at_dips_and_low_between():
    curve = dipping()
    probability = scorer().along(curve, 5)
    assert len(probability) == 600
    assert probability[[74, 224, 374, 524]].min() > 2 * probability[[150, 300, 450]].max()
    middle = curve.time_day[75]
    at = scorer().at(curve, np.array([middle, middle + 75 * curve.interval_day]))
    assert at[0] > 0.5 > at[1]
    folded = scorer().folded(curve, Ephemeris(150 * curve.interval_day, middle, 5.0))
    assert folded == pytest.approx(at[0], abs=0.05)
    assert scorer().folded(curve, Ephemeris(150 * curve.interval_day, middle + 1.5, 5.0)) < 0.3


def test_gaps_have_no_probability_unless_windows_reach_into_them():
    curve = dipping()
    flux = np.where((np.arange(600) > 250) & (np.arange(600) < 350), np.nan, curve.flux)
    gap = RegularCurve(curve.start_day, curve.interval_day, flux)
    probability = scorer(0.9).along(gap, 5)
    assert np.isnan(probability[260:340]).all()
    assert np.isfinite(probability[:250]).all()
    assert np.isnan(scorer().at(gap, gap.time_day[[300]])).all()
    assert not np.isfinite(scorer().along(RegularCurve(0.0, 0.02, np.ones(10)), 5)).any()


@pytest.mark.parametrize(
    "changes",
    [{"kind": "images"}, {"bands": ("g", "r")}, {"scale": None, "scale_unit": None}, {"scale_unit": "period"}],
)
def test_models_of_something_else_are_refused(changes):
    with pytest.raises(MismatchError, match="expected a model of curves with one channel and a scale in hours"):
        refuse_other_models(scorer(**changes).card, "finder")


def test_coarser_curves_cannot_be_brought_to_the_model():
    card = scorer().card
    refuse_other_models(card, "finder")
    assert too_coarse(card, 0.5) == too_coarse(card, 0.1) == ""
    assert too_coarse(card, 2.0) == "sampled every 120 minutes, and the model every 30"
