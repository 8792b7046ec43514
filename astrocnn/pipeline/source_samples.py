"""Opening the samples or curves that a stage takes: all or one part of them, narrowed to the splits asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astrocnn.pipeline.stage import Source

if TYPE_CHECKING:
    from astrocnn.samples.light_curves import LightCurves
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


def open_curves(source: Source, part: int | None = None) -> LightCurves:
    """Open the light curves of a source; a part is found by its name in the column `part`.

    Parameters
    ----------
    source : Source
        A LightCurves product; `splits` says what is wanted of it.
    part : int, optional
        Number of the only part wanted.

    Returns
    -------
    LightCurves
        Empty for a part without objects in these splits.

    Raises
    ------
    UnknownName
        When a split is found nowhere in the product.
    """
    from astrocnn.samples.light_curves import LightCurves

    curves = LightCurves.open(source.folder)
    if source.splits:
        curves = curves.split("+".join(source.splits))
    return curves if part is None else curves.select(curves.column("part") == source.parts[part].name)
