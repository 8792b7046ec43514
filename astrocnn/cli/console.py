"""What a run looks like: on a terminal one line a stage with a bar below while it works; elsewhere plain lines.

The lines of the stages go to stdout; bars, progress and warnings to stderr.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

import click

from astrocnn.cli.columns import seconds_text
from astrocnn.messages import tell_warning
from astrocnn.pipeline.ledger import total
from astrocnn.pipeline.plan import StagePlan
from astrocnn.pipeline.problems import Problem
from astrocnn.pipeline.stage import Progress as ProgressCall
from astrocnn.pipeline.view import RunView

_TOLD_EVERY_S = 20.0
_STATES = {
    "made": ("made", "green"), "reuse": ("up to date", "bright_black"), "skipped": ("skipped", "yellow"),
    "not asked for": ("not asked for", "bright_black"), "failed": ("failed", "red"), "stopped": ("stopped", "yellow"),
    "making": ("at work", "cyan"), "waiting": ("waiting", "bright_black"),
}  # fmt: skip
_STATE_WIDTH = max(len(word) for word, _ in _STATES.values())
_TIME_WIDTH = len("99 min 59 s")
_BAR_WIDTH, _CLOCK_WIDTH = 28, len("   0:00:00   ")
MAIN_FILES = {
    "Report": ("index.html",), "Evaluation": ("metrics.json",), "Model": ("model.yaml",),
    "Explanation": ("pictures.json",),
    "Catalog": ("candidates.vot", "candidates.fits", "candidates.parquet", "candidates.ecsv"),
}  # fmt: skip


def state_line(stage: str, state: str, tail: str) -> str:
    """Line of a stage: its name, its state in words of equal width, coloured on a terminal, and what else is told."""
    word, colour = _STATES.get(state, (state, None))
    tail = tail.rstrip()
    return f"{stage}  {click.style(f'{word:<{_STATE_WIDTH}}' if tail else word, fg=colour)}" + f"  {tail}" * bool(tail)


class RunConsole:
    """Listens to a run and prints; a context manager, so that no bar outlives an error.

    Parameters
    ----------
    stages : iterable of str
        Names of all stages, for the width of the first column.
    """

    def __init__(self, stages: Iterable[str]) -> None:
        self._width = max(map(len, stages), default=0)
        self._stop_bar: Callable[[], None] | None = None
        self._working = ""
        self._started = self._told = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_bar()
        if error is not None and self._working:
            state = "failed" if isinstance(error, Exception) else "stopped"
            self._line(self._working, state, time.monotonic() - self._started, "")

    def warning(self, problem: Problem) -> None:
        """Print a warning of the file's check."""
        tell_warning(str(problem))

    def started(self, plan: StagePlan) -> ProgressCall:
        """Show that a stage starts; returns what moves its bar."""
        self._working, self._started = plan.name, time.monotonic()
        self._told = self._started
        return self._bar(plan) if sys.stderr.isatty() else self._tell

    def finished(self, plan: StagePlan, state: str, seconds: float, counts: dict[str, dict[str, int]]) -> None:
        """Print the line of a stage that is over."""
        self._end_bar()
        self._working = ""
        numbers = ", ".join(f"{total({status: reasons}):,} {status}" for status, reasons in counts.items())
        self._line(plan.name, state, seconds, plan.reason if state == "skipped" else numbers)

    def products(self, run: RunView) -> None:
        """Print where the products stand."""
        lines = [
            f"{product.name:<{self._width}}  {path}"
            for product in run
            for name in MAIN_FILES.get(product.kind, ())
            if (path := run.root / product.name / "current" / name).is_file()
        ]
        if lines:
            click.echo("\n" + "\n".join(lines))

    def _line(self, stage: str, state: str, seconds: float, tail: str) -> None:
        took = seconds_text(seconds) if seconds else ""
        click.echo(state_line(f"{stage:<{self._width}}", state, f"{took:>{_TIME_WIDTH}}  {tail}"))
        sys.stdout.flush()

    def _bar(self, plan: StagePlan) -> ProgressCall:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, highlight=False)
        name = TextColumn(f"{plan.name:<{self._width}} ", markup=False)
        text = TextColumn("{task.description}", markup=False)
        columns = (name, BarColumn(_BAR_WIDTH), TimeRemainingColumn(compact=True), text)
        bar = Progress(*columns, console=console, transient=True, refresh_per_second=4)
        room = max(0, console.width - self._width - _BAR_WIDTH - _CLOCK_WIDTH)
        task = bar.add_task(plan.reason[:room], total=None)
        bar.start()
        self._stop_bar = bar.stop

        def move(done: int, total: int, words: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{done:,} of {total:,}  {words}"[:room])

        return move

    def _end_bar(self) -> None:
        if self._stop_bar is not None:
            self._stop_bar()
            self._stop_bar = None

    def _tell(self, done: int, total: int, text: str) -> None:
        if time.monotonic() - self._told > _TOLD_EVERY_S:
            self._told = time.monotonic()
            click.echo(f"{self._working}: {done} of {total} {text}".rstrip(), err=True)
