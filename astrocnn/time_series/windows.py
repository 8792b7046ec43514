"""Robust averages in windows of time that slide over a light curve, many windows at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

Average = Literal["biweight", "median", "mean"]
KNOTS_OF_WINDOW = 48
"""Places in one window at which its average is computed; straight lines join them. They leave (2 pi / 96)^2 / 8 = 5e-4
of the amplitude of a sine of two windows' period, and of 20,000 points in 27 days only 1,300 need a window."""
LEAST_POINTS = 5
"""Points of a window below which it has no average: what remains of so few is mostly themselves."""
TUNING = 5.0
"""Median absolute deviations beyond which a point weighs nothing in the biweight: what wotan takes (Hippke et al. 2019,
AJ 158, 143, section 3.1)."""
_MOST_STEPS = 30
_CLOSE_ENOUGH = 1e-4  # of the median absolute deviation
_VALUES_AT_ONCE = 2**19


def window_averages(
    time: np.ndarray, value: np.ndarray, window: float, average: Average
) -> tuple[np.ndarray, np.ndarray]:
    """Averages of windows centred about `window / KNOTS_OF_WINDOW` apart, never more of them than points.

    Parameters
    ----------
    time : array (n,)
        Finite and not falling.
    value : array (n,)
        Finite.
    window : float
        Length in the unit of the times. At the ends of the curve the part that lies on it is used.
    average : {"biweight", "median", "mean"}

    Returns
    -------
    when : array (k,)
        Mean time of the points in each window, rising. It is the middle but for what is missing in the window, so that
        what is missing on one side, as at an end or beside a gap, does not shift a slope.
    level : array (k,)
        The averages. Windows of fewer than `LEAST_POINTS` points are left out, so that k may be 0.
    """
    if not len(time):
        return np.empty(0), np.empty(0)
    place = np.floor((time - time[0]) / (window / KNOTS_OF_WINDOW))
    middle = time[np.flatnonzero(np.diff(place, prepend=-1.0))]
    middle = middle if middle[-1] == time[-1] else np.append(middle, time[-1])
    first = np.searchsorted(time, middle - window / 2, side="left")
    last = np.searchsorted(time, middle + window / 2, side="right")
    enough = last - first >= LEAST_POINTS
    first, last = first[enough], last[enough]
    total = np.concatenate([[0.0], np.cumsum(time - time[0])])
    when = time[0] + (total[last] - total[first]) / np.maximum(last - first, 1)
    level = [_average(value, one_first, one_last, average) for one_first, one_last in _blocks(first, last)]
    return when, np.concatenate(level) if level else np.empty(0)


def _blocks(first: np.ndarray, last: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Windows in blocks of bounded size."""
    if not len(first):
        return
    size = max(1, _VALUES_AT_ONCE // int((last - first).max()))
    for start in range(0, len(first), size):
        yield first[start : start + size], last[start : start + size]


def _average(value: np.ndarray, first: np.ndarray, last: np.ndarray, average: Average) -> np.ndarray:
    """Averages of `value[first[k] : last[k]]`."""
    count = last - first
    place = first[:, None] + np.arange(count.max())
    inside = place < last[:, None]
    values = np.where(inside, value[np.minimum(place, len(value) - 1)], np.inf)
    if average == "mean":
        return np.where(inside, values, 0.0).sum(axis=1) / count
    centre = _middle(values, count)
    if average == "median":
        return centre
    spread = _middle(np.abs(values - centre[:, None]), count)
    return _biweight(np.where(inside, values, np.nan), centre, spread)


def _middle(values: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Median of the first `count` values of each row once sorted; what is not there is infinite."""
    ordered = np.sort(values, axis=1)
    row = np.arange(len(ordered))
    return 0.5 * (ordered[row, (count - 1) // 2] + ordered[row, count // 2])


def _biweight(values: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Tukey's biweight location by repeated weighing; the median where the spread is 0."""
    reach = TUNING * np.where(spread > 0, spread, 1.0)
    centre = centre.copy()
    moving = np.flatnonzero(spread > 0)
    values = values[moving]
    for _ in range(_MOST_STEPS):
        if not len(moving):
            break
        weight = (values - centre[moving, None]) / reach[moving, None]
        np.square(weight, out=weight)
        np.subtract(1.0, weight, out=weight)
        np.fmax(weight, 0.0, out=weight)  # also where nothing is
        np.square(weight, out=weight)
        found = np.nansum(weight * values, axis=1) / weight.sum(axis=1)
        still = np.abs(found - centre[moving]) > _CLOSE_ENOUGH * spread[moving]
        centre[moving] = found
        moving, values = moving[still], values[still]
    return centre
