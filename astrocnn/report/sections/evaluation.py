"""The section of an Evaluation: ROC, completeness against truth, and every metric with its interval."""

from __future__ import annotations

from typing import Any

import numpy as np

from astrocnn.pipeline.store import PROVENANCE
from astrocnn.report.figures import OperatingPoint, completeness_curve, roc_curve
from astrocnn.report.formats import interval, number
from astrocnn.report.page import Section, figure_html, render
from astrocnn.report.products import Columns, ProductFolder
from astrocnn.report.run_view import ReportRun, StageView

MARKED_RATES = (0.01, 0.1)
RESAMPLES = 300  # of the band on the ROC; the intervals of the metrics are the evaluation's own
LARGEST_BAND = 200_000  # rows beyond which the band is narrower than the line and not worth its time

LABELS = {
    "auroc": "Area under the ROC curve",
    "auprc": "Average precision",
    "tpr0": "True-positive rate before the first false positive",
    "tpr10": "True-positive rate before the tenth false positive",
    "completeness_at_10pct_fpr": "Completeness at 10 % false positives",
    "completeness_at_1pct_fpr": "Completeness at 1 % false positives",
    "completeness_at_0p1pct_fpr": "Completeness at 0.1 % false positives",
    "completeness_at_0p01pct_fpr": "Completeness at 0.01 % false positives",
    "accuracy": "Accuracy",
    "macro_f1": "F1, mean over classes",
    "rmse": "Root mean square error",
    "recall": "Recall",
    "precision": "Precision",
    "f1": "F1",
}
_UNBOUNDED = {"rmse"}
_RATE_KEYS = {0.01: "1pct", 0.1: "10pct"}


def evaluation_section(stage: StageView, folder: ProductFolder, run: ReportRun) -> Section:
    """Figures and the table of metrics, one table for all objects and one for each subset."""
    metrics = folder.json("metrics.json") or {}
    roc = folder.csv("roc.csv")
    completeness = folder.csv("completeness.csv")
    remarks: list[str] = []
    figures = []
    if roc is not None:
        scored = folder.parquet("scores.parquet", ["label", "score", "group"])
        band = roc_band(scored) if scored is not None else None
        if band is None:
            remarks.append("The ROC curve has no band: there are no labelled scores to resample, or very many.")
        figures.append(_roc_figure(stage, metrics, roc, band))
    if completeness:
        figures += _completeness_figures(stage, completeness, stated_rate(folder))
    html = render(
        "evaluation.html", figures=figures, tables=metric_tables(metrics), counts=_counts(metrics), remarks=remarks,
        missing=folder.missing,
    )  # fmt: skip
    lead = (
        "Measured on labelled samples the network was not trained on; intervals hold 95 % under resampling of groups."
    )
    return Section("How well it works", stage.anchor, html, lead, stage.label)


