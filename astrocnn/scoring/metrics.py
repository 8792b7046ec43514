"""Metrics of a two-class score, counted once on sorted scores for one or many weightings of the rows.

Conventions. An object is selected when its score is strictly above the threshold, so tied objects are selected
together or not at all, and a scorer that gives its best value to a single negative has `tpr0` = 0. The false positive
rate of N negatives moves in steps of 1/N: "at 1 %" means the highest completeness whose rate is at most 1 %, that is
floor(N / 100) false positives, and is stated only where N >= 100, so that the threshold stands on the negatives.
Thresholds always come from all negatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from astrocnn.errors import DataError

FALSE_POSITIVE_RATES = {"10pct": 0.1, "1pct": 0.01, "0p1pct": 0.001, "0p01pct": 0.0001}
"""The rates of the metrics named `completeness_at_<key>_fpr`."""

_ROUNDING = 1e-9  # 0.07 * 100 is 7.000000000000001: a rate must not lose or win an object to the last bit


class Roc(NamedTuple):
    """A receiver operating characteristic: rates of the objects whose score is strictly above each threshold."""

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    threshold: np.ndarray


class Counts(NamedTuple):
    """Summed weights above each threshold, arrays (weighting, threshold); the last threshold selects everything."""

    true_positives: np.ndarray
    false_positives: np.ndarray


@dataclass(frozen=True)
class RankedScores:
    """Labelled scores, sorted once from the highest down.

    Attributes
    ----------
    order : numpy.ndarray
        Rows in order of falling score, (row,).
    positive : numpy.ndarray of bool
        Labels in the order of the input, (row,).
    threshold : numpy.ndarray
        The distinct scores from the highest down, then -inf, (threshold,).
    level : numpy.ndarray
        For each row of the input, the number of distinct scores above its own: it is selected by `threshold[j]`
        when `level < j`.
    """

    order: np.ndarray
    positive: np.ndarray
    threshold: np.ndarray
    level: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, scores: np.ndarray, ids: Sequence[str] | np.ndarray | None = None) -> RankedScores:
        """Check and sort.

        Parameters
        ----------
        labels : array of int or bool, (row,)
            1 positive, 0 negative.
        scores : array of float, (row,)
            Higher means more like a positive; infinities are allowed, NaN is not.
        ids : sequence of str, optional
            Names of the rows for error messages.

        Raises
        ------
        DataError
            If the lengths differ, a score is NaN, a label is neither 0 nor 1, or a class is empty.
        """
        labels, scores = np.asarray(labels), np.asarray(scores, dtype=np.float64)
        if labels.ndim != 1 or labels.shape != scores.shape:
            raise DataError("labels and scores differ in shape", expected=labels.shape, received=scores.shape)
        _refuse(np.isnan(scores), ids, "the score is NaN", "exclude these objects before measuring")
        _refuse((labels != 0) & (labels != 1), ids, "the label is neither 0 nor 1", "measure labelled objects only")
        positive = labels == 1
        if positive.all() or not positive.any():
            found = {"positive": int(positive.sum()), "negative": int((~positive).sum())}
            raise DataError("metrics need both classes", expected="at least one object of each", received=found)
        threshold, ascending = np.unique(scores, return_inverse=True)
        return cls(
            order=np.argsort(-scores, kind="stable"),
            positive=positive,
            threshold=np.append(threshold[::-1], -np.inf),
            level=threshold.size - 1 - ascending,
        )

    def require_negatives(self, fpr: float) -> None:
        """Refuse a false positive rate that would need less than one false positive.

        Raises
        ------
        DataError
            If there are fewer than 1 / fpr negatives.
        """
        n_negative = int(np.sum(~self.positive))
        if n_negative * fpr < 1 - _ROUNDING:
            raise DataError(
                f"too few negatives for a false positive rate of {fpr:g}",
                expected=f"at least {np.ceil(1 / fpr - _ROUNDING):.0f}",
                received=n_negative,
            )

    def counts(self, weights: np.ndarray | None = None) -> Counts:
        """Weight of the positives and negatives above each threshold, for weights (row,) or (weighting, row).

        Raises
        ------
        DataError
            If a weight is negative or NaN.
        """
        weights = np.atleast_2d(np.ones(self.order.size) if weights is None else weights)
        if not np.all(weights >= 0):
            raise DataError("a weight is negative or NaN", expected="weights of at least 0", received=np.min(weights))
        columns = np.arange(self.threshold.size)

        def above(rows: np.ndarray) -> np.ndarray:
            summed = np.zeros((len(weights), rows.size + 1))
            np.cumsum(weights[:, rows], axis=1, out=summed[:, 1:])
            return summed[:, np.searchsorted(self.level[rows], columns)]

        positive = self.positive[self.order]
        return Counts(above(self.order[positive]), above(self.order[~positive]))


def _refuse(wrong: np.ndarray, ids: Sequence[str] | np.ndarray | None, what: str, fix: str) -> None:
    rows = np.flatnonzero(wrong)
    if rows.size:
        named = [str(row) if ids is None else str(ids[row]) for row in rows[:5]]
        shown = f"{rows.size} of {wrong.size} objects: {', '.join(named)}{', ...' if rows.size > 5 else ''}"
        raise DataError(what, received=shown, fix=fix)


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """A part of a whole, element by element; NaN where the whole is nothing."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def _last(allowed: np.ndarray) -> np.ndarray:
    """Column of the lowest threshold that is allowed; false positives only grow along a row."""
    return allowed.sum(axis=1) - 1


