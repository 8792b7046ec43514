"""How much fainter a star is at each moment than just before and after it: the single dip that all else is made of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_options import HOURS_OF_DAY
from astrocnn.time_series.scatter import robust_scatter

NOISE_DAY, NOISE_DURATIONS = 2.0, 8.0
"""The noise of depths is measured over this long, and at least over so many durations."""
SIDE = 1.5
"""Length of each side over that of the box."""
LEAST_COVERED = 0.5
"""Share of a box, and of what is beside it, that must be observed."""


@dataclass(frozen=True)
class RegularCurve:
    """A detrended light curve on equal steps.

    Parameters
    ----------
    start_day : float
        Middle of the first sample, in the times of the curve.
    interval_day : float
        From one sample to the next.
    flux : array (n,) of float64
        Relative to the star; NaN where nothing was observed.
    """

    start_day: float
    interval_day: float
    flux: np.ndarray

    def __len__(self) -> int:
        return len(self.flux)

    @property
    def time_day(self) -> np.ndarray:
        """Middles of the samples, (n,)."""
        return self.start_day + self.interval_day * np.arange(len(self))

    @property
    def end_day(self) -> float:
        """Middle of the last sample."""
        return self.start_day + self.interval_day * (len(self) - 1)

    def coarser(self, samples: int) -> RegularCurve:
        """Means of so many samples each, of those observed; what is left over at the end is dropped."""
        if samples <= 1:
            return self
        start = self.start_day + 0.5 * (samples - 1) * self.interval_day
        return RegularCurve(start, samples * self.interval_day, means_of(self.flux, samples))

    def without(self, transits: Ephemeris, widened: float = 1.0) -> RegularCurve:
        """The curve with these transits as if they had not been observed."""
        hidden = transits.covers(self.time_day, widened)
        return RegularCurve(self.start_day, self.interval_day, np.where(hidden, np.nan, self.flux))


def means_of(values: np.ndarray, samples: int) -> np.ndarray:
    """Means of each so many values, of those known; NaN where none is; the rest at the end is dropped."""
    groups = values[: len(values) // samples * samples].reshape(-1, samples)
    known = np.isfinite(groups)
    number = known.sum(axis=1)
    total = np.where(known, groups, 0.0).sum(axis=1)
    return np.divide(total, number, out=np.full(len(groups), np.nan), where=number > 0)


@dataclass(frozen=True)
class Dips:
    """Depth of a box of one duration at every place of a curve.

    Parameters
    ----------
    start_day : float
        Middle of the first box.
    interval_day : float
        From one box to the next.
    depth : array (k,)
        Mean flux of the two sides less that inside, relative; NaN where less than half of either is observed.
    noise : array (k,)
        Its standard deviation where nothing happens, with red noise and with what detrending has left; see
        `local_noise`.
    """

    start_day: float
    interval_day: float
    depth: np.ndarray
    noise: np.ndarray

    def at(self, time_day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Depths at these times, linear between places, and their noise.

        NaN beyond the curve and where a neighbour has none; the noise is infinite there.
        """
        place = (np.asarray(time_day, np.float64) - self.start_day) / self.interval_day
        below = np.floor(place).astype(np.int64)
        share = place - below
        inside = (below >= 0) & (below + 1 < len(self.depth))
        if not inside.any():
            return np.full(place.shape, np.nan), np.full(place.shape, np.inf)
        below = np.where(inside, below, 0)
        found = (1.0 - share) * self.depth[below] + share * self.depth[below + 1]
        known = inside & np.isfinite(found)
        return np.where(known, found, np.nan), np.where(known, self.noise[below], np.inf)


def dips_of(curve: RegularCurve, duration_hour: float) -> Dips:
    """Depths of a box at every place of a curve.

    Each side is half as long again as the box, and a quarter of its length away from it, so that what changes slowly
    cancels and a transit that lasts a little longer than the box does not fill its own sides.

    Parameters
    ----------
    curve : RegularCurve
    duration_hour : float
        Length of the box; at least one sample is taken.

    Returns
    -------
    Dips
        Empty for a curve that is shorter than the box with its sides.
    """
    width = max(1, round(duration_hour / HOURS_OF_DAY / curve.interval_day))
    apart = max(1, round(width / 4))
    side = round(SIDE * width)
    length = width + 2 * (side + apart)
    number = max(0, len(curve) - length + 1)
    first = curve.start_day + curve.interval_day * 0.5 * (length - 1)
    if not number:
        return Dips(first, curve.interval_day, np.empty(0), np.empty(0))
    observed = np.isfinite(curve.flux)
    count = np.concatenate([[0], np.cumsum(observed)])
    total = np.concatenate([[0.0], np.cumsum(np.where(observed, curve.flux - 1.0, 0.0))])

    def box(start: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Sum and number of observed samples of the boxes that begin so many places into each stretch."""
        begin, end = slice(start, start + number), slice(start + samples, start + samples + number)
        return total[end] - total[begin], count[end] - count[begin]

    before, n_before = box(0, side)
    inside, n_inside = box(side + apart, width)
    after, n_after = box(side + width + 2 * apart, side)
    n_beside = n_before + n_after
    enough = (n_inside >= LEAST_COVERED * width) & (n_beside >= 2 * LEAST_COVERED * side)
    depth = np.full(number, np.nan)
    beside = (before[enough] + after[enough]) / n_beside[enough]
    depth[enough] = beside - inside[enough] / n_inside[enough]
    block = max(NOISE_DAY / curve.interval_day, NOISE_DURATIONS * width)
    return Dips(first, curve.interval_day, depth, local_noise(depth, round(block)))


def local_noise(values: np.ndarray, block: int) -> np.ndarray:
    """Standard deviation of values about their place, (n,), from median absolute deviations.

    Parameters
    ----------
    values : array (n,)
        NaN where not known.
    block : int
        Values that are taken together. What fills less than half of a block, as a transit does, tells little.

    Returns
    -------
    array (n,)
        The larger of the scatter of all and that of the block, so that a disturbed stretch of a curve counts for less,
        and quiet ones are not trusted beyond the rest. Infinite where there are no values.
    """
    whole = robust_scatter(values)
    if not whole > 0:
        return np.full(len(values), np.inf)
    blocks = max(1, round(len(values) / block))
    edges = np.linspace(0, len(values), blocks + 1).astype(np.int64)
    found = np.array([robust_scatter(values[start:stop]) for start, stop in pairwise(edges)])
    middle = 0.5 * (edges[:-1] + edges[1:])
    return np.interp(np.arange(len(values)), middle, np.fmax(found, whole))
