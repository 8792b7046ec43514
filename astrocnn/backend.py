"""The Keras backend of this process: threads, determinism, compilation. The only file of its kind for training.

Everything that needs Keras asks for it here first, so that threads are set before the backend starts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from astrocnn.errors import StageFailed

_wanted = 2
_prepared: dict[str, int] = {}


def use_threads(threads: int) -> None:
    """State the number of threads that `prepare` gives the backend; nothing is imported."""
    global _wanted
    _wanted = threads


def threads() -> int:
    """Threads that the backend has, or will have once it is prepared."""
    return _prepared.get("threads", _wanted)


def require(backend: str) -> None:
    """Let Keras run with a backend in this process, whatever is set for others; nothing is imported.

    Raises
    ------
    StageFailed
        When Keras runs with another one already.
    """
    running = sys.modules["keras"].backend.backend() if "keras" in sys.modules else backend
    if running != backend:
        raise StageFailed(
            "the backend cannot be changed in a running process", expected=backend, received=running,
            fix=f"start a new process with KERAS_BACKEND={backend}",
        )  # fmt: skip
    os.environ["KERAS_BACKEND"] = backend


@contextmanager
def without_native_chatter() -> Iterator[None]:
    """Silence what native libraries print to stderr while they are loaded; Python's own errors still come through."""
    sys.stderr.flush()
    kept = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)


def prepare() -> Any:
    """Import Keras with deterministic operations and the threads of `use_threads`, 2 by default.

    The number of threads is part of the identity of results: sums are ordered by it.

    Returns
    -------
    module
        `keras`.

    Raises
    ------
    StageFailed
        When this process has been prepared, or TensorFlow used in it, with another number of threads.
    """
    if _prepared.get("threads", _wanted) != _wanted:
        raise StageFailed(
            "the backend runs with another number of threads", expected=_prepared["threads"], received=_wanted,
            fix="start a new process",
        )  # fmt: skip
    if not _prepared:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # TensorFlow leaves it out on some processors: a third slower
        with without_native_chatter():
            import keras

            _fix_threads(keras.backend.backend(), _wanted)
        _prepared["threads"] = _wanted
    import keras

    return keras


def _fix_threads(backend: str, threads: int) -> None:
    if backend == "tensorflow":
        import tensorflow

        try:
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError as error:
            raise StageFailed(
                "TensorFlow has been used in this process before its threads could be set", expected=threads,
                fix="run astrocnn first, or in a process of its own",
            ) from error  # fmt: skip
        if tensorflow.config.list_physical_devices("GPU"):
            # on a CPU the same threads give the same bits without it, and simulations run twice as fast
            tensorflow.config.experimental.enable_op_determinism()
            tensorflow.random.set_seed(0)
        tensorflow.config.list_logical_devices()  # starts it now, while its chatter is silenced


def compiles() -> bool:
    """Whether training steps are compiled with XLA: JAX needs it; on TensorFlow it takes longer than it saves."""
    import keras

    return bool(keras.backend.backend() == "jax")
