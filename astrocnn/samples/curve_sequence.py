"""The shards of one `LightCurves` product as a single sequence of curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from astrocnn.errors import StoreError
from astrocnn.samples.curve import POINT_ARRAYS, CurveBlock, same_bands
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.curve_shards import STANDARD, CurveShard, describe_curves
from astrocnn.samples.table_sequence import TableSequence

_TEXT = "O"


class CurveSequence(TableSequence[CurveShard]):
    """Curves of shards one after another; bands, classes and columns are those of any shard.

    Parameters
    ----------
    paths : sequence of Path
        At least one shard. One without curves agrees with any other.

    Raises
    ------
    StoreError
        If a shard cannot be read, or its time system, quantity or unit is not that of the others; it names the shard
        and the difference.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__(paths)
        filled = [shard for shard in self.shards if shard.number] or self.shards[:1]
        first = filled[0]
        kinds: dict[str, str] = {}
        for shard in filled:
            if shard.meta.kind != first.meta.kind:
                raise StoreError(
                    f"the curves differ in kind from those of {first.path.name}", where=str(shard.path),
                    expected=first.meta.kind_text, received=shard.meta.kind_text,
                    fix="keep them in products of their own",
                )  # fmt: skip
            for name, kind in shard.columns.items():
                if (kind == _TEXT) != (kinds.setdefault(name, kind) == _TEXT):
                    raise StoreError(f"column {name} is text in one shard only", where=str(shard.path))
        self._kinds = kinds
        self.columns = ("id", "ra", "dec", "label", *(name for name in STANDARD if name not in ("id", "ra", "dec")))
        self.columns += tuple(sorted(kinds.keys() - STANDARD.keys()))
        bands = [shard.meta.bands for shard in filled]
        classes = first.meta.classes or tuple(np.unique(self.column("class")[self.column("class") != ""]).tolist())
        common = bands[0] if len(set(bands)) == 1 else tuple(sorted(set().union(*bands)))
        self.meta: CurveMeta = first.meta.model_copy(update={"bands": common, "classes": classes})

    def read(self, rows: np.ndarray, indices: np.ndarray) -> CurveBlock:
        """Curves (k,) in the order asked for; neighbours in a shard are read together.

        Raises
        ------
        StoreError
            If a shard is damaged.
        """
        owner = np.searchsorted(self._starts, rows, side="right") - 1
        breaks = np.flatnonzero((np.diff(rows) != 1) | (np.diff(owner) != 0)) + 1
        pieces = {name: [np.empty(0, dtype)] for name, dtype in POINT_ARRAYS.items()}
        for run in np.split(np.arange(len(rows)), breaks) if len(rows) else ():
            shard = self.shards[owner[run[0]]]
            first, last = rows[run[[0, -1]]] - self._starts[owner[run[0]]]
            points = slice(shard.offsets[first], shard.offsets[last + 1])
            with self._open.use(shard.path) as file:
                for name, found in pieces.items():
                    found.append(file[name][points])
            pieces["band"][-1] = same_bands(shard.meta.bands, self.meta.bands)[pieces["band"][-1]]
        lengths = self.column("points")[rows]
        arrays = {name: np.concatenate(found) for name, found in pieces.items()}
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return CurveBlock(indices, self.column("id")[rows], offsets, **arrays, bands=self.meta.bands)

    def _whole_column(self, name: str) -> np.ndarray:
        if name != "label":
            return super()._whole_column(name)
        labels = {one: label for label, one in enumerate(self.meta.classes)}
        return np.array([labels.get(one, -1) for one in self.column("class").tolist()], np.int8)

    def _column_of(self, shard: CurveShard, name: str) -> np.ndarray:
        """A column, filled with "" or NaN where another shard has it and this one has not."""
        if name in shard.columns:
            return super()._column_of(shard, name)
        return np.full(shard.number, "" if self._kinds[name] == _TEXT else np.nan)

    def _describe(self, path: Path) -> CurveShard:
        with self._open.use(path) as file:
            return describe_curves(path, file)