def _true_positive_rate(counts: Counts, column: np.ndarray) -> np.ndarray:
    positives = counts.true_positives
    return share(np.take_along_axis(positives, column[:, None], axis=1)[:, 0], positives[:, -1])


def threshold_column(counts: Counts, fpr: float) -> np.ndarray:
    """Column of `counts` with the highest completeness at a false positive rate of at most `fpr`, (weighting,)."""
    negatives = counts.false_positives
    return _last(negatives <= (fpr + _ROUNDING) * negatives[:, -1:])


def rank_statistics(counts: Counts) -> dict[str, np.ndarray]:
    """Metrics that depend on the ranks of positives among all negatives, each (weighting,).

    `auroc` is the probability that a positive outranks a negative, ties counted one half (Mann-Whitney). `tpr0` is
    the highest true positive rate without, `tpr10` that with fewer than ten false positives (Metcalf et al. 2019,
    section 5); both fall as negatives are added, so state their number. NaN where a class has no weight.
    """
    positives, negatives = counts
    area = np.sum(np.diff(negatives, axis=1) * (positives[:, 1:] + positives[:, :-1]) / 2, axis=1)
    statistics = {
        "auroc": share(area, positives[:, -1] * negatives[:, -1]),
        "tpr0": _true_positive_rate(counts, _last(negatives <= 0)),
        "tpr10": _true_positive_rate(counts, _last(negatives < 10)),
    }
    for name, fpr in FALSE_POSITIVE_RATES.items():
        statistics[f"completeness_at_{name}_fpr"] = _true_positive_rate(counts, threshold_column(counts, fpr))
    return statistics


def sample_statistics(ranked: RankedScores, counts: Counts, threshold: float = 0.5) -> dict[str, np.ndarray]:
    """Metrics that also depend on the share of positives in the sample, each (weighting,).

    `auprc` is the average precision: precision at each distinct score, weighted by the recall gained there, without
    interpolation. `accuracy` is the share of rows on the right side of `threshold`.
    """
    positives, negatives = counts
    precision = share(positives[:, 1:], positives[:, 1:] + negatives[:, 1:])
    gained = np.diff(positives, axis=1)
    area = np.sum(gained * np.where(gained > 0, precision, 0), axis=1)
    column = np.sum(ranked.threshold[:-1] > threshold)
    right = positives[:, column] + negatives[:, -1] - negatives[:, column]
    return {
        "auprc": share(area, positives[:, -1]),
        "accuracy": share(right, positives[:, -1] + negatives[:, -1]),
    }


def is_supported(name: str, n_negative: int) -> bool:
    """Whether this many negatives are enough for a metric to have a threshold among them."""
    needed = {f"completeness_at_{key}_fpr": 1 / fpr for key, fpr in FALSE_POSITIVE_RATES.items()} | {"tpr10": 10}
    return n_negative >= needed.get(name, 0) * (1 - _ROUNDING)


def roc_curve(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> Roc:
    """Rates at every distinct score from the highest, (0, 0), down to -inf, (1, 1)."""
    ranked = RankedScores.of(labels, scores)
    positives, negatives = (summed[0] for summed in ranked.counts(weights))
    return Roc(negatives / negatives[-1], positives / positives[-1], ranked.threshold)


def completeness_at_fpr(
    labels: np.ndarray, scores: np.ndarray, fpr: float, weights: np.ndarray | None = None
) -> tuple[float, float]:
    """Completeness at a false positive rate of at most `fpr`, and the threshold that gives it.

    Raises
    ------
    DataError
        If there are fewer than 1 / fpr negatives, besides what `RankedScores.of` refuses.
    """
    ranked = RankedScores.of(labels, scores)
    ranked.require_negatives(fpr)
    counts = ranked.counts(weights)
    column = threshold_column(counts, fpr)
    return float(_true_positive_rate(counts, column)[0]), float(ranked.threshold[column[0]])


def auroc(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Area under the receiver operating characteristic, ties counted one half."""
    return float(rank_statistics(RankedScores.of(labels, scores).counts(weights))["auroc"][0])


def auprc(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Average precision, at the share of positives of the sample."""
    ranked = RankedScores.of(labels, scores)
    return float(sample_statistics(ranked, ranked.counts(weights))["auprc"][0])


def purity_at_prevalence(
    true_positive_rate: np.ndarray | float, false_positive_rate: np.ndarray | float, prevalence: float
) -> np.ndarray:
    """Share of true positives among the selected where a share `prevalence` of all objects is positive.

    The sky's prevalence (about one lens in a thousand galaxies) is not the sample's: Metcalf et al. 2019 give the
    contamination FP/TP = FPR/TPR (1 - prevalence) / prevalence. NaN where nothing is selected.
    """
    true = np.asarray(true_positive_rate, dtype=np.float64) * prevalence
    return share(true, true + np.asarray(false_positive_rate, dtype=np.float64) * (1 - prevalence))
