"""LightCurves: curves as observed, with irregular times, bands, errors and quality, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from astrocnn.samples.curve import CurveBlock, LightCurve, time_series
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.curve_sequence import CurveSequence
from astrocnn.samples.long_table import write_long_table
from astrocnn.samples.table_view import TableView

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.timeseries import TimeSeries

BLOCK_POINTS = 2**20
"""Points in a block by default: 22 MB of arrays."""


class LightCurves(TableView[CurveSequence]):
    """A view of light curves in shards: the order is that of the shards' names, or of a selection.

    Points stay on disk until read; the table is read whole when first asked for, and shared by all views.
    """

    sequence = CurveSequence

    def __repr__(self) -> str:
        bands = ", ".join(name or "unnamed" for name in self.meta.bands)
        return f"LightCurves({len(self)} curves, {self.meta.kind_text}, bands {bands})"

    @property
    def meta(self) -> CurveMeta:
        """What is true of every curve; bands and classes are those of all shards."""
        return self._source.meta

    @property
    def stated_classes(self) -> tuple[str, ...]:
        """Classes whose order was stated; empty where they follow from the column `class`."""
        return self._source.stated_classes

    def read(self, indices: np.ndarray) -> CurveBlock:
        """Curves at these positions of the view, in the order asked for; negative ones count from the end."""
        indices = self._checked(indices)
        return self._source.read(self._positions(indices), indices)

    def curve(self, index: int) -> LightCurve:
        """The curve at a position of the view."""
        return self.read(np.array([index]))[0]

    def blocks(self, points: int = BLOCK_POINTS) -> Iterator[CurveBlock]:
        """All curves in object order, in blocks of at most so many points, but at least one curve."""
        ends = np.cumsum(self.column("points"))
        start = 0
        while start < len(self):
            before = ends[start - 1] if start else 0
            stop = max(int(np.searchsorted(ends, before + points, side="right")), start + 1)
            yield self.read(np.arange(start, stop))
            start = stop

    def each(self) -> Iterator[LightCurve]:
        """All curves in object order, one by one, read in blocks."""
        for block in self.blocks():
            yield from block

    def __getitem__(self, identifier: str) -> TimeSeries:
        """One curve as an astropy TimeSeries, with units and band names; its row of the table is in its `meta`.

        Raises
        ------
        UnknownName
            If no object has this id.
        """
        found = np.array([self.position(identifier)])
        row = {name: self.column(name)[found[0]] for name in self.columns}
        return time_series(self.read(found)[0], self.meta, row)

    def write_long_table(self, folder: str | Path) -> Path:
        """Write `light_curves.parquet` and `objects.csv` for other programs; see `astrocnn.samples.long_table`."""
        return write_long_table(self, folder)

    @property
    def table(self) -> Table:
        """All columns as an astropy table; the meta stand in its `meta`."""
        from astropy.table import Table

        return Table({name: self.column(name) for name in self.columns}, meta=self.meta.model_dump(mode="json"))

    def summary(self) -> dict[str, Any]:
        """Numbers for people and JSON: curves by class and split, points, bands, bytes on disk."""
        points = self.column("points")
        return {
            "number": len(self),
            "points": int(points.sum()),
            "points_median": float(np.median(points)) if len(points) else 0.0,
            "bands": list(self.meta.bands),
            **self._counts(self.meta.classes),
            "bytes_on_disk": sum(path.stat().st_size for path in self.shards),
        }
