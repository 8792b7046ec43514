"""Single transits that a gap divides: a search finds what is before and what is after it, one after the other."""

from __future__ import annotations

import math

import numpy as np

from astrocnn.search.dips import RegularCurve
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY

BACK = 0.5
"""Share of the shallower depth above which the star is back at its own level between two dips."""


def undivided(curve: RegularCurve, first: Ephemeris, second: Ephemeris, depth: tuple[float, float]) -> Ephemeris | None:
    """The single transit that two dips are the ends of.

    Parameters
    ----------
    curve : RegularCurve
        Detrended, with both.
    first, second : Ephemeris
        Single transits, in any order.
    depth : tuple of float
        Of both, relative; where one is NaN, whatever is seen between them keeps them apart.

    Returns
    -------
    Ephemeris or None
        From the first contact of the earlier to the last of the later. None where they are two: where more time lies
        between them than the longer one lasts, or the star is seen to come back to its level.
    """
    early, late = sorted((first, second), key=lambda one: one.epoch_day)
    end = early.epoch_day + 0.5 * early.duration_day
    start = late.epoch_day - 0.5 * late.duration_day
    if start - end > max(early.duration_day, late.duration_day):
        return None
    between = curve.flux[(curve.time_day > end) & (curve.time_day < start)]
    seen = between[np.isfinite(between)]
    if len(seen) and not 1.0 - np.median(seen) >= BACK * min(depth):
        return None
    contacts = [one.epoch_day + sign * 0.5 * one.duration_day for one in (early, late) for sign in (-1, 1)]
    length = max(contacts) - min(contacts)
    return Ephemeris(math.inf, min(contacts) + 0.5 * length, HOURS_OF_DAY * length)
