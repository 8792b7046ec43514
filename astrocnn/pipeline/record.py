"""What a run is doing, or did last: `state.json`, rewritten at every turn, and `run.log` beside it.

    runs/<name>/state.json    the stages with state, reason, seconds; when the run started and ended
    runs/<name>/run.log       what was logged, runs one after another

Neither is part of a result. A run that was killed leaves a stage `making` and no `ended`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from astrocnn.errors import AstrocnnError
from astrocnn.pipeline.plan import Plan
from astrocnn.pipeline.store import read_json, write_json

STATE, LOG = "state.json", "run.log"
_LINE = "%(asctime)s %(levelname)s %(message)s"

log = logging.getLogger("astrocnn.run")


def now() -> str:
    """Time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_state(root: Path) -> dict[str, Any] | None:
    """What the last run in a folder left; None when there was none."""
    state: dict[str, Any] | None = read_json(root / STATE)
    return state


class RunRecord:
    """Writes down what becomes of each stage of a run.

    Parameters
    ----------
    plan : Plan
        Of the run that starts now.
    """

    def __init__(self, plan: Plan) -> None:
        self._path = plan.store.root / STATE
        self._state: dict[str, Any] = {
            "name": plan.config.name, "file": str(plan.config.file), "seed": plan.config.seed,
            "started": now(), "ended": None, "outcome": None,
            "stages": {name: _planned(plan, name) for name in plan.stages},
        }  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[None]:
        """Write down how the run ends: `done`, `failed` or `stopped`; errors go on."""
        self._write()
        log.info("%s starts: %s", self._state["name"], self._state["file"])
        try:
            yield
        except BaseException as error:
            self._end(_outcome(error))
            raise
        self._end("done")

    @contextmanager
    def making(self, stage: str) -> Iterator[None]:
        """Write down that a stage is being made, and how that ends; errors go on."""
        self._set(stage, "making")
        self._write()
        started = monotonic()
        log.info("%s: making: %s", stage, self._state["stages"][stage]["reason"])
        try:
            yield
        except BaseException as error:
            outcome = _outcome(error)
            if isinstance(error, AstrocnnError) and error.where is None:
                error.where = stage
            self._set(stage, outcome, str(error) or type(error).__name__)
            log.info("%s: %s", stage, outcome, exc_info=error if outcome == "failed" else None)
            raise
        log.info("%s: made in %.1f s", stage, monotonic() - started)

    def over(self, stage: str, state: str, seconds: float) -> None:
        """Take down what became of a stage."""
        self._set(stage, state)
        self._state["stages"][stage]["seconds"] = round(seconds, 3)

    def _set(self, stage: str, state: str, reason: str | None = None) -> None:
        entry = self._state["stages"][stage]
        entry["state"], entry["reason"] = state, entry["reason"] if reason is None else reason

    def _end(self, outcome: str) -> None:
        self._state["ended"], self._state["outcome"] = now(), outcome
        self._write()
        log.info("%s ends: %s", self._state["name"], outcome)

    def _write(self) -> None:
        stages = [{"name": name, **entry} for name, entry in self._state["stages"].items()]
        write_json(self._path, {**self._state, "stages": stages})  # a list keeps their order


def _planned(plan: Plan, name: str) -> dict[str, Any]:
    stage = plan[name]
    state = {"run": "waiting", "reuse": "waiting"}.get(stage.state, stage.state)
    return {
        "use": stage.entry.stage.use, "kind": stage.entry.stage.produces, "hash": stage.hash, "state": state,
        "reason": stage.reason, "seconds": 0.0,
    }  # fmt: skip


def _outcome(error: BaseException) -> str:
    """An error fails a run; Ctrl-C and SIGTERM, which are no `Exception`, stop it."""
    return "failed" if isinstance(error, Exception) else "stopped"


@contextmanager
def log_file(root: Path) -> Iterator[None]:
    """Also write what the package logs, from INFO up, to `run.log`."""
    logger = logging.getLogger("astrocnn")
    handler = logging.FileHandler(root / LOG, encoding="utf-8")
    handler.setFormatter(logging.Formatter(_LINE))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
        handler.close()
