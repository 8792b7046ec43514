"""The integral of the normal distribution from a table, several times faster than exactly, for many places at once."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

REACH = 6.0
"""Standard deviations that the table reaches to; 1e-9 lies beyond."""
STEPS = 256
"""Steps of the table in one standard deviation; straight lines between them are within 5e-7 of the integral."""
_TABLE = ndtr(np.arange(-REACH * STEPS, REACH * STEPS + 2) / STEPS).astype(np.float32)
_SLOPE = np.diff(_TABLE, append=_TABLE[-1:])


def normal_integral(place: np.ndarray) -> np.ndarray:
    """Integral of the normal distribution from minus infinity.

    Parameters
    ----------
    place : array of float32
        (z + REACH) * STEPS of each z; written over. Not NaN.

    Returns
    -------
    array of float32
        The same array, now with the integrals, within 1e-6.
    """
    np.clip(place, 0, len(_TABLE) - 2, out=place)
    below = place.astype(np.intp)
    np.subtract(place, below, out=place, casting="same_kind")
    place *= _SLOPE.take(below)
    place += _TABLE.take(below)
    return place
