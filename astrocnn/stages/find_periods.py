"""The `find-periods` stage: looks for the period of each light curve, and adds it to the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict

from astrocnn.errors import DataError, UnknownName
from astrocnn.pipeline.curve_stage import CurveParameters, CurveStage, Made
from astrocnn.pipeline.stage import Finding, Scene, Task
from astrocnn.time_series.period_options import BoxOptions, PeriodOptions

if TYPE_CHECKING:
    from astrocnn.samples.curve import LightCurve
    from astrocnn.samples.curve_meta import CurveMeta
    from astrocnn.samples.light_curves import LightCurves

BOX_COLUMNS = (
    "period_day", "epoch_day", "duration_hour", "depth", "depth_error", "snr", "snr_red", "sde", "transits",
    "depth_odd", "depth_odd_error", "depth_even", "depth_even_error", "secondary_depth", "secondary_depth_error",
)  # fmt: skip
"""What `method: box` adds to the table; see `astrocnn.time_series.box_search.BoxPeak`."""
WAVE_COLUMNS = ("period_day", "period_power", "period_false_alarm")
"""What `method: lomb-scargle` adds."""
_NOTHING = "no period found"


class Parameters(CurveParameters):
    """Parameters of `find-periods`."""

    method: Literal["lomb-scargle", "box"] = Field(
        "lomb-scargle",
        description="sines, of all bands together; or transits in detrended curves, by box least squares",
    )
    bands: Annotated[tuple[str, ...], Strict(False)] | None = Field(
        None, min_length=1, description="bands that are searched; all by default"
    )
    lomb_scargle: PeriodOptions = Field(PeriodOptions(), description="where sines are looked for")
    box: BoxOptions = Field(BoxOptions(), description="where transits are looked for")
    maximum_false_alarm: float = Field(
        1.0, ge=0, le=1, description="a sine whose probability to be noise is higher is no period"
    )
    minimum_snr: float = Field(0.0, ge=0, description="transits whose depth over its error is lower are no period")


class FindPeriods(CurveStage[Parameters]):
    """Look for the period of each light curve: of a wave in several bands, or of transits."""

    use = "find-periods"
    part_objects = 128

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Keys that change nothing are told."""
        of_other = {"lomb-scargle": ("box", "minimum_snr"), "box": ("lomb_scargle", "maximum_false_alarm")}
        for key in of_other[parameters.method]:
            if key in parameters.model_fields_set:
                yield Finding(key, f"changes nothing with method: {parameters.method}", "warning")

    def meta(self, parameters: Parameters, meta: CurveMeta) -> CurveMeta:
        """The same; transits are looked for in relative flux only.

        Raises
        ------
        UnknownName
            When a band is in no curve.
        DataError
            When transits are looked for in other curves than detrended ones.
        """
        if unknown := [name for name in parameters.bands or () if name not in meta.bands]:
            raise UnknownName(f"no band {unknown[0]!r}", expected=", ".join(meta.bands), fix="name one of these")
        if parameters.method == "box" and (meta.quantity, meta.unit) != ("flux", ""):
            raise DataError(
                "transits are looked for in relative flux", expected="curves of the stage detrend",
                received=f"{meta.quantity} in {meta.unit or 'an unknown unit'}", fix="put detrend before find-periods",
            )  # fmt: skip
        return meta

    def make(self, task: Task[Parameters], curves: LightCurves, curve: LightCurve, row: Mapping[str, Any]) -> Made:
        """Look for the period of one curve; the curve stays as it is, also without one."""
        found = (_transits if task.parameters.method == "box" else _wave)(task.parameters, curve)
        return Made(curve, found, "" if found["period_day"] == found["period_day"] else _NOTHING)


def _wave(how: Parameters, curve: LightCurve) -> dict[str, float]:
    import numpy as np

    from astrocnn.time_series.lomb_scargle import band_points, wave_search

    bands = [curve.in_band(name) for name in how.bands or curve.bands]
    peak = wave_search([band_points(one.time, one.value, one.error) for one in bands], how.lomb_scargle, where=curve.id)
    if peak is None:
        return dict.fromkeys(WAVE_COLUMNS, np.nan)
    period = peak.period_day if peak.false_alarm <= how.maximum_false_alarm else np.nan
    return dict(zip(WAVE_COLUMNS, (period, peak.power, peak.false_alarm), strict=True))


def _transits(how: Parameters, curve: LightCurve) -> dict[str, float]:
    import numpy as np

    from astrocnn.samples.curve import same_bands
    from astrocnn.time_series.box_search import box_search

    used = np.isin(curve.band, same_bands(how.bands or curve.bands, curve.bands))
    peak = box_search(curve.time[used], curve.value[used], curve.error[used], how.box, where=curve.id)
    if peak is None:
        return dict.fromkeys(BOX_COLUMNS, np.nan)
    found = {name: float(getattr(peak, name)) for name in BOX_COLUMNS}
    return found if peak.snr >= how.minimum_snr else found | {"period_day": np.nan}


STAGE = FindPeriods()
