"""`astrocnn show`: what a product is, how it was made, its numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from astrocnn.cli.columns import aligned, seconds_text
from astrocnn.cli.locate import product_folder, product_kind
from astrocnn.cli.options import runs_option
from astrocnn.cli.product_facts import facts_of, table_lines
from astrocnn.pipeline.ledger import total
from astrocnn.pipeline.store import DONE, ENVIRONMENT, PROVENANCE, read_json

_NAMED = ("astrocnn", "keras", "tensorflow", "jax")


@click.command("show")
@click.argument("product")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON; the metrics.json of an Evaluation as it is.")
@runs_option
def command(product: str, as_json: bool, runs: Path) -> None:
    """Show PRODUCT: its folder, RUN/STAGE (also below --runs), or the folder of a trained model."""
    folder = product_folder(product, runs)
    kind = product_kind(folder)
    if as_json and kind == "Evaluation":
        click.echo((folder / "metrics.json").read_text(encoding="utf-8").rstrip())
        return
    facts = facts_of(kind, folder)
    if as_json:
        how = {name: read_json(folder / file) for name, file in _RECORDS.items()}
        click.echo(json.dumps({"kind": kind, "folder": str(folder), **how, **facts.data}, indent=1, default=str))
        return
    made = list(_how_made(folder))
    click.echo(f"{click.style(product, bold=True)}: {kind}\n{folder}\n")
    click.echo("\n".join(aligned([*made, *facts.rows])))
    if facts.table:
        click.echo("\n" + "\n".join(table_lines(facts)))


_RECORDS = {"provenance": PROVENANCE, "environment": ENVIRONMENT}


def _how_made(folder: Path) -> Iterator[tuple[str, str]]:
    """When, by what, from what, and what became of the objects."""
    provenance, environment = read_json(folder / PROVENANCE), read_json(folder / ENVIRONMENT)
    if environment:
        packages = environment.get("packages", {})
        versions = ", ".join(f"{name} {packages[name]}" for name in _NAMED if name in packages)
        when = f"{datetime.fromisoformat(environment['made']):%Y-%m-%d %H:%M} UTC"
        yield "made", f"{when} in {seconds_text(environment['seconds'])}, {versions}"
    if provenance:
        identity = provenance.get("identity", {})
        yield "stage", f"{provenance['stage']}, use: {provenance['use']}, hash {provenance['hash']}"
        sources = [
            f"{name} {digest[:8]}" for group in identity.get("sources", {}).values() for name, digest, _ in group
        ]
        if sources:
            yield "from", ", ".join(sources)
        if given := _given(identity.get("parameters", {})):
            yield "parameters", given
    counts = (read_json(folder / DONE) or {}).get("ledger", {})
    if counts:
        yield "objects", ", ".join(f"{total({status: reasons}):,} {status}" for status, reasons in counts.items())


def _given(parameters: dict[str, Any]) -> str:
    """Parameters that are not null, as they would stand in the file."""
    return ", ".join(f"{key}: {_text(value)}" for key, value in parameters.items() if value not in (None, {}, [], ""))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{_given(value)}}}"
    return f"[{', '.join(map(_text, value))}]" if isinstance(value, list) else str(value)
