"""The section that says what defines each product: the file, the seed, the parameters, the hashes."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from astrocnn.pipeline.store import PROVENANCE
from astrocnn.report.formats import flattened, plain
from astrocnn.report.page import Section, render
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun

MOST_ROWS = 200  # a survey has thousands of parts, and each is a row
_KEY = re.compile(r"^(\s*(?:- )?)([\w.\-${}]+)(:)(?=\s|$)")
_COMMENT = re.compile(r"(^|\s)#.*$")


def provenance_section(run: ReportRun) -> Section:
    """Name, seed, the pipeline file as read, and each product's `provenance.json`."""
    facts = [("run", run.name)]
    if run.seed is not None:
        facts.append(("seed", plain(run.seed)))
    stages, without = [], []
    for stage in run.stages:
        if stage.product is None:
            continue
        values = ProductFolder(stage.product).json(PROVENANCE)
        if values is None:
            without.append(stage.name)
        else:
            rows = flattened(values)
            more = [("...", f"{len(rows) - MOST_ROWS} more in its {PROVENANCE}")] if len(rows) > MOST_ROWS else []
            stages.append({"name": stage.name, "hash": stage.hash, "rows": rows[:MOST_ROWS] + more})
    html = render(
        "provenance.html",
        facts=facts,
        file=yaml_html(run.file_text) if run.file_text else "",
        file_text=run.file_text,
        stages=stages,
        remarks=[f"No {PROVENANCE} of: {', '.join(without)}."] if without else [],
    )
    return Section("Provenance", "provenance", html, "What defines each product: equal content has an equal hash.")


def yaml_html(text: str) -> Markup:
    """YAML with its keys and comments marked for colour; everything in it is escaped."""
    return Markup("\n").join(_line(line) for line in text.splitlines())


def _line(line: str) -> Markup:
    comment = _COMMENT.search(line)
    start = comment.start() + len(comment.group(1)) if comment else len(line)
    body, remark = line[:start], line[start:]
    key = _KEY.match(body)
    marked = escape(body)
    if key:
        marked = Markup('{}<span class="key">{}</span>{}').format(key[1], key[2], body[key.end(2) :])
    return marked + (Markup('<span class="comment">{}</span>').format(remark) if remark else Markup())
