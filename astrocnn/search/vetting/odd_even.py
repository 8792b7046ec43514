"""Odd and even transits: two stars that eclipse each other in turn look like a planet of half the period."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from astrocnn.search.transits import Transits


class OddEven(NamedTuple):
    """Mean depths of odd and of even transits, and how many standard deviations they differ by."""

    odd_depth: float
    even_depth: float
    sigma: float

    @property
    def share(self) -> float:
        """Difference over the larger of the two."""
        deeper = max(self.odd_depth, self.even_depth)
        return abs(self.odd_depth - self.even_depth) / deeper if deeper > 0 else math.nan


def odd_even(transits: Transits) -> OddEven:
    """Compare transits of odd and of even number.

    Parameters
    ----------
    transits : Transits

    Returns
    -------
    OddEven
        NaN where all that were observed are odd, or even.
    """
    odd = np.mod(transits.number, 2) == 1
    if odd.all() or not odd.any():
        return OddEven(math.nan, math.nan, math.nan)
    first, second = transits.rows(odd), transits.rows(~odd)
    error = math.hypot(first.depth_error, second.depth_error)
    return OddEven(first.mean_depth, second.mean_depth, abs(first.mean_depth - second.mean_depth) / error)
