"""`astrocnn plan`: what a run would make or reuse, and why."""

from __future__ import annotations

from pathlib import Path

import click

from astrocnn.cli.options import configured, pipeline_options, runs_option
from astrocnn.pipeline.plan import StagePlan, make_plan
from astrocnn.pipeline.problems import raise_errors
from astrocnn.pipeline.store import Store


@click.command("plan")
@pipeline_options
@runs_option
@click.option("--force", multiple=True, metavar="STAGE", help="As for run.")
def command(file: str, profile: str | None, settings: tuple[str, ...], runs: Path, force: tuple[str, ...]) -> int:
    """Say what a run of FILE would do."""
    config = configured(file, profile, settings)
    store = Store(runs / config.name)
    plan = make_plan(config, store, force)
    raise_errors(plan.problems)
    for stage in plan.stages.values():
        click.echo(f"{stage.name:>16}  {stage.state:<8} {stage.reason}{_parts(stage, store)}{_size(stage)}")
    return 0


def _parts(stage: StagePlan, store: Store) -> str:
    if stage.state != "run" or not stage.parts:
        return ""
    done = sum(store.part_is_done(stage.name, part.hash) for part in stage.parts)
    return f" ({done} of {len(stage.parts)} parts done)"


def _size(stage: StagePlan) -> str:
    objects, size = stage.forecast.objects, stage.forecast.bytes
    told = [f"about {objects:,} objects"] if objects is not None else []
    told += [f"{size / 1e6:,.0f} MB"] if size is not None else []
    return f"; {', '.join(told)}" if told else ""
