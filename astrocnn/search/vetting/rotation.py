"""The star's own period, as of spots that rotate with it or of pulsation, and whether a candidate's follows from it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from astrocnn.time_series.lomb_scargle import BandPoints, wave_search
from astrocnn.time_series.period_options import PeriodOptions
from astrocnn.time_series.scatter import robust_scatter

LEAST_POINTS = 30
CYCLES = 2.0
"""Times that a period must fit into the curve to be one."""
NEAR = 0.05
"""A candidate's period follows from the star's where it is a whole number of half periods to this part of a period."""
MOST_HARMONICS = 10


class Variability(NamedTuple):
    """The star's strongest period, the share of its scatter that a sine of it explains, and the sine's amplitude."""

    period_day: float
    power: float
    amplitude: float


STEADY = Variability(math.nan, 0.0, 0.0)


def variability(time_day: np.ndarray, flux: np.ndarray, shortest_day: float) -> Variability:
    """Period of the star by a Lomb-Scargle periodogram.

    Parameters
    ----------
    time_day, flux : arrays (n,)
        The curve before it is detrended, relative to its level, without the transits of the candidate.
    shortest_day : float
        Shortest period.

    Returns
    -------
    Variability
        `STEADY` where the curve is too short, or has too few points.
    """
    used = np.isfinite(flux)
    time, value = time_day[used], flux[used]
    longest = (time[-1] - time[0]) / CYCLES if len(time) else 0.0
    if len(time) < LEAST_POINTS or not longest > shortest_day or not np.ptp(value) > 0:
        return STEADY
    middle = np.median(value)
    reach = 10 * robust_scatter(value)
    value = np.clip(value, middle - reach, middle + reach) if reach > 0 else value  # flares tell no period
    options = PeriodOptions(shortest_day=shortest_day, longest_day=longest, oversampling=3.0, harmonics=1)
    peak = wave_search([BandPoints(time, value, np.ones(len(time)))], options)
    if peak is None:
        return STEADY
    return Variability(peak.period_day, peak.power, math.sqrt(max(2 * peak.power * float(value.var()), 0.0)))


def follows_from(period_day: float, star_day: float) -> bool:
    """Whether a period is the star's, half of it, or a whole number of times either."""
    if not (math.isfinite(period_day) and math.isfinite(star_day)):
        return False
    halves = 2 * period_day / star_day
    nearest = round(halves)
    return 1 <= nearest <= 2 * MOST_HARMONICS and abs(halves - nearest) <= 2 * NEAR * min(1.0, nearest / 2)
