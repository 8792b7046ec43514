"""The time axis of pictures and regular samples: days of observation, or phase of a known period."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from astrocnn.representations.options import PhaseZero
from astrocnn.representations.points import Points

_BINS = 32  # of phase, in which the faintest or brightest is looked for


def time_span(points: Points, days: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each curve's time axis.

    Parameters
    ----------
    points : Points
        With times.
    days : float, optional
        Length of the axis, from the first point on; by default the axis ends at the last point.

    Returns
    -------
    start, end : arrays (number,) of float64
        Of all channels together; an axis of one time, or of a curve without points, is one day long.
    """
    start, end = np.full(points.number, np.inf), np.full(points.number, -np.inf)
    np.minimum.at(start, points.curve, points.x)
    np.maximum.at(end, points.curve, points.x)
    start = np.where(np.isfinite(start), start, 0.0)
    if days is not None:
        return start, start + days
    return start, np.where(end > start, end, start + 1.0)


def place(points: Points, start: np.ndarray, end: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Bins of equal length between start and end into which points fall.

    A bin holds its start and not its end; the last one holds both.

    Parameters
    ----------
    points : Points
    start, end : arrays (number of curves,)
    number : int
        Bins of each curve.

    Returns
    -------
    inside : array (j,) of int
        The points between start and end.
    bins : array (j,) of int
        The bin of each of them.
    """
    curve = points.curve
    share = (points.x - start[curve]) / (end - start)[curve]
    inside = np.flatnonzero((share >= 0) & (share <= 1))
    return inside, np.minimum((share[inside] * number).astype(np.int64), number - 1)


def folded(points: Points, period_day: np.ndarray, zero: PhaseZero = "faintest", fainter: Literal[1, -1] = 1) -> Points:
    """Points at their phase, from 0 to below 1, instead of their time.

    Parameters
    ----------
    points : Points
        With times.
    period_day : array (number,)
        Finite and above 0.
    zero : {"faintest", "brightest", "reference"}
        What has phase 0: the faintest or brightest of 32 bins of phase, smoothed with its neighbours over all channels,
        each about its median; or the product's time 0. Only the first two make curves of equal shape equal.
    fainter : {1, -1}
        1 where larger values are fainter, as magnitudes are; -1 for fluxes.

    Returns
    -------
    Points
        In the same order, so that `x` is not sorted.
    """
    phase = _fraction(points.x / period_day[points.curve])
    if zero == "reference":
        return replace(points, x=phase)
    height = (points.value - points.medians()[points.group]) * (fainter if zero == "faintest" else -fainter)
    cell = points.curve * _BINS + (phase * _BINS).astype(np.int64)
    total = _smoothed(np.bincount(cell, height, points.number * _BINS).reshape(-1, _BINS))
    weight = _smoothed(np.bincount(cell, minlength=points.number * _BINS).reshape(-1, _BINS))
    mean = np.where(weight > 0, total / np.maximum(weight, 1), -np.inf)
    middle = (np.argmax(mean, axis=1) + 0.5) / _BINS
    return replace(points, x=_fraction(phase - middle[points.curve]))


def _smoothed(bins: np.ndarray) -> np.ndarray:
    """Twice each bin and its two neighbours on the circle."""
    return 2 * bins + np.roll(bins, 1, axis=1) + np.roll(bins, -1, axis=1)


def _fraction(turns: np.ndarray) -> np.ndarray:
    """Fractional part from 0 to below 1, also where rounding would make it 1."""
    part = turns - np.floor(turns)
    return np.where(part < 1, part, 0.0)
