"""What a run is doing, or did last: `state.json`, rewritten at every turn, and lines in the run's log.

    runs/<name>/state.json    the stages with state, reason, seconds; when the run started and ended; its log

It is no part of a result. A run that was killed leaves a stage `making` and no `ended`.
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
from astrocnn.pipeline.store import ENVIRONMENT, read_json, write_json

STATE = "state.json"

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
    log_path : Path
        Its log.
    """

    def __init__(self, plan: Plan, log_path: Path) -> None:
        self._store, self._path = plan.store, plan.store.root / STATE
        self._state: dict[str, Any] = {
            "name": plan.config.name, "file": str(plan.config.file), "seed": plan.config.seed,
            "started": now(), "ended": None, "outcome": None, "log": f"{log_path.parent.name}/{log_path.name}",
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
        log.info("%s: making: %s", stage, self._state["stages"][stage]["reason"], extra={"stage": stage})
        try:
            yield
        except BaseException as error:
            outcome = _outcome(error)
            if isinstance(error, AstrocnnError) and error.where is None:
                error.where = stage
            self._set(stage, outcome, str(error) or type(error).__name__)
            facts = {"stage": stage, "state": outcome, "seconds": round(monotonic() - started, 3)}
            level, trace = (logging.ERROR, error) if outcome == "failed" else (logging.INFO, None)
            log.log(level, "%s: %s: %s", stage, outcome, error, exc_info=trace, extra=facts)
            raise

    def over(self, stage: str, state: str, seconds: float) -> None:
        """Take down what became of a stage."""
        self._set(stage, state)
        entry = self._state["stages"][stage]
        entry["seconds"] = round(seconds, 3)
        facts: dict[str, Any] = {"stage": stage, "state": state, "seconds": entry["seconds"]}
        if state == "made":
            made = read_json(self._store.product(stage, entry["hash"]) / ENVIRONMENT) or {}
            facts["peak_memory_mb"] = made.get("peak_memory_mb")
        log.info("%s: %s", stage, state, extra=facts)

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
