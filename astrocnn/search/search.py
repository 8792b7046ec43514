"""The whole search of one star."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from astrocnn.samples.curve_meta import Quantity
from astrocnn.search.candidate import Candidate, measure_candidate
from astrocnn.search.dips import means_of
from astrocnn.search.find import find_transits
from astrocnn.search.options import SearchOptions
from astrocnn.search.star import Star, prepare_star, search_interval_hour
from astrocnn.search.window_scores import WindowScorer


@dataclass(frozen=True)
class StarSearch:
    """A star with its candidates, those that come back first, and the probability of each sample, where known."""

    star: Star
    candidates: tuple[Candidate, ...]
    probability: np.ndarray | None


def search_star(
    time_day: np.ndarray, value: np.ndarray, quantity: Quantity, options: SearchOptions,
    scorer: WindowScorer | None = None,
) -> StarSearch:  # fmt: skip
    """Search one star.

    Parameters
    ----------
    time_day, value : arrays (n,)
        Of one band; times finite and not falling.
    quantity : {"flux", "magnitude"}
    options : SearchOptions
    scorer : WindowScorer, optional
        The network, whose cadence the curve is brought to; without it only boxes are looked for. Boxes are found in a
        coarser one, of a sixth of the shortest transit, and measured in this.

    Returns
    -------
    StarSearch
        Each candidate is measured in the curve without the transits of the others, which is detrended once more so
        that the trend leaves all of them out.

    Raises
    ------
    DataError
        As `prepare_star`.
    """
    interval_hour = search_interval_hour(time_day, options) if scorer is None else scorer.interval_hour
    star = prepare_star(time_day, value, quantity, interval_hour, options)
    samples = max(1, int(search_interval_hour(time_day, options) / interval_hour))
    probability = coarse = None
    window_hour = math.nan
    if scorer is not None:
        probability, window_hour = scorer.along(star.curve, options.step), scorer.length * interval_hour
        coarse = means_of(probability, samples)
    found = find_transits(star.curve.coarser(samples), options, coarse, window_hour)
    known = [one.ephemeris for one in found]
    if known and options.window_hour > 0:
        star = prepare_star(time_day, value, quantity, interval_hour, options, known)
    candidates = [
        measure_candidate(star, one, known[:number] + known[number + 1 :], options, scorer)
        for number, one in enumerate(found)
    ]
    kept = tuple(one for one in candidates if one.transits.snr >= options.minimum_snr)
    return StarSearch(star, kept, probability)
