"""Calibration against scipy's minimiser, the min-max formula of isotonic regression, and Bayes' rule."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from astrocnn.errors import DataError
from astrocnn.scoring.calibration import (
    Calibration,
    brier_score,
    fit_isotonic,
    fit_logistic,
    fit_temperature,
    logit,
    reliability_table,
    shift_prevalence,
    tempered,
)


def overconfident(number=4000, seed=0):
    """Scores whose log odds are three times too large and shifted: the truth is expit(x)."""
    random = np.random.default_rng(seed)
    x = random.normal(size=number) * 1.5 - 0.5
    return expit(3 * x + 1), (random.random(number) < expit(x)).astype(int), expit(x)


def smoothed(labels):
    return np.where(labels == 1, (labels.sum() + 1) / (labels.sum() + 2), 1 / ((labels == 0).sum() + 2))


def test_logistic_fit_is_the_maximum_of_the_likelihood():
    scores, labels, _ = overconfident(300)
    targets, x = smoothed(labels), np.log(scores / (1 - scores))
    wanted = minimize(
        lambda c: -np.sum(targets * np.log(expit(c[0] * x + c[1])) + (1 - targets) * np.log(expit(-c[0] * x - c[1]))),
        [0.0, 0.0],
        tol=1e-10,
    ).x
    fitted = fit_logistic(scores, labels)
    assert (fitted.slope, fitted.offset) == pytest.approx(tuple(wanted), abs=1e-4)


@pytest.mark.parametrize("fit", [fit_logistic, fit_isotonic])
def test_calibrated_scores_are_near_the_true_probabilities(fit):
    scores, labels, _ = overconfident()
    other, other_labels, truth = overconfident(seed=1)
    probability = fit(scores, labels).probability(other)
    # isotonic regression of 4000 rows scatters by about (p (1 - p) / 4000)^(1/3) = 0.04
    assert np.sqrt(np.mean((probability - truth) ** 2)) < 0.05
    assert brier_score(other_labels, probability) < brier_score(other_labels, other) - 0.01


def test_logistic_undoes_the_known_distortion():
    scores, labels, _ = overconfident(40_000)
    fitted = fit_logistic(scores, labels)
    # logit(score) = 3 x + 1, so x = logit(score) / 3 - 1/3; standard errors of 40000 rows are below 0.006 and 0.015
    assert fitted.slope == pytest.approx(1 / 3, abs=0.02)
    assert fitted.offset == pytest.approx(-1 / 3, abs=0.05)


def test_separable_classes_and_saturated_scores_stay_finite():
    fitted = fit_logistic(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1]))
    # Platt's targets 1/4 and 3/4 are met exactly by two constants
    assert fitted.probability(np.array([0.0, 1.0])) == pytest.approx([0.25, 0.75])


def test_equal_scores_give_the_base_rate():
    labels = np.repeat([1, 0], [10, 90])
    assert fit_logistic(np.full(100, 0.7), labels).probability(0.7) == pytest.approx(smoothed(labels).mean())
    assert fit_isotonic(np.full(100, 0.7), labels).probability(0.2) == pytest.approx(smoothed(labels).mean())


def test_logistic_refuses_scores_that_are_no_probabilities():
    with pytest.raises(DataError, match=r"1 outside; to fix, use isotonic"):
        fit_logistic(np.array([0.1, 1.5]), np.array([0, 1]))


def test_isotonic_fit_is_the_min_max_formula():
    random = np.random.default_rng(3)
    scores, labels = random.integers(0, 12, 80) / 12, random.integers(0, 2, 80)
    levels, targets = np.unique(scores), smoothed(labels)

    def mean(low, high):
        return targets[(scores >= levels[low]) & (scores <= levels[high])].mean()

    # Robertson, Wright & Dykstra 1988: max over a <= i of min over b >= i of the mean over a..b
    size = levels.size
    wanted = [max(min(mean(a, b) for b in range(i, size)) for a in range(i + 1)) for i in range(size)]
    np.testing.assert_allclose(fit_isotonic(scores, labels).probability(levels), wanted, atol=1e-12)


def test_isotonic_rises_and_is_constant_outside():
    scores, labels, _ = overconfident(500)
    fitted = fit_isotonic(scores, labels)
    grid = fitted.probability(np.linspace(-1, 2, 301))
    assert np.all(np.diff(grid) >= 0)
    assert 0 < grid[0] == grid[50]
    assert 1 > grid[-1] == grid[-50]


@pytest.mark.parametrize("fit", [fit_logistic, fit_isotonic])
def test_constants_survive_json(fit):
    scores, labels, _ = overconfident(200)
    fitted = fit(scores, labels)
    again = Calibration.model_validate_json(fitted.model_dump_json())
    np.testing.assert_array_equal(again.probability(scores), fitted.probability(scores))
    assert np.isnan(again.probability(np.array([np.nan]))).all()


def test_prevalence_shift_is_bayes_rule():
    # likelihood ratio 9 (0.9 against 0.1 at even odds) with one positive in a hundred: 9/99 to 1
    assert shift_prevalence(np.array([0.9]), 0.5, 0.01) == pytest.approx(9 / (9 + 99))
    probability = np.array([0.0, 0.2, 0.7, 1.0])
    there = shift_prevalence(probability, 0.3, 0.001)
    np.testing.assert_allclose(shift_prevalence(there, 0.001, 0.3), probability, atol=1e-12)


def test_shifted_probabilities_are_calibrated_in_a_sample_of_that_prevalence():
    scores, labels, _ = overconfident(20_000)
    fitted = fit_logistic(scores, labels)
    other, other_labels, _ = overconfident(60_000, seed=5)
    kept = (other_labels == 0) | (np.random.default_rng(6).random(60_000) < 0.1)
    share = other_labels[kept].mean()
    mean = fitted.probability(other[kept], prevalence=share).mean()
    # the mean probability of a calibrated score is the share of positives, here 0.066 +- 0.0013; and 0.01 for the fit
    assert mean == pytest.approx(share, abs=0.005)
    assert abs(fitted.probability(other[kept]).mean() - share) > 0.1


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.1, np.nan])
def test_prevalence_must_leave_room_for_both(prevalence):
    with pytest.raises(DataError, match="between 0 and 1"):
        shift_prevalence(np.array([0.5]), 0.5, prevalence)


def test_brier_score_by_hand():
    assert brier_score(np.array([1, 0, 0]), np.array([0.8, 0.4, 0.0])) == pytest.approx((0.04 + 0.16) / 3)


def test_reliability_table_by_hand():
    labels, probability = np.array([0, 1, 1, 1]), np.array([0.1, 0.2, 0.9, 1.0])
    table = reliability_table(labels, probability, bins=4)
    np.testing.assert_allclose(table["probability_low"], [0, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(table["probability_high"], [0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(table["n"], [2, 0, 0, 2])
    np.testing.assert_allclose(table["mean_probability"], [0.15, np.nan, np.nan, 0.95])
    np.testing.assert_allclose(table["positive_fraction"], [0.5, np.nan, np.nan, 1])


def test_logit_is_finite_at_the_ends():
    assert np.isfinite(logit(np.array([0, 1], dtype=np.float32))).all()
    assert logit(np.array(0.5)) == 0


def test_the_temperature_that_made_probabilities_too_sure_is_found():
    """Labels are drawn from the true probabilities; those that are stated are of a third of the temperature."""
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(4000, 4))
    true = tempered(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), 1.0)
    labels = (rng.random((4000, 1)) > np.cumsum(true, axis=1)).sum(axis=1)
    stated = tempered(true, 1 / 3)
    assert fit_temperature(stated, labels) == pytest.approx(3.0, rel=0.1)
    np.testing.assert_allclose(tempered(stated, 3.0), true, atol=1e-4)
    np.testing.assert_array_equal(stated.argmax(axis=1), true.argmax(axis=1))
    assert np.isnan(tempered(np.full((1, 3), np.nan), 2.0)).all()
