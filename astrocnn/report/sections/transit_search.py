"""The section of a transit search: what was found, what speaks against it, and the best candidates in pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from astrocnn.parquet import SCORES
from astrocnn.report.formats import number
from astrocnn.report.page import Section, figure_html, render
from astrocnn.report.products import Columns, ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.transit_figures import candidate_figure

PLOTS = "plots.parquet"
PICTURES = 12
"""Most candidates that are drawn; the table holds all."""


def transit_search_section(stage: StageView, folder: ProductFolder, run: ReportRun) -> Section:
    """The best candidates, vetted ones first, each with its whole and folded curve; counts of all."""
    table, plots = folder.parquet(SCORES) or {}, folder.parquet(PLOTS) or {}
    total = len(table.get("id", ()))
    chosen = _best(table)[:PICTURES]
    place = {name: row for row, name in enumerate(plots.get("id", ()))}
    figures = []
    for row in chosen:
        name = str(table["id"][row])
        if name in place:
            drawn = {key: values[place[name]] for key, values in plots.items()}
            alt = f"Curve of {name}: whole with its transits, folded, odd and even transits, and half a period later"
            figures.append(figure_html(candidate_figure, drawn, alt=alt, caption=_caption(table, row)))
    remarks = []
    if not any(key.startswith("score_") for key in table):
        remarks.append("No network was given: candidates are those of boxes, and ranked by signal to noise.")
    if not total:
        remarks.append("No candidate is above the least signal to noise.")
    html = render("transit_search.html", figures=figures, facts=_facts(table), remarks=remarks, missing=folder.missing)
    order = "those that nothing speaks against come first"
    lead = f"The {len(figures)} best of {number(total)}; {order}." if figures else ""
    return Section("Transit candidates", stage.anchor, html, lead, stage.label)


def _best(table: Columns) -> np.ndarray:
    """Rows: vetted ones first, then by score; equal ones by id."""
    if not table:
        return np.empty(0, np.int64)
    score = np.nan_to_num(np.asarray(table["mean"], np.float64), nan=-np.inf)
    return np.lexsort((table["id"].astype(str), -score, ~np.asarray(table["vetted"], bool)))


def _caption(table: Columns, row: int) -> str:
    from astrocnn.scoring.flags import flag_names

    one: dict[str, Any] = {key: values[row] for key, values in table.items()}
    period = "single transit" if np.isnan(one["period_day"]) else (
        f"period {one['period_day']:.5f} \N{PLUS-MINUS SIGN} {one['period_error_day']:.5f} d"
    )  # fmt: skip
    parts = [
        f"{one['id']}: {period}", f"mid-transit {one['epoch_day']:.4f}", f"{one['duration_hour']:.2f} h",
        f"{one['depth_ppm']:.0f} \N{PLUS-MINUS SIGN} {one['depth_error_ppm']:.0f} ppm",
        f"S/N {one['snr']:.1f} of {number(one['n_transits'])} transits",
    ]  # fmt: skip
    if np.isfinite(one["probability"]):
        parts.append(f"probability {one['probability']:.3f}, folded {one['probability_folded']:.3f}")
    against = str(flag_names(np.array([one["flags"]]))[0]).replace("_", " ").replace(",", ", ")
    return f"{', '.join(parts)}. " + (f"Flags: {against}." if against else "Nothing speaks against it.")


def _facts(table: Columns) -> list[tuple[str, str]]:
    from astrocnn.search.flags import SEARCH_FLAGS

    if not table:
        return []
    flags = np.asarray(table["flags"], np.int64)
    stars = len(np.unique(table["star"].astype(str)))
    facts = [("candidates", number(len(flags))), ("stars with candidates", number(stars))]
    facts.append(("that nothing speaks against", number(int(np.sum(table["vetted"])))))
    counts = [(flag.name, int(np.sum((flags & flag.bit) > 0))) for flag in SEARCH_FLAGS]
    return facts + [(f"flag: {name}", number(count)) for name, count in counts if count]
