"""The lock of a run folder: one process works in it at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from astrocnn.errors import StoreError

FILE = ".lock"


@contextmanager
def lock(root: Path) -> Iterator[None]:
    """Hold a run folder for one process; the lock of a dead process is free again by itself.

    Raises
    ------
    StoreError
        When another process holds it, or the folder cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        stream = (root / FILE).open("a+")
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}", where=str(root), fix="choose another folder with --runs"
        ) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            stream.seek(0)
            process = stream.read().strip() or "unknown"
            raise StoreError(
                "another run is working in this folder", where=str(root), received=f"process {process}",
                fix="wait for it, or give --runs another folder",
            ) from error  # fmt: skip
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def holder(root: Path) -> str | None:
    """Number of the process that holds a run folder; None when nobody does."""
    try:
        with (root / FILE).open() as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return (root / FILE).read_text().strip() or "unknown"
    except OSError:
        return None
    return None
