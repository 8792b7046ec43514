"""The section people came for: the candidates."""

from __future__ import annotations

import csv
import io
from typing import Any

from astrocnn.report.formats import number, plain, sexagesimal
from astrocnn.report.gallery import Card, cards_of, directions, fields_of, rows_of
from astrocnn.report.page import Section, render
from astrocnn.report.products import Columns, ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.sections.transit_search import PLOTS
from astrocnn.report.stamps import band_caption, curve_points

GALLERY_SIZE = 60
SHOWN_AT_ONCE = 20  # the others unfold
TABLE_SIZE = 200
SCORES = ("score", "mean", "probability")  # the first that a table has is written on the cards


def catalog_section(stage: StageView, folder: ProductFolder, run: ReportRun) -> Section:
    """The top candidates of a Catalog with their stamps, and as a table.

    Stamps come from the nearest SampleSet among the stage's ancestors that holds any of the candidates.
    """
    table = folder.parquet("candidates.parquet", rows=TABLE_SIZE) or {}
    total = folder.parquet_rows("candidates.parquet")
    remarks: list[str] = []
    cards: list[Card] = []
    caption = ""
    if total:
        cards, caption = _gallery(stage, run, table)
        if not cards:
            remarks.append("No SampleSet of this run holds the candidates, so there are no stamps to show.")
    elif table:
        remarks.append("The catalog is empty.")
    rows = [[plain(values[k]) for values in table.values()] for k in range(min(total, TABLE_SIZE))]
    html = render(
        "catalog.html", cards=cards, first=SHOWN_AT_ONCE, caption=caption, listing=_listing(table, len(cards)),
        columns=list(table), rows=rows, total=number(total), remarks=remarks, missing=folder.missing,
    )  # fmt: skip
    lead = f"The {len(cards)} highest of {number(total)}, best first. Select a stamp to enlarge it." if cards else ""
    return Section("Candidates", stage.anchor, html, lead, stage.label)


def _gallery(stage: StageView, run: ReportRun, table: Columns) -> tuple[list[Card], str]:
    from astrocnn.samples.sample_set import SampleSet

    wanted = [str(name) for name in table["id"][:GALLERY_SIZE]]
    for parent, folder in run.made_from(stage, "SampleSet"):
        samples = SampleSet.open(folder)
        rows = rows_of(samples.ids, wanted)
        known = [(k, row) for k, row in enumerate(rows) if row is not None]
        if known:
            cards = cards_of(samples, [row for _, row in known], [_text(table, k) for k, _ in known])
            parts = [f"Stamps from {parent.name}, each stretched for itself (asinh)", band_caption(samples.meta.bands)]
            parts += [text for text in (directions(cards),) if text]
            lost = len(wanted) - len(known)
            parts += [f"{lost} of the candidates have no stamp there"] if lost else []
            return cards, "; ".join(parts) + "."
    return _folded_curves(stage, run, table, wanted)


def _folded_curves(stage: StageView, run: ReportRun, table: Columns, wanted: list[str]) -> tuple[list[Card], str]:
    """Candidates of a search of light curves, each with its folded curve about mid-transit."""
    for parent, folder in run.made_from(stage, "Scores"):
        product = ProductFolder(folder)
        plots = product.parquet(PLOTS, ["id", "view_flux"]) if product.has(PLOTS) else None
        rows = rows_of(plots["id"], wanted) if plots else []
        cards = [
            Card(wanted[k], f"Folded curve of {wanted[k]}", "", curve_points(plots["view_flux"][row][:, None]), 70, 200,
                 None, **_text(table, k))
            for k, row in enumerate(rows) if plots is not None and row is not None
        ]  # fmt: skip
        if cards:
            return cards, f"Folded curves of {parent.name} about mid-transit, each in its own range."
    return [], ""


def _text(table: Columns, k: int) -> dict[str, Any]:
    score = next((float(table[key][k]) for key in SCORES if key in table), None)
    position = sexagesimal(float(table["ra"][k]), float(table["dec"][k])) if {"ra", "dec"} <= table.keys() else ""
    flags = str(table["flag_names"][k] or "") if "flag_names" in table else ""
    return {
        "rank": plain(table["rank"][k]) if "rank" in table else str(k + 1),
        "score": "" if score is None else f"{score:.4f}",
        "position": position,
        "badges": tuple(flag.replace("_", " ") for flag in flags.split(",") if flag),
        "fields": fields_of(table, k),
    }


def _listing(table: Columns, rows: int) -> str:
    """The first rows as CSV, for the clipboard: id, position, score."""
    keys = [key for key in ("id", "ra", "dec", *SCORES) if key in table]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(keys)
    writer.writerows([plain(table[key][k]) for key in keys] for k in range(rows))
    return text.getvalue()
