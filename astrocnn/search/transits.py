"""The transits of one ephemeris, measured one by one in a curve, and together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from astrocnn.search.dips import Dips, RegularCurve, dips_of
from astrocnn.time_series.ephemeris import Ephemeris


@dataclass(frozen=True)
class Transits:
    """Transits that were observed.

    Parameters
    ----------
    number : array (n,) of int64
        How many periods after the epoch, rising.
    time_day : array (n,)
        Their middles.
    depth : array (n,)
        Relative.
    noise : array (n,)
        Standard deviations of the depths.
    """

    number: np.ndarray
    time_day: np.ndarray
    depth: np.ndarray
    noise: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    @property
    def mean_depth(self) -> float:
        """Of all, weighted by the noise; NaN where none was observed."""
        return float(np.average(self.depth, weights=self.noise**-2.0)) if len(self) else math.nan

    @property
    def depth_error(self) -> float:
        """Of the mean."""
        return float(np.sum(self.noise**-2.0) ** -0.5) if len(self) else math.nan

    @property
    def snr(self) -> float:
        """Mean depth over its error; 0 where there is none."""
        return self.mean_depth / self.depth_error if len(self) else 0.0

    def rows(self, which: np.ndarray) -> Transits:
        """Some of them."""
        return Transits(self.number[which], self.time_day[which], self.depth[which], self.noise[which])


def mid_transits(ephemeris: Ephemeris, start_day: float, end_day: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and middles of all transits between two times, both included."""
    if math.isinf(ephemeris.period_day):
        inside = start_day <= ephemeris.epoch_day <= end_day
        return np.zeros(int(inside), np.int64), np.full(int(inside), ephemeris.epoch_day)
    first = math.ceil((start_day - ephemeris.epoch_day) / ephemeris.period_day)
    last = math.floor((end_day - ephemeris.epoch_day) / ephemeris.period_day)
    number = np.arange(first, last + 1)
    return number, ephemeris.epoch_day + ephemeris.period_day * number


def measure_transits(curve: RegularCurve, ephemeris: Ephemeris, dips: Dips | None = None) -> Transits:
    """Depth of each transit that is half observed, as are its sides.

    Parameters
    ----------
    curve : RegularCurve
    ephemeris : Ephemeris
    dips : Dips, optional
        Those of the duration, where they are known already.
    """
    dips = dips_of(curve, ephemeris.duration_hour) if dips is None else dips
    number, middle = mid_transits(ephemeris, curve.start_day, curve.end_day)
    depth, noise = dips.at(middle)
    seen = np.isfinite(noise)
    return Transits(number[seen], middle[seen], depth[seen], noise[seen])


def folded_depths(dips: Dips, ephemeris: Ephemeris, end_day: float, phase: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean depth of the box at other phases of an ephemeris, and its error.

    Parameters
    ----------
    dips : Dips
        Of a curve.
    ephemeris : Ephemeris
        Its period is finite.
    end_day : float
        Last time of the curve.
    phase : array (k,)
        In periods from mid-transit.

    Returns
    -------
    depth, error : arrays (k,)
        NaN and infinite where nothing was observed.
    """
    before = dips.start_day - ephemeris.period_day
    _, middle = mid_transits(ephemeris, before, end_day)
    return weighted_depth(*dips.at(middle[:, None] + ephemeris.period_day * phase))


def weighted_depth(depth: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the first axis of depths (n, ...), weighted by the noise, and its error.

    NaN and infinite where nothing was observed.
    """
    weight = noise**-2.0
    total = weight.sum(axis=0)
    mean = np.full(total.shape, np.nan)
    np.divide((weight * np.nan_to_num(depth)).sum(axis=0), total, out=mean, where=total > 0)
    return mean, np.divide(1.0, np.sqrt(total), out=np.full(total.shape, np.inf), where=total > 0)
