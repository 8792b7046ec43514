"""The Python face of a run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from astrocnn.pipeline.config import load_config
from astrocnn.pipeline.plan import StagePlan
from astrocnn.pipeline.problems import Problem
from astrocnn.pipeline.run import Options, run_pipeline
from astrocnn.pipeline.stage import Progress
from astrocnn.pipeline.view import RunView

log = logging.getLogger("astrocnn")


class LogListener:
    """Tells what a run does through `logging`."""

    def warning(self, problem: Problem) -> None:
        """Log a warning of the file's check."""
        log.warning("%s", problem)

    def started(self, plan: StagePlan) -> Progress:
        """Log the start of a stage; its progress is not logged."""
        log.info("%s: %s", plan.name, plan.reason)
        return lambda done, total, text: None

    def finished(self, plan: StagePlan, state: str, seconds: float, counts: dict[str, dict[str, int]]) -> None:
        """Log the end of a stage."""
        log.info("%s: %s in %.1f s %s", plan.name, state, seconds, counts)


def run(
    file: str | Path,
    *,
    profile: str | None = None,
    settings: Sequence[str] = (),
    runs: str | Path = "runs",
    workers: int = 1,
    from_stage: str | None = None,
    to_stage: str | None = None,
    force: Sequence[str] = (),
    retry_rejected: bool = False,
) -> RunView:
    """Run what is not done yet of a pipeline.

    Parameters
    ----------
    file : str or Path
        A pipeline file, or the name of a packaged one.
    profile : str, optional
        Profile of the file to lay over it.
    settings : sequence of str
        `PATH=YAML`, as for `--set`.
    runs : str or Path
        Folder of all runs.
    workers : int
        Processes for stages that map over objects; they start by spawn, so guard the calling script with
        `if __name__ == "__main__":`.
    from_stage, to_stage, force, retry_rejected
        As the flags of `astrocnn run`.

    Returns
    -------
    RunView
        `run["candidates"].table`, `run["galaxies"]["J..."]`, ...

    Raises
    ------
    PipelineFileErrors
        With every problem of the file at once.
    AstrocnnError
        When an input is missing or a stage fails.
    """
    config = load_config(file, profile, settings)
    options = Options(workers, from_stage, to_stage, tuple(force), retry_rejected)
    return run_pipeline(config, Path(runs), options, LogListener()).run
