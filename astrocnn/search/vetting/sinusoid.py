"""Sines at the candidate's period: variability that detrending has left, whose troughs a box takes for transits."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from astrocnn.search.dips import RegularCurve
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.scatter import robust_scatter

FACTORS = (0.5, 1.0, 2.0)
"""Periods that are tried over that of the candidate (Thompson et al. 2018, ApJS 235, 38, the SWEET test)."""
LEAST_POINTS = 10


class Sinusoid(NamedTuple):
    """The strongest sine: relative amplitude, and how many standard deviations it stands out by."""

    amplitude: float
    sigma: float


def sinusoid(curve: RegularCurve, ephemeris: Ephemeris) -> Sinusoid:
    """Fit sines of half, the whole and twice the period to what lies outside of the transits.

    Parameters
    ----------
    curve : RegularCurve
    ephemeris : Ephemeris

    Returns
    -------
    Sinusoid
        NaN for a single transit, or too few samples. The error takes the samples for independent.
    """
    outside = curve.without(ephemeris, 1.25)
    used = np.isfinite(outside.flux)
    time, flux = outside.time_day[used], outside.flux[used]
    if not math.isfinite(ephemeris.period_day) or len(time) < LEAST_POINTS:
        return Sinusoid(math.nan, math.nan)
    found = [_amplitude(time - ephemeris.epoch_day, flux, factor * ephemeris.period_day) for factor in FACTORS]
    return max(found, key=lambda one: one.amplitude)


def _amplitude(time: np.ndarray, flux: np.ndarray, period: float) -> Sinusoid:
    angle = 2 * np.pi / period * time
    design = np.stack([np.ones(len(time)), np.cos(angle), np.sin(angle)], axis=1)
    solution, *_ = np.linalg.lstsq(design, flux, rcond=None)
    amplitude = float(math.hypot(*solution[1:]))
    error = robust_scatter(flux - design @ solution) * math.sqrt(2 / len(time))
    return Sinusoid(amplitude, amplitude / error if error > 0 else math.nan)
