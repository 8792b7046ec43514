"""Irregular light curves as regular samples: weighted means in bins of time or phase, with what is known of each."""

from __future__ import annotations

import numpy as np

from astrocnn.representations.grouped import group_quantiles
from astrocnn.representations.options import QUANTITIES, ResampledOptions
from astrocnn.representations.points import Points
from astrocnn.representations.time_axis import place
from astrocnn.time_series.bins import weighted_means

_LEAST = float(np.finfo(np.float32).tiny)  # what is observed has an uncertainty above 0, in float32 too
_RANGE = (0.05, 0.95)  # quantiles whose distance is the range of a curve


def resampled(
    points: Points, start: np.ndarray, end: np.ndarray, options: ResampledOptions, *, cycles: int = 1
) -> np.ndarray:
    """Weighted means of the points in bins of equal length.

    A bin holds its start and not its end, the last both. Weights are the inverse squares of the errors, and the
    uncertainty of a sample follows from them; errors that are not known are those of `Points.weighing_errors`.

    Parameters
    ----------
    points : Points
        With times in days, or phases.
    start, end : arrays (number,)
        Of the time axis; points outside are left out. For phases 0 and 1.
    options : ResampledOptions
    cycles : int
        Times that the samples of one period are repeated; their number must be a multiple of it.

    Returns
    -------
    array (number, time, 3 * channel) of float32
        Value, uncertainty and observed of the first band, then of the next. `observed` is 1 where a bin has points and
        else 0, and value and uncertainty are 0 there, but for values that bridge a gap. Ends are never bridged.

    Raises
    ------
    ValueError
        If the number of samples is no multiple of the cycles.
    """
    if options.samples % cycles:
        raise ValueError(f"expected samples that are a multiple of {cycles} cycles, received {options.samples}")
    samples = options.samples // cycles
    inside, bins = place(points, start, end, samples)
    centre, scale = _level(points, options)
    group = points.group[inside]
    value = (points.value[inside] - centre[group]) / scale[group]
    weight = (points.weighing_errors()[inside] / scale[group]) ** -2
    cell = group * samples + bins
    mean, total = (one.reshape(-1, samples) for one in weighted_means(cell, value, weight, points.groups * samples))
    observed = total > 0
    mean[~observed] = 0.0
    uncertainty = np.divide(1.0, np.sqrt(total), out=np.zeros_like(total), where=observed)
    uncertainty[observed] = np.maximum(uncertainty[observed], _LEAST)
    if options.bridge:
        mean = bridged(mean, observed, options.bridge)
    stacked = np.stack([mean, uncertainty, observed.astype(np.float64)], axis=-1)
    stacked = stacked.reshape(points.number, points.channels, samples, len(QUANTITIES)).transpose(0, 2, 1, 3)
    return np.tile(stacked.reshape(points.number, samples, -1).astype(np.float32), (1, cycles, 1))


def _level(points: Points, options: ResampledOptions) -> tuple[np.ndarray, np.ndarray]:
    """What is subtracted and divided by in each group; 0 and 1 where there are no points or no range."""
    low, middle, high = group_quantiles(points.value, points.group, points.groups, (_RANGE[0], 0.5, _RANGE[1]))
    nothing = np.zeros(points.groups)
    centre = np.nan_to_num(middle) if options.centre == "median" else nothing
    scale = high - low if options.scale == "range" else nothing
    return centre, np.where(scale > 0, scale, 1.0)


def bridged(values: np.ndarray, observed: np.ndarray, longest: int) -> np.ndarray:
    """Rows (group, time) with gaps of at most so many samples filled by straight lines between their neighbours.

    Parameters
    ----------
    values : array (group, time)
    observed : array (group, time) of bool
        Where the values are true; what is missing before the first and after the last of them stays as it is.
    longest : int
    """
    number = values.shape[1]
    place = np.arange(number)
    before = np.maximum.accumulate(np.where(observed, place, -1), axis=1)
    after = np.minimum.accumulate(np.where(observed, place, number)[:, ::-1], axis=1)[:, ::-1]
    row, column = np.nonzero(~observed & (before >= 0) & (after < number) & (after - before - 1 <= longest))
    first, last = before[row, column], after[row, column]
    share = (column - first) / (last - first)
    filled = values.copy()
    filled[row, column] = values[row, first] * (1 - share) + values[row, last] * share
    return filled
