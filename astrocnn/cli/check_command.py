"""`astrocnn check`: every error of a file at once, and the receptive-field table; no compute."""

from __future__ import annotations

from pathlib import Path

import click

from astrocnn.cli.options import configured, pipeline_options, runs_option
from astrocnn.messages import tell_warning
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
            tell_warning(str(problem))
    raise_errors(plan.problems)
    for stage in plan.stages.values():
        for number, line in enumerate(stage.entry.stage.report_check(stage.entry.parameters, stage.scene)):
            click.echo(f"{stage.name}: {line}" if number == 0 else line)
    click.echo(f"{config.file}: {len(plan.stages)} stages, nothing wrong")
    return 0
