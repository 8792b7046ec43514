"""Runs a plan: makes what is not done, in order, and says what it does through a listener."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from astrocnn.errors import PipelineFileError, StoreError
from astrocnn.pipeline.config import PipelineConfig
from astrocnn.pipeline.engine import PartOrder, make_parts
from astrocnn.pipeline.identity import FileHashes
from astrocnn.pipeline.lock import lock
from astrocnn.pipeline.plan import FILE_HASHES, Plan, StagePlan, check_stage_names, make_plan
from astrocnn.pipeline.problems import Problem, raise_errors
from astrocnn.pipeline.publish import publish_product
from astrocnn.pipeline.record import RunRecord
from astrocnn.pipeline.release import freeze, refuse_frozen
from astrocnn.pipeline.retry import plan_retries, settle_retries
from astrocnn.pipeline.run_log import run_log
from astrocnn.pipeline.stage import Progress
from astrocnn.pipeline.store import Store
from astrocnn.pipeline.view import RunView, view_of_plan


class Listener(Protocol):
    """Hears what a run does."""

    def warning(self, problem: Problem) -> None:
        """Hear of something in the file that deserves a look."""

    def started(self, plan: StagePlan) -> Progress:
        """A stage starts; returns where its progress goes."""

    def finished(self, plan: StagePlan, state: str, seconds: float, counts: dict[str, dict[str, int]]) -> None:
        """A stage is over: made, reused, skipped or not asked for."""


@dataclass(frozen=True)
class Options:
    """How to run; nothing here changes a result.

    Attributes
    ----------
    workers : int
        Processes for stages that map over objects.
    from_stage, to_stage : str, optional
        Make only this stage and those after it; only those before it and itself.
    force : tuple of str
        Stages to make again although they are up to date.
    retry_rejected : bool
        Whether to make again what holds rejected objects.
    """

    workers: int = 1
    from_stage: str | None = None
    to_stage: str | None = None
    force: tuple[str, ...] = ()
    retry_rejected: bool = False


@dataclass
class Outcome:
    """What came of a run: the view of its products, and stages over the failure budget with their fraction."""

    run: RunView
    over_budget: dict[str, float] = field(default_factory=dict)


def run_pipeline(config: PipelineConfig, runs: Path, options: Options, listener: Listener) -> Outcome:
    """Make every product of a file that is not up to date.

    Parameters
    ----------
    config : PipelineConfig
        The checked file.
    runs : Path
        Folder of all runs.
    options : Options
    listener : Listener

    Raises
    ------
    PipelineFileErrors
        When the file cannot run; nothing has been made then.
    AstrocnnError
        When a stage fails; what was made before stays.
    """
    store = Store(runs / config.name)
    files = FileHashes(store.root / FILE_HASHES)
    plan = make_plan(config, store, options.force, files)
    raise_errors(plan.problems)
    _chosen(plan, options)
    with lock(store.root), run_log(store.root) as log_path:
        store.sweep()
        plan = make_plan(config, store, options.force, files)  # again: another run may have ended meanwhile
        raise_errors(plan.problems)
        for problem in plan.problems:
            listener.warning(problem)
        settle_retries(plan, plan.stages)  # of a run that was killed
        chosen = _chosen(plan, options)
        if options.retry_rejected:
            plan_retries(plan, chosen)
        refuse_frozen(store.root, ((name, plan[name].hash) for name in options.force), "--force")
        outcome, record = Outcome(view_of_plan(plan)), RunRecord(plan, log_path)
        with record.running():
            for stage_plan in plan.stages.values():
                _one_stage(plan, stage_plan, stage_plan.name in chosen, options, listener, outcome, record)
                settle_retries(plan, [stage_plan.name])
                _remember(plan)
            _freeze(plan)
    return outcome


def _chosen(plan: Plan, options: Options) -> set[str]:
    """Names of the stages that `--from` and `--to` leave to be made."""
    check_stage_names(plan.config, [options.from_stage] if options.from_stage else [], "--from")
    check_stage_names(plan.config, [options.to_stage] if options.to_stage else [], "--to")
    chosen = set(plan.stages)
    if options.to_stage:
        chosen &= plan.graph.ancestors(options.to_stage)
    if options.from_stage:
        chosen &= {name for name in plan.stages if options.from_stage in plan.graph.ancestors(name)}
    if not chosen:
        raise PipelineFileError(f"--from {options.from_stage} does not lead to --to {options.to_stage}")
    needed = {parent for name in chosen for parent in plan.graph.parents(name)} - chosen
    missing = [name for name in plan.stages if name in needed and plan[name].state == "run"]
    if missing:
        raise PipelineFileError(
            f"--from {options.from_stage}: its source {missing[0]} is not up to date ({plan[missing[0]].reason})",
            fix=f"run with --from {missing[0]}",
        )
    return chosen


def _one_stage(
    plan: Plan,
    stage_plan: StagePlan,
    chosen: bool,
    options: Options,
    listener: Listener,
    outcome: Outcome,
    record: RunRecord,
) -> None:
    store, name = plan.store, stage_plan.name
    state, seconds = stage_plan.state, 0.0
    if state == "run" and not chosen:
        state = "not asked for"
    elif state == "run":
        started = time.monotonic()
        with record.making(name):
            _make(plan, stage_plan, options, listener.started(stage_plan), outcome.run)
        state, seconds = "made", time.monotonic() - started
    counts = {}
    if state in ("made", "reuse"):
        store.make_current(name, stage_plan.hash)
        mark = store.done(name, stage_plan.hash)
        counts, fraction = mark.get("ledger", {}), mark.get("rejected_fraction", 0.0)
        if fraction > plan.config.failure_budget:
            outcome.over_budget[name] = fraction
    outcome.run.set_state(name, state, seconds)
    record.over(name, state, seconds)
    listener.finished(stage_plan, state, seconds, counts)


def _make(plan: Plan, stage_plan: StagePlan, options: Options, progress: Progress, run: RunView) -> None:
    entry, scene = stage_plan.entry, stage_plan.scene
    if scene is None:
        raise StoreError("was planned without a scene", where=entry.name)
    if stage_plan.parts is not None:
        plugins = tuple(plugin.path for plugin in plan.config.plugins if plugin.path)
        order = PartOrder(plan.store, entry.stage.use, entry.parameters, scene, plugins)
        make_parts(
            order,
            stage_plan.parts,
            options.workers,
            entry.stage.calls_keras(entry.parameters, scene),
            progress,
            stage_plan.again,
        )
    publish_product(
        plan.store, entry.stage, entry.parameters, scene, stage_plan.hash, stage_plan.identity, stage_plan.parts,
        progress, run, stage_plan.plugins,
    )  # fmt: skip


def _freeze(plan: Plan) -> None:
    """Freeze a release as soon as all its products are there; a run of single stages may leave some out."""
    run, wanted = plan.store.last_run(), {stage.name for stage in plan.stages.values() if stage.state != "skipped"}
    if plan.config.release and set(run["stages"]) == wanted:
        freeze(plan.store, plan.config.release, run)


def _remember(plan: Plan) -> None:
    """Write down which products are current; after each stage, so that a run that stops midway has said it too."""
    stages = {
        name: {"hash": stage.hash, "use": stage.entry.stage.use, "kind": stage.entry.stage.produces}
        for name, stage in plan.stages.items()
        if stage.state != "skipped" and plan.store.is_done(name, stage.hash)
    }
    skipped = {name: stage.reason for name, stage in plan.stages.items() if stage.state == "skipped"}
    plan.store.remember({
        "name": plan.config.name,
        "file": str(plan.config.file),
        "seed": plan.config.seed,
        "effective": plan.config.document.data,
        "stages": stages,
        "skipped": skipped,
        "parents": {name: plan.graph.parents(name) for name in stages},
    })  # fmt: skip