def metric_tables(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the metrics tables: first all objects, then each subset by its prefix, in the order of `LABELS`."""
    subsets: dict[str, list[str]] = {}
    for name in metrics:
        base = max((key for key in LABELS if name == key or name.endswith(f"_{key}")), key=len, default=None)
        if base is not None:
            subsets.setdefault(name[: -len(base) - 1] if name != base else "", []).append(base)
    tables = []
    for subset in sorted(subsets):
        prefix = f"{subset}_" if subset else ""
        rows = [_row(metrics, prefix + base, base) for base in LABELS if base in subsets[subset]]
        tables.append({"title": f"Subset {subset}" if subset else "", "rows": rows})
    return tables


def _row(metrics: dict[str, Any], name: str, base: str) -> dict[str, Any]:
    value, low, high = (metrics.get(f"{name}{end}") for end in ("", "_low", "_high"))
    strip = None
    if value is not None and base not in _UNBOUNDED:
        ends = {"low": None, "high": None} if low is None or high is None else {"low": 100 * low, "high": 100 * high}
        strip = {"value": 100 * value, **ends}
    text = "\N{EN DASH}" if value is None else f"{value:.3f}"
    return {"label": LABELS[base], "name": name, "value": text, "interval": interval(low, high), "strip": strip,
            "number": number(metrics.get(f"{name}_n"))}  # fmt: skip


def _counts(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    names = {"n_positive": "Positives", "n_negative": "negatives", "n_groups": "groups"}
    return [(label, number(metrics[key])) for key, label in names.items() if key in metrics]


def threshold_at(roc: Columns | None, rate: float) -> float | None:
    """The lowest finite threshold of a ROC table with at most this false-positive rate; None where there is none."""
    if roc is None or not {"false_positive_rate", "threshold"} <= roc.keys():
        return None
    threshold = np.asarray(roc["threshold"], dtype=np.float64)
    allowed = threshold[(roc["false_positive_rate"] <= rate * (1 + 1e-9)) & np.isfinite(threshold)]
    return float(allowed.min()) if allowed.size else None


def roc_band(scored: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Rates, and the 95 % interval of completeness at each, under resampling of whole groups; None where not possible.

    The threshold is found anew in each resample, so that the band holds the scatter of the negatives too.
    """
    from astrocnn.scoring.bootstrap import bootstrap_by_group
    from astrocnn.scoring.metrics import RankedScores, threshold_column

    if not {"label", "score"} <= scored.keys():
        return None
    good = np.isin(scored["label"], (0, 1)) & np.isfinite(np.asarray(scored["score"], dtype=np.float64))
    label, score = scored["label"][good], scored["score"][good]
    group = scored["group"][good] if "group" in scored else np.arange(len(label))
    if len(label) > LARGEST_BAND or len(np.unique(label)) < 2 or len(np.unique(group)) < 2:
        return None
    ranked = RankedScores.of(label, score)
    rates = np.geomspace(1 / max(int(np.sum(label == 0)), 10), 1, 60)

    def completeness(weights: np.ndarray) -> np.ndarray:
        counts = ranked.counts(weights)
        found = counts.true_positives
        columns = [np.take_along_axis(found, threshold_column(counts, rate)[:, None], axis=1) for rate in rates]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.concatenate(columns, axis=1) / found[:, -1:]

    low, high = bootstrap_by_group(group, completeness, n=RESAMPLES, seed=0)
    return rates, low, high


def _roc_figure(
    stage: StageView, metrics: dict[str, Any], roc: Columns, band: tuple[np.ndarray, np.ndarray, np.ndarray] | None
) -> Any:
    points = []
    for rate in MARKED_RATES:
        name = f"completeness_at_{_RATE_KEYS[rate]}_fpr"
        value, low, high = (metrics.get(f"{name}{end}") for end in ("", "_low", "_high"))
        if value is not None:
            points.append(OperatingPoint(rate, value, *(np.nan if end is None else end for end in (low, high))))
    words = ", ".join(f"{point.completeness:.2f} at {100 * point.false_positive_rate:g} %" for point in points)
    return figure_html(
        roc_curve, roc["false_positive_rate"], roc["true_positive_rate"], band, points,
        alt=f"ROC curve of {stage.name}" + (f"; completeness {words} false positives" if words else ""),
        caption="Completeness against false positives, on a logarithmic axis: what matters stands at the left."
        + (" Band: 95 % under resampling of groups." if band else ""),
    )  # fmt: skip


def stated_rate(folder: ProductFolder) -> str:
    """The false-positive rate at which completeness was measured, in words, from the product's provenance."""
    identity = (folder.json(PROVENANCE) or {}).get("identity", {})
    rate = identity.get("parameters", {}).get("false_positive_rate")
    return "a fixed rate of false positives" if rate is None else f"{100 * rate:g} % false positives"


def _completeness_figures(stage: StageView, table: Columns, rate: str) -> list[Any]:
    figures = []
    names = table.get("column", np.full(len(table["bin_low"]), "", dtype=object))
    for name in dict.fromkeys(str(value) for value in names):
        rows = np.array([str(value) == name for value in names])
        keys = ("bin_low", "bin_high", "completeness", "completeness_low", "completeness_high", "n")
        label = axis_label(name)
        figure = figure_html(
            completeness_curve, *(table[key][rows] for key in keys), label,
            alt=f"Completeness of {stage.name} in bins of {label}, with intervals",
            caption=f"Completeness at {rate} against {label}; numbers of test positives above.",
        )  # fmt: skip
        figures.append(figure)
    return figures


def axis_label(column: str) -> str:
    """A column's name in words, with its unit: `einstein_radius_arcsec` is `Einstein radius (arcsec)`."""
    words = {"snr": "signal to noise", "einstein": "Einstein"}
    name, unit = column, ""
    for suffix in ("arcsec", "hour", "day", "km", "deg", "px"):
        if column.endswith(f"_{suffix}"):
            name, unit = column[: -len(suffix) - 1], f" ({suffix})"
    return " ".join(words.get(word, word) for word in name.split("_")) + unit
