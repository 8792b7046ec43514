"""The files of an Evaluation of one class that is searched for: metrics.json, roc.csv, completeness.csv, the rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrocnn.errors import DataError, UnknownName
from astrocnn.parquet import SCORES, write_parquet
from astrocnn.scoring.bootstrap import evaluate_binary
from astrocnn.scoring.calibration import calibration_metrics, reliability_table
from astrocnn.scoring.completeness import completeness_by_column
from astrocnn.scoring.metrics import roc_curve
from astrocnn.scoring.subsets import Cut, subset_mask
from astrocnn.spelling import suggestion

METRICS, ROC, COMPLETENESS = "metrics.json", "roc.csv", "completeness.csv"
CALIBRATION = "calibration.csv"


@dataclass(frozen=True)
class Labelled:
    """Scored rows with labels.

    Attributes
    ----------
    ids, groups : ndarray of str
    labels : ndarray of int
        1 for the class searched for, else 0.
    scores : ndarray of float
    truth : dict of ndarray
        Further columns, numbers or text, such as the Einstein radius; NaN where they mean nothing.
    probability : ndarray of float, optional
        Calibrated; NaN where there is none.
    """

    ids: np.ndarray
    groups: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    truth: dict[str, np.ndarray]
    probability: np.ndarray | None = None


def write_evaluation(
    rows: Labelled,
    folder: Path,
    *,
    subsets: Mapping[str, Mapping[str, Cut]],
    against: Sequence[str],
    fpr: float,
    resamples: int,
    seed: int,
) -> dict[str, float | int]:
    """Measure scored rows and write the tables of an Evaluation.

    Parameters
    ----------
    rows : Labelled
    folder : Path
    subsets : mapping
        Name to cuts on truth columns; narrows the positives only.
    against : sequence of str
        Truth columns of numbers that completeness is shown against; its table is left out where there are fewer than
        1 / fpr negatives, as the metrics that need more are.
    fpr : float
        False-positive rate of that completeness.
    resamples, seed : int
        Of the bootstrap by group.

    Returns
    -------
    dict
        The metrics, as written.

    Raises
    ------
    UnknownName
        When a subset or `against` names a column that is not there.
    DataError
        When it is of another kind than is needed there.
    """
    for name in against:
        if name not in rows.truth:
            raise UnknownName(f"no truth column is called {name!r}", where="against", fix=suggestion(name, rows.truth))
        if rows.truth[name].dtype.kind in "OU":
            raise DataError(f"column {name} holds text", where="against", expected="a column of numbers")
    masks = {name: subset_mask(cuts, rows.truth, where=f"subsets.{name}") for name, cuts in subsets.items()}
    metrics = evaluate_binary(
        rows.labels, rows.scores, rows.groups, seed=seed, subsets=masks, ids=rows.ids, n=resamples
    )
    if rows.probability is not None and np.isfinite(rows.probability).all():
        metrics |= calibration_metrics(rows.labels, rows.probability, rows.groups, seed=seed, n=resamples)
        write_csv(folder / CALIBRATION, reliability_table(rows.labels, rows.probability))
    write_metrics(folder, metrics)
    roc = roc_curve(rows.labels, rows.scores)
    write_csv(folder / ROC, roc._asdict())
    columns = {name: rows.truth[name] for name in against if _has_positives(rows, name)}
    if columns and (rows.labels == 0).sum() * fpr >= 1:
        table = completeness_by_column(rows.labels, rows.scores, rows.groups, columns, fpr=fpr, seed=seed, n=resamples)
        write_csv(folder / COMPLETENESS, table)
    measured = {"id": rows.ids, "group": rows.groups, "label": rows.labels, "score": rows.scores}
    write_rows(folder, measured, rows.truth)
    return metrics


def write_metrics(folder: Path, metrics: Mapping[str, float | int]) -> None:
    """Write metrics.json, flat and in order of the names."""
    text = json.dumps(metrics, indent=1, sort_keys=True, allow_nan=False)
    (folder / METRICS).write_text(text + "\n", encoding="utf-8")


def write_rows(folder: Path, measured: Mapping[str, np.ndarray], truth: Mapping[str, np.ndarray]) -> None:
    """Write scores.parquet: what was measured of each object, and its further columns.

    A set from elsewhere may have a column `score` of its own; what was measured here stands for it.
    """
    import pyarrow

    columns = {**measured, **truth, **measured}
    table = pyarrow.table({name: np.asarray(values).tolist() for name, values in columns.items()})
    write_parquet(table, folder / SCORES)


def _has_positives(rows: Labelled, name: str) -> bool:
    return bool(np.isfinite(rows.truth[name][rows.labels == 1].astype(np.float64)).any())


def write_csv(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    """Write columns of one length as CSV with a head."""
    rows = zip(*(np.asarray(values).tolist() for values in columns.values()), strict=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([list(columns), *(map(_cell, row) for row in rows)])


def _cell(value: object) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
