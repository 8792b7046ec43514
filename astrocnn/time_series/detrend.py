"""The slow part of a light curve, from windows stated in hours, and what is left without it: relative flux about 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from astrocnn.errors import DataError
from astrocnn.samples.curve_meta import Quantity
from astrocnn.time_series.dips import dips
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.gaps import segment_slices, segments
from astrocnn.time_series.period_options import HOURS_OF_DAY
from astrocnn.time_series.scatter import robust_scatter
from astrocnn.time_series.windows import Average, window_averages

LEAST_WINDOW_OVER_DURATION = 6.0
"""A window this many times the longest transit keeps to 5 % the depth of transits with a signal to noise of 15 each.
One too shallow to be seen alone loses duration / window of its depth, unless it is known: see `docs/detrending.md`."""
MASK_OF_DURATION = 1.25
"""What is masked of a known transit, in its durations: periods and epochs have errors, and the trend no edge."""
_MAGNITUDES = 0.4 * np.log(10.0)


@dataclass(frozen=True)
class Detrended:
    """A light curve without its slow part.

    Parameters
    ----------
    flux : array (n,)
        Relative flux. In each segment the median of the points that the trend is made from is 1. NaN where the value or
        the trend is not known, near an end, or clipped.
    trend : array (n,)
        In the unit of the values; also known where a value is not.
    segment : array (n,) of int
        The segment of each point.
    """

    flux: np.ndarray
    trend: np.ndarray
    segment: np.ndarray

    def error(self, error: np.ndarray, quantity: Quantity = "flux") -> np.ndarray:
        """Errors of the values as errors of the relative flux; NaN where either is not known."""
        if quantity == "magnitude":
            return _MAGNITUDES * self.flux * error
        return np.where(np.isfinite(self.flux), error / self.trend, np.nan)


def detrend(
    time_day: np.ndarray, flux: np.ndarray, *, window_hour: float, gap_hour: float | None = None,
    method: Average = "biweight", transits: Sequence[Ephemeris] = (), masked: np.ndarray | None = None,
    edge_hour: float = 0.0, clip_sigma: float | None = None, dip_sigma: float | None = 3.5,
    quantity: Quantity = "flux",
) -> Detrended:  # fmt: skip
    """Divide a light curve of one band by its slow part.

    The trend is a robust average in a window of time that slides over the curve. At the ends of a segment the window
    holds what lies on the curve, down to half of it, and from the mean time of the last window on, a quarter of a
    window before the end, the trend stays level: nothing is extrapolated, and a slope is left in there.

    Parameters
    ----------
    time_day : array (n,)
        Finite and not falling.
    flux : array (n,)
        Linear flux, positive on average, or magnitudes; NaN where missing.
    window_hour : float
        Length of the window. At least `LEAST_WINDOW_OVER_DURATION` times a transit that is not known.
    gap_hour : float, optional
        Gaps longer than this split the curve into segments that are detrended alone; half the window by default.
    method : {"biweight", "median", "mean"}
        Tukey's biweight keeps most of a transit (Hippke et al. 2019, AJ 158, 143); the mean follows what it should not.
    transits : sequence of Ephemeris
        Known transits: left out of the trend, which bridges them; wider by `MASK_OF_DURATION`.
    masked : array (n,) of bool, optional
        Other points left out of the trend.
    edge_hour : float
        Points nearer than this to an end of their segment become NaN.
    clip_sigma : float, optional
        Points that lie this many robust standard deviations above the trend become NaN, as flares do; never those
        below, which may be a transit.
    dip_sigma : float, optional
        Dips that stand out this much are left out of the trend as known transits are, by `astrocnn.time_series.dips`:
        this keeps the depth of transits that can be seen one by one. None: no dips are looked for.
    quantity : {"flux", "magnitude"}
        Magnitudes have the trend subtracted, and the difference is turned into relative flux.

    Returns
    -------
    Detrended
        NaN in is NaN out. A segment that has fewer than five usable points in every window has no trend, and is NaN.

    Raises
    ------
    DataError
        When lengths differ, times are not finite or fall, a length of time is not positive, or the trend of a flux
        is not positive, as that of difference images.
    """
    time_day, flux = np.asarray(time_day, np.float64), np.asarray(flux, np.float64)
    _check(time_day, flux, window_hour, masked)
    segment = segments(time_day, window_hour / 2 if gap_hour is None else gap_hour)
    used = np.isfinite(flux) if masked is None else np.isfinite(flux) & ~np.asarray(masked, bool)
    for one in transits:
        used &= ~one.covers(time_day, MASK_OF_DURATION)
    trend, relative = np.full(len(flux), np.nan), np.full(len(flux), np.nan)
    for piece in segment_slices(segment):
        time, value, inside = time_day[piece], flux[piece], used[piece]
        found = _trend(time, value, inside, window_hour, method)
        if found is not None and dip_sigma is not None:
            above = found - value if quantity == "magnitude" else value - found
            inside = inside & ~dips(time, np.where(inside, above, np.nan), window_hour, dip_sigma)
            found = _trend(time, value, inside, window_hour, method)
        if found is None:
            continue
        trend[piece] = found
        relative[piece] = _relative(value, trend[piece], inside, quantity)
        near = np.minimum(time - time[0], time[-1] - time) < edge_hour / HOURS_OF_DAY
        relative[piece][near] = np.nan
        if clip_sigma is not None:
            relative[piece] = clipped_above(relative[piece], clip_sigma, inside)
    return Detrended(relative, trend, segment)


def clipped_above(flux: np.ndarray, sigma: float, used: np.ndarray | None = None) -> np.ndarray:
    """Relative flux with what lies more than so many robust standard deviations above its median as NaN.

    Parameters
    ----------
    flux : array (n,)
    sigma : float
        In standard deviations, from the median absolute deviation of the points that are used.
    used : array (n,) of bool, optional
        Points that tell the median and scatter; all by default.
    """
    known = np.isfinite(flux) if used is None else np.isfinite(flux) & used
    if not known.any():
        return flux
    middle = np.median(flux[known])
    return np.where(flux > middle + sigma * robust_scatter(flux[known]), np.nan, flux)


def _trend(
    time: np.ndarray, value: np.ndarray, used: np.ndarray, window_hour: float, method: Average
) -> np.ndarray | None:
    """The trend at all times of a segment, from the points used; None where no window has enough of them."""
    when, level = window_averages(time[used], value[used], window_hour / HOURS_OF_DAY, method)
    return np.interp(time, when, level) if len(when) else None  # level beyond the first and last


def _relative(value: np.ndarray, trend: np.ndarray, used: np.ndarray, quantity: Quantity) -> np.ndarray:
    """Values over their trend; it is scaled in place so that the median of the points used is 1."""
    if quantity == "magnitude":
        trend += np.median((value - trend)[used])
        return np.asarray(np.exp(-_MAGNITUDES * (value - trend)))
    if not (trend > 0).all():
        raise DataError(
            "flux without a positive level cannot be relative", expected="a trend above 0 everywhere",
            received=f"one down to {trend.min():g}", fix="add the flux of the reference, or leave the object out",
        )  # fmt: skip
    trend *= np.median((value / trend)[used])
    return np.asarray(value / trend)


def _check(time_day: np.ndarray, flux: np.ndarray, window_hour: float, masked: np.ndarray | None) -> None:
    lengths = {len(time_day), len(flux), len(flux if masked is None else masked)}
    if time_day.ndim != 1 or flux.ndim != 1 or len(lengths) > 1:
        raise DataError("times, values and masks of one curve differ", expected="arrays (n,)", received=sorted(lengths))
    if not window_hour > 0:
        raise DataError("a window must have a length", expected="window_hour above 0", received=window_hour)
