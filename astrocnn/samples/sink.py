"""The file under HDF5 that a full disk does not break."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Sink(io.FileIO):
    """A file for h5py to write: a failed write is kept in `failure`, and from then on everything is taken and dropped.

    HDF5 cannot close a file after a write has failed, as on a full disk, and brings the process down when it ends.
    """

    failure: OSError | None = None
    discard = False
    """Set to have everything further taken and dropped."""

    def write(self, data: ReadableBuffer) -> int:
        """Write all of the bytes and return their number."""
        rest = memoryview(data).cast("B")
        number = len(rest)
        with self._kept():
            while len(rest) and not self.discard:
                rest = rest[super().write(rest) :]  # a raw file may write a part
        return number

    def truncate(self, size: int | None = None) -> int:
        """Set the length of the file."""
        with self._kept():
            if not self.discard:
                return super().truncate(size)
        return 0

    def sync(self) -> None:
        """Flush the file to the disk."""
        with self._kept():
            os.fsync(self.fileno())

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure, self.discard = error, True
