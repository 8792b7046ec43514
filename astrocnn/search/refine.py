"""From a period that a search gives to the one of most signal over red noise: its duration, epoch, and harmonics."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from astrocnn.search.dips import Dips, RegularCurve, dips_of
from astrocnn.search.transits import mid_transits, weighted_depth
from astrocnn.time_series.ephemeris import Ephemeris

MULTIPLES = 6
"""Up to so many times the period is tried: the box search may fill the time between transits with noise."""
FRACTIONS = (2, 3)
"""And the period over these."""
LEAST_TRANSITS = 2
"""Observed transits that make a period."""
_ROUNDS = 4
_GAIN = 0.01  # a round that gains less is the last
_DURATIONS = np.geomspace(0.35, 1.6, 7)
_FEW, _MANY = np.linspace(-0.5, 0.5, 3), np.linspace(-0.75, 0.75, 13)  # of a duration
_FINER = (_MANY / 6, _MANY / 36)
_FINALISTS = 6


class _Best(NamedTuple):
    """What has the most signal so far."""

    snr: float
    ephemeris: Ephemeris


def refined(
    curve: RegularCurve, ephemeris: Ephemeris, duration_hour: tuple[float, float], shortest_day: float = 0.0
) -> Ephemeris:
    """The ephemeris near a found one whose transits stand out most, in errors that hold the red noise.

    Parameters
    ----------
    curve : RegularCurve
    ephemeris : Ephemeris
        As a box search gives it; or a single transit, of which duration and epoch are refined.
    duration_hour : tuple of float
        Shortest and longest transit.
    shortest_day : float
        Shortest period.

    Returns
    -------
    Ephemeris
        Its epoch is a transit on the curve. As it was where nothing can be measured.

    Notes
    -----
    Multiples and fractions of the period are tried, at every place among the transits. The box search weighs all points
    alike: with red noise, long boxes at a fraction of the period may gain more than the transits alone.
    """
    best = _Best(-math.inf, ephemeris)
    for _ in range(_ROUNDS):
        found = _refined_once(curve, best.ephemeris, duration_hour, shortest_day)
        if found.snr <= best.snr * (1 + _GAIN):
            break
        best = found
    dips = dips_of(curve, best.ephemeris.duration_hour)
    for finer in _FINER:
        best = max(best, _shifted(best.ephemeris, dips, curve, finer), key=lambda some: some.snr)
    return best.ephemeris


def _refined_once(
    curve: RegularCurve, ephemeris: Ephemeris, duration_hour: tuple[float, float], shortest_day: float
) -> _Best:
    """The best of all durations and harmonics: of those that are best with few shifts, with all."""
    tried: list[tuple[_Best, Dips]] = []
    for duration in sorted({float(np.clip(one * ephemeris.duration_hour, *duration_hour)) for one in _DURATIONS}):
        dips = dips_of(curve, duration)
        harmonics = _harmonics(replace(ephemeris, duration_hour=duration), curve, shortest_day)
        tried.extend((_shifted(one, dips, curve, _FEW), dips) for one in harmonics)
    tried.sort(key=lambda some: -some[0].snr)
    found = [_shifted(one.ephemeris, dips, curve, _MANY) for one, dips in tried[:_FINALISTS]]
    return max(found, key=lambda some: some.snr, default=_Best(-math.inf, ephemeris))


def _harmonics(ephemeris: Ephemeris, curve: RegularCurve, shortest_day: float) -> list[Ephemeris]:
    period = ephemeris.period_day
    if math.isinf(period):
        return [ephemeris]
    found = [ephemeris, *(replace(ephemeris, period_day=period / fraction) for fraction in FRACTIONS)]
    length = curve.end_day - curve.start_day
    for multiple in range(2, MULTIPLES + 1):
        if multiple * period <= length:
            epochs = ephemeris.epoch_day + period * np.arange(multiple)
            found += [replace(ephemeris, period_day=multiple * period, epoch_day=float(epoch)) for epoch in epochs]
    return [one for one in found if one.period_day >= max(shortest_day, 2 * one.duration_day)]


def _shifted(ephemeris: Ephemeris, dips: Dips, curve: RegularCurve, shifts: np.ndarray) -> _Best:
    """The best of some shifts, in durations: of all transits, and from the middle of the curve to its ends."""
    number, middle = mid_transits(ephemeris, curve.start_day, curve.end_day)
    if not len(number) or not len(dips.depth):
        return _Best(-math.inf, ephemeris)
    centre = 0.5 * (number[0] + number[-1])
    lever = (number - centre) / max(0.5 * (number[-1] - number[0]), 1.0)
    drifts = shifts if len(number) > 1 else np.zeros(1)
    moved = middle[:, None, None] + ephemeris.duration_day * (lever[:, None, None] * drifts[:, None] + shifts)
    depth, noise = dips.at(moved)
    mean, error = weighted_depth(depth, noise)
    snr = np.nan_to_num(mean / error, nan=-math.inf)
    if math.isfinite(ephemeris.period_day):
        snr[np.isfinite(noise).sum(axis=0) < LEAST_TRANSITS] = -math.inf  # else the deepest dip of all, at any period
    drift, offset = np.unravel_index(int(np.argmax(snr)), snr.shape)
    period, first = ephemeris.period_day, float(moved[0, drift, offset])
    if len(number) > 1:
        period = float(moved[-1, drift, offset] - first) / float(number[-1] - number[0])
    return _Best(float(snr[drift, offset]), replace(ephemeris, period_day=period, epoch_day=first))
