"""Periods of many light curves in several bands."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from astrocnn.representations.points import Points
from astrocnn.time_series.lomb_scargle import BandPoints, wave_search
from astrocnn.time_series.period_options import PeriodOptions


def periods(points: Points, options: PeriodOptions) -> tuple[np.ndarray, np.ndarray]:
    """Period of each curve: the highest peak of the periodogram of all its bands together.

    Parameters
    ----------
    points : Points
        With times. Errors that are not known are those of `Points.weighing_errors`.
    options : PeriodOptions

    Returns
    -------
    period_day : array (number,)
        NaN for a curve with fewer than five points in every band, or with one value in each.
    power : array (number,)
        Of the peak, from 0 to 1: the share of the chi-square that a sine explains.

    Raises
    ------
    DataError
        Where a grid would be too long, or no period fits into a curve.
    """
    found = [wave_search(bands, options) for bands in bands_of(points)]
    period, power = (
        np.array([getattr(one, name) if one else np.nan for one in found], np.float64)
        for name in ("period_day", "power")
    )
    return period, power


def bands_of(points: Points) -> list[list[BandPoints]]:
    """The points of each curve, band by band, with errors for weights; empty bands are there too."""
    errors = points.weighing_errors()
    bounds = np.searchsorted(points.group, np.arange(points.groups + 1))
    bands = [
        BandPoints(points.x[start:stop], points.value[start:stop], errors[start:stop])
        for start, stop in pairwise(bounds)
    ]
    return [bands[first : first + points.channels] for first in range(0, points.groups, points.channels)]
