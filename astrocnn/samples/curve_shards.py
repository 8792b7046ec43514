"""One shard of light curves: a ragged HDF5 file that h5py alone can read.

`/time`, `/value`, `/error`, `/quality` and `/band` hold the points of all curves one after another; curve k has those
from `offsets[k]` to `offsets[k + 1]`. `/table/<column>` has one row a curve. The root attribute `astrocnn` is JSON:
format, format_version, number, points, and what is true of all curves (`CurveMeta`), bands by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from astrocnn.errors import DAMAGE_CURE, DataError, StoreError
from astrocnn.samples.columns import stored
from astrocnn.samples.curve import POINT_ARRAYS, CurveBlock, LightCurve, same_bands
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.hdf5_writer import HDF5Writer
from astrocnn.samples.shard_files import read_description

if TYPE_CHECKING:
    import h5py

FORMAT = "astrocnn light curves"
FORMAT_VERSION = 1
SUFFIX = ".curves.h5"
"""Ending of the shards' names, by which a folder is known to hold light curves."""
POINT_CHUNK = 8192
"""Points in one chunk of the arrays: what is read and decompressed at once."""
STANDARD = {
    "id": "str", "ra": "float64", "dec": "float64", "class": "str", "group": "str", "split": "str",
    "weight": "float32", "points": "int64",
}  # fmt: skip
"""Columns of every shard and their types: ICRS degrees (NaN: no position); class and split "": not known."""


class CurveWriter(HDF5Writer):
    """Write one shard by appending curves; a context manager, and an exception inside it leaves no file.

    Parameters
    ----------
    path : path
        The file, written directly; `close` flushes it to the disk.
    meta : CurveMeta
        What is true of every curve.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """

    def __init__(self, path: str | Path, meta: CurveMeta) -> None:
        super().__init__(path)
        self.meta, self.points = meta, 0

    def append(self, curves: Sequence[LightCurve] | CurveBlock, table: Mapping[str, np.ndarray]) -> None:
        """Append curves.

        Parameters
        ----------
        curves : sequence of LightCurve, or CurveBlock
            Their bands are matched to those of the meta by name.
        table : mapping of str to array
            Columns of one row a curve: any standard column and any others; the same in every call. `id` and `points`
            are those of the curves, and a label follows from the class.

        Raises
        ------
        DataError
            If columns or types are not those of earlier calls, or a band is not one of the meta.
        StoreError
            If the disk is full or the file cannot be written.
        """
        if not len(curves):
            return
        if isinstance(curves, CurveBlock):
            known, rows = {"id": curves.ids.astype(object), "points": np.diff(curves.offsets)}, self._points_of(curves)
        else:
            known = {
                "id": np.array([curve.id for curve in curves], object),
                "points": np.array([len(curve) for curve in curves], np.int64),
            }
            rows = self._points(curves)
        rows["offsets"] = self.points + np.cumsum(known["points"])
        if not self.number:
            rows["offsets"] = np.concatenate([[0], rows["offsets"]])
        columns = completed({**table, **known}, len(curves))
        self._write(rows | {f"table/{name}": values for name, values in columns.items()})
        self.points += int(known["points"].sum())
        self.number += len(curves)

    def _points(self, curves: Sequence[LightCurve]) -> dict[str, np.ndarray]:
        """The points of the curves one after another, with the band numbers of this file."""
        rows = {name: np.concatenate([getattr(curve, name) for curve in curves]) for name in POINT_ARRAYS}
        rows["band"] = np.concatenate([self._bands_of(curve.bands, curve.id)[curve.band] for curve in curves])
        return rows

    def _points_of(self, block: CurveBlock) -> dict[str, np.ndarray]:
        """The same of a block."""
        points = slice(block.offsets[0], block.offsets[-1])
        rows = {name: getattr(block, name)[points] for name in POINT_ARRAYS}
        rows["band"] = self._bands_of(block.bands, str(block.ids[0]))[rows["band"]]
        return rows

    def _bands_of(self, bands: tuple[str, ...], curve: str) -> np.ndarray:
        """Number of each of these bands in this file."""
        if unknown := set(bands) - set(self.meta.bands):
            raise DataError(
                "a band that the file has not", where=f"{self.path}, {curve}",
                expected=", ".join(self.meta.bands), received=", ".join(sorted(unknown)),
            )  # fmt: skip
        return same_bands(bands, self.meta.bands)

    def _complete(self) -> None:
        if not self.number:
            rows = {name: np.empty(0, dtype) for name, dtype in POINT_ARRAYS.items()}
            columns = completed({"id": np.empty(0, object), "points": np.empty(0, np.int64)}, 0)
            rows |= {"offsets": np.zeros(1, np.int64)}
            self._write(rows | {f"table/{name}": values for name, values in columns.items()})

    def _label(self) -> None:
        self._file["time"].attrs["unit"] = self.meta.time_unit
        self._file["band"].attrs["names"] = list(self.meta.bands)

    def _description(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "number": self.number,
            "points": self.points,
            "meta": self.meta.model_dump(mode="json"),
        }

    def _layout(self, name: str, values: np.ndarray) -> tuple[np.dtype, int]:
        return POINT_ARRAYS.get(name, np.dtype("<i8")), POINT_CHUNK


def completed(table: Mapping[str, np.ndarray], number: int) -> dict[str, np.ndarray]:
    """The table with all standard columns, in their types; text as object arrays.

    Absent ones become: no position, no class, group = id, no split, weight 1.

    Raises
    ------
    DataError
        If a column is misnamed, of another length or of a type that cannot be stored.
    """
    if "label" in table:
        raise DataError("curves have no labels of their own", expected="a column class", received="a column label")
    columns = {name: stored(name, np.asarray(values), number, STANDARD) for name, values in table.items()}
    nothing, unplaced = np.full(number, "", object), np.full(number, np.nan)
    absent = {
        "ra": unplaced, "dec": unplaced, "class": nothing, "group": columns["id"], "split": nothing,
        "weight": np.ones(number, np.float32),
    }  # fmt: skip
    columns = absent | columns
    return {name: columns[name] for name in [*STANDARD, *sorted(columns.keys() - STANDARD.keys())]}


@dataclass(frozen=True)
class CurveShard:
    """What one shard holds: number of curves, meta, the kind of each column, and where each curve starts (n + 1,)."""

    path: Path
    number: int
    meta: CurveMeta
    columns: dict[str, str]
    offsets: np.ndarray


def describe_curves(path: Path, file: h5py.File) -> CurveShard:
    """What an open shard holds.

    Raises
    ------
    StoreError
        If it is no finished shard of a version this package reads, or its arrays disagree in length.
    """
    number, meta = read_description(path, file, FORMAT, FORMAT_VERSION, CurveMeta)
    table, offsets = file["table"], file["offsets"][()].astype(np.int64)
    lengths = {name: len(rows) for name, rows in table.items()} | {"offsets": len(offsets) - 1}
    wrong = {name: length for name, length in lengths.items() if length != number}
    if not wrong:
        lengths = {name: len(file[name]) for name in POINT_ARRAYS}
        wrong = {name: length for name, length in lengths.items() if length != offsets[-1]}
    if wrong or not set(STANDARD) <= set(table) or (np.diff(offsets) < 0).any():
        raise StoreError("arrays and table disagree", where=str(path), expected=number, received=wrong, fix=DAMAGE_CURE)
    columns = {name: rows.dtype.kind for name, rows in table.items()}
    return CurveShard(path, number, meta, columns, offsets)
