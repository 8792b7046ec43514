"""The section of the pipeline's graph."""

from __future__ import annotations

from typing import Any

from astrocnn.report.graph import NODE_HEIGHT, NODE_WIDTH, layered_layout, without_detours
from astrocnn.report.page import Section, render
from astrocnn.report.run_view import ReportRun, StageView

# The state's colour class in style.css, and how a legend calls it. Made now or reused is all the same here: the page's
# content depends on the products alone.
STATES = {
    **dict.fromkeys(("made", "done", "reuse", "reused", "imported"), ("made", "done")),
    **dict.fromkeys(("run", "running"), ("running", "being made")),
    "skipped": ("absent", "skipped: none of its sources is there"),
    "not asked for": ("absent", "not asked for"),
    "failed": ("failed", "failed"),
}
_LONGEST_NAME, _LONGEST_USE = 14, 20  # characters that fit a node


def pipeline_section(run: ReportRun, anchors: set[str]) -> Section:
    """The graph of the stages, coloured by state, each a link to its section where it has one.

    Parameters
    ----------
    run : ReportRun
        The run; edges from stages the report was not given are left out.
    anchors : set of str
        Anchors of the page's sections.
    """
    names = [stage.name for stage in run.stages]
    edges = [(parent, stage.name) for stage in run.stages for parent in stage.parents if parent in names]
    reports = {stage.name for stage in run.stages if stage.kind == "Report"}
    layout = layered_layout(names, without_detours(edges, reports))
    nodes = [
        {
            **_labels(stage),
            "x": layout.nodes[stage.name].x - NODE_WIDTH / 2,
            "y": layout.nodes[stage.name].y - NODE_HEIGHT / 2,
            "href": f"#{stage.anchor}" if stage.anchor in anchors else "",
        }
        for stage in run.stages
    ]
    sentences = [
        f"{stage.name} ({stage.use}, {_state(stage)[1]})"
        + (f" from {', '.join(stage.parents)}" if stage.parents else "")
        for stage in run.stages
    ]
    legend = dict.fromkeys(_state(stage) for stage in run.stages)
    html = render(
        "pipeline.html", width=layout.width, height=layout.height, nodes=nodes, paths=list(layout.paths.values()),
        node_width=NODE_WIDTH, node_height=NODE_HEIGHT, description="; ".join(sentences) + ".",
        legend=[{"style": style, "word": word} for style, word in legend],
        stages=[{"view": stage, "state": _state(stage)[1]} for stage in run.stages],
    )  # fmt: skip
    lead = "Products flow from left to right. A report takes every stage; only its last steps are drawn."
    return Section("Pipeline", "pipeline", html, lead if reports else "Products flow from left to right.")


def _labels(stage: StageView) -> dict[str, Any]:
    return {
        "name": _cut(stage.name, _LONGEST_NAME),
        "use": _cut(stage.use, _LONGEST_USE),
        "style": _state(stage)[0],
        "title": f"{stage.name}: {stage.use}, {stage.kind}, {_state(stage)[1]}",
    }


def _state(stage: StageView) -> tuple[str, str]:
    return STATES.get(stage.state, ("absent", stage.state))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"
