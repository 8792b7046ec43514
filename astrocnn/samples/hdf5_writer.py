"""Writing one HDF5 file by appending rows: whole or not there, checksummed, and safe on a full disk.

The root attribute `astrocnn` (JSON: what the file is) is written last, so that an unfinished file is none.
"""

from __future__ import annotations

import json
import math
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from astrocnn.errors import DataError, StoreError
from astrocnn.samples.sink import Sink

if TYPE_CHECKING:
    import h5py

COLUMN_CHUNK = 1024
CHECKSUM: dict[str, Any] = {"fletcher32": True}
"""Tells a damaged chunk from an odd image, for a fifth of the reading speed or less."""
COMPRESSION: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
"""Any HDF5 reader has it; h5py's lzf stores a tenth to a half more of the same images and reads no faster."""
WORTH_COMPRESSING = 0.7
"""Arrays whose first chunk does not shrink to this are stored as they are: noise in float32 shrinks to 0.86 only, and
compressing it writes 38 MB and reads 230 MB a second of one core, where storing writes 870 MB and reads 1400 MB."""
_BYTES_AT_ONCE = 2**20
"""Chunks smaller than this are written together: each call of h5py takes about a tenth of a millisecond."""


class HDF5Writer(ABC):
    """A growing HDF5 file; a context manager, and an exception inside it leaves no file.

    Parameters
    ----------
    path : path
        The file, written directly; `close` flushes it to the disk.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        import h5py

        self.path, self.number = Path(path), 0
        try:
            self._sink = Sink(self.path, "w+")
        except OSError as error:
            raise self._unwritable(error) from error
        self._file = h5py.File(self._sink, "w")
        self._rows: dict[str, GrowingRows] = {}

    def close(self) -> None:
        """Write what is held back and the attribute that makes the file whole, and flush it to the disk."""
        if not self._file:
            return
        self._complete()
        for rows in self._rows.values():
            rows.flush()
        self._label()
        self._file.attrs["astrocnn"] = json.dumps(self._description(), sort_keys=True)
        self._file.close()
        self._sink.sync()
        self._refuse_failure()
        self._sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def abandon(self) -> None:
        """Close and remove the unfinished file."""
        self._sink.discard = True
        self._file.close()
        self._sink.close()
        self.path.unlink(missing_ok=True)

    def _complete(self) -> None:  # noqa: B027  (a kind may need nothing)
        """Write what an empty file needs."""

    def _label(self) -> None:  # noqa: B027  (a kind may need nothing)
        """Give names to axes and parameters."""

    @abstractmethod
    def _description(self) -> dict[str, Any]:
        """What the file is, as JSON data."""

    @abstractmethod
    def _layout(self, name: str, values: np.ndarray) -> tuple[np.dtype, int]:
        """Stored type and rows in a chunk of a dataset that is not a column of the table."""

    def _write(self, rows: Mapping[str, np.ndarray]) -> None:
        if not self._rows:
            self._rows = {name: self._create(name, values) for name, values in rows.items()}
        known = self._rows
        changed = {name for name in rows.keys() & known.keys() if not known[name].takes(rows[name])}
        if changed or rows.keys() != known.keys():
            received = ", ".join(sorted(changed | (rows.keys() ^ known.keys())))
            raise DataError("arrays and columns differ from earlier calls", where=str(self.path), received=received)
        for name, values in rows.items():
            known[name].append(values)
        self._refuse_failure()

    def _create(self, name: str, values: np.ndarray) -> GrowingRows:
        if name.startswith("table/"):
            dtype, chunk = values.dtype.newbyteorder("<"), COLUMN_CHUNK
        else:
            dtype, chunk = self._layout(name, values)
        return GrowingRows(self._file, name, values.shape[1:], dtype, chunk)

    def _refuse_failure(self) -> None:
        if self._sink.failure is not None:
            self.abandon()
            raise self._unwritable(self._sink.failure) from self._sink.failure

    def _unwritable(self, error: OSError) -> StoreError:
        fix = "make room on the disk or allow writing there, and run again"
        return StoreError("the shard cannot be written", where=str(self.path), received=error, fix=fix)


class GrowingRows:
    """One growing dataset, written in whole chunks, small ones many at once.

    A chunk touched twice would be compressed twice.
    """

    def __init__(self, file: h5py.File, name: str, shape: tuple[int, ...], dtype: np.dtype, chunk: int) -> None:
        self._file, self._name = file, name
        bytes_of_chunk = max(chunk * math.prod(shape) * np.dtype(dtype).itemsize, 1)
        self._chunk = chunk
        self._held = np.empty((chunk * max(_BYTES_AT_ONCE // bytes_of_chunk, 1), *shape), dtype)
        self._count = 0
        self._dataset: h5py.Dataset | None = None

    def takes(self, values: np.ndarray) -> bool:
        """Whether the values have the shape and a type that is stored without loss of meaning."""
        if values.shape[1:] != self._held.shape[1:] or (self._held.dtype.kind == "O") != (values.dtype.kind == "O"):
            return False
        if self._name.startswith("table/"):
            return np.can_cast(values.dtype, self._held.dtype, "safe")  # the first call decides the type
        return values.dtype.kind in "biuf"

    def append(self, values: np.ndarray) -> None:
        """Hold rows back until as many chunks of them are there as are written at once."""
        start = 0
        while start < len(values):
            stop = min(start + len(self._held) - self._count, len(values))
            self._held[self._count : self._count + stop - start] = values[start:stop]
            self._count += stop - start
            start = stop
            if self._count == len(self._held):
                self.flush()

    def flush(self) -> None:
        """Write the rows held back."""
        if self._dataset is None:
            self._dataset = self._created()
        number = len(self._dataset)
        self._dataset.resize(number + self._count, axis=0)
        self._dataset[number:] = self._held[: self._count]
        self._count = 0

    def _created(self) -> h5py.Dataset:
        import h5py

        if self._held.dtype.kind == "O":  # HDF5 filters see the pointers to text, not the text
            dtype, filters = h5py.string_dtype("utf-8"), {}
        else:
            # A shard smaller than a chunk is mostly the chunk's empty rows.
            part = self._count < self._chunk
            worth = part or _shrinks_to(self._held[: self._chunk]) < WORTH_COMPRESSING
            dtype, filters = self._held.dtype, CHECKSUM | (COMPRESSION if worth else {})
        row = self._held.shape[1:]
        return self._file.create_dataset(
            self._name, shape=(0, *row), maxshape=(None, *row), chunks=(self._chunk, *row), dtype=dtype, **filters
        )


def _shrinks_to(values: np.ndarray) -> float:
    """Fraction of the bytes that shuffling and gzip 1 leave."""
    shuffled = values.view(np.uint8).reshape(-1, values.itemsize).T.tobytes()
    return len(zlib.compress(shuffled, level=1)) / len(shuffled)
