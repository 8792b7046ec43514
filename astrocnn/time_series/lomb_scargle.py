"""The period of an irregular light curve in several bands, by astropy's Lomb-Scargle periodogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from scipy.stats import beta

from astrocnn.time_series.bins import known_errors
from astrocnn.time_series.period_grid import FrequencyGrid, frequency_grid
from astrocnn.time_series.period_options import PeriodOptions

LEAST_POINTS = 5
"""Points of a band below which a sine and a mean always fit."""
_POINTS_OF_WAVE = 6
_PEAKS, _STEPS_OF_PEAK = 40, 7


@dataclass(frozen=True)
class BandPoints:
    """The points of one band: times in days that do not fall, values, and errors above 0, all (n,) and finite."""

    time: np.ndarray
    value: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class WavePeak:
    """The highest peak of a periodogram.

    Parameters
    ----------
    period_day : float
    power : float
        From 0 to 1: the share of the chi-square that a sine explains.
    false_alarm : float
        Probability that noise alone has a peak as high, about: white, with errors known but for one factor.
    trials : int
        Frequencies tried.
    """

    period_day: float
    power: float
    false_alarm: float
    trials: int


def band_points(time: np.ndarray, value: np.ndarray, error: np.ndarray) -> BandPoints:
    """Points of one band that can be used; errors that are not known become those of `known_errors`."""
    used = np.isfinite(value)
    value = np.asarray(value, np.float64)[used]
    return BandPoints(np.asarray(time, np.float64)[used], value, known_errors(value, np.asarray(error)[used]))


def wave_search(bands: Sequence[BandPoints], options: PeriodOptions, *, where: str | None = None) -> WavePeak | None:
    """The highest peak of the periodogram of all bands together.

    Parameters
    ----------
    bands : sequence of BandPoints
        Those with fewer than five points, or with one value, are left out.
    options : PeriodOptions
    where : str, optional
        The object, for errors.

    Returns
    -------
    WavePeak or None
        None where no band can be used, or no period fits into the curve.

    Raises
    ------
    DataError
        Where the grid would be too long.

    Notes
    -----
    The periodogram of a curve is the mean of its bands', each with a mean and phase of its own, weighted by their
    chi-square about the mean (VanderPlas & Ivezic 2015, ApJ 812, 18, the multiband model without a common part).
    astropy's own `LombScargleMultiband(method="fast")` weights them by their squared power instead.
    """
    bands = [one for one in bands if len(one.time) >= LEAST_POINTS and np.ptp(one.value) > 0]
    if not bands:
        return None
    start = min(one.time[0] for one in bands)
    length = float(max(one.time[-1] for one in bands) - start)
    if not options.longest_in(length) > options.shortest_day:
        return None
    grid = frequency_grid(length, options, where)
    bands = [replace(one, time=one.time - start) for one in bands]
    method, keywords = _fast_method()
    power = _mean_power(
        bands, grid.frequencies(), 1, method=method, assume_regular_frequency=True, method_kwds=keywords
    )
    best = int(np.argmax(power))
    widths = max(1.0, grid.step * (grid.number - 1) * length)
    alarm = _false_alarm(float(power[best]), len(bands), sum(len(one.time) for one in bands), widths)
    frequency = grid.first + grid.step * best
    if options.harmonics > 1:
        frequency = _among_peaks(bands, power, grid, options.harmonics)
    return WavePeak(1 / frequency, float(power[best]), alarm, grid.number)


def _mean_power(bands: Sequence[BandPoints], frequency: np.ndarray, waves: int, **keywords: Any) -> np.ndarray:
    """Share of the chi-square of all bands that so many waves explain at each frequency; fewer of a sparse band."""
    from astropy.timeseries import LombScargle

    total, weight = np.zeros(len(frequency)), 0.0
    for one in bands:
        terms = max(1, min(waves, len(one.time) // _POINTS_OF_WAVE))
        curve = LombScargle(one.time, one.value, one.error, nterms=terms)
        mean = np.average(one.value, weights=one.error**-2)
        chi_square = float(np.sum(np.square((one.value - mean) / one.error)))
        total += chi_square * curve.power(frequency, normalization="standard", **keywords)
        weight += chi_square
    return np.asarray(total / weight)


def _among_peaks(bands: Sequence[BandPoints], power: np.ndarray, grid: FrequencyGrid, waves: int) -> float:
    """The frequency, near one of the highest peaks, at which waves with harmonics fit best.

    A star that is observed once a night has peaks a cycle a day apart; a sine can hardly tell them, the true shape of
    the curve can.
    """
    peaks = np.flatnonzero((power >= np.roll(power, 1)) & (power > np.roll(power, -1)))
    peaks = np.append(peaks[np.argsort(power[peaks])[-_PEAKS:]], np.argmax(power))
    near = (peaks[:, None] + np.linspace(-0.75, 0.75, _STEPS_OF_PEAK)).ravel()
    frequency = np.unique(grid.first + grid.step * np.clip(near, 0, grid.number - 1))
    return float(frequency[np.argmax(_mean_power(bands, frequency, waves, method="chi2"))])


@cache
def _fast_method() -> tuple[str, dict[str, int]]:
    """Name and keywords of astropy's fast periodogram, or that of the package nifty-ls where it is installed.

    It is twenty times faster and agrees to 1e-9 of the power (Garrison et al. 2024, RNAAS 8, 250).
    """
    try:
        import_module("nifty_ls")  # which adds itself to astropy's methods
    except ModuleNotFoundError:
        return "fast", {}
    return "fastnifty", {"nthreads": 1}


def _false_alarm(power: float, bands: int, points: int, widths: float) -> float:
    """Probability that noise has such a share of the chi-square anywhere.

    In white noise the share that two free numbers a band explain, beside a mean a band, has a beta distribution; with
    one band this is the (1 - power)^((n - 3) / 2) of Baluev 2008, MNRAS 385, 1279, table 1. A peak is met where the
    curve of power rises through a height, which it does the root of minus its logarithm times in a width (ibid.,
    eq. 6; for several bands it is an estimate).
    """
    left = points - 3 * bands
    if left <= 0:
        return 1.0
    single = float(beta.sf(min(max(power, 0.0), 1.0), bands, left / 2))
    if not 0 < single < 1:
        return single
    crossings = widths * max(1.0, float(np.sqrt(-np.log(single))))
    return float(-np.expm1(crossings * np.log1p(-single)))
