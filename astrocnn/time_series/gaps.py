"""Gaps of a light curve: pieces that are longer apart than so many hours know nothing of each other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from astrocnn.errors import DataError
from astrocnn.time_series.period_options import HOURS_OF_DAY


def segments(time_day: np.ndarray, gap_hour: float) -> np.ndarray:
    """Number of the segment that each point is in, from 0.

    Parameters
    ----------
    time_day : array (n,)
        Finite and not falling.
    gap_hour : float
        Neighbours farther apart than this stand in different segments.

    Returns
    -------
    array (n,) of int64
        Rising by 1 at each gap.

    Raises
    ------
    DataError
        When times are not finite or fall, or the gap is not positive.
    """
    if not gap_hour > 0:
        raise DataError("a gap must have a length", expected="gap_hour above 0", received=gap_hour)
    step = np.diff(time_day)
    if not np.isfinite(time_day).all() or (step < 0).any():
        raise DataError("times of a curve in disorder", expected="finite times that do not fall", fix="sort them")
    return np.concatenate([np.zeros(min(len(time_day), 1), np.int64), np.cumsum(step > gap_hour / HOURS_OF_DAY)])


def segment_slices(segment: np.ndarray) -> list[slice]:
    """The points of each segment, from the numbers that `segments` gives; empty without points."""
    if not len(segment):
        return []
    bounds = np.searchsorted(segment, np.arange(segment[-1] + 2))
    return [slice(int(start), int(stop)) for start, stop in pairwise(bounds)]
