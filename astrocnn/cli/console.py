"""What a run looks like on a terminal, and in a log file where there is none."""

from __future__ import annotations

import sys
import time

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from astrocnn.pipeline.ledger import total
from astrocnn.pipeline.plan import StagePlan
from astrocnn.pipeline.problems import Problem
from astrocnn.pipeline.stage import Progress as ProgressCall
from astrocnn.pipeline.view import RunView

_LOG_EVERY_S = 20.0
_WORDS = {"made": "made", "reuse": "up to date", "skipped": "skipped", "not asked for": "not asked for"}
MAIN_FILES = {
    "Report": ("index.html",), "Catalog": ("candidates.vot", "candidates.fits", "candidates.parquet", "candidates.ecsv"),
    "Evaluation": ("metrics.json",), "Model": ("model.yaml",),
}  # fmt: skip


class RunConsole:
    """Prints one line a stage; shows a bar while it works on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        self._told = 0.0

    def warning(self, problem: Problem) -> None:
        """Print a warning of the file's check."""
        click.echo(f"warning: {problem}", err=True)

    def started(self, plan: StagePlan) -> ProgressCall:
        """Show that a stage starts; returns what moves its bar."""
        self._told = time.monotonic()
        if not self._console.is_terminal:
            click.echo(f"{plan.name}: making ({plan.reason})")
            return lambda done, total, text: self._log(plan.name, done, total, text)
        columns = (TextColumn(f"{plan.name:>16}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, TextColumn("{task.description}"), console=self._console, transient=True)
        task = self._bar.add_task("", total=None)
        self._bar.start()
        bar = self._bar
        return lambda done, total, text: bar.update(task, completed=done, total=total, description=text)

    def finished(self, plan: StagePlan, state: str, seconds: float, counts: dict[str, dict[str, int]]) -> None:
        """Print the line of a stage that is over."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        number = ", ".join(f"{total({status: reasons})} {status}" for status, reasons in counts.items())
        tail = plan.reason if state == "skipped" else number
        took = f"{seconds:7.1f} s" if state == "made" else " " * 9
        click.echo(f"{plan.name:>16}  {_WORDS.get(state, state):<13} {took}  {tail}".rstrip())
        sys.stdout.flush()

    def products(self, run: RunView) -> None:
        """Print where the products stand."""
        click.echo("")
        for product in run:
            for name in MAIN_FILES.get(product.kind, ()):
                path = run.root / product.name / "current" / name
                if path.is_file():
                    click.echo(f"{product.name:>16}  {path}")

    def _log(self, stage: str, done: int, total: int, text: str) -> None:
        if time.monotonic() - self._told > _LOG_EVERY_S:
            self._told = time.monotonic()
            click.echo(f"{stage}: {done} of {total} {text}".rstrip())
