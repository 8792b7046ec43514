"""The period of irregular light curves in several bands, by astropy's Lomb-Scargle periodogram."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from astrocnn.errors import DataError
from astrocnn.representations.options import PeriodOptions
from astrocnn.representations.points import Points

BYTES_PER_FREQUENCY = 400
"""Memory that the fast periodogram takes for each frequency: complex grids of five times the length, and copies."""
LEAST_POINTS = 5
"""Points of a band below which a sine and a mean always fit."""


@dataclass(frozen=True)
class FrequencyGrid:
    """Frequencies `first + step * k` in 1 / day, k from 0 to number - 1; not made yet."""

    first: float
    step: float
    number: int

    @property
    def bytes(self) -> int:
        """Memory that a periodogram on this grid takes, about."""
        return BYTES_PER_FREQUENCY * self.number

    def frequencies(self) -> np.ndarray:
        """The grid, (number,) of float64."""
        return self.first + self.step * np.arange(self.number)


def frequency_grid(length_day: float, options: PeriodOptions) -> FrequencyGrid:
    """The grid for a curve of some length, refused before it is made where it would not fit into the memory.

    Parameters
    ----------
    length_day : float
        From the first point to the last, above 0.
    options : PeriodOptions

    Raises
    ------
    DataError
        With the number of frequencies and the memory, where these are too many; or where the curve is no longer than
        the shortest period.
    """
    longest = min(options.longest_day or length_day, length_day)
    if not longest > options.shortest_day:
        raise DataError(
            "no period fits into the curve", expected=f"more than {options.shortest_day:g} days", received=length_day,
            fix="lower shortest_day",
        )  # fmt: skip
    first, step = 1 / longest, 1 / (options.oversampling * length_day)
    grid = FrequencyGrid(first, step, math.ceil((1 / options.shortest_day - first) / step) + 1)
    if grid.bytes > options.memory_mb * 1e6:
        raise DataError(
            "the grid of frequencies does not fit into the memory", expected=f"at most {options.memory_mb:g} MB",
            received=f"{grid.number:,} frequencies, about {grid.bytes / 1e6:,.0f} MB",
            fix="raise shortest_day or memory_mb, or lower oversampling",
        )  # fmt: skip
    return grid


def periods(points: Points, options: PeriodOptions) -> tuple[np.ndarray, np.ndarray]:
    """Period of each curve: the highest peak of the periodogram of all its bands together.

    Parameters
    ----------
    points : Points
        With times. Errors that are not known are those of `Points.weighing_errors`.
    options : PeriodOptions

    Returns
    -------
    period_day : array (number,)
        NaN for a curve with fewer than five points in every band, or with one value in each.
    power : array (number,)
        Of the peak, from 0 to 1: the share of the chi-square that a sine explains.

    Raises
    ------
    DataError
        As `frequency_grid`.

    Notes
    -----
    The periodogram of a curve is the mean of its bands', each with a mean and phase of its own, weighted by their
    chi-square about the mean (VanderPlas & Ivezic 2015, ApJ 812, 18, the multiband model without a common part).
    astropy's own `LombScargleMultiband(method="fast")` weights them by their squared power instead.
    """
    found, heights = np.full(points.number, np.nan), np.full(points.number, np.nan)
    errors = points.weighing_errors()
    bounds = np.searchsorted(points.group, np.arange(points.groups + 1))
    for number in range(points.number):
        first = number * points.channels
        bands = [slice(*bounds[group : group + 2]) for group in range(first, first + points.channels)]
        bands = [one for one in bands if one.stop - one.start >= LEAST_POINTS and np.ptp(points.value[one]) > 0]
        if not bands:
            continue
        start = min(points.x[one][0] for one in bands)
        grid = frequency_grid(float(max(points.x[one][-1] for one in bands) - start), options)
        total, weight = np.zeros(grid.number), 0.0
        for one in bands:
            power, chi_square = _periodogram(points.x[one] - start, points.value[one], errors[one], grid)
            total += chi_square * power
            weight += chi_square
        best = int(np.argmax(total))
        found[number], heights[number] = 1 / (grid.first + grid.step * best), total[best] / weight
    return found, heights


def _periodogram(
    time: np.ndarray, value: np.ndarray, error: np.ndarray, grid: FrequencyGrid
) -> tuple[np.ndarray, float]:
    """Power of one band on the grid, and its chi-square about the weighted mean."""
    from astropy.timeseries import LombScargle

    power = LombScargle(time, value, error).power(
        grid.frequencies(), method="fast", assume_regular_frequency=True, normalization="standard"
    )
    mean = np.average(value, weights=error**-2)
    return power, float(np.sum(np.square((value - mean) / error)))
