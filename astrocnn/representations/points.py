"""The points of many light curves, sorted by curve and channel: what every representation is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from astrocnn.errors import UnknownName
from astrocnn.representations.grouped import group_quantiles
from astrocnn.samples.curve import CurveBlock
from astrocnn.time_series.scatter import SCATTER_OF_DEVIATION


@dataclass(frozen=True)
class Points:
    """Points of several curves that can be used, those of one curve and channel together.

    Parameters
    ----------
    number : int
        Curves, also those without a point.
    channels : int
        Bands of each.
    group : array (k,) of int64
        curve * channels + channel, rising.
    x : array (k,) of float64
        Time in days, rising within a group, or phase from 0 to 1, in any order.
    value, error : arrays (k,) of float64
        Flux or magnitude, finite; its standard deviation, above 0, or NaN where it is not known.
    """

    number: int
    channels: int
    group: np.ndarray
    x: np.ndarray
    value: np.ndarray
    error: np.ndarray

    @property
    def groups(self) -> int:
        """Number of curves times channels."""
        return self.number * self.channels

    @property
    def curve(self) -> np.ndarray:
        """Curve of each point, (k,)."""
        return self.group // self.channels

    @property
    def counts(self) -> np.ndarray:
        """Points of each curve and channel, (number, channels)."""
        return np.bincount(self.group, minlength=self.groups).reshape(self.number, self.channels)

    def medians(self) -> np.ndarray:
        """Median of the values of each group, (groups,); NaN for a group without points."""
        return group_quantiles(self.value, self.group, self.groups, (0.5,))[0]

    def weighing_errors(self) -> np.ndarray:
        """Errors for weights, (k,), all above 0.

        One that is not known is the median of those known in its group; where none is, it is the robust scatter of the
        group (1.4826 times the median absolute deviation from the median), and 1 where that is 0.
        """
        known = np.isfinite(self.error)
        if known.all():
            return self.error
        usual = group_quantiles(self.error[known], self.group[known], self.groups, (0.5,))[0]
        deviation = np.abs(self.value - self.medians()[self.group])
        scatter = SCATTER_OF_DEVIATION * group_quantiles(deviation, self.group, self.groups, (0.5,))[0]
        usual = np.where(np.isfinite(usual), usual, np.where(scatter > 0, scatter, 1.0))
        return np.where(known, self.error, usual[self.group])


def points_of(block: CurveBlock, bands: Sequence[str]) -> Points:
    """Points of a block in these bands; those without a finite time and value are left out.

    Parameters
    ----------
    block : CurveBlock
    bands : sequence of str
        The channels, in their order. A curve may have no points in some of them.

    Returns
    -------
    Points
        Errors that are not finite and above 0 are NaN: not known.

    Raises
    ------
    UnknownName
        If the product has no such band.
    """
    if unknown := [name for name in bands if name not in block.bands]:
        raise UnknownName(f"no band {unknown[0]!r}", expected=", ".join(block.bands), fix="name one of these")
    channel_of = np.full(len(block.bands), -1)
    channel_of[[block.bands.index(name) for name in bands]] = np.arange(len(bands))
    channel = channel_of[block.band]
    used = np.flatnonzero((channel >= 0) & np.isfinite(block.time) & np.isfinite(block.value))
    curve = np.repeat(np.arange(len(block)), np.diff(block.offsets))
    group = curve[used] * len(bands) + channel[used]
    order = np.argsort(group, kind="stable")
    used = used[order]
    error = block.error[used].astype(np.float64)
    error[~(np.isfinite(error) & (error > 0))] = np.nan
    value = block.value[used].astype(np.float64)
    return Points(len(block), len(bands), group[order], block.time[used].astype(np.float64), value, error)
