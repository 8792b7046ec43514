"""The scatter of values that are mostly noise, untouched by the few that are not."""

from __future__ import annotations

import numpy as np

SCATTER_OF_DEVIATION = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


def robust_scatter(values: np.ndarray) -> float:
    """Standard deviation from the median absolute deviation of the finite values; NaN where there are none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan")
    return float(SCATTER_OF_DEVIATION * np.median(np.abs(known - np.median(known))))
