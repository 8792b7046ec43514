"""Numbers that people look at beside the shape of a light curve, as channels that are the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from astrocnn.representations.grouped import group_quantiles
from astrocnn.representations.options import NumbersOptions
from astrocnn.representations.periodogram import periodograms
from astrocnn.representations.points import Points

LEAST_RANGE = 1e-3
"""Ranges and errors below this count as this, in the unit of the values: a logarithm needs one above 0."""
LEAST_DAYS = 1e-4
"""Durations likewise."""


def numbers(points: Points, table: Mapping[str, np.ndarray], options: NumbersOptions) -> np.ndarray:
    """The numbers of each curve.

    Parameters
    ----------
    points : Points
        With times.
    table : mapping of str to array (number,)
        The columns of the options.
    options : NumbersOptions

    Returns
    -------
    array (number, channel) of float32
        In the order of `NumbersOptions.names`; 0 where one is not known.
    """
    low, middle, high = (
        found.reshape(points.number, points.channels)
        for found in group_quantiles(points.value, points.group, points.groups, (0.05, 0.5, 0.95))
    )
    error = group_quantiles(points.weighing_errors(), points.group, points.groups, (0.5,))[0]
    spread = np.maximum(high - low, LEAST_RANGE)
    of_bands = {
        "median": middle,
        "amplitude": np.log10(spread),
        "skewness": (high + low - 2 * middle) / spread,
        "error": np.log10(np.maximum(error.reshape(points.number, points.channels), LEAST_RANGE)),
    }
    found = [of_bands[name] for name in options.of_bands]
    if options.colours:
        found.append(middle[:, :-1] - middle[:, 1:])
    for name in options.columns:
        values = np.asarray(table[name], np.float64)[:, None]
        found.append(np.log10(np.maximum(values, LEAST_DAYS)) if name.endswith("_day") else values)
    if options.powers:
        found.append(periodograms(points, options.powers).swapaxes(1, 2).reshape(points.number, -1))
    return np.nan_to_num(np.concatenate(found, axis=1), nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)


def with_numbers(data: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Arrays (number, *axes, channel) with the numbers (number, more) as channels that are the same everywhere."""
    axes = data.ndim - 2
    planes = np.broadcast_to(
        found.reshape(len(found), *(1,) * axes, found.shape[1]), (*data.shape[:-1], found.shape[1])
    )
    return np.concatenate([data, planes], axis=-1)
