"""What else stands in the folded curve: a second dip, as of a star that shines itself, or bumps as high as the dip."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from astrocnn.search.dips import RegularCurve, dips_of
from astrocnn.search.transits import folded_depths
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY

PLACES_OF_DURATION = 4
"""Phases that are looked at in one duration."""
AWAY = 1.5
"""Durations from mid-transit at which elsewhere begins."""


class Elsewhere(NamedTuple):
    """The deepest dip and the highest bump away from the transit, each with the standard deviations it stands out by.

    Attributes
    ----------
    secondary_phase : float
        In periods from mid-transit, 0 to 1.
    secondary_depth, secondary_sigma : float
    bump, bump_sigma : float
        A bump counts as positive.
    """

    secondary_phase: float
    secondary_depth: float
    secondary_sigma: float
    bump: float
    bump_sigma: float


NOTHING = Elsewhere(math.nan, math.nan, math.nan, math.nan, math.nan)


def elsewhere(curve: RegularCurve, ephemeris: Ephemeris, box_hour: float) -> Elsewhere:
    """Look for the deepest dip and the highest bump at all other phases.

    Parameters
    ----------
    curve : RegularCurve
    ephemeris : Ephemeris
        From first to last contact.
    box_hour : float
        Duration of the dip and the bump.

    Returns
    -------
    Elsewhere
        NaN for a single transit, and where no other phase was observed. Thousands of phases may be looked at, so that
        three standard deviations mean nothing: `Vetting` asks for more.
    """
    if not math.isfinite(ephemeris.period_day):
        return NOTHING
    # The sides of a box beside the transit must not hold it.
    dips = dips_of(curve.without(ephemeris, 1.25), box_hour)
    duration = ephemeris.duration_day / ephemeris.period_day
    places = HOURS_OF_DAY * ephemeris.period_day / box_hour * PLACES_OF_DURATION
    number = math.ceil((1 - 2 * AWAY * duration) * places)
    if number < 1 or not len(dips.depth):
        return NOTHING
    phase = np.linspace(AWAY * duration, 1 - AWAY * duration, number)
    depth, error = folded_depths(dips, ephemeris, curve.end_day, phase)
    sigma = depth / error
    if not np.isfinite(sigma).any():
        return NOTHING
    down, up = int(np.nanargmax(sigma)), int(np.nanargmin(sigma))
    return Elsewhere(float(phase[down]), float(depth[down]), float(sigma[down]), -float(depth[up]), -float(sigma[up]))
