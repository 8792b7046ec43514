"""The period of an irregular light curve in several bands, by the Lomb-Scargle periodogram of sines or harmonics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from astrocnn.time_series.bins import known_errors
from astrocnn.time_series.harmonic_power import harmonic_power
from astrocnn.time_series.period_grid import FrequencyGrid, frequency_grid
from astrocnn.time_series.period_options import WaveOptions

LEAST_POINTS = 5
"""Points of a band below which a sine and a mean always fit; two more for each harmonic."""


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
        From 0 to 1: the share of the chi-square that the waves explain.
    false_alarm : float
        Probability that noise alone has a peak as high, about: errors known but for one factor, and as many independent
        frequencies as widths of a peak, 1 / length, between the shortest and longest period.
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


def wave_search(bands: Sequence[BandPoints], options: WaveOptions, *, where: str | None = None) -> WavePeak | None:
    """The highest peak of the periodogram of all bands together.

    Parameters
    ----------
    bands : sequence of BandPoints
        Those with fewer than five points, two more for each harmonic, or with one value, are left out.
    options : WaveOptions
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
    least = LEAST_POINTS + 2 * (options.harmonics - 1)
    bands = [one for one in bands if len(one.time) >= least and np.ptp(one.value) > 0]
    if not bands:
        return None
    start = min(one.time[0] for one in bands)
    length = float(max(one.time[-1] for one in bands) - start)
    if not options.longest_in(length) > options.shortest_day:
        return None
    grid = frequency_grid(length, options, where)
    total, weight = np.zeros(grid.number), 0.0
    for one in bands:
        power, chi_square = _periodogram(one.time - start, one.value, one.error, grid, options.harmonics)
        total += chi_square * power
        weight += chi_square
    best = int(np.argmax(total))
    height = float(total[best] / weight)
    widths = max(1.0, grid.step * (grid.number - 1) * length)
    points = sum(len(one.time) for one in bands)
    alarm = _false_alarm(height, len(bands), points, widths, options.harmonics)
    return WavePeak(1 / (grid.first + grid.step * best), height, alarm, grid.number)


def _periodogram(
    time: np.ndarray, value: np.ndarray, error: np.ndarray, grid: FrequencyGrid, harmonics: int
) -> tuple[np.ndarray, float]:
    """Power of one band on the grid, and its chi-square about the weighted mean."""
    from astropy.timeseries import LombScargle

    if harmonics > 1:
        power = harmonic_power(time, value, error, grid, harmonics)
    else:
        power = LombScargle(time, value, error).power(
            grid.frequencies(), method="fast", assume_regular_frequency=True, normalization="standard"
        )
    mean = np.average(value, weights=error**-2)
    return power, float(np.sum(np.square((value - mean) / error)))


def _false_alarm(power: float, bands: int, points: int, widths: float, harmonics: int = 1) -> float:
    """Probability of such a share of the chi-square in any of so many independent places.

    In white noise the share that two free numbers a wave and band explain, beside a mean a band, has a beta
    distribution; with one band and wave this is the (1 - power)^((n - 3) / 2) of Baluev 2008, MNRAS 385, 1279, table 1.
    """
    left = points - (2 * harmonics + 1) * bands
    if left <= 0:
        return 1.0
    single = float(beta.sf(min(max(power, 0.0), 1.0), harmonics * bands, left / 2))
    return float(-np.expm1(widths * np.log1p(-single))) if single < 1 else 1.0
