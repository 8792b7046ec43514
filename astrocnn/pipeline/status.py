"""The state of a run, read from its folder: stages, what became of their objects, whether it is still at work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astrocnn.errors import InputMissing
from astrocnn.pipeline.lock import holder
from astrocnn.pipeline.record import read_state
from astrocnn.pipeline.release import released
from astrocnn.pipeline.store import Store


@dataclass(frozen=True)
class StageStatus:
    """One stage of the last run.

    Attributes
    ----------
    name, use, kind, hash : str
    state : str
        `made`, `reuse`, `skipped`, `not asked for`, `making`, `waiting`, `failed` or `stopped`.
    reason : str
        Why it was made or skipped, or how it failed.
    seconds : float
        What making it took in the last run.
    counts : dict
        Objects by status and reason, from the ledger of the product.
    """

    name: str
    use: str
    kind: str
    hash: str
    state: str
    reason: str
    seconds: float
    counts: dict[str, dict[str, int]]

    def rows(self) -> Iterator[tuple[str, str, int]]:
        """Ledger counts as rows: status, reason, number of objects."""
        for status, reasons in self.counts.items():
            for reason, number in reasons.items():
                yield status, reason, number


@dataclass(frozen=True)
class RunStatus:
    """The last run in a folder.

    Attributes
    ----------
    name, file, started, log : str
        The log by its path below the run's folder.
    ended : str or None
    outcome : str
        `running`, `done`, `failed`, `stopped` or, where the process is gone without a word, `killed`.
    process : str or None
        Number of the process that is at work.
    stages : tuple of StageStatus
    releases : tuple of str
        Names under which products are frozen.
    """

    name: str
    file: str
    started: str
    log: str
    ended: str | None
    outcome: str
    process: str | None
    stages: tuple[StageStatus, ...]
    releases: tuple[str, ...]


def run_status(root: Path) -> RunStatus:
    """Read the state of a run.

    Raises
    ------
    InputMissing
        When no run stands there.
    """
    state = read_state(root)
    if state is None:
        raise InputMissing("no run stands here", where=str(root), expected="the folder of a run, with state.json")
    process = holder(root)
    outcome = "running" if process else state["outcome"] or "killed"
    store = Store(root)
    stages = tuple(_stage(store, entry, process) for entry in state["stages"])
    return RunStatus(
        state["name"],
        state["file"],
        state["started"],
        state["log"],
        state["ended"],
        outcome,
        process,
        stages,
        tuple(released(root)),
    )


def _stage(store: Store, entry: dict[str, Any], process: str | None) -> StageStatus:
    if entry["state"] == "making" and process is None:
        entry = {**entry, "state": "stopped", "reason": "the process was killed"}
    counts = store.done(entry["name"], entry["hash"]).get("ledger", {}) if entry["hash"] else {}
    return StageStatus(counts=counts, **entry)
