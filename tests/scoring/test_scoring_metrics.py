"""Metrics against definitions written out pair by pair and threshold by threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm

from astrocnn.errors import DataError
from astrocnn.scoring.metrics import (
    RankedScores,
    auprc,
    auroc,
    completeness_at_fpr,
    is_supported,
    purity_at_prevalence,
    rank_statistics,
    roc_curve,
    sample_statistics,
)


def pairs_auroc(labels, scores):
    """Share of (positive, negative) pairs in the right order, a tie counted one half."""
    positives = [score for label, score in zip(labels, scores, strict=True) if label]
    negatives = [score for label, score in zip(labels, scores, strict=True) if not label]
    won = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return won / (len(positives) * len(negatives))


def best_rate(labels, scores, allowed):
    """Highest true positive rate of all cuts `score > t` with at most `allowed` false positives."""
    positives, negatives = scores[labels == 1], scores[labels == 0]
    cuts = [-np.inf, *scores]
    return max(np.mean(positives > cut) for cut in cuts if np.sum(negatives > cut) <= allowed)


def average_precision(labels, scores):
    """Sum of precision times the recall gained at each distinct score, from the highest."""
    total, recall = 0.0, 0.0
    for cut in sorted(set(scores), reverse=True):
        chosen = labels[scores >= cut]
        gained = np.sum(chosen) / np.sum(labels) - recall
        total, recall = total + gained * np.mean(chosen), recall + gained
    return total


def statistics(labels, scores):
    ranked = RankedScores.of(labels, scores)
    counts = ranked.counts()
    found = rank_statistics(counts) | sample_statistics(ranked, counts)
    return {name: float(value[0]) for name, value in found.items()}


two_classes = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40).filter(
    lambda rows: 0 < sum(label for label, _ in rows) < len(rows)
)


@given(two_classes)
def test_all_metrics_agree_with_their_definitions_however_many_ties(rows):
    labels, scores = np.array([row[0] for row in rows], int), np.array([row[1] for row in rows]) / 6
    found = statistics(labels, scores)
    n_negative = int(np.sum(labels == 0))
    assert found["auroc"] == pytest.approx(pairs_auroc(labels, scores), abs=1e-12)
    assert found["auprc"] == pytest.approx(average_precision(labels, scores), abs=1e-12)
    assert found["accuracy"] == pytest.approx(np.mean((scores > 0.5) == labels), abs=1e-12)
    assert found["tpr0"] == pytest.approx(best_rate(labels, scores, 0), abs=1e-12)
    assert found["tpr10"] == pytest.approx(best_rate(labels, scores, 9), abs=1e-12)
    assert found["completeness_at_10pct_fpr"] == pytest.approx(best_rate(labels, scores, n_negative // 10), abs=1e-12)
    assert found["completeness_at_1pct_fpr"] == pytest.approx(best_rate(labels, scores, n_negative // 100), abs=1e-12)


@given(two_classes)
def test_auroc_is_the_mann_whitney_u(rows):
    labels, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], float)
    u = mannwhitneyu(scores[labels], scores[~labels]).statistic
    assert auroc(labels, scores) == pytest.approx(u / (labels.sum() * (~labels).sum()), abs=1e-12)


def test_roc_counts_strictly_above_each_distinct_score():
    curve = roc_curve(np.array([1, 0, 1, 0]), np.array([0.9, 0.9, 0.4, 0.1]))
    np.testing.assert_array_equal(curve.threshold, [0.9, 0.4, 0.1, -np.inf])
    np.testing.assert_array_equal(curve.false_positive_rate, [0, 0.5, 0.5, 1])
    np.testing.assert_array_equal(curve.true_positive_rate, [0, 0.5, 1, 1])


def test_trapezoid_under_the_roc_is_the_auroc():
    random = np.random.default_rng(3)
    labels, scores = random.integers(0, 2, 300), random.integers(0, 20, 300) / 20
    curve = roc_curve(labels, scores)
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert area == pytest.approx(auroc(labels, scores), abs=1e-12)


def test_average_precision_of_the_textbook_ranking():
    # ranks of the positives 1, 3, 6: (1/1 + 2/3 + 3/6) / 3
    labels = np.array([1, 0, 1, 0, 0, 1])
    assert auprc(labels, np.arange(6, 0, -1)) == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)


def test_a_discrete_scorer_has_no_zero_false_positive_rate():
    labels = np.repeat([1, 0], 50)
    scores = np.concatenate([np.ones(49), [0], [1], np.zeros(49)])  # one negative shares the best score
    found = statistics(labels, scores)
    assert found["tpr0"] == 0
    assert found["tpr10"] == pytest.approx(0.98)  # selected are all with score 1: one false positive


@pytest.mark.parametrize(("above", "expected"), [(9, 1.0), (10, 0.0)])
def test_tpr10_means_fewer_than_ten(above, expected):
    scores = np.concatenate([np.full(5, 0.5), np.full(above, 0.9), np.full(100 - above, 0.1)])
    assert statistics(np.repeat([1, 0], [5, 100]), scores)["tpr10"] == expected


@pytest.mark.parametrize(("n_negative", "allowed"), [(100, 1), (199, 1), (200, 2), (700, 7), (1000, 10)])
def test_one_percent_of_a_small_sample_is_rounded_down(n_negative, allowed):
    negatives = np.arange(n_negative, 0, -1.0)
    positives = negatives + 0.5  # the k-th positive lies above exactly k negatives
    labels, scores = np.repeat([1, 0], n_negative), np.concatenate([positives, negatives])
    found, threshold = completeness_at_fpr(labels, scores, 0.01)
    assert found == pytest.approx((allowed + 1) / n_negative)
    assert np.sum(negatives > threshold) == allowed


def test_seven_percent_of_a_hundred_is_seven():
    # 0.07 * 100 = 7.000000000000001 and 0.29 * 100 = 28.999999999999996 in binary
    negatives = np.arange(100.0)
    labels, scores = np.repeat([0, 1], 100), np.concatenate([negatives, negatives + 0.5])
    for percent in (7, 29):
        _, threshold = completeness_at_fpr(labels, scores, percent / 100)
        assert np.sum(negatives > threshold) == percent


def test_large_gaussian_sample_reaches_the_binormal_values():
    random, n, shift = np.random.default_rng(5), 200_000, 2.0
    labels = np.repeat([0, 1], n)
    found = statistics(labels, random.normal(size=2 * n) + shift * labels)
    # AUROC = Phi(d / sqrt 2); completeness = Phi(d - z). Errors: sqrt(1/(12 n)) bounds that of the AUROC; that of the
    # completeness is phi(d - z) times the error of the negatives' quantile, 0.4 sqrt(fpr/n) / phi(z) = 0.0033 at 1 %.
    assert found["auroc"] == pytest.approx(norm.cdf(shift / np.sqrt(2)), abs=4 * np.sqrt(1 / 12 / n))
    assert found["completeness_at_1pct_fpr"] == pytest.approx(norm.cdf(shift - norm.isf(0.01)), abs=0.015)
    assert found["completeness_at_10pct_fpr"] == pytest.approx(norm.cdf(shift - norm.isf(0.1)), abs=0.006)


def test_weights_act_as_repetitions():
    random = np.random.default_rng(7)
    labels, scores, weights = random.integers(0, 2, 60), random.integers(0, 9, 60) / 9, random.integers(0, 4, 60)
    repeated = np.repeat(labels, weights), np.repeat(scores, weights)
    assert auroc(labels, scores, weights) == pytest.approx(auroc(*repeated), abs=1e-12)
    assert auprc(labels, scores, weights) == pytest.approx(auprc(*repeated), abs=1e-12)
    found, threshold = completeness_at_fpr(labels, scores, 0.1, weights)
    assert (found, threshold) == pytest.approx(completeness_at_fpr(*repeated, 0.1))


def test_many_weightings_at_once_are_the_weightings_one_by_one():
    random = np.random.default_rng(8)
    ranked = RankedScores.of(random.integers(0, 2, 50), random.normal(size=50))
    weights = random.integers(0, 3, (4, 50))
    together = rank_statistics(ranked.counts(weights))
    for row, single in enumerate(weights):
        for name, value in rank_statistics(ranked.counts(single)).items():
            assert value[0] == together[name][row]


def test_a_class_without_weight_gives_nan():
    ranked = RankedScores.of(np.array([1, 0]), np.array([0.2, 0.1]))
    found = rank_statistics(ranked.counts(np.array([[0.0, 1.0]])))
    assert np.isnan(found["auroc"][0])
    assert np.isnan(found["tpr0"][0])


def test_infinite_scores_are_ranked():
    assert auroc(np.array([1, 0, 0]), np.array([np.inf, 0.0, -np.inf])) == 1
    assert statistics(np.array([1, 0]), np.array([0.0, -np.inf]))["tpr0"] == 1


@pytest.mark.parametrize(("name", "needed"), [("tpr10", 10), ("completeness_at_1pct_fpr", 100),
                                              ("completeness_at_0p01pct_fpr", 10_000), ("auroc", 1)])  # fmt: skip
def test_metrics_are_stated_only_where_the_negatives_allow(name, needed):
    assert is_supported(name, needed)
    assert name == "auroc" or not is_supported(name, needed - 1)


def test_purity_at_the_prevalence_of_the_sky():
    # one lens in a thousand, half of them found at 1 % false positives: 0.5 lenses among 9.99 others
    assert purity_at_prevalence(0.5, 0.01, 1e-3) == pytest.approx(0.5 / (0.5 + 9.99))
    assert np.isnan(purity_at_prevalence(0.0, 0.0, 1e-3))


def test_nan_scores_are_counted_and_named():
    with pytest.raises(DataError, match=r"score is NaN.*2 of 4 objects: b, d") as caught:
        RankedScores.of(np.array([0, 1, 0, 1]), np.array([0.1, np.nan, 0.2, np.nan]), ids=["a", "b", "c", "d"])
    assert "exclude" in str(caught.value)


def test_long_lists_of_bad_rows_are_cut_short():
    with pytest.raises(DataError, match=r"7 of 8 objects: 1, 2, 3, 4, 5, \.\.\."):
        RankedScores.of(np.arange(8) % 2, np.array([0.5, *[np.nan] * 7]))


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1, -1], [0.1, 0.2, 0.3], "neither 0 nor 1"),
        ([1, 1], [0.1, 0.2], "both classes"),
        ([], [], "both classes"),
        ([0, 1], [0.1], "differ in shape"),
    ],
)
def test_what_cannot_be_measured_is_refused(labels, scores, message):
    with pytest.raises(DataError, match=message):
        auroc(np.array(labels), np.array(scores))


@pytest.mark.parametrize("weight", [-1.0, np.nan])
def test_bad_weights_are_refused(weight):
    with pytest.raises(DataError, match="weight"):
        auroc(np.array([0, 1]), np.array([0.1, 0.2]), np.array([1.0, weight]))


def test_too_few_negatives_for_the_rate():
    with pytest.raises(DataError, match=r"at least 1000; received 999"):
        completeness_at_fpr(np.repeat([1, 0], [3, 999]), np.arange(1002.0), 0.001)
