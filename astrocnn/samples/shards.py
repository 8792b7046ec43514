"""Writing one shard of a sample set: an HDF5 file in chunks of 64 objects that h5py alone can read.

`/data`, `/variance`, `/mask`, `/psf`, `/wcs` and `/table/<column>` have one row an object; the root attribute
`astrocnn` (JSON: format, format_version, number, meta) is written last, so that an unfinished file is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from astrocnn.errors import DataError
from astrocnn.samples.columns import completed
from astrocnn.samples.hdf5_writer import HDF5Writer
from astrocnn.samples.meta import AXES, SampleMeta

FORMAT = "astrocnn samples"
FORMAT_VERSION = 1
CHUNK = 64
"""Objects in one chunk of the arrays: what is read and decompressed at once."""
PLANES = {"variance": np.dtype("<f4"), "mask": np.dtype(bool), "psf": np.dtype("<f4"), "wcs": np.dtype("<f8")}
"""Optional arrays beside the data, with their types; a mask is true where a value must not be used."""
WCS_NAMES = ("crpix1", "crpix2", "crval1", "crval2", "cd11", "cd12", "cd21", "cd22")
"""Parameters of a tangent-plane WCS in FITS terms: reference pixel counted from 1, degrees, degrees per pixel."""


class ShardWriter(HDF5Writer):
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
        super().__init__(path)
        self.meta = meta

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

    def _complete(self) -> None:
        if not self.number:
            empty = completed({"id": np.empty(0, object)}, 0, self.meta)
            self._write({"data": np.empty((0, *self.meta.shape)), **{f"table/{name}": v for name, v in empty.items()}})

    def _label(self) -> None:
        for axis, label in enumerate(("object", *AXES[self.meta.kind])):
            self._file["data"].dims[axis].label = label
        if "wcs" in self._file:
            self._file["wcs"].attrs.update({"names": list(WCS_NAMES), "projection": "TAN", "frame": "ICRS"})

    def _description(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "number": self.number,
            "meta": self.meta.model_dump(mode="json"),
        }

    def _layout(self, name: str, values: np.ndarray) -> tuple[np.dtype, int]:
        return PLANES.get(name, np.dtype("<f4")), CHUNK
