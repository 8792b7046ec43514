"""Opening the samples that a stage takes: the whole set or one part of it, narrowed to the splits asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astrocnn.pipeline.stage import Source

if TYPE_CHECKING:
    from astrocnn.samples.sample_set import SampleSet


def open_samples(source: Source, part: int | None = None) -> SampleSet:
    """Open the samples of a source.

    Parameters
    ----------
    source : Source
        A SampleSet; `splits` says what is wanted of it.
    part : int, optional
        Number of the only part wanted.

    Returns
    -------
    SampleSet
        Empty for a part without objects in these splits: a tile may have none.

    Raises
    ------
    UnknownName
        When a split is found nowhere in the set.
    """
    import numpy as np

    from astrocnn.samples.sample_set import SampleSet

    shards = sorted(source.folder.glob("*.h5"))
    if not source.splits:
        return SampleSet.open(shards if part is None else [shards[part]])
    if part is not None:
        samples = SampleSet.open([shards[part]])
        splits = samples.column("split")
        if set(source.splits) <= set(splits.tolist()):
            return samples.select(np.isin(splits, source.splits))
    whole = SampleSet.open(shards).split("+".join(source.splits))
    return whole if part is None else samples.select(np.isin(splits, source.splits))
