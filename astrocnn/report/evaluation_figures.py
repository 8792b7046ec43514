"""The figures of an Evaluation, for the page and as PNG files.

Of a class that is searched for: ROC, and completeness against each truth column; of classes: their confusion. Of both:
whether stated probabilities hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from astrocnn.parquet import SCORES
from astrocnn.pipeline.store import PROVENANCE
from astrocnn.report.class_figures import confusion_matrix, reliability_curve
from astrocnn.report.figures import OperatingPoint, completeness_curve, roc_curve
from astrocnn.report.products import Columns, ProductFolder
from astrocnn.report.theme import write_png

MARKED_RATES = {0.01: "completeness_at_1pct_fpr", 0.1: "completeness_at_10pct_fpr"}
RESAMPLES = 300  # of the band on the ROC; the intervals of the metrics are the evaluation's own
LARGEST_BAND = 200_000  # rows beyond which the band is narrower than the line and not worth its time

Band = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class EvaluationFigure:
    """A figure of an Evaluation: file name, the function that draws it (takes `theme=`), and words about it."""

    name: str
    draw: Callable[..., Figure]
    alt: str
    caption: str


def evaluation_figures(folder: ProductFolder) -> list[EvaluationFigure]:
    """Figures of the tables that an Evaluation's folder has, completeness column by column."""
    figures = []
    calls = folder.csv("confusion.csv") if folder.has("confusion.csv") else None
    if calls is not None:
        figures.append(_confusion_figure(calls))
    else:
        figures += _search_figures(folder)
    calibration = folder.csv("calibration.csv") if folder.has("calibration.csv") else None
    if calibration is not None:
        figures.append(_calibration_figure(calibration, of_classes=calls is not None))
    return figures


def _search_figures(folder: ProductFolder) -> list[EvaluationFigure]:
    figures = []
    roc, completeness = folder.csv("roc.csv"), folder.csv("completeness.csv")
    if roc is not None:
        figures.append(_roc_figure(folder, roc))
    if completeness:
        rate = stated_rate(folder)
        columns = dict.fromkeys(str(value) for value in completeness["column"])
        figures += [_completeness_figure(completeness, column, rate) for column in columns]
    return figures


def _confusion_figure(table: Columns) -> EvaluationFigure:
    classes = [str(name) for name in table["class"]]
    counts = np.stack([table[f"as {name}"] for name in classes], axis=1).astype(int)
    shares = np.diagonal(counts) / np.maximum(counts.sum(axis=1), 1)
    right = ", ".join(f"{name} {share:.2f}" for name, share in zip(classes, shares, strict=True))
    return EvaluationFigure(
        "confusion",
        partial(confusion_matrix, counts, classes),
        f"Confusion of classes; share called right: {right}",
        "What objects of each class are called: share of the row, and number of objects.",
    )


def _calibration_figure(table: Columns, *, of_classes: bool) -> EvaluationFigure:
    what = "share called right" if of_classes else "share of positives"
    stated = "the probability of the class that is called" if of_classes else "the calibrated probability"
    return EvaluationFigure(
        "calibration",
        partial(reliability_curve, table, what),
        f"{what.capitalize()} against {stated}",
        f"{what.capitalize()} among objects by {stated}; on the dashed line probabilities are what they say, at the"
        " share of each class in this sample.",
    )


def write_figures(evaluation: Path, folder: Path) -> list[Path]:
    """Draw the tables of an Evaluation folder as PNG files.

    Parameters
    ----------
    evaluation : Path
        Folder of an Evaluation.
    folder : Path
        Where the PNG files go.

    Returns
    -------
    list of Path
        `roc.png` and `completeness_<column>.png`, or `confusion.png`; `calibration.png`: as far as there are tables.
    """
    figures = evaluation_figures(ProductFolder(evaluation))
    return [write_png(figure.draw(), folder / f"{figure.name}.png") for figure in figures]


