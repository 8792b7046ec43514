"""The shape of the folded transit: a trapezoid, whose ingress tells a planet from two stars that graze each other."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from astrocnn.search.dips import RegularCurve
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.fold import folded_view
from astrocnn.time_series.period_options import HOURS_OF_DAY

DURATIONS, BINS = 3.0, 60
"""What is fitted: so many durations about mid-transit, in so many bins."""
LEAST_BINS = 12


class Trapezoid(NamedTuple):
    """A symmetric trapezoid.

    Attributes
    ----------
    depth : float
        Relative.
    duration_hour : float
        From first to last contact.
    ingress_hour : float
        From first to second contact; half of the duration: a V.
    offset_hour : float
        Of its middle from the ephemeris.
    """

    depth: float
    duration_hour: float
    ingress_hour: float
    offset_hour: float

    @property
    def ingress_share(self) -> float:
        """Ingress over duration: 0 is a box, 0.5 a V."""
        return self.ingress_hour / self.duration_hour


UNKNOWN = Trapezoid(math.nan, math.nan, math.nan, math.nan)


def trapezoid_profile(hour: np.ndarray, duration: float, ingress: float) -> np.ndarray:
    """Share of its depth that a trapezoid has at times from its middle: 1 at the bottom, 0 outside; all in hours."""
    return np.clip((0.5 * duration - np.abs(hour)) / max(ingress, 1e-9), 0.0, 1.0)


def fit_trapezoid(curve: RegularCurve, ephemeris: Ephemeris) -> Trapezoid:
    """Fit a trapezoid and a level to the folded curve around mid-transit.

    Parameters
    ----------
    curve : RegularCurve
    ephemeris : Ephemeris

    Returns
    -------
    Trapezoid
        NaN where too little was observed. Samples are means over their interval, which the trapezoid is not: ingresses
        are longer by it.
    """
    from scipy.optimize import least_squares

    view = folded_view(curve.time_day, curve.flux, None, ephemeris, bins=BINS, durations=DURATIONS)
    filled = view.count > 0
    hour, flux, weight = HOURS_OF_DAY * view.mean_x[filled], view.value[filled], np.sqrt(view.count[filled])
    if len(hour) < LEAST_BINS:
        return UNKNOWN
    duration = ephemeris.duration_hour

    def solve(shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Level and depth are linear: the best for a shape, and what is left."""
        profile = trapezoid_profile(hour - shape[2] * duration, shape[0] * duration, shape[1] * shape[0] * duration)
        design = np.stack([np.ones(len(hour)), -profile], axis=1) * weight[:, None]
        best, *_ = np.linalg.lstsq(design, weight * flux, rcond=None)
        return best, design @ best - weight * flux

    low, high = [0.4, 0.02, -0.5], [2.0, 0.5, 0.5]
    starts = [np.array([1.1, share, 0.0]) for share in (0.1, 0.4)]
    fits = [least_squares(lambda shape: solve(shape)[1], start, bounds=(low, high), xtol=1e-4) for start in starts]
    shape = min(fits, key=lambda fit: float(fit.cost)).x
    (level, depth), _ = solve(shape)
    length = float(shape[0]) * duration
    return Trapezoid(float(depth / level), length, float(shape[1]) * length, float(shape[2]) * duration)
