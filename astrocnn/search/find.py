"""What stands out in a curve, one after the other: boxes that come back, then what a network sees in what is left."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np

from astrocnn.search.boxes import box_ephemerides
from astrocnn.search.dips import RegularCurve
from astrocnn.search.divided import undivided
from astrocnn.search.network_events import network_period, single_events
from astrocnn.search.options import SearchOptions
from astrocnn.search.refine import refined
from astrocnn.search.timing import timed
from astrocnn.search.transits import Transits, measure_transits
from astrocnn.search.vetting.shape import fit_trapezoid
from astrocnn.search.vetting.strongest import snr_without_strongest, strongest
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY

FoundBy = Literal["box", "network", "event"]
HIDDEN = 1.5
"""Durations about each transit that is found which the search for further ones does not see."""


class Found(NamedTuple):
    """Transits that stand out.

    Attributes
    ----------
    ephemeris : Ephemeris
        From first to last contact.
    box : Ephemeris
        The same with the duration of most signal to noise, which leaves out ingress and egress.
    found_by : {"box", "network", "event"}
    snr : float
    """

    ephemeris: Ephemeris
    box: Ephemeris
    found_by: FoundBy
    snr: float


def find_transits(
    curve: RegularCurve, options: SearchOptions, probability: np.ndarray | None = None, window_hour: float = math.nan
) -> list[Found]:
    """Find the transits of several planets.

    Parameters
    ----------
    curve : RegularCurve
        Detrended.
    options : SearchOptions
    probability : array (n,), optional
        Of each sample, by a network.
    window_hour : float
        Length of the network's window.

    Returns
    -------
    list of Found
        At most `maximum_candidates`: those that come back first, then single transits, each by signal to noise.
    """
    found = []
    for one in _one_by_one(curve, options, probability, window_hour):
        found.append(one)
        if sum(math.isfinite(other.ephemeris.period_day) for other in found) == options.maximum_candidates:
            break
    found = _undivided(curve, found, options)
    return sorted(found, key=lambda one: (math.isinf(one.ephemeris.period_day), -one.snr))[: options.maximum_candidates]


def _one_by_one(
    curve: RegularCurve, options: SearchOptions, probability: np.ndarray | None, window_hour: float
) -> Iterator[Found]:
    """Found transits; the search goes on in the curve without them."""
    left = curve
    for _ in range(2 * options.maximum_candidates):
        one = _significant(left, _best_box(left, options), "box", options)
        if one is None:
            break
        yield one
        left = left.without(one.ephemeris, HIDDEN)
    if probability is None:
        return
    unseen = np.where(np.isnan(left.flux) & np.isfinite(curve.flux), np.nan, probability)
    recurring = network_period(left, unseen, window_hour, options.box)
    one = _significant(left, recurring, "network", options)
    if one is not None:
        yield one
        left = left.without(one.ephemeris, HIDDEN)
        unseen = np.where(np.isnan(left.flux) & np.isfinite(curve.flux), np.nan, probability)
    events = single_events(left, unseen, options.event_probability, options.box.duration_hour)
    for event in events[: options.maximum_candidates]:
        one = _significant(left, event, "event", options)
        if one is not None:
            yield one
            left = left.without(one.ephemeris, HIDDEN)


def _undivided(curve: RegularCurve, found: list[Found], options: SearchOptions) -> list[Found]:
    """What was found, with single transits that a gap divides as one."""
    kept = [one for one in found if math.isfinite(one.ephemeris.period_day)]
    for one in kept:
        curve = curve.without(one.ephemeris, HIDDEN)
    singles: list[Found] = []
    for one in sorted((one for one in found if one not in kept), key=lambda one: one.ephemeris.epoch_day):
        singles += _as_one(curve, singles.pop(), one, options) if singles else [one]
    return kept + singles


def _as_one(curve: RegularCurve, first: Found, second: Found, options: SearchOptions) -> list[Found]:
    """Both; or the one transit that they are parts of, where it stands out as a whole, else its stronger part."""
    before, after = (measure_transits(curve, one.box).mean_depth for one in (first, second))
    whole = undivided(curve, first.ephemeris, second.ephemeris, (before, after))
    if whole is None:
        return [first, second]
    stronger = max(first, second, key=lambda one: one.snr)
    snr = measure_transits(curve, whole).snr
    return [Found(_fitted(curve, whole), whole, stronger.found_by, snr) if snr >= options.minimum_snr else stronger]


def _best_box(curve: RegularCurve, options: SearchOptions) -> Ephemeris | None:
    """Of the best for each duration, the one of most signal to noise."""
    found = list(box_ephemerides(curve, options.box))
    return max(found, key=lambda one: measure_transits(curve, one).snr) if found else None


def _significant(
    curve: RegularCurve, ephemeris: Ephemeris | None, found_by: FoundBy, options: SearchOptions
) -> Found | None:
    """The ephemeris refined, as a single transit where one carries it; None below the least signal to noise."""
    if ephemeris is None:
        return None
    ephemeris = refined(curve, ephemeris, options.box.duration_hour, options.box.shortest_day)
    transits = measure_transits(curve, ephemeris)
    if transits.snr < options.minimum_snr:
        return None
    if math.isfinite(ephemeris.period_day) and one_carries_all(transits, options.vetting.strongest_share):
        single = replace(ephemeris, period_day=math.inf, epoch_day=float(transits.time_day[strongest(transits)]))
        ephemeris = refined(curve, single, options.box.duration_hour)
        transits = measure_transits(curve, ephemeris)
    fitted = _fitted(curve, ephemeris)
    return Found(fitted, replace(fitted, duration_hour=ephemeris.duration_hour), found_by, transits.snr)


def one_carries_all(transits: Transits, share: float) -> bool:
    """Whether less than this share of the signal to noise is left without the strongest transit."""
    return len(transits) < 2 or snr_without_strongest(transits) < share * transits.snr


def _fitted(curve: RegularCurve, ephemeris: Ephemeris) -> Ephemeris:
    """Period, epoch and duration by a trapezoid: a box of most signal stands loosely between ingress and egress."""
    shape = fit_trapezoid(curve, ephemeris)
    if not shape.depth > 0:
        return ephemeris
    epoch = ephemeris.epoch_day + shape.offset_hour / HOURS_OF_DAY
    longer = replace(ephemeris, duration_hour=max(shape.duration_hour, ephemeris.duration_hour), epoch_day=epoch)
    return timed(curve, longer, shape) if longer.duration_day < 0.5 * longer.period_day else ephemeris
