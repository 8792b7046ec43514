"""Makes products and parts, and puts them into the store with their ledger, provenance and mark."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from astrocnn.errors import StageFailed
from astrocnn.pipeline.ledger import Ledger, read_ledger, rejected_fraction
from astrocnn.pipeline.provenance import environment, reset_peak_memory
from astrocnn.pipeline.stage import Part, Progress, Scene, Stage, StageParameters, Task
from astrocnn.pipeline.store import DONE, ENVIRONMENT, PROVENANCE, Store, mark_done, read_json, write_json
from astrocnn.plugins import Plugin


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _publish(
    store: Store,
    target: Path,
    scratch: Path,
    work: Callable[[Path, Path, Ledger], None],
    provenance: dict[str, Any],
    parts: Sequence[Path] = (),
) -> None:
    """Do the work; `parts` are the folders that the product is put together from."""
    ledger = Ledger()
    environments = [read_json(folder / ENVIRONMENT) or {} for folder in parts]
    started = time.monotonic() - sum(part.get("seconds", 0.0) for part in environments)
    reset_peak_memory()
    with store.writing(target) as out:
        work(out, scratch, ledger)
        ledger.write(out)
        write_json(out / PROVENANCE, provenance)
        memory = max((part.get("peak_memory_mb", 0.0) for part in environments), default=0.0)
        write_json(out / ENVIRONMENT, environment(time.monotonic() - started, memory))
        counts = ledger.counts()
        rejected = rejected_fraction(counts, [(read_json(folder / DONE) or {}).get("ledger", {}) for folder in parts])
        mark_done(out, {"ledger": counts, "rejected_fraction": rejected})
    shutil.rmtree(scratch, ignore_errors=True)


def publish_part(
    store: Store, stage: Stage[Any], parameters: StageParameters, scene: Scene, part: Part, progress: Progress
) -> None:
    """Make one part and put it into the store."""

    def work(out: Path, scratch: Path, ledger: Ledger) -> None:
        stage.run_part(Task(parameters, scene, out, scratch, ledger, progress), part)

    provenance = {"stage": scene.name, "use": stage.use, "part": part.name, "hash": part.hash}
    _publish(store, store.part(scene.name, part.hash), store.scratch(scene.name, part.hash), work, provenance)


def publish_product(
    store: Store,
    stage: Stage[Any],
    parameters: StageParameters,
    scene: Scene,
    digest: str,
    identity: dict[str, Any],
    parts: tuple[Part, ...] | None,
    progress: Progress,
    run: Any,
    plugins: Sequence[Plugin] = (),
) -> None:
    """Make a whole product, or put it together from its parts, and put it into the store.

    Its provenance records the plugins by name, version and hash.

    Raises
    ------
    StageFailed
        When a stage that maps over objects has no parts.
    """
    folders = [store.part(scene.name, part.hash) for part in parts or ()]

    def work(out: Path, scratch: Path, ledger: Ledger) -> None:
        task = Task(parameters, scene, out, scratch, ledger, progress, run)
        if parts is None:
            stage.run(task)
            return
        if not parts:
            raise StageFailed("has nothing to do", where=scene.name, expected="at least one tile or shard")
        for folder in folders:
            ledger.extend(read_ledger(folder))
        stage.finish(task, folders)

    provenance: dict[str, Any] = {"stage": scene.name, "use": stage.use, "hash": digest, "identity": identity}
    if plugins:
        provenance["plugins"] = [plugin.model_dump() for plugin in plugins]
    product, scratch = store.product(scene.name, digest), store.scratch(scene.name, digest)
    _publish(store, product, scratch, work, provenance, folders)
