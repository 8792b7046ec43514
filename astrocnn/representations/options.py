"""What can be chosen of a representation of light curves, and the shape, channels and scale that follow. Light."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, model_validator

PhaseZero = Literal["faintest", "brightest", "reference"]
QUANTITIES = ("value", "uncertainty", "observed")
"""Channels of each band, in their order."""
HOURS = 24.0
_TO_LARGEST = (0.1, 0.2, 0.3, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 8.0)
MAGNITUDE_EDGES = (*(-edge for edge in reversed(_TO_LARGEST)), 0.0, *_TO_LARGEST)
"""Edges in magnitudes of the 22 bins for the Catalina survey: of Mahabal et al. 2017, arXiv:1709.06257, as two public
codes of surveys have them; the paper's text counts one more."""
TIME_EDGES = (
    0.0, 1 / 145, 2 / 145, 3 / 145, 4 / 145, 1 / 25, 2 / 25, 3 / 25, 1.5, 2.5, 3.5, 4.5, 5.5, 7.0, 10.0, 20.0, 30.0,
    60.0, 90.0, 120.0, 240.0, 600.0, 960.0, 2000.0, 4000.0,
)  # fmt: skip
"""Edges in days of its 24 bins, from the same sources."""


class PictureOptions(BaseModel):
    """How light curves are drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    height_px: int = Field(128, ge=2, le=4096, description="rows of the picture")
    width_px: int = Field(128, ge=2, le=4096, description="columns of the picture")
    value_span: float | None = Field(
        None, gt=0, description="height in the values' unit, around the median, which keeps the amplitude; by default "
        "the range of each curve, which leaves the shape"
    )  # fmt: skip
    percentiles: Annotated[tuple[float, float], Strict(False)] = Field(
        (1.0, 99.0), description="the range of a curve, in per cent of its points"
    )
    margin: float = Field(0.1, ge=0, le=10, description="share of the range added above and below it")
    common_range: bool = Field(False, description="one range for all bands, which keeps colours")
    error_floor_px: float = Field(0.5, gt=0, description="least standard deviation of a point")
    normalise: Literal["none", "column", "sum", "maximum"] = Field(
        "none", description="what becomes 1 in each band: nothing, each column's sum, the sum, the brightest pixel"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.percentiles
        if not 0 <= low < high <= 100:
            raise ValueError(f"expected two rising percentiles from 0 to 100, received {list(self.percentiles)}")
        return self


def _rising(edges: tuple[float, ...]) -> tuple[float, ...]:
    if not (all(map(math.isfinite, edges)) and all(low < high for low, high in pairwise(edges))):
        raise ValueError(f"expected finite edges, each above the one before, received {list(edges)}")
    return edges


Edges = Annotated[tuple[float, ...], Strict(False), Field(min_length=2, max_length=120), AfterValidator(_rising)]


class DmdtOptions(BaseModel):
    """Bins of the histogram, and how it is normalised."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    value_edges: Edges = Field(MAGNITUDE_EDGES, description="edges of the bins of magnitude or flux difference")
    time_edges_day: Edges = Field(TIME_EDGES, description="edges of the bins of time difference")
    smear: bool = Field(False, description="spread each pair over the bins by its errors; slower")
    normalise: Literal["none", "pairs", "column", "unit"] = Field(
        "pairs", description="pairs: 255 times the share of all pairs, as in the paper; column: sums of 1 at each time "
        "difference; unit: squares that sum to 1"
    )  # fmt: skip
    maximum_points: int = Field(
        5000, ge=2, description="objects with more points in a band are rejected: pairs grow with the square"
    )


