"""Weighted means in bins, of time or of phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astrocnn.errors import DataError
from astrocnn.time_series.period_options import HOURS_OF_DAY
from astrocnn.time_series.scatter import robust_scatter

MOST_BINS = 50_000_000


@dataclass(frozen=True)
class Binned:
    """Means of a curve in bins.

    Parameters
    ----------
    x : array (bins,) of float64
        Middle of each bin.
    mean_x : array (bins,) of float64
        Weighted mean of the points' places; NaN in an empty bin.
    value, error : array (bins,) of float64
        Weighted mean and its standard deviation; NaN in an empty bin.
    count : array (bins,) of int64
        Points in each bin.
    """

    x: np.ndarray
    mean_x: np.ndarray
    value: np.ndarray
    error: np.ndarray
    count: np.ndarray


def weighted_means(
    cell: np.ndarray, value: np.ndarray, weight: np.ndarray, cells: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and sum of the weights in each cell, (cells,) of float64; NaN and 0 in an empty one.

    Parameters
    ----------
    cell : array (n,) of int
        From 0 to below `cells`.
    value, weight : array (n,)
        Finite; weights above 0.
    cells : int
    """
    total = np.bincount(cell, weight, cells).astype(np.float64, copy=False)
    mean = np.bincount(cell, weight * value, cells).astype(np.float64, copy=False)
    return np.divide(mean, total, out=np.full(cells, np.nan), where=total > 0), total


def known_errors(value: np.ndarray, error: np.ndarray | None) -> np.ndarray:
    """Errors of all values, (n,) above 0: one that is not known is the median of those that are, else the scatter.

    Parameters
    ----------
    value : array (n,)
        NaN where missing.
    error : array (n,), optional
        Not known where not finite and above 0.
    """
    error = np.full(len(value), np.nan) if error is None else np.asarray(error, np.float64)
    known = np.isfinite(error) & (error > 0)
    usual = float(np.median(error[known])) if known.any() else robust_scatter(value)
    return np.where(known, error, usual if usual > 0 else 1.0)


def binned(
    x: np.ndarray, value: np.ndarray, error: np.ndarray | None = None, *, start: float, end: float, bins: int
) -> Binned:
    """Means weighted by the inverse squares of the errors in bins of equal length.

    A bin holds its start and not its end. Points outside, and those that are not finite, are left out.

    Parameters
    ----------
    x : array (n,)
        Times or phases, in any order.
    value : array (n,)
        NaN where missing.
    error : array (n,), optional
        Standard deviations; one that is not known is the median of those that are, and where none is, all are the
        robust scatter of the values.
    start, end : float
        Of the first and last bin.
    bins : int

    Raises
    ------
    DataError
        Without a bin, or with more than fifty million of them.
    """
    if not (0 < bins <= MOST_BINS and end > start):
        raise DataError(
            "no such bins", expected=f"1 to {MOST_BINS:,} between a start and a later end",
            received=f"{bins:,} from {start:g} to {end:g}", fix="take longer bins",
        )  # fmt: skip
    place = np.floor((np.asarray(x, np.float64) - start) * (bins / (end - start)))
    used = np.flatnonzero(np.isfinite(value) & (place >= 0) & (place < bins))
    cell = place[used].astype(np.int64)
    weight = known_errors(value, error)[used] ** -2.0
    mean, total = weighted_means(cell, value[used], weight, bins)
    where, _ = weighted_means(cell, x[used], weight, bins)
    uncertainty = np.divide(1.0, np.sqrt(total), out=np.full(bins, np.nan), where=total > 0)
    middle = start + (np.arange(bins) + 0.5) * ((end - start) / bins)
    return Binned(middle, where, mean, uncertainty, np.bincount(cell, minlength=bins))


def binned_in_time(
    time_day: np.ndarray, value: np.ndarray, error: np.ndarray | None = None, *, bin_hour: float
) -> Binned:
    """Means in bins of so many hours, the first of which starts at the first point; others as `binned`.

    Parameters
    ----------
    time_day : array (n,)
        At least one, finite, not falling.
    value, error : array (n,)
    bin_hour : float
    """
    width = bin_hour / HOURS_OF_DAY
    bins = int(np.floor((time_day[-1] - time_day[0]) / width)) + 1
    start = float(time_day[0])
    return binned(time_day, value, error, start=start, end=start + bins * width, bins=bins)
