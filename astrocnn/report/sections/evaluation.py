"""The section of an Evaluation: ROC, completeness against truth, and every metric with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.report.evaluation_figures import evaluation_figures
from astrocnn.report.formats import interval, number
from astrocnn.report.page import Section, figure_html, render
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun, StageView

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
    "macro_recall": "Recall, mean over classes",
    "rmse": "Root mean square error",
    "recall": "Recall",
    "precision": "Precision",
    "f1": "F1",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "calibration_error": "Distance of stated and observed frequency",
}
_UNBOUNDED = {"rmse", "log_loss", "brier"}
_DISPUTED_SHOWN = 50


def evaluation_section(stage: StageView, folder: ProductFolder, run: ReportRun) -> Section:
    """Figures and the table of metrics, one table for all objects and one for each subset."""
    metrics = folder.json("metrics.json") or {}
    html = render(
        "evaluation.html",
        figures=[figure_html(item.draw, alt=item.alt, caption=item.caption) for item in evaluation_figures(folder)],
        tables=metric_tables(metrics, _classes(folder)),
        counts=_counts(metrics),
        disputed=_disputed(folder),
        missing=folder.missing,
    )
    lead = "Measured on labelled samples the network was not trained on. Intervals: 95 %, by resampling whole groups."
    return Section("How well it works", stage.anchor, html, lead, stage.label)


def _classes(folder: ProductFolder) -> tuple[str, ...]:
    """The classes that are told apart; none where one is searched for."""
    table = folder.csv("confusion.csv") if folder.has("confusion.csv") else None
    return () if table is None else tuple(str(name) for name in table["class"])


def _disputed(folder: ProductFolder) -> dict[str, Any] | None:
    """Heads and first rows of the table of disputed labels, the surest first; None where there are none."""
    table = folder.csv("disputed.csv", ("id", "label", "taken_for")) if folder.has("disputed.csv") else None
    if table is None:
        return None
    heads = [key.replace("_", " ") if key == "taken_for" else key.removeprefix("mean_") for key in table]
    rows = [[_cell(value) for value in row] for row in zip(*table.values(), strict=True)]
    return {"heads": heads, "rows": rows[:_DISPUTED_SHOWN], "total": number(len(rows))}


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def metric_tables(metrics: dict[str, Any], classes: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Rows of the metrics tables: first all objects, then each class and subset, in the order of `LABELS`."""
    subsets: dict[str, list[str]] = {}
    for name in metrics:
        base = max((key for key in LABELS if name == key or name.endswith(f"_{key}")), key=len, default=None)
        if base is not None:
            subsets.setdefault(name[: -len(base) - 1] if name != base else "", []).append(base)
    tables = []
    for subset in sorted(subsets):
        prefix = f"{subset}_" if subset else ""
        rows = [_row(metrics, prefix + base, base) for base in LABELS if base in subsets[subset]]
        tables.append(
            {"title": f"{'Class' if subset in classes else 'Subset'} {subset}" if subset else "", "rows": rows}
        )
    return tables


def _row(metrics: dict[str, Any], name: str, base: str) -> dict[str, Any]:
    value, low, high = (metrics.get(f"{name}{end}") for end in ("", "_low", "_high"))
    strip = None
    if value is not None and base not in _UNBOUNDED:
        ends = {"low": None, "high": None} if low is None or high is None else {"low": 100 * low, "high": 100 * high}
        strip = {"value": 100 * value, **ends}
    return {
        "label": LABELS[base],
        "name": name,
        "value": "\N{EN DASH}" if value is None else f"{value:.3f}",
        "interval": interval(low, high),
        "strip": strip,
        "number": number(metrics.get(f"{name}_n")),
    }


def _counts(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    names = {
        "n": "Objects",
        "n_classes": "classes",
        "n_positive": "Positives",
        "n_negative": "negatives",
        "n_groups": "groups",
        "n_disputed": "disputed labels",
    }
    return [(label, number(metrics[key])) for key, label in names.items() if key in metrics]
