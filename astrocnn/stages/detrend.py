"""The `detrend` stage: takes the slow part out of light curves, with windows stated in hours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from astrocnn.errors import DataError
from astrocnn.pipeline.curve_stage import CurveParameters, CurveStage, Made
from astrocnn.pipeline.stage import Finding, Scene, Task

if TYPE_CHECKING:
    from astrocnn.samples.curve import LightCurve
    from astrocnn.samples.curve_meta import CurveMeta
    from astrocnn.samples.light_curves import LightCurves
    from astrocnn.time_series.ephemeris import Ephemeris

EPHEMERIS = ("period_day", "epoch_day", "duration_hour")
"""Columns of the table that say when known transits are."""


class Parameters(CurveParameters):
    """Parameters of `detrend`."""

    window_hour: float = Field(gt=0, description="length of the window: six transits or more, unless these are known")
    gap_hour: float | None = Field(
        None, gt=0, description="longer gaps split a curve into segments detrended alone; half the window by default"
    )
    method: Literal["biweight", "median", "mean"] = Field("biweight", description="average of a window")
    edge_hour: float = Field(0.0, ge=0, description="points nearer than this to an end of a segment are left out")
    mask_transits: bool = Field(
        False, description="bridge the transits that the columns period_day, epoch_day and duration_hour tell"
    )
    epoch_zero_day: float | None = Field(
        None, description="Julian date that the column epoch_day counts from; by default that of the curves"
    )
    dip_sigma: float | None = Field(
        3.5, gt=0, description="dips that stand out this much are bridged as known transits are; null: none"
    )
    clip_sigma: float | None = Field(
        None, gt=0, description="points this many robust standard deviations above the trend are left out, as flares"
    )
    longest_transit_hour: float | None = Field(
        None, gt=0, description="longest transit expected; a window too short for it is told before any compute"
    )


class DetrendStage(CurveStage[Parameters]):
    """Take the slow part out of light curves: relative flux about 1, each band and segment alone."""

    use = "detrend"
    part_objects = 1024

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """A window must leave transits as they are; keys that change nothing are told."""
        from astrocnn.time_series.detrend import LEAST_WINDOW_OVER_DURATION as enough  # noqa: N811

        longest = parameters.longest_transit_hour
        if longest is not None and parameters.window_hour < enough * longest and not parameters.mask_transits:
            text = (
                f"{parameters.window_hour:g} h follow transits of {longest:g} h, and make them shallower; expected at "
                f"least {enough:g} times the longest, {enough * longest:g} h"
            )
            yield Finding("window_hour", text, "warning")
        if parameters.epoch_zero_day is not None and not parameters.mask_transits:
            yield Finding("epoch_zero_day", "changes nothing without mask_transits", "warning")

    def meta(self, parameters: Parameters, meta: CurveMeta) -> CurveMeta:
        """Relative flux, without a unit; how it was made stands in the notes."""
        made = parameters.effective()
        return meta.model_copy(update={"quantity": "flux", "unit": "", "notes": {**meta.notes, "detrended": made}})

    def make(self, task: Task[Parameters], curves: LightCurves, curve: LightCurve, row: Mapping[str, Any]) -> Made:
        """Detrend the bands of one curve."""
        import numpy as np

        from astrocnn.samples.curve import POINT_ARRAYS, LightCurve
        from astrocnn.time_series.detrend import detrend

        how = task.parameters
        known = _known_transits(how, curves.meta, row) if how.mask_transits else None
        arrays = {name: getattr(curve, name).copy() for name in POINT_ARRAYS}
        for band in np.unique(curve.band):
            chosen = curve.band == band
            found = detrend(
                curve.time[chosen], curve.value[chosen], window_hour=how.window_hour, gap_hour=how.gap_hour,
                method=how.method, transits=(known,) if known else (), edge_hour=how.edge_hour,
                clip_sigma=how.clip_sigma, dip_sigma=how.dip_sigma, quantity=curves.meta.quantity,
            )  # fmt: skip
            arrays["value"][chosen] = found.flux
            arrays["error"][chosen] = found.error(curve.error[chosen], curves.meta.quantity)
        kept = np.isfinite(arrays["value"])
        if not kept.any():
            raise DataError(
                "no trend", expected="five or more usable points in a window", fix="lengthen window_hour and gap_hour"
            )
        remark = "no known transits to mask" if how.mask_transits and known is None else ""
        arrays = {name: values[kept] for name, values in arrays.items()}
        return Made(LightCurve(curve.id, **arrays, bands=curve.bands), remark=remark)


def _known_transits(how: Parameters, meta: CurveMeta, row: Mapping[str, Any]) -> Ephemeris | None:
    """What the table says of the transits of one curve, in its times; None where a number is not known."""
    from astrocnn.time_series.ephemeris import Ephemeris

    if absent := [name for name in EPHEMERIS if name not in row]:
        raise DataError(
            f"no column {absent[0]}", expected=f"columns {', '.join(EPHEMERIS)}",
            fix="add them to the table of objects, or leave mask_transits out",
        )  # fmt: skip
    period, epoch, duration = (float(row[name]) for name in EPHEMERIS)
    if not all(map(math.isfinite, (period, epoch, duration))):
        return None
    if how.epoch_zero_day is not None:
        epoch += how.epoch_zero_day - (meta.time_reference_day or 0.0)
    return Ephemeris(period, epoch, duration)


STAGE = DetrendStage()
