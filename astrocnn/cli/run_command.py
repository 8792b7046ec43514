"""`astrocnn run`: one line a stage, a progress bar on a terminal, the products at the end."""

from __future__ import annotations

from pathlib import Path

import click

from astrocnn.cli.console import RunConsole
from astrocnn.cli.options import configured, pipeline_options, runs_option
from astrocnn.messages import tell_warning
from astrocnn.pipeline.config import PipelineConfig
from astrocnn.pipeline.run import Options, Outcome, run_pipeline

OVER_BUDGET = 3


@click.command("run")
@pipeline_options
@runs_option
@click.option("--from", "from_stage", metavar="STAGE", help="Make only this stage and those after it.")
@click.option("--to", "to_stage", metavar="STAGE", help="Make only this stage and those before it.")
@click.option("--force", multiple=True, metavar="STAGE", help="Make this stage again although it is up to date.")
@click.option("--retry-rejected", is_flag=True, help="Try again what was rejected, as after a full memory.")
@click.option(
    "--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Processes for mapped stages."
)
def command(
    file: str,
    profile: str | None,
    settings: tuple[str, ...],
    runs: Path,
    from_stage: str | None,
    to_stage: str | None,
    force: tuple[str, ...],
    retry_rejected: bool,
    workers: int,
) -> int:
    """Run what is not done yet of FILE: a path, or the name of a packaged pipeline."""
    config = configured(file, profile, settings)
    with RunConsole(config.stages) as console:
        outcome = run_pipeline(config, runs, Options(workers, from_stage, to_stage, force, retry_rejected), console)
    console.products(outcome.run)
    return exit_code(outcome, config)


def exit_code(outcome: Outcome, config: PipelineConfig) -> int:
    """Tell of stages over the failure budget; 3 where there is one, else 0."""
    for stage, fraction in outcome.over_budget.items():
        tell_warning(
            f"{stage}: {100 * fraction:.1f} % of the objects or tiles were rejected, more than failure_budget"
            f" {100 * config.failure_budget:g} %; see astrocnn status {outcome.run.root}"
        )
    return OVER_BUDGET if outcome.over_budget else 0
