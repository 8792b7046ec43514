"""The scatter of values that are mostly noise, untouched by the few that are not."""

from __future__ import annotations

import numpy as np

from astrocnn.time_series.period_options import HOURS_OF_DAY
from astrocnn.time_series.windows import window_averages

SCATTER_OF_DEVIATION = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


def robust_scatter(values: np.ndarray) -> float:
    """Standard deviation from the median absolute deviation of the finite values; NaN where there are none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan")
    return float(SCATTER_OF_DEVIATION * np.median(np.abs(known - np.median(known))))


def local_scatter(time_day: np.ndarray, flux: np.ndarray, window_hour: float = 48.0) -> np.ndarray:
    """Scatter of a detrended curve as it changes with time, from the points above 1: no transit is among them; (n,).

    A mission's errors are those of its photons. While a spacecraft is unsteady the scatter is several times that, and a
    search that believes the errors finds such days first.

    Parameters
    ----------
    time_day, flux : array (n,)
        Finite, times not falling; relative flux.
    window_hour : float
        Window of the median of what lies above 1.

    Returns
    -------
    array (n,)
        0 where no window has five such points.
    """
    above = flux > 1.0
    when, deviation = window_averages(time_day[above], flux[above] - 1.0, window_hour / HOURS_OF_DAY, "median")
    if not len(when):
        return np.zeros(len(flux))
    return np.asarray(SCATTER_OF_DEVIATION * np.interp(time_day, when, deviation))
