"""The `matched-filter` stage: scores curves by the box that fits best, without any network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, Strict, field_validator

from astrocnn.errors import DataError
from astrocnn.parquet import SCORES
from astrocnn.pipeline.source_samples import open_samples
from astrocnn.pipeline.stage import Edge, Finding, References, Scene, Stage, StageParameters, Task

if TYPE_CHECKING:
    from astrocnn.samples.sample_set import SampleSet
    from astrocnn.search.matched_filter import BestBox

_OBJECTS = 1024
"""Curves that are worked on at once."""


class Parameters(StageParameters):
    """Parameters of `matched-filter`."""

    samples: Annotated[References, Edge("SampleSet", splits=True)] = Field(
        description="curves of one channel on equal steps, in hours"
    )
    durations_hour: Annotated[tuple[float, ...], Strict(False)] = Field(
        (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0), min_length=1, description="lengths of the box that are tried"
    )
    told: str | None = Field(
        None, description="column with the duration of each curve's transit in hours, in place of durations_hour"
    )
    farthest_hour: float | None = Field(
        None, ge=0, description="farthest middle of a box from that of the curve; anywhere by default"
    )

    @field_validator("durations_hour")
    @classmethod
    def _above_zero(cls, durations: tuple[float, ...]) -> tuple[float, ...]:
        if min(durations) <= 0:
            raise ValueError(f"expected durations above 0, received {min(durations):g}")
        return durations


class MatchedFilter(Stage[Parameters]):
    """Score curves by the signal over noise of the best box: what a transit finder has to beat."""

    use = "matched-filter"
    produces = "Scores"

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Curves of one channel in hours, longer than the boxes."""
        if parameters.told is not None and "durations_hour" in parameters.model_fields_set:
            yield Finding("durations_hour", f"changes nothing: the column {parameters.told} tells them", "warning")
        samples = scene.source("samples")
        if samples is None or samples.forecast.shape is None:
            return
        shape, scale = samples.forecast.shape, samples.forecast.scale
        if len(shape) != 2 or shape[-1] != 1 or samples.forecast.unit != "hour" or scale is None:
            yield Finding("samples", "are no curves of one channel on equal steps in hours")
        elif parameters.told is None and max(parameters.durations_hour) >= shape[0] * scale:
            yield Finding("durations_hour", f"the longest box is no shorter than a curve of {shape[0] * scale:g} hour")

    def run(self, task: Task[Parameters]) -> None:
        """Score all curves, with what the best box was in columns."""
        import numpy as np

        from astrocnn.scoring.flags import UNCALIBRATED
        from astrocnn.training.scores import write_scores

        samples = open_samples(task.source("samples"))
        meta = samples.meta
        if meta.kind != "curves" or meta.shape[-1] != 1 or meta.scale_unit != "hour":
            raise DataError("no curves for a box", where=repr(samples), expected="one channel, equal steps in hours")
        found = _boxes(task, samples)
        nothing = np.full(len(samples), np.nan)
        columns = {
            "id": samples.ids, f"score_{task.name}": found.snr, "mean": found.snr, "spread": nothing,
            "probability": nothing, "flags": np.full(len(samples), UNCALIBRATED, np.int32),
            "box_depth": found.depth, "box_duration_hour": found.duration_hour, "box_offset_hour": found.offset_hour,
        }  # fmt: skip
        write_scores(columns, task.out / SCORES)
        scored = np.isfinite(found.snr)
        task.ledger.add(samples.ids[scored], "scored")
        task.ledger.add(samples.ids[~scored], "rejected", "no box can be placed")


def _boxes(task: Task[Parameters], samples: SampleSet) -> BestBox:
    """The best box of every curve, in batches."""
    import numpy as np

    from astrocnn.search.matched_filter import BestBox, best_boxes

    parameters = task.parameters
    if parameters.told is None:
        durations = np.broadcast_to(parameters.durations_hour, (len(samples), len(parameters.durations_hour)))
    else:
        durations = samples.column(parameters.told).astype(np.float64)[:, None]
    found = BestBox(*np.full((4, len(samples)), np.nan))
    for batch in samples.batches(_OBJECTS):
        flux = batch.data[:, :, 0].astype(np.float64)
        if "mask" in samples.planes:
            flux[samples.read_mask(batch.indices)[:, :, 0]] = np.nan
        rows = np.flatnonzero((np.isfinite(flux[:, 1:]) & np.isfinite(flux[:, :-1])).any(axis=1))
        one = best_boxes(
            flux[rows], float(samples.meta.scale or 0.0), durations[batch.indices[rows]],
            farthest_hour=parameters.farthest_hour,
        )  # fmt: skip
        for name in ("snr", "depth", "duration_hour", "offset_hour"):
            getattr(found, name)[batch.indices[rows]] = getattr(one, name)
        task.progress(int(batch.indices[-1]) + 1, len(samples), "")
    return found


STAGE = MatchedFilter()
