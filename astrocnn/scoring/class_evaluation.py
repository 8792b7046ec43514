"""The files of an Evaluation of several classes: metrics, confusion, calibration, disputed labels and the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrocnn.scoring.calibration import reliability_table
from astrocnn.scoring.classes import confusion_counts, evaluate_classes
from astrocnn.scoring.disputed import disputed_as
from astrocnn.scoring.evaluation import CALIBRATION, write_csv, write_metrics, write_rows
from astrocnn.scoring.subsets import Cut, subset_mask

CONFUSION = "confusion.csv"
DISPUTED = "disputed.csv"


@dataclass(frozen=True)
class LabelledClasses:
    """Rows with labels and a probability of each class.

    Attributes
    ----------
    ids, groups : ndarray of str
    labels : ndarray of int
        Number of the true class.
    probabilities : ndarray of float, shape (row, class)
    classes : tuple of str
    truth : dict of ndarray
        Further columns, numbers or text; NaN where they mean nothing.
    """

    ids: np.ndarray
    groups: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    classes: tuple[str, ...]
    truth: dict[str, np.ndarray]


def write_class_evaluation(
    rows: LabelledClasses, folder: Path, *, subsets: Mapping[str, Mapping[str, Cut]], resamples: int, seed: int
) -> dict[str, float | int]:
    """Measure labelled rows and write the tables of an Evaluation.

    Parameters
    ----------
    rows : LabelledClasses
    folder : Path
    subsets : mapping
        Name to cuts on truth columns; a subset holds the rows of all classes that fulfil them.
    resamples, seed : int
        Of the bootstrap by group.

    Returns
    -------
    dict
        The metrics, as written.

    Raises
    ------
    UnknownName, DataError
        When a subset names a column that is not there, or of another kind; see `subset_mask`.
    """
    masks = {name: subset_mask(cuts, rows.truth, where=f"subsets.{name}") for name, cuts in subsets.items()}
    metrics = evaluate_classes(
        rows.labels, rows.probabilities, rows.groups, rows.classes, seed=seed, subsets=masks, n=resamples
    )
    taken_for = disputed_as(rows.labels, rows.probabilities)
    metrics |= {"n_disputed": int((taken_for >= 0).sum())}
    write_metrics(folder, metrics)
    predicted = rows.probabilities.argmax(axis=1)
    counts = confusion_counts(rows.labels, predicted, len(rows.classes), np.ones((1, len(predicted))))[0].astype(int)
    names = np.array(rows.classes, object)
    write_csv(folder / CONFUSION, {"class": names, **{f"as {name}": counts[:, k] for k, name in enumerate(names)}})
    right = (predicted == rows.labels).astype(int)
    if 0 < right.sum() < len(right):
        write_csv(folder / CALIBRATION, reliability_table(right, rows.probabilities.max(axis=1)))
    if metrics["n_disputed"]:
        write_csv(folder / DISPUTED, _disputed(rows, taken_for))
    measured = {
        "id": rows.ids, "group": rows.groups, "label": names[rows.labels], "class": names[predicted],
        **{f"mean_{name}": rows.probabilities[:, number] for number, name in enumerate(names)},
    }  # fmt: skip
    write_rows(folder, measured, rows.truth)
    return metrics


def _disputed(rows: LabelledClasses, taken_for: np.ndarray) -> dict[str, np.ndarray]:
    """Objects with a disputed label, the surest first."""
    names, which = np.array(rows.classes, object), np.flatnonzero(taken_for >= 0)
    given, found = (rows.probabilities[which, of[which]] for of in (rows.labels, taken_for))
    which = which[np.argsort(given - found, kind="stable")]
    return {
        "id": rows.ids[which], "label": names[rows.labels[which]], "taken_for": names[taken_for[which]],
        **{f"mean_{name}": rows.probabilities[which, number] for number, name in enumerate(names)},
    }  # fmt: skip
