"""A star's light curve made ready for the search: detrended, and on equal steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from astrocnn.errors import DataError
from astrocnn.samples.curve_meta import Quantity
from astrocnn.search.dips import RegularCurve
from astrocnn.search.options import SearchOptions
from astrocnn.time_series.bins import binned
from astrocnn.time_series.detrend import detrend
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY

SAMPLES_OF_DURATION = 6
"""Samples in the shortest transit looked for, where no network says how often a curve is sampled."""


@dataclass(frozen=True)
class Star:
    """A star's light curve on equal steps.

    Parameters
    ----------
    curve : RegularCurve
        Detrended.
    level : RegularCurve
        Not detrended, relative to its median.
    """

    curve: RegularCurve
    level: RegularCurve


def cadence_hour(time_day: np.ndarray) -> float:
    """Median time from one point to the next; NaN of fewer than two points."""
    return float(HOURS_OF_DAY * np.median(np.diff(time_day))) if len(time_day) > 1 else float("nan")


def search_interval_hour(time_day: np.ndarray, options: SearchOptions) -> float:
    """Steps to search a curve on without a network: a sixth of the shortest transit, or the cadence where longer."""
    return float(np.fmax(cadence_hour(time_day), options.box.duration_hour[0] / SAMPLES_OF_DURATION))


def prepare_star(
    time_day: np.ndarray, value: np.ndarray, quantity: Quantity, interval_hour: float, options: SearchOptions,
    transits: Sequence[Ephemeris] = (),
) -> Star:  # fmt: skip
    """Detrend a curve and bring it to equal steps.

    Parameters
    ----------
    time_day, value : arrays (n,)
        Of one band; times finite and not falling.
    quantity : {"flux", "magnitude"}
    interval_hour : float
        Of a step; means of the points in it are taken.
    options : SearchOptions
    transits : sequence of Ephemeris
        Known transits, which the trend bridges.

    Raises
    ------
    DataError
        As `detrend`; without a finite value; or for magnitudes that are to be detrended already.
    """
    if not np.isfinite(value).any():
        raise DataError("a curve without values")
    flux = relative = np.asarray(value, np.float64)
    if quantity == "magnitude":
        flux = 10 ** (-0.4 * (flux - np.nanmedian(flux)))
    if options.window_hour > 0:
        relative = detrend(
            time_day, flux, window_hour=options.window_hour, gap_hour=options.gap_hour, transits=transits,
            clip_sigma=options.clip_sigma,
        ).flux  # fmt: skip
    elif quantity == "magnitude" or not 0.5 < float(np.nanmedian(flux)) < 2.0:
        raise DataError(
            "the curve is not detrended", expected="relative flux about 1",
            received=f"{quantity}, median {np.nanmedian(value):g}", fix="state window_hour",
        )  # fmt: skip
    return Star(*(_regular(time_day, one, interval_hour) for one in (relative, flux / np.nanmedian(flux))))


def _regular(time_day: np.ndarray, flux: np.ndarray, interval_hour: float) -> RegularCurve:
    """Means in steps, the first of which has the first point in its middle, as points of that cadence all have then."""
    interval = interval_hour / HOURS_OF_DAY
    start = float(time_day[0]) - 0.5 * interval
    bins = int((time_day[-1] - start) / interval) + 1
    means = binned(time_day, flux, start=start, end=start + bins * interval, bins=bins)
    return RegularCurve(float(time_day[0]), interval, means.value)
