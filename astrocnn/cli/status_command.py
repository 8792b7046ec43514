"""`astrocnn status`: stages of a run, what became of the objects, failures with their reasons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from astrocnn.cli.columns import aligned, seconds_text
from astrocnn.cli.console import state_line
from astrocnn.cli.locate import run_folder
from astrocnn.cli.options import runs_option
from astrocnn.pipeline.status import RunStatus, StageStatus, run_status


@click.command("status")
@click.argument("run")
@runs_option
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def command(run: str, runs: Path, as_json: bool) -> None:
    """Show the last run in RUN, a folder or a name below --runs."""
    root = run_folder(run, runs)
    status = run_status(root)
    if as_json:
        click.echo(json.dumps(asdict(status), indent=1))
        return
    click.echo(f"{status.name}: {_outcome(status)}\n{root}, made from {status.file}\n")
    width = max(len(stage.name) for stage in status.stages)
    for stage in status.stages:
        click.echo("\n".join(_lines(stage, width)))
    if status.releases:
        click.echo(f"\nreleases: {', '.join(status.releases)}")
    if status.outcome == "failed":
        click.echo(f"\nwhere it arose stands in {root / status.log}")


def _outcome(status: RunStatus) -> str:
    began = datetime.fromisoformat(status.started)
    since = f"{began:%Y-%m-%d %H:%M} UTC"
    if status.process:
        return f"running since {since}, process {status.process}"
    if status.ended is None:
        return f"killed, after it started {since}; run again to go on"
    took = seconds_text((datetime.fromisoformat(status.ended) - began).total_seconds())
    return f"{status.outcome}, started {since}, took {took}"


def _lines(stage: StageStatus, width: int) -> Iterator[str]:
    """One line for the stage, and one for each status and reason in its ledger."""
    told = stage.reason if stage.state not in ("made", "reuse") else ""
    took = seconds_text(stage.seconds) if stage.seconds else ""
    yield state_line(f"{stage.name:<{width}}", stage.state, told or took)
    rows = [(f"{number:,}", f"{status}: {reason}" if reason else status) for status, reason, number in stage.rows()]
    yield from (f"{'':<{width}}    {line}" for line in aligned(rows, right=(0,)))
