"""Quantiles of many groups of values at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def group_quantiles(values: np.ndarray, group: np.ndarray, groups: int, fractions: Sequence[float]) -> np.ndarray:
    """Quantiles of each group, interpolated as `numpy.quantile` does by default.

    Parameters
    ----------
    values : array (k,)
        Finite.
    group : array (k,) of int
        Group of each value, from 0, in any order.
    groups : int
        Number of groups.
    fractions : sequence of float
        From 0 to 1.

    Returns
    -------
    array (len(fractions), groups) of float64
        NaN for a group without values.
    """
    ordered = np.asarray(values, np.float64)[np.lexsort((values, group))]
    counts = np.bincount(group, minlength=groups)
    first = np.cumsum(counts) - counts
    found = np.full((len(fractions), groups), np.nan)
    filled = counts > 0
    for row, fraction in enumerate(fractions):
        place = fraction * (counts[filled] - 1)
        below = place.astype(np.int64)
        above = np.minimum(below + 1, counts[filled] - 1)
        low, high = ordered[first[filled] + below], ordered[first[filled] + above]
        found[row, filled] = low + (high - low) * (place - below)
    return found
