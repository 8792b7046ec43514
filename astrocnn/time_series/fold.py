"""Folding: a light curve against the phase of a period, or against the days from the middle of the nearest transit."""

from __future__ import annotations

import math

import numpy as np

from astrocnn.errors import DataError
from astrocnn.time_series.bins import Binned, binned
from astrocnn.time_series.ephemeris import Ephemeris


def phases(time_day: np.ndarray, period_day: float, epoch_day: float = 0.0) -> np.ndarray:
    """Phase of each time, from -0.5 to below 0.5, and 0 at the epoch.

    Parameters
    ----------
    time_day : array (n,)
        NaN where missing; NaN then.
    period_day : float
        Finite and above 0.
    epoch_day : float

    Raises
    ------
    DataError
        When the period or epoch cannot be.
    """
    if not (0 < period_day < math.inf and math.isfinite(epoch_day)):
        raise DataError("no phases", expected="a period above 0 and an epoch", received=f"{period_day}, {epoch_day}")
    turns = (np.asarray(time_day, np.float64) - epoch_day) / period_day
    phase = turns - np.floor(turns + 0.5)
    return np.where(phase >= 0.5, -0.5, phase)  # rounding may make it 0.5


def folded_view(
    time_day: np.ndarray, flux: np.ndarray, error: np.ndarray | None, ephemeris: Ephemeris, *, bins: int,
    durations: float | None = None,
) -> Binned:  # fmt: skip
    """A folded curve in bins: the whole orbit in phase, or so many durations about the transit in days.

    Parameters
    ----------
    time_day, flux, error : array (n,)
        As for `binned`.
    ephemeris : Ephemeris
        With a finite period where the whole orbit is wanted.
    bins : int
    durations : float, optional
        Length of the view in durations of the transit, its middle in the middle; by default the whole orbit.
    """
    if durations is None:
        phase = phases(time_day, ephemeris.period_day, ephemeris.epoch_day)
        return binned(phase, flux, error, start=-0.5, end=0.5, bins=bins)
    half = 0.5 * durations * ephemeris.duration_day
    return binned(ephemeris.days_from_middle(time_day), flux, error, start=-half, end=half, bins=bins)
