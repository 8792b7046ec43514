"""When transits happen, to a part of their ingress: period and epoch by least squares, and their errors."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from astrocnn.search.dips import RegularCurve
from astrocnn.search.transits import Transits, mid_transits
from astrocnn.search.vetting.shape import DURATIONS, Trapezoid, trapezoid_profile
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY

_REACH = 0.5  # of a duration, at the first and the last transit


def timed(curve: RegularCurve, ephemeris: Ephemeris, shape: Trapezoid) -> Ephemeris:
    """Fit period and epoch with the shape held fast.

    Parameters
    ----------
    curve : RegularCurve
    ephemeris : Ephemeris
        To half of a duration, at the first and last transit on the curve.
    shape : Trapezoid
        Its offset is not used.

    Returns
    -------
    Ephemeris
        Of the same duration; its epoch is the first transit on the curve.
    """
    from scipy.optimize import least_squares

    number, middle = mid_transits(ephemeris, curve.start_day, curve.end_day)
    used = np.isfinite(curve.flux) & ephemeris.covers(curve.time_day, DURATIONS)
    if not len(number) or not used.any():
        return ephemeris
    time, flux = curve.time_day[used], curve.flux[used]
    turn = np.zeros(len(time)) if len(number) == 1 else np.round((time - middle[0]) / ephemeris.period_day)
    share = turn / max(number[-1] - number[0], 1)
    period = 0.0 if len(number) == 1 else ephemeris.period_day
    duration = ephemeris.duration_day

    def residual(shift: np.ndarray) -> np.ndarray:
        """Shifts in durations at the first and the last transit."""
        moved = middle[0] + period * turn + duration * (shift[0] + share * (shift[-1] - shift[0]))
        profile = trapezoid_profile(HOURS_OF_DAY * (time - moved), shape.duration_hour, shape.ingress_hour)
        return np.asarray(flux - 1 + shape.depth * profile)

    start = np.zeros(min(len(number), 2))
    shift = least_squares(residual, start, bounds=(-_REACH, _REACH), diff_step=1e-3, xtol=1e-6).x
    if len(number) > 1:
        period += duration * float(shift[1] - shift[0]) / float(number[-1] - number[0])
        return replace(ephemeris, period_day=period, epoch_day=float(middle[0] + duration * shift[0]))
    return replace(ephemeris, epoch_day=float(middle[0] + duration * shift[0]))


def timing_errors(transits: Transits, duration_hour: float, ingress_hour: float) -> tuple[float, float]:
    """Errors of period and epoch in days, from the signal alone; the epoch's is that of the mean time.

    Those of single mid-transit times, of which period and epoch are a straight line's slope and height. The period of
    a single transit has no error: NaN.

    References
    ----------
    Carter et al. 2008, ApJ 689, 499, equation 23: the error of a mid-transit time is the duration over the signal to
    noise, times the root of half of ingress over duration.
    """
    if not len(transits) or transits.snr <= 0:
        return math.nan, math.nan
    single = transits.snr / math.sqrt(len(transits))
    share = min(max(ingress_hour / duration_hour, 1e-6), 0.5)
    time_error = duration_hour / HOURS_OF_DAY / single * math.sqrt(share / 2)
    lever = float(np.sum(np.square(transits.number - transits.number.mean())))
    period_error = time_error / math.sqrt(lever) if lever > 0 else math.nan
    return period_error, time_error / math.sqrt(len(transits))