class ResampledOptions(BaseModel):
    """How light curves are resampled."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    samples: int = Field(256, ge=2, le=100_000, description="samples of each curve")
    centre: Literal["none", "median"] = Field("median", description="what is subtracted from the values of each band")
    scale: Literal["none", "range"] = Field(
        "none",
        description="what the values are divided by: the range from the 5th to the 95th percentile",
    )
    bridge: int = Field(
        0, ge=0, description="gaps of up to so many samples are filled by straight lines; none by default"
    )


OF_BAND: dict[str, tuple[str, ...]] = {
    "Amplitude": ("amplitude",),
    "AndersonDarlingNormal": ("anderson_darling_normal",),
    "BeyondNStd": ("beyond_1_std",),
    "Cusum": ("cusum",),
    "Eta": ("eta",),
    "EtaE": ("eta_e",),
    "ExcessVariance": ("excess_variance",),
    "InterPercentileRange": ("inter_percentile_range_25",),
    "Kurtosis": ("kurtosis",),
    "LinearFit": ("linear_fit_slope", "linear_fit_slope_sigma", "linear_fit_reduced_chi2"),
    "LinearTrend": ("linear_trend", "linear_trend_sigma", "linear_trend_noise"),
    "MagnitudePercentageRatio": ("magnitude_percentage_ratio_40_5",),
    "MaximumSlope": ("maximum_slope",),
    "Median": ("median",),
    "MedianAbsoluteDeviation": ("median_absolute_deviation",),
    "MedianBufferRangePercentage": ("median_buffer_range_percentage_10",),
    "OtsuSplit": ("otsu_mean_diff", "otsu_std_lower", "otsu_std_upper", "otsu_lower_to_all_ratio"),
    "PercentAmplitude": ("percent_amplitude",),
    "ReducedChi2": ("chi2",),
    "Roms": ("roms",),
    "Skew": ("skew",),
    "StandardDeviation": ("standard_deviation",),
    "StetsonK": ("stetson_K",),
    "WeightedMean": ("weighted_mean",),
}
"""Classes of the `light-curve` package that are asked of each band, and the names of what they give."""


def feature_names(bands: Sequence[str]) -> tuple[str, ...]:
    """Names of the standard features: `period_day`, those of each band with its name before them, and the colours."""
    each = (*(name for names in OF_BAND.values() for name in names), "folded_eta")
    of_bands = (f"{band}_{name}" for band in bands for name in each)
    return ("period_day", *of_bands, *(f"{band}_{other}_colour" for band, other in pairwise(bands)))


def channel_names(bands: Sequence[str]) -> tuple[str, ...]:
    """Names of the channels of `resampled`: `g_value`, `g_uncertainty`, `g_observed`, and of the next band."""
    return tuple(f"{band}_{quantity}" for band in bands for quantity in QUANTITIES)


class PeriodogramOptions(BaseModel):
    """Frequencies and harmonics of periodograms."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    samples: int = Field(256, ge=2, le=100_000, description="equal steps of log frequency")
    shortest_day: float = Field(0.1, gt=0, description="shortest period")
    longest_day: float = Field(1000.0, gt=0, description="longest period")
    harmonics: int = Field(3, ge=1, le=5, description="channels: with one wave, with that of half the period too, ...")
    oversampling: float = Field(5.0, gt=0, le=100, description="frequencies in the width of a peak, 1 / length")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.longest_day <= self.shortest_day:
            raise ValueError(f"expected longest_day above {self.shortest_day}, received {self.longest_day}")
        return self

    def names(self) -> tuple[str, ...]:
        """Names of the channels: `power_1`, `power_2`, ..."""
        return tuple(f"power_{number}" for number in range(1, self.harmonics + 1))

    def names_of_samples(self) -> tuple[str, ...]:
        """Names of the samples of all channels, each by the period in its middle: `power_1_at_562_day`, ..."""
        step = math.log(self.longest_day / self.shortest_day) / self.samples
        middles = [self.longest_day * math.exp(-step * (number + 0.5)) for number in range(self.samples)]
        return tuple(f"{name}_at_{middle:.4g}_day" for name in self.names() for middle in middles)


