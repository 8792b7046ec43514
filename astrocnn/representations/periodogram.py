"""Periodograms of light curves as curves for a network: the highest power in each of equal steps of log frequency."""

from __future__ import annotations

import numpy as np

from astrocnn.representations.options import PeriodogramOptions
from astrocnn.representations.periods import bands_of
from astrocnn.representations.points import Points
from astrocnn.time_series.harmonic_power import harmonic_power
from astrocnn.time_series.lomb_scargle import LEAST_POINTS, BandPoints
from astrocnn.time_series.period_grid import FrequencyGrid, frequency_grid
from astrocnn.time_series.period_options import PeriodOptions


def periodograms(points: Points, options: PeriodogramOptions) -> np.ndarray:
    """The periodogram of all bands of each curve together, with one wave, with two, and so on.

    A network sees which periods fit, how much harmonics add, and the peaks a cycle a day beside the true one; no single
    period has to be chosen.

    Parameters
    ----------
    points : Points
        With times.
    options : PeriodogramOptions

    Returns
    -------
    array (number, options.samples, options.harmonics) of float32
        Share of the chi-square about the means of the bands that is explained, from 0 to 1, the highest of each step;
        frequencies rise from 1 / longest_day to 1 / shortest_day. 0 below one cycle in the length of a curve, between
        the frequencies of its grid, and for a curve without a band of enough points that vary.

    Raises
    ------
    DataError
        Where a grid would be too long.
    """
    found = np.zeros((points.number, options.samples, options.harmonics), np.float32)
    least = LEAST_POINTS + 2 * (options.harmonics - 1)
    for curve, bands in enumerate(bands_of(points)):
        usable = [one for one in bands if len(one.time) >= least and np.ptp(one.value) > 0]
        if usable:
            _fill(found[curve], usable, options)
    return found


def _fill(row: np.ndarray, bands: list[BandPoints], options: PeriodogramOptions) -> None:
    """Write the periodogram of one curve into its row (sample, harmonic)."""
    start = min(one.time[0] for one in bands)
    length = float(max(one.time[-1] for one in bands) - start)
    search = PeriodOptions(
        shortest_day=options.shortest_day, longest_day=options.longest_day, oversampling=options.oversampling
    )
    if not search.longest_in(length) > options.shortest_day:
        return
    grid = frequency_grid(length, search)
    power = _joint_power(bands, start, grid, options.harmonics)
    ends = np.log(options.longest_day), np.log(options.longest_day / options.shortest_day)
    place = (np.log(grid.frequencies()) + ends[0]) / ends[1] * options.samples
    inside = np.clip(place.astype(np.int64), 0, options.samples - 1)
    for harmonic in range(options.harmonics):
        np.maximum.at(row[:, harmonic], inside, power[harmonic])


def _joint_power(bands: list[BandPoints], start: float, grid: FrequencyGrid, harmonics: int) -> np.ndarray:
    """Mean of the bands' powers (harmonic, frequency), weighted by their chi-squares about their means."""
    total, weight = np.zeros((harmonics, grid.number)), 0.0
    for one in bands:
        mean = np.average(one.value, weights=one.error**-2)
        chi_square = float(np.sum(np.square((one.value - mean) / one.error)))
        total += chi_square * harmonic_power(one.time - start, one.value, one.error, grid, harmonics)
        weight += chi_square
    return total / weight
