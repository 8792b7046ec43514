"""What the network finds by itself: stretches of high probability, and a period in them."""

from __future__ import annotations

import numpy as np

from astrocnn.search.dips import RegularCurve, dips_of
from astrocnn.time_series.box_search import box_search
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY, LONGEST_OF_PERIOD, BoxOptions

_DURATIONS_TRIED = 5
_OVERSAMPLING = 1.5


def stretches(probability: np.ndarray, least: float) -> list[slice]:
    """Runs of samples whose probability is at least so high; NaN ends a run."""
    high = np.concatenate([[False], probability >= least, [False]])
    edges = np.flatnonzero(np.diff(high.astype(np.int8)))
    return [slice(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def single_events(
    curve: RegularCurve, probability: np.ndarray, least: float, duration_hour: tuple[float, float]
) -> list[Ephemeris]:
    """The deepest dip in each stretch of high probability, as single transits, the most significant first.

    Parameters
    ----------
    curve : RegularCurve
        Without the transits that are known.
    probability : array (n,)
        Of each sample.
    least : float
        From where on it is high.
    duration_hour : tuple of float
        Shortest and longest transit.
    """
    runs = stretches(probability, least)
    if not runs:
        return []
    best: list[tuple[float, Ephemeris] | None] = [None] * len(runs)
    time = curve.time_day
    for duration in np.geomspace(*duration_hour, _DURATIONS_TRIED).tolist():
        dips = dips_of(curve, duration)
        depth, noise = dips.at(time)
        snr = depth / noise
        for number, run in enumerate(runs):
            inside = snr[run]
            if not np.isfinite(inside).any():
                continue
            place = int(np.nanargmax(inside))
            held = best[number]
            if held is None or inside[place] > held[0]:
                best[number] = float(inside[place]), Ephemeris(np.inf, float(time[run][place]), duration)
    found = sorted((one for one in best if one is not None), key=lambda one: -one[0])
    return [ephemeris for _, ephemeris in found]


def network_period(
    curve: RegularCurve, probability: np.ndarray, window_hour: float, options: BoxOptions
) -> Ephemeris | None:
    """The period at which the probability is high, by a box search of the curve that it would be as a dip.

    Parameters
    ----------
    curve : RegularCurve
    probability : array (n,)
        Of each sample; NaN where not known.
    window_hour : float
        Length of the network's window: a transit raises the probability for about as long.
    options : BoxOptions
        Periods of interest. Shorter than five windows none can be seen.

    Returns
    -------
    Ephemeris or None
        With a duration in the allowed range. None where nothing recurs.
    """
    known = np.flatnonzero(np.isfinite(probability))
    length = curve.end_day - curve.start_day
    widths = 0.5 * window_hour, window_hour
    shortest = max(options.shortest_day, widths[0] / (LONGEST_OF_PERIOD * HOURS_OF_DAY))
    longest = min(options.longest_day or np.inf, length / options.minimum_cycles)
    if len(known) < 2 or not longest > shortest:
        return None
    asked = options.model_copy(
        update={"shortest_day": shortest, "duration_hour": widths, "oversampling": _OVERSAMPLING},
    )
    peak = box_search(curve.time_day[known], 1.0 - probability[known], None, asked)
    if peak is None:
        return None
    duration = float(np.clip(0.5 * peak.duration_hour, *options.duration_hour))
    return Ephemeris(peak.period_day, peak.epoch_day, duration)
