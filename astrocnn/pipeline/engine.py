"""Makes the parts of a product: here, or in worker processes started by spawn.

A worker imports only what its stage imports; stages that use Keras stay in the main process with all threads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astrocnn.errors import StageFailed
from astrocnn.pipeline.publish import publish_part
from astrocnn.pipeline.registry import stage_named
from astrocnn.pipeline.run_log import current_log, log_in_worker
from astrocnn.pipeline.stage import Part, Progress, Scene, StageParameters
from astrocnn.pipeline.store import Store
from astrocnn.plugins import load_plugin


@dataclass(frozen=True)
class PartOrder:
    """What a worker is sent: the stage, its parameters, where to write, and the plugins it needs."""

    store: Store
    use: str
    parameters: StageParameters
    scene: Scene
    plugins: tuple[str, ...] = ()


def silent(done: int, total: int, text: str) -> None:
    """Progress that nobody watches."""


def make_part(order: PartOrder, part: Part, progress: Progress = silent) -> str:
    """Make one part and put it into the store; returns its name."""
    publish_part(order.store, stage_named(order.use), order.parameters, order.scene, part, progress)
    return part.name


def _prepare_worker(plugins: tuple[str, ...], log: Path | None) -> None:
    """Load the plugins, without whose classes no order can be read; leave Ctrl-C to the main process; end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log_in_worker(log)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    threading.Thread(target=_end_with_main_process, daemon=True).start()
    for plugin in plugins:
        load_plugin(Path(plugin))


def _end_with_main_process() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def make_parts(
    order: PartOrder,
    parts: Sequence[Part],
    workers: int,
    in_process: bool,
    progress: Progress,
    again: Collection[str] = (),
) -> None:
    """Make all parts that are not done yet.

    Parameters
    ----------
    order : PartOrder
        What is the same for all parts.
    parts : sequence of Part
        The whole list; done ones are left alone.
    workers : int
        Processes to use at most.
    in_process : bool
        Whether the parts must be made here.
    progress : callable
        Called after each part.
    again : collection of str
        Hashes of parts that are made although they are done.

    Raises
    ------
    StageFailed
        When a worker dies; parts made so far stay.
    """
    todo = [part for part in parts if part.hash in again or not order.store.part_is_done(order.scene.name, part.hash)]
    done = len(parts) - len(todo)
    if in_process or workers <= 1 or len(todo) <= 1:
        inner = progress if len(todo) == 1 else silent
        for part in todo:
            progress(done, len(parts), part.name)
            make_part(order, part, inner)
            done += 1
    else:
        _spawn(order, todo, workers, lambda count, name: progress(done + count, len(parts), name))
    progress(len(parts), len(parts), "")


def _spawn(order: PartOrder, todo: Sequence[Part], workers: int, told: Callable[[int, str], Any]) -> None:
    context = multiprocessing.get_context("spawn")
    number = min(workers, len(todo))
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(number, context, _prepare_worker, (order.plugins, current_log())) as pool:
        futures = [pool.submit(make_part, order, part) for part in todo]
        try:
            for count, future in enumerate(as_completed(futures), 1):
                told(count, future.result())
        except BrokenProcessPool as error:
            raise StageFailed(
                "a worker process died", where=order.scene.name, fix="look for a lack of memory; run again to go on"
            ) from error
        except Exception:
            raise  # a part failed: those at work are finished, they will not be made again
        except BaseException:
            for worker in set(multiprocessing.active_children()) - others:  # stopped: nobody wants to wait
                worker.terminate()
            raise
        finally:
            for future in futures:
                future.cancel()
