"""Writing one shard of a sample set: an HDF5 file in chunks of 64 objects that h5py alone can read.

`/data`, `/variance`, `/mask`, `/psf`, `/wcs` and `/table/<column>` have one row an object; the root attribute
`astrocnn` (JSON: format, format_version, number, meta) is written last, so that an unfinished file is none.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from astrocnn.errors import DataError, StoreError
from astrocnn.samples.columns import completed
from astrocnn.samples.meta import AXES, SampleMeta
from astrocnn.samples.sink import Sink

if TYPE_CHECKING:
    import h5py

FORMAT_VERSION = 1
CHUNK = 64
"""Objects in one chunk of the arrays: what is read and decompressed at once."""
COLUMN_CHUNK = 1024
CHECKSUM: dict[str, Any] = {"fletcher32": True}
"""Tells a damaged chunk from an odd image, for a fifth of the reading speed or less."""
COMPRESSION: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
"""Any HDF5 reader has it; h5py's lzf stores a tenth to a half more of the same images and reads no faster."""
WORTH_COMPRESSING = 0.7
"""Arrays whose first chunk does not shrink to this are stored as they are: noise in float32 shrinks to 0.86 only, and
compressing it writes 38 MB and reads 230 MB a second of one core, where storing writes 870 MB and reads 1400 MB."""
PLANES = {"variance": np.dtype("<f4"), "mask": np.dtype(bool), "psf": np.dtype("<f4"), "wcs": np.dtype("<f8")}
"""Optional arrays beside the data, with their types; a mask is true where a value must not be used."""
WCS_NAMES = ("crpix1", "crpix2", "crval1", "crval2", "cd11", "cd12", "cd21", "cd22")
"""Parameters of a tangent-plane WCS in FITS terms: reference pixel counted from 1, degrees, degrees per pixel."""


class ShardWriter:
    """Write one shard by appending; a context manager, and an exception inside it leaves no file.

    Parameters
    ----------
    path : path
        The file, written directly; `close` flushes it to the disk.
    meta : SampleMeta
        What is true of every object.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """

    def __init__(self, path: str | Path, meta: SampleMeta) -> None:
        import h5py

        self.path, self.meta, self.number = Path(path), meta, 0
        try:
            self._sink = Sink(self.path, "w+")
        except OSError as error:
            raise self._unwritable(error) from error
        self._file = h5py.File(self._sink, "w")
        self._rows: dict[str, _Rows] = {}

    def append(
        self,
        data: np.ndarray,
        table: Mapping[str, np.ndarray],
        *,
        variance: np.ndarray | None = None,
        mask: np.ndarray | None = None,
        psf: np.ndarray | None = None,
        wcs: np.ndarray | None = None,
    ) -> None:
        """Append objects.

        Parameters
        ----------
        data : array (n, *meta.shape)
            Any number type, byte order and layout; stored as float32.
        table : mapping of str to array
            Columns of n rows: `id`, any other standard column, and any truth columns; the same in every call.
        variance, mask : arrays (n, *meta.shape), optional
            Variance of the data; true where a value must not be used. Given in every call or in none.
        psf : array (n, y, x, band), optional
            Point spread function of each object, on its own pixels.
        wcs : array (n, 8), optional
            Tangent-plane WCS as `WCS_NAMES`; rows of NaN where there is none.

        Raises
        ------
        DataError
            If shapes, columns or types are not those of the meta and of earlier calls.
        StoreError
            If the disk is full or the file cannot be written.
        """
        data = np.asarray(data)
        rows = {"data": data}
        for name, values in (("variance", variance), ("mask", mask), ("psf", psf), ("wcs", wcs)):
            if values is not None:
                rows[name] = np.asarray(values)
        expected = {"data": self.meta.shape, "variance": self.meta.shape, "mask": self.meta.shape, "wcs": (8,)}
        for name, values in rows.items():
            shape = (len(data) if data.ndim else 0, *expected.get(name, values.shape[1:]))
            if values.shape != shape:
                raise DataError(f"{name} of another shape", where=str(self.path), expected=shape, received=values.shape)
        if not len(data):
            return
        rows |= {f"table/{name}": values for name, values in completed(table, len(data), self.meta).items()}
        self._write(rows)
        self.number += len(data)

    def close(self) -> None:
        """Write what is held back and the attribute that makes the file a shard, and flush it to the disk."""
        if not self._file:
            return
        if not self.number:
            empty = completed({"id": np.empty(0, object)}, 0, self.meta)
            self._write({"data": np.empty((0, *self.meta.shape)), **{f"table/{name}": v for name, v in empty.items()}})
        description = {
            "format": "astrocnn samples",
            "format_version": FORMAT_VERSION,
            "number": self.number,
            "meta": self.meta.model_dump(mode="json"),
        }
        for rows in self._rows.values():
            rows.flush()
        for axis, label in enumerate(("object", *AXES[self.meta.kind])):
            self._file["data"].dims[axis].label = label
        if "wcs" in self._file:
            self._file["wcs"].attrs.update({"names": list(WCS_NAMES), "projection": "TAN", "frame": "ICRS"})
        self._file.attrs["astrocnn"] = json.dumps(description, sort_keys=True)
        self._file.close()
        self._sink.sync()
        self._refuse_failure()
        self._sink.close()

    def __enter__(self) -> ShardWriter:
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

    def _create(self, name: str, values: np.ndarray) -> _Rows:
        if name.startswith("table/"):
            return _Rows(self._file, name, values.shape[1:], values.dtype.newbyteorder("<"), COLUMN_CHUNK)
        return _Rows(self._file, name, values.shape[1:], PLANES.get(name, np.dtype("<f4")), CHUNK)

    def _refuse_failure(self) -> None:
        if self._sink.failure is not None:
            self.abandon()
            raise self._unwritable(self._sink.failure) from self._sink.failure

    def _unwritable(self, error: OSError) -> StoreError:
        fix = "make room on the disk or allow writing there, and run again"
        return StoreError("the shard cannot be written", where=str(self.path), received=error, fix=fix)


class _Rows:
    """One growing dataset, written in whole chunks: a chunk touched twice would be compressed twice."""

    def __init__(self, file: h5py.File, name: str, shape: tuple[int, ...], dtype: np.dtype, chunk: int) -> None:
        self._file, self._name = file, name
        self._held = np.empty((chunk, *shape), dtype)
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
        start = 0
        while start < len(values):
            stop = min(start + len(self._held) - self._count, len(values))
            self._held[self._count : self._count + stop - start] = values[start:stop]
            self._count += stop - start
            start = stop
            if self._count == len(self._held):
                self.flush()

    def flush(self) -> None:
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
            part = self._count < len(self._held)
            worth = part or _shrinks_to(self._held) < WORTH_COMPRESSING
            dtype, filters = self._held.dtype, CHECKSUM | (COMPRESSION if worth else {})
        shape = self._held.shape
        return self._file.create_dataset(
            self._name, shape=(0, *shape[1:]), maxshape=(None, *shape[1:]), chunks=shape, dtype=dtype, **filters
        )


def _shrinks_to(values: np.ndarray) -> float:
    """Fraction of the bytes that shuffling and gzip 1 leave."""
    shuffled = values.view(np.uint8).reshape(-1, values.itemsize).T.tobytes()
    return len(zlib.compress(shuffled, level=1)) / len(shuffled)
