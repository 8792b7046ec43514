"""The section of an Explanation: where the network looked at some objects, and what excites its units."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from astrocnn.report.explanation_pictures import RECORD, object_line
from astrocnn.report.page import Section, picture_html, render
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun, StageView

_FIRST = {"saliency", "made_input"}
"""A picture that shows one of these is seen at once, the others are unfolded."""


def explanation_section(stage: StageView, folder: ProductFolder, run: ReportRun) -> Section:
    """The pictures as they stand in the product, object by object, then those of the network."""
    facts = folder.json("explanation.json") or {}
    pictures = (folder.json_list(RECORD) or []) if facts else []
    parts = [
        _part(object_line(row), "Feature maps and effective field", pictures, k, folder)
        for k, row in enumerate(facts.get("objects", ()))
    ]
    parts.append(_part("What excites its units", "Filters of the first layer", pictures, None, folder))
    views = facts.get("views", 1)
    remarks = [
        f"Scores are means over {views} turns and mirror images; the pictures are of the objects as they stand."
    ] if views > 1 else []  # fmt: skip
    html = render("explanation.html", parts=[part for part in parts if part["figures"] or part["more"]],
                  remarks=remarks, missing=folder.missing)  # fmt: skip
    lead = (
        "What the network does with some objects. Each picture is one view of it, with limits of its own, and none "
        "proves why an object got its score: believe what several of them, and other objects, show alike."
    )
    return Section("Looking inside", stage.anchor, html, lead, stage.label)


def _part(
    title: str, summary: str, pictures: list[dict[str, Any]], number: int | None, folder: ProductFolder
) -> dict[str, Any]:
    """Pictures of one object, or of the network: those seen at once, and those to unfold."""
    part: dict[str, Any] = {"title": title, "summary": summary, "figures": [], "more": []}
    for picture in pictures:
        html = _figure(picture, folder) if picture["number"] == number else None
        if html is not None:
            first = any(one["what"] in _FIRST for one in picture["shows"])
            part["figures" if first else "more"].append(html)
    return part


def _figure(picture: dict[str, Any], folder: ProductFolder) -> Markup | None:
    png = folder.content(picture["file"])
    return None if png is None else picture_html(png, alt=picture["alt"], caption=picture["caption"])
