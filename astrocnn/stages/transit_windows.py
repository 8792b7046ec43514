"""The `transit-windows` stage: labelled windows of folded light curves, on their transit and off it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    InputValue,
    Outside,
    Part,
    References,
    Scene,
    Stage,
    StageParameters,
    Task,
)

if TYPE_CHECKING:
    import numpy as np

    from astrocnn.ingest.transit_windows import Windows
    from astrocnn.samples.curve import LightCurve
    from astrocnn.samples.light_curves import LightCurves
    from astrocnn.samples.meta import SampleMeta
    from astrocnn.samples.shards import ShardWriter

SHARD = "samples.h5"
TABLE = "windows.csv"
PART = "windows"
_MISSING = "a straight line between neighbours, at the ends of a window its mean; true in the mask"


class Parameters(StageParameters):
    """Parameters of `transit-windows`."""

    curves: Annotated[References, Edge("LightCurves", splits=True)] = Field(
        description="folded light curves of one band, in days from mid-transit; with period_day and duration_hour"
    )
    windows: Annotated[InputValue | None, Outside()] = Field(
        None, description="windows.csv, or a folder that may hold it: its windows, unchanged; else they are placed here"
    )
    window_hour: float = Field(24.0, gt=0, description="length of a window")
    samples: int = Field(144, ge=8, le=65536, description="samples of a window")
    offset_hour: float = Field(6.0, ge=0, description="mid-transits lie within so much of the middle, uniformly")
    clear_hour: float = Field(
        12.0, ge=0, description="windows off transit are farther than the duration and this from phases 0 and 0.5"
    )
    per_star: int = Field(1, ge=1, le=1000, description="windows on transit, and as many off it, where they are placed")
    minimum_coverage: float = Field(
        0.25, gt=0, le=1, description="windows with points in a smaller share of their samples are rejected"
    )

    @property
    def table(self) -> Path | None:
        """The table of windows, where one is given or the folder that is given holds one."""
        if self.windows is None or self.windows.value is None:
            return None
        path = self.windows.path
        if path.is_dir():
            return path / TABLE if (path / TABLE).is_file() else None
        return path


class TransitWindows(Stage[Parameters]):
    """Cut labelled windows from folded light curves, on transit and off it; networks see no period or duration."""

    use = "transit-windows"
    produces = "SampleSet"
    revision = 2

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """Shape and scale; the number of windows where they are placed here."""
        curves = scene.source("curves")
        stars = curves.forecast.objects if curves and parameters.table is None else None
        return Forecast(
            objects=2 * parameters.per_star * stars if stars else None, shape=(parameters.samples, 1), bands=("flux",),
            scale=parameters.window_hour / parameters.samples, unit="hour", labelled=True,
            splits=(curves.splits or curves.forecast.splits) if curves else None,
        )  # fmt: skip

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """What a table of windows makes needless is told."""
        if parameters.table is not None:
            for key in sorted(parameters.model_fields_set & {"offset_hour", "clear_hour", "per_star"}):
                yield Finding(key, f"changes nothing: {TABLE} says where the windows are", "warning")

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part]:
        """One part: a folder from outside may hold a table of windows or not, and that belongs to the result."""
        table = parameters.table
        return [Part(PART, {"windows": "placed here" if table is None else table})]

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Cut the windows of all stars."""
        from astrocnn.ingest.transit_windows import read_windows
        from astrocnn.samples.shards import ShardWriter

        table, curves = task.parameters.table, open_curves(task.source("curves"))
        _refuse_other(curves)
        listed = None if table is None else read_windows(table, task.parameters.window_hour)
        if listed is not None:
            unknown = sorted(listed.keys() - set(curves.ids.tolist()))
            task.ledger.add(unknown, "rejected", f"in {TABLE}, but without a light curve")
        with ShardWriter(task.out / SHARD, _meta(task.parameters, curves)) as writer:
            for row, curve in enumerate(curves.each()):
                windows = _windows_of(task, curves, row, listed)
                if isinstance(windows, str):
                    task.ledger.add([str(curves.ids[row])], "excluded", windows)
                else:
                    _append(task, curve, _row(curves, row), windows, writer)
                task.progress(row + 1, len(curves), "")
            number = writer.number
        if not number:
            counts = task.ledger.counts()
            told = [f"{many}: {why}" for row in counts.values() for why, many in row.items()]
            raise DataError("no window can be cut", where=task.name, received="; ".join(told))

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Take over the one shard."""
        for folder in parts:
            link_or_copy(folder / SHARD, task.out / SHARD)


def _windows_of(
    task: Task[Parameters], curves: LightCurves, row: int, listed: dict[str, Windows] | None
) -> Windows | str:
    """Where the windows of a star are, or why it has none."""
    from astrocnn.ingest.transit_windows import Placement, generator_of

    star = str(curves.ids[row])
    if listed is not None:
        return listed.get(star, f"not in {TABLE}")
    parameters = task.parameters
    period, duration = (float(_numbers(curves, name)[row]) for name in ("period_day", "duration_hour"))
    placement = Placement(parameters.offset_hour, parameters.clear_hour, parameters.per_star)
    return placement.place(period, duration, generator_of(task.scene.seed, task.name, star))


def _numbers(curves: LightCurves, name: str) -> np.ndarray:
    """A column of numbers, one a curve; NaN where the table has none of this name."""
    import numpy as np

    values = curves.column(name) if name in curves.columns else np.empty(0)
    return values if values.dtype.kind == "f" and len(values) else np.full(len(curves), np.nan)


def _append(
    task: Task[Parameters], curve: LightCurve, row: dict[str, np.ndarray], windows: Windows, writer: ShardWriter
) -> None:
    """Write the windows of one star that are covered enough, with a row in the ledger for each."""
    import numpy as np

    from astrocnn.ingest.transit_windows import sampled_windows
    from astrocnn.representations.resampled import bridged
    from astrocnn.simulate.transit_samples import filled

    parameters, star = task.parameters, curve.id
    flux = sampled_windows(curve, windows, parameters.window_hour, parameters.samples)
    observed = np.isfinite(flux)
    coverage = observed.mean(axis=1)
    good = coverage >= parameters.minimum_coverage
    ids = np.array([f"{star}-{number}" for number in range(len(windows))], object)
    task.ledger.add(ids[good], "read")
    task.ledger.add(ids[~good], "rejected", "points in too few samples of the window")
    # Outliers are often taken out before folding, and deep transits with them: a line keeps what stands at their sides.
    data, _ = filled(bridged(flux[good], observed[good], parameters.samples))
    number = len(data)
    of_star = {name: np.repeat(value, number) for name, value in row.items()}
    of_window = {
        "id": ids[good], "label": windows.label[good], "coverage": coverage[good].astype(np.float32),
        "star": np.full(number, star, object), "window_center_day": windows.centre_day[good],
    }  # fmt: skip
    writer.append(data[:, :, None], of_star | of_window, mask=~observed[good][:, :, None])


def _row(curves: LightCurves, row: int) -> dict[str, np.ndarray]:
    """What the table says of one star, (1,) each, but for what is of its whole curve."""
    return {name: curves.column(name)[row : row + 1] for name in curves.columns if name not in ("points", "part")}


def _meta(parameters: Parameters, curves: LightCurves) -> SampleMeta:
    import numpy as np

    from astrocnn.ingest.transit_windows import CLASSES
    from astrocnn.samples.meta import SampleMeta

    durations = _numbers(curves, "duration_hour")
    known = durations[np.isfinite(durations)]
    longest = {"value": float(known.max()), "unit": "hour", "what": "the longest transit"} if len(known) else None
    return SampleMeta(
        kind="curves", shape=(parameters.samples, 1), bands=("flux",), classes=CLASSES, positive=CLASSES[1],
        scale=parameters.window_hour / parameters.samples, scale_unit="hour", flux_unit=curves.meta.unit,
        extent=longest, notes={"missing_samples": _MISSING},
    )  # fmt: skip


def _refuse_other(curves: LightCurves) -> None:
    """Refuse curves whose time 0 is not mid-transit, or of several bands.

    Raises
    ------
    DataError
        When the times are dates, the values magnitudes, or there are several bands.
    """
    meta = curves.meta
    if meta.time_reference_day is not None or meta.quantity != "flux" or len(meta.bands) > 1:
        raise DataError(
            "these curves have no windows around mid-transit", where=repr(curves),
            expected="folded flux of one band, in days from mid-transit", received=meta.kind_text,
            fix="fold the curves first, and name one band in the stage that reads them",
        )  # fmt: skip


STAGE = TransitWindows()
