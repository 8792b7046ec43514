"""Periods at which a curve dips, each time against what is just before and after: boxes that hold against red noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from astrocnn.search.dips import RegularCurve, dips_of
from astrocnn.time_series.box_search import box_search
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY, LONGEST_OF_PERIOD, BoxOptions

DURATION_STEP = 2.0
"""Durations that are tried differ by about this factor: a box of half the transit's length loses a third of it."""


def box_ephemerides(curve: RegularCurve, options: BoxOptions) -> Iterator[Ephemeris]:
    """The best period for each of some durations.

    Parameters
    ----------
    curve : RegularCurve
        Detrended.
    options : BoxOptions
        Periods and durations.

    Yields
    ------
    Ephemeris
        Nothing for a duration of which no period dips. A curve that holds no two of the shortest period has none.

    Notes
    -----
    What is folded is not the flux but `dips_of` it, over its local noise: a trend that is left, or a star that varies
    within days, raises both sides of a box together, and cancels. Box least squares of the flux itself finds such waves
    before it finds 300 ppm of pi Mensae in TESS's first sector.
    """
    for duration in trial_durations(options.duration_hour):
        dips = dips_of(curve, duration)
        known = np.isfinite(dips.depth)
        shortest = max(options.shortest_day, duration / (LONGEST_OF_PERIOD * HOURS_OF_DAY))
        asked = options.model_copy(update={"duration_hour": (duration, duration), "shortest_day": shortest})
        time = dips.start_day + dips.interval_day * np.flatnonzero(known)
        if len(time) < 2 or time[-1] - time[0] <= options.minimum_cycles * shortest:
            continue
        peak = box_search(time, 1.0 - dips.depth[known], dips.noise[known], asked)
        if peak is not None:
            yield peak.ephemeris


def trial_durations(duration_hour: tuple[float, float]) -> list[float]:
    """Durations in hours, from root of the step above the shortest on, in about equal ratios."""
    shortest, longest = duration_hour
    number = max(1, round(np.log(longest / shortest) / np.log(DURATION_STEP)))
    ratio = (longest / shortest) ** (1 / number)
    return [float(shortest * ratio ** (place + 0.5)) for place in range(number)]
