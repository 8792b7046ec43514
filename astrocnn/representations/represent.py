"""Blocks of light curves as arrays of one shape: which representation, along which axis, and what is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from astrocnn.representations.dmdt import pair_histograms
from astrocnn.representations.features import features
from astrocnn.representations.numbers import numbers, with_numbers
from astrocnn.representations.options import Representation
from astrocnn.representations.periodogram import periodograms
from astrocnn.representations.picture import pictures
from astrocnn.representations.points import Points
from astrocnn.representations.resampled import resampled
from astrocnn.representations.time_axis import folded, time_span
from astrocnn.samples.curve_meta import Quantity


def faults(points: Points, period_day: np.ndarray | None, how: Representation) -> np.ndarray:
    """Why each curve cannot be represented, (number,) of str; "" where it can.

    Parameters
    ----------
    points : Points
    period_day : array (number,), optional
        Where phases are wanted; None where the product has no such column.
    how : Representation
    """
    most = points.counts.max(axis=1, initial=0)
    found = np.full(points.number, "", object)
    if how.as_ == "dmdt":
        found[most > how.dmdt.maximum_points] = (
            f"too many points for all pairs; expected at most {how.dmdt.maximum_points} in a band; "
            "to fix, raise dmdt.maximum_points"
        )
    if how.needs_period:
        known = np.zeros(points.number, bool) if period_day is None else np.isfinite(period_day) & (period_day > 0)
        found[~known] = f"no period to fold it by; expected days above 0 in the column {how.period}"
    found[most < how.minimum_points] = f"too few points; expected {how.minimum_points} or more in a band"
    return found


def represent(
    points: Points, period_day: np.ndarray | None, how: Representation, quantity: Quantity,
    table: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:  # fmt: skip
    """Arrays of curves without faults.

    Parameters
    ----------
    points : Points
    period_day : array (number,), optional
        Needed where phases are wanted; a feature.
    how : Representation
    quantity : {"flux", "magnitude"}
        Of the values: bright is at the top of pictures.
    table : mapping of str to array (number,), optional
        The columns that stand among the numbers.

    Returns
    -------
    array (number, *how.shape) of float32
        Finite, but for features: NaN where one is not known.
    """
    data = _shapes(points, period_day, how, quantity)
    return with_numbers(data, numbers(points, table or {}, how.numbers)) if how.numbers.any else data


def _shapes(points: Points, period_day: np.ndarray | None, how: Representation, quantity: Quantity) -> np.ndarray:
    """What the curves are made into, without the numbers beside."""
    if how.as_ == "features":
        known = np.full(points.number, np.nan) if period_day is None else period_day
        found = features(points, [str(band) for band in range(points.channels)], period_day=known)
        with np.errstate(over="ignore"):  # a slope between two points at almost one time may be infinite
            return np.stack(list(found.values()), axis=1)[:, None].astype(np.float32)
    if how.as_ == "dmdt":
        return pair_histograms(points, how.dmdt)
    if how.as_ == "periodogram":
        return periodograms(points, how.periodogram)
    cycles = how.cycles if how.needs_period else 1
    if how.needs_period and period_day is not None:
        points = folded(points, period_day, how.phase_zero, 1 if quantity == "magnitude" else -1)
        start, end = np.zeros(points.number), np.ones(points.number)
    else:
        start, end = time_span(points, how.span_day)
    if how.as_ == "picture":
        brighter_is_less = quantity == "magnitude"
        return pictures(points, start, end, how.picture, cycles=cycles, brighter_is_less=brighter_is_less)
    return resampled(points, start, end, how.resampled, cycles=cycles)


def notes(how: Representation) -> dict[str, Any]:
    """What the axes are, for those who read the set without this package."""
    used: dict[str, Any] = {"representation": how.as_}
    if how.numbers.any:
        used["numbers"] = how.numbers.model_dump(mode="json")
    if how.as_ == "features":
        return used
    used[how.as_] = getattr(how, how.as_).model_dump(mode="json")
    if how.as_ == "periodogram":
        return used | {"x": "log frequency, 1 / longest_day to 1 / shortest_day"}
    if how.as_ == "dmdt":
        return used | {"y": "later minus earlier value", "x": "time difference"}
    along = f"phase, {how.cycles} cycles, zero at {how.phase_zero}" if how.axis == "phase" else "time"
    return used | ({"y": "value, bright at row 0"} if how.as_ == "picture" else {}) | {"x": along}
