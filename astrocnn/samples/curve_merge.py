"""Putting the shards of many parts together: small ones become one, so that a product of many files opens at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.curve_shards import CurveWriter
from astrocnn.samples.light_curves import LightCurves

MERGED_BYTES = 32 * 2**20
"""Shards are put together while they are smaller than this together."""
_DERIVED = ("label", "points")


@dataclass(frozen=True)
class ShardFacts:
    """What is to be known of a shard before it is taken: its number of curves, meta, and size."""

    path: Path
    number: int
    meta: CurveMeta
    size: int


def shard_facts(path: Path) -> ShardFacts:
    """Look at one shard; its file is closed again. Raises StoreError."""
    curves = LightCurves.open(path)
    try:
        return ShardFacts(path, len(curves), curves.meta, path.stat().st_size)
    finally:
        curves.close()


def runs_to_merge(shards: Sequence[ShardFacts], most: int = MERGED_BYTES) -> Iterator[list[ShardFacts]]:
    """Neighbours that are smaller than `most` bytes together, in order; a larger one alone."""
    run: list[ShardFacts] = []
    for shard in shards:
        if run and sum(one.size for one in run) + shard.size > most:
            yield run
            run = []
        run.append(shard)
    if run:
        yield run


def stored_columns(curves: LightCurves) -> dict[str, np.ndarray]:
    """Columns of a view as `CurveWriter.append` takes them: without those that follow from others, text as objects."""
    stored = {name: curves.column(name) for name in curves.columns if name not in _DERIVED}
    return {name: values.astype(object) if values.dtype.kind == "U" else values for name, values in stored.items()}


def merge_shards(paths: Sequence[Path], target: Path) -> None:
    """Write the curves of shards of one kind into one, in their order, with all columns of any of them.

    Parameters
    ----------
    paths : sequence of Path
        At least one.
    target : Path
        The new shard.

    Raises
    ------
    StoreError
        When a shard is damaged or of another kind, or the target cannot be written.
    """
    curves = LightCurves.open(list(paths))
    table = stored_columns(curves)
    meta = curves.meta.model_copy(update={"classes": curves.stated_classes})
    with CurveWriter(target, meta) as writer:
        for block in curves.blocks():
            rows = np.asarray(block.indices)
            writer.append(block, {name: values[rows] for name, values in table.items()})
    curves.close()
