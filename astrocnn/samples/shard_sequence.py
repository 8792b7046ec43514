"""The shards of one set as a single sequence of rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from astrocnn.errors import DAMAGE_CURE, StoreError
from astrocnn.samples.columns import STANDARD
from astrocnn.samples.shard_files import Shard, describe_shard, read_rows
from astrocnn.samples.shards import PLANES
from astrocnn.samples.table_sequence import TableSequence

_UNLIKE_CURE = "make the images of all tiles alike in it (BUNIT gives flux_unit), or use them in runs of their own"


class ShardSequence(TableSequence[Shard]):
    """Rows of shards one after another: their number, columns and arrays.

    Parameters
    ----------
    paths : sequence of Path
        At least one shard. One without objects agrees with any other: a tile that could not be read has no unit.

    Raises
    ------
    StoreError
        If a shard cannot be read or disagrees with the others; it names the shard and the difference.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__(paths)
        first = next((shard for shard in self.shards if shard.number), self.shards[0])
        for shard in self.shards:
            _check_agreement(shard, first)
        self.meta = first.meta
        self.planes = first.planes
        self.columns = (*STANDARD, *sorted(first.columns.keys() - STANDARD.keys()))

    def read(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Rows (k,) of the data or of a plane, in the order asked for and repeated where repeated.

        Raises
        ------
        StoreError
            If the set has no such plane, or a shard is damaged.
        """
        if name != "data" and name not in self.planes:
            fix = f"make the samples with {name}, or do without"
            raise StoreError(f"these samples have no {name}", where=str(self.shards[0].path.parent), fix=fix)
        shape, dtype = (self.meta.shape, np.float32) if name == "data" else (self.planes[name], PLANES[name])
        out = np.empty((len(rows), *shape), np.dtype(dtype).newbyteorder("="))
        owner = np.searchsorted(self._starts, rows, side="right") - 1
        for index in np.unique(owner):
            positions = np.flatnonzero(owner == index)
            with self._open.use(self.shards[index].path) as file:
                read_rows(file[name], rows[positions] - self._starts[index], out, positions)
        return out

    def _describe(self, path: Path) -> Shard:
        with self._open.use(path) as file:
            return describe_shard(path, file)


def _check_agreement(shard: Shard, first: Shard) -> None:
    if not shard.number:
        return
    for name, value in shard.meta:
        other = getattr(first.meta, name)
        if value != other:
            what = f"the shard differs from {first.path.name} in {name}"
            raise StoreError(what, where=str(shard.path), expected=other, received=value, fix=_UNLIKE_CURE)
    for what, mine, others in (("column", shard.columns, first.columns), ("array", shard.planes, first.planes)):
        differing = sorted(name for name in {*mine, *others} if mine.get(name) != others.get(name))
        if differing:
            what = f"the shard differs from {first.path.name} in {what} {', '.join(differing)}"
            raise StoreError(what, where=str(shard.path), fix=DAMAGE_CURE)
