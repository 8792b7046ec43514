"""What can be chosen of a search for transits. Light: the stage takes these as parameters."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from astrocnn.search.vetting.thresholds import Vetting
from astrocnn.time_series.period_options import BoxOptions


class SearchOptions(BaseModel):
    """How light curves are searched."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    window_hour: float = Field(
        24.0, ge=0, description="window of the detrending; at least 3 times the longest transit; 0: detrended already"
    )
    gap_hour: float | None = Field(
        None, gt=0, description="longer gaps are not bridged by the trend; half the window by default"
    )
    clip_sigma: float | None = Field(
        5.0, gt=0, description="points this far above the trend, in robust standard deviations, are left out: flares"
    )
    box: BoxOptions = Field(BoxOptions(), description="periods and durations that are looked for")
    minimum_snr: float = Field(
        7.1, gt=0, description="least depth over its error, which holds the red noise; 7.1 is that of Kepler's pipeline"
    )
    maximum_candidates: int = Field(3, ge=1, description="most candidates of a star")
    step: int = Field(5, ge=1, description="samples from one window of the network to the next")
    least_covered: float = Field(
        0.5, gt=0, le=1, description="windows with a smaller share of observed samples are left out"
    )
    event_probability: float = Field(
        0.9, gt=0, le=1, description="probability of samples that the network alone makes candidates of"
    )
    vetting: Vetting = Field(Vetting(), description="from where on what speaks against a candidate")
