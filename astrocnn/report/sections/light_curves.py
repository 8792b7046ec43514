"""The section of light curves: how many of which kind, in which times, units and bands, and some of them drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from astrocnn.report.formats import number
from astrocnn.report.gallery import Card, evenly, fields_of
from astrocnn.report.page import Section, render
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.sections.samples import counts_by_split
from astrocnn.report.stamps import curve_points
from astrocnn.samples.curve_columns import CHANGES

if TYPE_CHECKING:
    from astrocnn.samples.curve import LightCurve

EXAMPLES = 12
BINS = 200


def light_curves_section(stage: StageView, folder: ProductFolder, run: ReportRun) -> Section:
    """Examples nobody chose, counts by split and class, time system, unit and bands."""
    from astrocnn.samples.light_curves import LightCurves

    curves = LightCurves.open(folder.path)
    meta, label = curves.meta, curves.column("label")
    table = {name: curves.column(name) for name in curves.columns if curves.column(name).ndim == 1}
    rows = evenly(np.arange(len(curves)), EXAMPLES)
    cards = [
        Card(curve.id, f"Light curve of {curve.id}", "", drawn(curve, meta.quantity), 70, 200, None,
             note=f"{number(len(curve))} points", fields=fields_of(table, row))
        for row, curve in zip(rows.tolist(), curves.read(rows), strict=True)
    ] if len(rows) else []  # fmt: skip
    values = sorted(np.unique(label).tolist(), key=lambda value: (value < 0, value))
    names = [meta.classes[value] if 0 <= value < len(meta.classes) else "without label" for value in values]
    points = curves.column("points")
    facts = [
        ("times", meta.kind_text.split(",")[0]), ("values", f"{meta.quantity} in {meta.unit or 'a unit not stated'}"),
        ("bands", ", ".join(name or "not named" for name in meta.bands)), ("points", number(int(points.sum()))),
        ("points of a curve", f"{number(int(np.median(points)))} (median)" if len(points) else "none"),
        *changed(table),
    ]  # fmt: skip
    caption = (
        f"Examples are spread evenly over the curves, not chosen: means in {BINS} bins of time, each band in its own "
        "range, bright above."
    )
    html = render(
        "samples.html", galleries=[{"title": "Examples", "cards": cards}] if cards else [],
        caption=caption if cards else "", counts=counts_by_split(curves.column("split"), label, values), labels=names,
        facts=facts, remarks=[] if len(curves) else ["There is no light curve."], missing=folder.missing,
    )  # fmt: skip
    curves.close()
    return Section("Light curves", stage.anchor, html, f"{number(len(points))} light curves.", stage.label)


def changed(table: Mapping[str, np.ndarray]) -> list[tuple[str, str]]:
    """What reading the files has changed: rows and objects of each kind of change that there was."""
    told = []
    for name, meaning in CHANGES.items():
        rows = table.get(name, np.zeros(0))
        if total := int(np.sum(rows)):
            told.append((meaning, f"{number(total)} of {number(int(np.count_nonzero(rows)))} objects"))
    return told


def drawn(curve: LightCurve, quantity: str) -> list[str]:
    """Points of an SVG line for each band that has any: means in bins of time; magnitudes upside down."""
    from astrocnn.time_series.bins import binned

    time = np.asarray(curve.time)
    if len(time) < 2 or not time[-1] > time[0]:
        return []
    sign = -1.0 if quantity == "magnitude" else 1.0
    span = float(time[-1] - time[0])
    lines = []
    for band in np.unique(curve.band):
        chosen = curve.band == band
        value = sign * curve.value[chosen].astype(np.float64)
        means = binned(time[chosen], value, start=time[0], end=time[0] + 1.0001 * span, bins=BINS)
        lines += curve_points(means.value[:, None])
    return lines