class NumbersOptions(BaseModel):
    """Numbers beside the shape, each a channel that is the same everywhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    of_bands: Annotated[tuple[Literal["median", "amplitude", "skewness", "error"], ...], Strict(False)] = Field(
        (), description="of each band: median, log10 of the range from the 5th to the 95th percentile, how far its "
        "middle lies off the median, log10 of the median error"
    )  # fmt: skip
    colours: bool = Field(False, description="median of each band less that of the next")
    columns: Annotated[tuple[str, ...], Strict(False)] = Field(
        (), description="columns of the table; log10 of those in days, as period_day"
    )
    powers: PeriodogramOptions | None = Field(
        None, description="samples of a periodogram: how well each range of periods fits, beside the one period that "
        "was chosen; few samples serve"
    )  # fmt: skip

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.of_bands or self.colours or self.columns or self.powers)

    def names(self, bands: Sequence[str]) -> tuple[str, ...]:
        """Names of the channels."""
        of_bands = (f"{band}_{name}" for name in self.of_bands for band in bands)
        colours = (f"{band}_{other}_colour" for band, other in pairwise(bands)) if self.colours else ()
        powers = self.powers.names_of_samples() if self.powers else ()
        return (*of_bands, *colours, *self.columns, *powers)


class Representation(BaseModel):
    """What light curves are made into."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    as_: Literal["picture", "dmdt", "resampled", "periodogram", "features"] = Field(
        alias="as",
        description="pictures, histograms of pairs (dmdt), regular samples, periodograms, or features for forests",
    )
    bands: Annotated[tuple[str, ...], Strict(False)] | None = Field(
        None, min_length=1, description="bands that become channels, in their order; all by default"
    )
    minimum_points: int = Field(5, ge=2, description="objects with fewer points in every band are rejected")
    axis: Literal["time", "phase"] = Field("time", description="horizontal axis of pictures and samples")
    span_day: float | None = Field(
        None, gt=0, description="length of a time axis, from the first point on; by default that of each curve"
    )
    period: str = Field("period_day", description="column with the period in days, for axis: phase and for features")
    phase_zero: PhaseZero = Field(
        "faintest", description="what has phase 0: the faintest or brightest part, or the product's time 0"
    )
    cycles: Literal[1, 2] = Field(1, description="periods shown side by side")
    picture: PictureOptions = Field(PictureOptions(), description="how pictures are drawn")
    dmdt: DmdtOptions = Field(DmdtOptions(), description="bins of dmdt")
    resampled: ResampledOptions = Field(ResampledOptions(), description="how curves are resampled")
    periodogram: PeriodogramOptions = Field(PeriodogramOptions(), description="frequencies of periodograms")
    numbers: NumbersOptions = Field(NumbersOptions(), description="numbers beside the shape, as further channels")

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        size = self.picture.width_px if self.as_ == "picture" else self.resampled.samples
        if self.needs_period and size % self.cycles:
            raise ValueError(f"expected a width or number of samples that is a multiple of cycles, received {size}")
        return self

    @property
    def needs_period(self) -> bool:
        """Whether curves without a period cannot be represented."""
        return self.as_ in ("picture", "resampled") and self.axis == "phase"

    def shape(self, bands: Sequence[str]) -> tuple[int, ...]:
        """Shape of one object."""
        channels = len(self.channels(bands))
        if self.as_ == "picture":
            return (self.picture.height_px, self.picture.width_px, channels)
        if self.as_ == "dmdt":
            return (len(self.dmdt.value_edges) - 1, len(self.dmdt.time_edges_day) - 1, channels)
        samples = {"features": 1, "periodogram": self.periodogram.samples}
        return (samples.get(self.as_, self.resampled.samples), channels)

    def channels(self, bands: Sequence[str], unnamed: str = "value") -> tuple[str, ...]:
        """Names along the last axis; a band without a name is called `unnamed`."""
        names = tuple(band or unnamed for band in bands)
        if self.as_ == "resampled":
            of_shape = channel_names(names)
        elif self.as_ == "periodogram":
            of_shape = self.periodogram.names()
        else:
            of_shape = feature_names(names) if self.as_ == "features" else names
        return (*of_shape, *self.numbers.names(names))

    def scale(self) -> tuple[float | None, str | None]:
        """Size of a sample along time, and its unit: hour, period, or none where it differs from curve to curve."""
        if self.as_ not in ("picture", "resampled") or (self.axis == "time" and self.span_day is None):
            return None, None
        number = self.picture.width_px if self.as_ == "picture" else self.resampled.samples
        if self.axis == "phase":
            return self.cycles / number, "period"
        return HOURS * float(self.span_day or 0) / number, "hour"

    def kind(self) -> Literal["images", "curves"]:
        """What the objects of the set are."""
        return "images" if self.as_ in ("picture", "dmdt") else "curves"
