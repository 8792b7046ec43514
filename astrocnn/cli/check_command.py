"""`astrocnn check`: every error of a file at once, and the receptive-field table; no compute."""

from __future__ import annotations

from pathlib import Path

import click

from astrocnn.cli.options import configured, pipeline_options, runs_option
from astrocnn.pipeline.plan import make_plan
from astrocnn.pipeline.problems import raise_errors
from astrocnn.pipeline.store import Store


@click.command("check")
@pipeline_options
@runs_option
def command(file: str, profile: str | None, settings: tuple[str, ...], runs: Path) -> int:
    """Check FILE without computing anything."""
    config = configured(file, profile, settings)
    plan = make_plan(config, Store(runs / config.name))
    for problem in plan.problems:
        if problem.level == "warning":
            click.echo(f"warning: {problem}", err=True)
    raise_errors(plan.problems)
    for stage in plan.stages.values():
        for line in stage.entry.stage.report_check(stage.entry.parameters, stage.scene):
            click.echo(line)
    stages = len(plan.stages)
    click.echo(f"{config.file}: {stages} stages, nothing wrong")
    return 0
