"""Writes docs/stages.md from the parameter classes of the stages and networks; a test tells when it is out of date.

Run: `python docs/make_reference.py`.
"""

from __future__ import annotations

import pkgutil
from pathlib import Path

from pydantic import BaseModel

import astrocnn.stages
from astrocnn.networks import registry
from astrocnn.pipeline.parameter_table import parameter_rows
from astrocnn.pipeline.registry import stage_named

PAGE = Path(__file__).with_name("stages.md")
INTRODUCTION = """\
# Stages and networks

Every stage with its parameters, and every network with its options, as `astrocnn list stages NAME` shows them too.
A dotted key stands inside a mapping: `keep.top` is written `keep: {top: 200}`. This page is written by
`docs/make_reference.py`.
"""
NETWORKS = """\
## Networks

They stand under `network:` and `options:` of `train`.
"""


def page() -> str:
    """Return the text of docs/stages.md: the stages and networks of this package, in the order of their names."""
    own = sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(astrocnn.stages.__path__))
    zoo = [name for name in registry.names() if registry.get(name).__module__.startswith("astrocnn.")]
    return "\n".join([INTRODUCTION, *map(_stage, own), NETWORKS, *map(_network, zoo)])


def _stage(use: str) -> str:
    stage = stage_named(use)
    remark = (stage.Parameters.__doc__ or "").partition("; ")[2]  # after "Parameters of `train`; ..."
    text = f"{stage.summary} Product: `{stage.produces}`."
    text += f" {remark[0].upper()}{remark[1:]}" if remark else ""
    return _section(f"## {use}", text, stage.Parameters)


def _network(name: str) -> str:
    network = registry.get(name)
    smallest, largest = network.sizes
    text = f"{network.summary()} Inputs from {smallest} to {largest} samples along {' and '.join(network.axis_names)}."
    return _section(f"### {name}", text, network)


def _section(title: str, text: str, model: type[BaseModel]) -> str:
    lines = ["| key | takes | default | meaning |", "|---|---|---|---|"]
    for row in parameter_rows(model):
        default = row.default if row.default in ("", "needed") else f"`{row.default}`"
        cells = [f"`{row.key}`", row.type, default, row.meaning]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join([title, "", text, "", *lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
