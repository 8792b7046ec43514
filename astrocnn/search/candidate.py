"""A planet that may be: all that is measured of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from astrocnn.search.dips import RegularCurve
from astrocnn.search.find import HIDDEN, Found, FoundBy
from astrocnn.search.options import SearchOptions
from astrocnn.search.star import Star
from astrocnn.search.timing import timing_errors
from astrocnn.search.transits import Transits, measure_transits
from astrocnn.search.vetting.rotation import STEADY, Variability, variability
from astrocnn.search.vetting.vet import Evidence, examine, flags_of
from astrocnn.search.window_scores import WindowScorer
from astrocnn.time_series.bins import binned_in_time
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY

_SHORTEST_OF_STAR = 4
"""Shortest period of the star's variability, in the bins of half the shortest transit that it is looked for in."""


@dataclass(frozen=True)
class Candidate:
    """A planet that may be, all that was measured of it, and what speaks against it.

    Parameters
    ----------
    ephemeris : Ephemeris
        Its epoch is a transit on the curve.
    transits : Transits
    evidence : Evidence
    flags : int
        Bits of `astrocnn.search.flags`.
    found_by : {"box", "network", "event"}
    period_error_day, epoch_error_day : float
    score, score_folded : float
        Of the network: mean over the transits, and of all of them together; NaN without.
    """

    ephemeris: Ephemeris
    transits: Transits
    evidence: Evidence
    flags: int
    found_by: FoundBy
    period_error_day: float
    epoch_error_day: float
    score: float
    score_folded: float

    @property
    def depth(self) -> float:
        """Of the trapezoid, relative; the mean of the box where none fits."""
        shape = self.evidence.shape
        return shape.depth if shape.depth > 0 else self.transits.mean_depth

    @property
    def depth_error(self) -> float:
        """As large a share of the depth as that of the box."""
        return self.depth / self.transits.snr if self.transits.snr > 0 else math.nan


def measure_candidate(
    star: Star, found: Found, others: list[Ephemeris], options: SearchOptions, scorer: WindowScorer | None = None
) -> Candidate:
    """Measure and vet what was found.

    Parameters
    ----------
    star : Star
    found : Found
    others : list of Ephemeris
        Other candidates of the star: their transits are left out.
    options : SearchOptions
    scorer : WindowScorer, optional
        The network.
    """
    curve, level, ephemeris = star.curve, star.level, found.ephemeris
    for other in others:
        curve = curve.without(other, HIDDEN)
    transits = measure_transits(curve, found.box)
    evidence = examine(
        curve, ephemeris, found.box.duration_hour, transits, _variability(level.without(ephemeris, HIDDEN), options)
    )
    period_error, epoch_error = timing_errors(transits, ephemeris.duration_hour, evidence.shape.ingress_hour)
    score = folded = math.nan
    if scorer is not None:
        scores = scorer.at(curve, transits.time_day)
        score = float(np.nanmean(scores)) if np.isfinite(scores).any() else math.nan
        folded = scorer.folded(curve, ephemeris) if math.isfinite(ephemeris.period_day) else score
    flags = flags_of(evidence, ephemeris, transits, curve.interval_day, options.vetting)
    return Candidate(
        ephemeris, transits, evidence, flags, found.found_by, period_error, epoch_error, score, folded
    )  # fmt: skip


def _variability(level: RegularCurve, options: SearchOptions) -> Variability:
    """Of the star, from means of half the shortest transit: what is faster no box takes for a transit."""
    bin_hour = max(HOURS_OF_DAY * level.interval_day, 0.5 * options.box.duration_hour[0])
    if not np.isfinite(level.flux).any():
        return STEADY
    means = binned_in_time(level.time_day, level.flux, bin_hour=bin_hour)
    return variability(means.x, means.value, _SHORTEST_OF_STAR * bin_hour / HOURS_OF_DAY)
