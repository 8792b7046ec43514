"""Dips of a light curve that are too short to belong to its trend, and too deep to be noise."""

from __future__ import annotations

import numpy as np

from astrocnn.time_series.bins import binned_in_time
from astrocnn.time_series.scatter import robust_scatter

BINS_OF_WINDOW = 16
"""Means over this part of a window are held against each other: a transit of a sixth of it fills two or three."""
LONGEST_OF_WINDOW = 0.5
"""What lasts longer than this part of a window is variability of the star."""
_FEWEST_BINS = 16  # for a scatter that means something


def dips(time_day: np.ndarray, residual: np.ndarray, window_hour: float, sigma: float) -> np.ndarray:
    """Points in means that lie so many robust standard deviations of all such means below their median; (n,) of bool.

    A robust average alone rejects points that lie far below the others. Those of a transit shallower than the noise of
    one point do not, but their mean does. The neighbouring means, which may hold ingress and egress, count too.

    Parameters
    ----------
    time_day : array (n,)
        Finite and not falling.
    residual : array (n,)
        Flux about its trend; NaN where missing, which is in no dip.
    window_hour : float
        Window of the trend.
    sigma : float

    Returns
    -------
    array (n,) of bool
        All False with fewer than sixteen means that hold points enough.
    """
    nothing = np.zeros(len(residual), bool)
    if not np.isfinite(residual).any():
        return nothing
    means = binned_in_time(time_day, residual, bin_hour=window_hour / BINS_OF_WINDOW)
    filled = means.count >= 0.5 * np.median(means.count[means.count > 0])
    if np.count_nonzero(filled) < _FEWEST_BINS:
        return nothing
    known = means.value[filled]
    low = filled.copy()
    low[filled] = known < np.median(known) - sigma * robust_scatter(known)
    low = _without_long_runs(low, int(LONGEST_OF_WINDOW * BINS_OF_WINDOW))
    wide = np.convolve(low, np.ones(3), mode="same") > 0
    width = means.x[1] - means.x[0]
    place = np.floor((time_day - means.x[0]) / width + 0.5).astype(np.int64)
    return np.isfinite(residual) & wide[np.clip(place, 0, len(wide) - 1)]


def _without_long_runs(low: np.ndarray, longest: int) -> np.ndarray:
    """Runs of True that are longer than so many become False."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], low.astype(np.int8), [0]])))
    kept = low.copy()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start > longest:
            kept[start:stop] = False
    return kept
