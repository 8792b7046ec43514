"""`--retry-rejected`: makes again what holds rejected objects; what was made from it follows where its data changed.

A product is known by what it is made from, so a retry leaves its hash as it was. What the product held before stands in
`retry.json` until all that was made from it is settled: a kill in between is settled by the next run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from astrocnn.pipeline.plan import Plan
from astrocnn.pipeline.release import refuse_frozen
from astrocnn.pipeline.store import DONE, ENVIRONMENT, invalidate, read_json, write_json

FILE = "retry.json"


def plan_retries(plan: Plan, chosen: Iterable[str]) -> None:
    """Plan to make again those of the chosen stages that are up to date and rejected objects, where they did."""
    store = plan.store
    before: dict[str, dict[str, Any]] = {}
    for stage in (plan[name] for name in chosen):
        mark = store.done(stage.name, stage.hash) if stage.state == "reuse" else {}
        number = _rejected(mark)
        if number:
            stage.state, stage.reason = "run", f"retries {number} rejected object{'s' * (number > 1)}"
            marks = {part.hash: read_json(store.part(stage.name, part.hash) / DONE) for part in stage.parts or ()}
            stage.again = frozenset(digest for digest, part in marks.items() if _rejected(part or {}))
            before[stage.name] = {"hash": stage.hash, "data": _data(mark)}
    refuse_frozen(store.root, ((name, one["hash"]) for name, one in before.items()), "--retry-rejected")
    _remember(plan, before)


def settle_retries(plan: Plan, names: Iterable[str]) -> None:
    """Let all that was made from a retried stage be made again, if it holds other data now; then forget the retry."""
    before = read_json(plan.store.root / FILE)
    if not before:
        return
    for name in set(names) & set(before):
        old = before.pop(name)
        if name in plan.stages and plan[name].hash == old["hash"]:
            mark = plan.store.done(name, old["hash"])
            if mark and _data(mark) != old["data"]:
                _invalidate_takers(plan, name)
    _remember(plan, before)


def _invalidate_takers(plan: Plan, name: str) -> None:
    store, reason = plan.store, f"{name} holds other data since it was retried"
    for stage in plan.stages.values():
        if stage.name == name or stage.state == "skipped" or name not in plan.graph.ancestors(stage.name):
            continue
        parts = (store.part(stage.name, part.hash) for part in stage.parts or ())
        for folder in (*parts, store.product(stage.name, stage.hash)):
            if folder.is_dir():
                invalidate(folder, reason)
        if stage.state == "reuse":
            stage.state, stage.reason = "run", reason


def _remember(plan: Plan, before: dict[str, Any]) -> None:
    file = plan.store.root / FILE
    if before:
        write_json(file, before)
    else:
        file.unlink(missing_ok=True)


def _rejected(mark: dict[str, Any]) -> int:
    return sum(mark.get("ledger", {}).get("rejected", {}).values())


def _data(mark: dict[str, Any]) -> dict[str, str]:
    """Checksums of a product's files, without the record of when and where it was made."""
    return {name: file["sha256"] for name, file in mark["files"].items() if name != ENVIRONMENT}
