"""Metrics of several classes with intervals by group, their confusion, and whether stated probabilities hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from astrocnn.errors import DataError
from astrocnn.scoring.bootstrap import bootstrap_by_group
from astrocnn.scoring.calibration import calibration_error
from astrocnn.scoring.metrics import RankedScores, rank_statistics, share

_SMALLEST = 1e-7


def confusion_counts(labels: np.ndarray, predicted: np.ndarray, classes: int, weights: np.ndarray) -> np.ndarray:
    """Summed weights by true and predicted class, (weighting, true, predicted), for weights (weighting, row)."""
    pairs = labels * classes + predicted
    counts = np.zeros((len(weights), classes * classes))
    for pair in np.unique(pairs).tolist():
        counts[:, pair] = weights[:, pairs == pair].sum(axis=1)
    return counts.reshape(-1, classes, classes)


def confusion_statistics(counts: np.ndarray, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """Accuracy, macro-averages, and recall, precision and F1 of each class, each (weighting,).

    Parameters
    ----------
    counts : array (weighting, true, predicted)
    classes : sequence of str

    Returns
    -------
    dict
        `accuracy`; `macro_f1` and `macro_recall`, means over the classes that have objects; `<class>_recall`,
        `<class>_precision`, `<class>_f1`. NaN for a class without objects; the precision of a class that is never
        predicted is NaN, and its F1 0.
    """
    right = np.diagonal(counts, axis1=1, axis2=2)
    true, predicted = counts.sum(axis=2), counts.sum(axis=1)
    recall, precision = share(right, true), share(right, predicted)
    f1 = np.where(true > 0, share(2 * right, true + predicted), np.nan)
    there = (true > 0).sum(axis=1)
    statistics = {
        "accuracy": share(right.sum(axis=1), counts.sum(axis=(1, 2))),
        "macro_f1": share(np.nansum(f1, axis=1), there),
        "macro_recall": share(np.nansum(recall, axis=1), there),
    }
    for number, name in enumerate(classes):
        statistics |= {
            f"{name}_recall": recall[:, number], f"{name}_precision": precision[:, number], f"{name}_f1": f1[:, number]
        }  # fmt: skip
    return statistics


def evaluate_classes(
    labels: np.ndarray,
    probabilities: np.ndarray,
    groups: np.ndarray,
    classes: Sequence[str],
    *,
    seed: int = 0,
    subsets: Mapping[str, np.ndarray] | None = None,
    n: int = 1000,
    level: float = 0.95,
) -> dict[str, float | int]:
    """Metrics of labelled class probabilities, flat and with stable names.

    Parameters
    ----------
    labels : array of int, (row,)
        Number of the true class.
    probabilities : array, (row, class)
        The class with the highest is predicted; the first of equals.
    groups : array, (row,)
        Whole groups are resampled for the intervals.
    classes : sequence of str
    seed, n, level
        See `bootstrap_by_group`.
    subsets : mapping of str to bool array, optional
        Rows of a subset; its name stands before its metrics.

    Returns
    -------
    dict
        What `confusion_statistics` gives, `<class>_auroc` (that class against all others), `log_loss`,
        `brier` (summed over classes, Brier 1950) and `calibration_error`; each `name` with `name_low`, `name_high` and
        `name_n`, the rows that it is of; `n_classes`, `n_groups`, `<class>_n`. Of a subset accuracy and the
        macro-averages only. What is not defined, such as the recall of a class without objects, is absent.

    Raises
    ------
    DataError
        When a probability is not finite, or the shapes differ.
    """
    labels, probabilities = np.asarray(labels, np.int64), np.asarray(probabilities, np.float64)
    if probabilities.shape != (len(labels), len(classes)):
        raise DataError(
            "labels and probabilities differ in shape", expected=(len(labels), len(classes)),
            received=probabilities.shape,
        )  # fmt: skip
    if not np.isfinite(probabilities).all():
        raise DataError("a probability is not finite", fix="exclude these objects before measuring")
    predicted = probabilities.argmax(axis=1)
    chosen = np.clip(probabilities[np.arange(len(labels)), labels], _SMALLEST, 1.0)
    truth = np.eye(len(classes))[labels]
    squares = np.sum((probabilities - truth) ** 2, axis=1)
    ranked = {
        name: RankedScores.of(truth[:, number], probabilities[:, number])
        for number, name in enumerate(classes)
        if 0 < truth[:, number].sum() < len(labels)
    }
    masks = {f"{name}_": np.asarray(mask, bool) for name, mask in (subsets or {}).items()}

    def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
        found = confusion_statistics(confusion_counts(labels, predicted, len(classes), weights), classes)
        total = weights.sum(axis=1)
        for name, one in ranked.items():
            found[f"{name}_auroc"] = rank_statistics(one.counts(weights))["auroc"]
        found["log_loss"] = share(weights @ -np.log(chosen), total)
        found["brier"] = share(weights @ squares, total)
        right = (predicted == labels).astype(np.float64)
        found["calibration_error"] = calibration_error(probabilities.max(axis=1), right, weights)
        for prefix, mask in masks.items():
            counts = confusion_counts(labels[mask], predicted[mask], len(classes), weights[:, mask])
            whole = confusion_statistics(counts, ())
            found |= {prefix + name: values for name, values in whole.items()}
        return found

    points = measure(np.ones((1, len(labels))))
    low, high = bootstrap_by_group(
        groups, lambda drawn: np.stack(list(measure(drawn).values()), axis=1), n, seed, level
    )
    of_class = dict(zip(classes, truth.sum(axis=0).astype(int).tolist(), strict=True))
    metrics: dict[str, float | int] = {
        "n": len(labels), "n_classes": len(classes), "n_groups": int(np.unique(np.asarray(groups)).size),
        **{f"{name}_n": number for name, number in of_class.items()},
    }  # fmt: skip
    for (name, value), *ends in zip(points.items(), low, high, strict=True):
        if np.isnan([value[0], *ends]).any():
            continue
        metrics |= {name: float(value[0]), f"{name}_low": float(ends[0]), f"{name}_high": float(ends[1])}
        prefix = next((prefix for prefix in masks if name.startswith(prefix)), None)
        recalled = next((number for one, number in of_class.items() if name in (f"{one}_recall", f"{one}_f1")), None)
        rows = len(labels) if prefix is None else int(masks[prefix].sum())
        metrics[f"{name}_n"] = rows if recalled is None else recalled
    return metrics