def _roc_figure(folder: ProductFolder, roc: Columns) -> EvaluationFigure:
    metrics = folder.json("metrics.json") or {}
    points = []
    for rate, name in MARKED_RATES.items():
        value, low, high = (metrics.get(f"{name}{end}") for end in ("", "_low", "_high"))
        if value is not None:
            points.append(OperatingPoint(rate, value, *(np.nan if end is None else end for end in (low, high))))
    band = roc_band(folder.parquet(SCORES, ["label", "score", "group"]) or {})
    words = ", ".join(f"{point.completeness:.2f} at {100 * point.false_positive_rate:g} %" for point in points)
    return EvaluationFigure(
        "roc",
        partial(roc_curve, roc["false_positive_rate"], roc["true_positive_rate"], band, points),
        "ROC curve" + (f"; completeness {words} false positives" if words else ""),
        "Completeness against false positives, on a logarithmic axis: what matters stands at the left. "
        + ("Band: 95 % under resampling of groups." if band else "No band: there are no labelled scores to resample."),
    )


def _completeness_figure(table: Columns, column: str, rate: str) -> EvaluationFigure:
    rows = np.array([str(value) == column for value in table["column"]])
    label = axis_label(column)
    return EvaluationFigure(
        f"completeness_{column}",
        partial(completeness_curve, {key: values[rows] for key, values in table.items()}, label),
        f"Completeness in bins of {label}, with intervals",
        f"Completeness at {rate} against {label}; numbers of test positives above.",
    )


def stated_rate(folder: ProductFolder) -> str:
    """The false-positive rate at which completeness was measured, in words, from the product's provenance."""
    identity = (folder.json(PROVENANCE) or {}).get("identity", {})
    rate = identity.get("parameters", {}).get("false_positive_rate")
    return "a fixed rate of false positives" if rate is None else f"{100 * rate:g} % false positives"


def threshold_at(roc: Columns | None, rate: float) -> float | None:
    """The lowest finite threshold of a ROC table with at most this false-positive rate; None where there is none."""
    if roc is None or not {"false_positive_rate", "threshold"} <= roc.keys():
        return None
    threshold = np.asarray(roc["threshold"], dtype=np.float64)
    allowed = threshold[(roc["false_positive_rate"] <= rate * (1 + 1e-9)) & np.isfinite(threshold)]
    return float(allowed.min()) if allowed.size else None


def roc_band(scored: Columns) -> Band | None:
    """Rates, and the 95 % interval of completeness at each, under resampling of whole groups; None where not possible.

    The threshold is found anew in each resample, so that the band holds the scatter of the negatives too.
    """
    from astrocnn.scoring.bootstrap import bootstrap_by_group
    from astrocnn.scoring.metrics import RankedScores, threshold_column

    if not {"label", "score"} <= scored.keys():
        return None
    good = np.isin(scored["label"], (0, 1)) & np.isfinite(np.asarray(scored["score"], dtype=np.float64))
    label, score = scored["label"][good], scored["score"][good]
    group = scored["group"][good].astype(str) if "group" in scored else np.arange(len(label))
    if len(label) > LARGEST_BAND or len(np.unique(label)) < 2 or len(np.unique(group)) < 2:
        return None
    ranked = RankedScores.of(label, score)
    rates = np.geomspace(1 / max(int(np.sum(label == 0)), 10), 1, 60)

    def completeness(weights: np.ndarray) -> np.ndarray:
        counts = ranked.counts(weights)
        found = counts.true_positives
        columns = [np.take_along_axis(found, threshold_column(counts, rate)[:, None], axis=1) for rate in rates]
        all_positives = found[:, -1:]
        selected = np.concatenate(columns, axis=1)
        return np.divide(selected, all_positives, out=np.full(selected.shape, np.nan), where=all_positives > 0)

    low, high = bootstrap_by_group(group, completeness, n=RESAMPLES, seed=0)
    return rates, low, high


def axis_label(column: str) -> str:
    """A column's name in words, with its unit: `einstein_radius_arcsec` is `Einstein radius (arcsec)`."""
    words = {"snr": "signal to noise", "einstein": "Einstein"}
    name, unit = column, ""
    for suffix in ("arcsec", "hour", "day", "km", "deg", "px"):
        if column.endswith(f"_{suffix}"):
            name, unit = column[: -len(suffix) - 1], f" ({suffix})"
    return " ".join(words.get(word, word) for word in name.split("_")) + unit
