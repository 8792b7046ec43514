"""The `represent` stage: makes light curves into pictures, histograms of pairs, or regular samples for a network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from astrocnn.errors import DataError
from astrocnn.pipeline.publish import link_or_copy
from astrocnn.pipeline.source_samples import open_curves
from astrocnn.pipeline.stage import (
    Edge,
    Finding,
    Forecast,
    Part,
    References,
    Scene,
    Stage,
    StageParameters,
    Task,
)
from astrocnn.representations.options import Representation

if TYPE_CHECKING:
    import numpy as np

    from astrocnn.samples.light_curves import LightCurves
    from astrocnn.samples.meta import SampleMeta
    from astrocnn.samples.shards import ShardWriter

SHARD = "samples.h5"
PART_OBJECTS = 1024
"""Objects in one part, about."""
BLOCK_OBJECTS, BLOCK_POINTS = 64, 2**17
"""Most objects and points made at once: 8 MB of pictures of two bands."""


class Parameters(Representation, StageParameters):
    """Parameters of `represent`: the light curves, and what they are made into."""

    curves: Annotated[References, Edge("LightCurves", splits=True)] = Field(description="light curves")

    @property
    def representation(self) -> Representation:
        """What the curves are made into, alone."""
        return Representation(**{name: getattr(self, name) for name in Representation.model_fields})


class Represent(Stage[Parameters]):
    """Make light curves into pictures, pairs, regular samples or periodograms for networks, or features for forests."""

    use = "represent"
    produces = "SampleSet"

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """Shape and scale, where the bands are known; as many objects as there are curves."""
        curves = scene.source("curves")
        known = curves.forecast if curves else Forecast()
        bands = parameters.bands or known.bands
        shape = parameters.shape(bands) if bands else None
        scale, unit = parameters.scale()
        return Forecast(
            objects=known.objects, bytes=4 * known.objects * math.prod(shape) if shape and known.objects else None,
            shape=shape, bands=parameters.channels(bands), scale=scale, unit=unit,
            splits=curves.splits or known.splits if curves else None, labelled=known.labelled,
        )  # fmt: skip

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Keys that change nothing are told."""
        for key in ("picture", "dmdt", "resampled", "periodogram"):
            if key != parameters.as_ and key in parameters.model_fields_set:
                yield Finding(key, f"changes nothing with as: {parameters.as_}", "warning")
        without = parameters.as_ not in ("picture", "resampled")
        if parameters.axis == "phase" and without:
            yield Finding("axis", f"changes nothing with as: {parameters.as_}, which has no such axis", "warning")
        if parameters.span_day is not None and (parameters.axis == "phase" or without):
            yield Finding("span_day", "changes nothing without a time axis", "warning")

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part] | None:
        """Objects in ranges of about equal size; one piece where their number is not known.

        Labels, channels and columns are those of the whole product, so that a part is not one of the source's: many of
        those are single curves.
        """
        curves = scene.source("curves")
        if curves is None or not curves.forecast.objects:
            return None
        number = math.ceil(curves.forecast.objects / PART_OBJECTS)
        return [Part(f"{one:05d}", [one, number], (one, number)) for one in range(number)]

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Represent the curves of one range."""
        import numpy as np

        curves = open_curves(task.source("curves"))
        one, number = part.work
        _represent(task, curves, curves.select(np.array_split(np.arange(len(curves)), number)[one]))

    def run(self, task: Task[Parameters]) -> None:
        """Represent all curves in one piece."""
        curves = open_curves(task.source("curves"))
        _represent(task, curves, curves)
        task.ledger.refuse_nothing("no light curve can be represented", task.name)

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Gather the shards of all parts.

        Raises
        ------
        DataError
            When no curve can be represented.
        """
        for number, folder in enumerate(parts):
            link_or_copy(folder / SHARD, task.out / f"{number:05d}.h5")
        task.ledger.refuse_nothing("no light curve can be represented", task.name)


def _represent(task: Task[Parameters], whole: LightCurves, curves: LightCurves) -> None:
    """Write the shard of some curves of a product, and a row of the ledger for each."""
    from astrocnn.samples.shards import ShardWriter

    bands = task.parameters.bands or whole.meta.bands
    if missing := [name for name in task.parameters.numbers.columns if name not in whole.columns]:
        known = ", ".join(whole.columns)
        raise DataError("the curves have no such column", where=task.name, expected=known, received=", ".join(missing))
    with ShardWriter(task.out / SHARD, _meta(task.parameters, whole, bands)) as writer:
        for rows in _blocks(curves.column("points")):
            _append(task, curves, rows, bands, writer)
            task.progress(int(rows[-1]) + 1, len(curves), "")


def _append(
    task: Task[Parameters], curves: LightCurves, rows: np.ndarray, bands: Sequence[str], writer: ShardWriter
) -> None:
    import numpy as np

    from astrocnn.representations.points import points_of
    from astrocnn.representations.represent import faults, represent

    how = task.parameters.representation
    block = curves.read(rows)
    wants_period = (how.needs_period or how.as_ == "features") and how.period in curves.columns
    period = curves.column(how.period)[rows] if wants_period else None
    reasons = faults(points_of(block, bands), period, how)
    for reason in sorted(set(reasons.tolist())):
        ids = block.ids[reasons == reason].tolist()
        task.ledger.add(ids, "rejected" if reason else "read", reason)
    good = np.flatnonzero(reasons == "")
    if not len(good):
        return
    points = points_of(block if len(good) == len(rows) else curves.read(rows[good]), bands)
    table = {name: curves.column(name)[rows[good]] for name in how.numbers.columns}
    data = represent(points, None if period is None else period[good], how, curves.meta.quantity, table)
    writer.append(data, {name: curves.column(name)[rows[good]] for name in curves.columns})


def _blocks(points: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of curves that are made together."""
    import numpy as np

    start = 0
    while start < len(points):
        held = np.cumsum(points[start : start + BLOCK_OBJECTS])
        stop = start + max(1, int(np.searchsorted(held, BLOCK_POINTS, side="right")))
        yield np.arange(start, stop)
        start = stop


def _meta(parameters: Parameters, curves: LightCurves, bands: Sequence[str]) -> SampleMeta:
    from astrocnn.representations.represent import notes
    from astrocnn.samples.meta import SampleMeta

    how, scale = parameters.representation, parameters.scale()
    keeps_unit = how.as_ == "resampled" and how.resampled.scale == "none"
    return SampleMeta(
        kind=how.kind(), shape=how.shape(bands), bands=how.channels(bands, curves.meta.quantity), scale=scale[0],
        scale_unit=scale[1], flux_unit=curves.meta.unit if keeps_unit else None, classes=curves.meta.classes,
        notes={"quantity": curves.meta.quantity, "time_system": curves.meta.time_system, **notes(how)},
    )  # fmt: skip


STAGE = Represent()
