"""What a star's light does besides transits: quasi-periodic variability, red noise, flares."""

from __future__ import annotations

import numpy as np

_FLARE_RISE = (1.0, 1.941, -0.175, -2.246, -1.125)
"""Coefficients of rising powers of the time from the peak over the full width at half maximum."""
_FLARE_DECAY = ((0.6890, 1.600), (0.3030, 0.2783))
"""Amplitude and rate of the two exponentials after the peak."""


def quasi_periodic(
    time_day: np.ndarray, amplitude: np.ndarray, period_day: np.ndarray, phase: np.ndarray,
    amplitude_period_day: np.ndarray, period_period_day: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Relative flux of spotted stars whose amplitude and period drift (Pearson et al. 2018, MNRAS 474, 478, section 2).

    1 + A(t) sin(2 pi t / w(t) + phase), with A(t) = A (1 + sin(2 pi t / P_A)) and w(t) = w (1 + sin(2 pi t / P_w)).

    Parameters
    ----------
    time_day : ndarray
        (time,) or (n, time), from the begin of the curve on.
    amplitude, period_day, phase : ndarray
        (n,): A, w in days, and the phase in radians.
    amplitude_period_day, period_period_day : ndarray
        (n,): P_A and P_w in days; with a negative one the amplitude or period falls first. Of a P_w shorter than four
        times the curve w(t) passes through 0, and nothing is smooth there.

    Returns
    -------
    ndarray
        (n, time).
    """
    turn = 2.0 * np.pi * time_day
    drifting_amplitude = amplitude[:, None] * (1.0 + np.sin(turn / amplitude_period_day[:, None]))
    drifting_period = period_day[:, None] * (1.0 + np.sin(turn / period_period_day[:, None]))
    return 1.0 + drifting_amplitude * np.sin(turn / drifting_period + phase[:, None])


def damped_random_walk(white: np.ndarray, timescale: np.ndarray) -> np.ndarray:
    """Stationary red noise of unit variance on equal steps.

    Its covariance is exp(-|dt| / timescale) (Kelly, Bechtold & Siemiginowska 2009, ApJ 698, 895).

    Parameters
    ----------
    white : ndarray
        (n, time), standard normal.
    timescale : ndarray
        (n,), in steps.

    Returns
    -------
    ndarray
        (n, time), stationary from its first value on.
    """
    kept = np.exp(-1.0 / timescale)
    fresh = np.sqrt(-np.expm1(-2.0 / timescale))
    walk = np.ascontiguousarray(white.T)
    for step in range(1, len(walk)):
        walk[step] *= fresh
        walk[step] += kept * walk[step - 1]
    return walk.T


def flare(time: np.ndarray, peak: np.ndarray, width: np.ndarray) -> np.ndarray:
    """White-light flares of unit amplitude (Davenport et al. 2014, ApJ 797, 122, eqs. 1 and 4).

    Parameters
    ----------
    time : ndarray
        Any unit.
    peak, width : ndarray
        Time of the peak and full width at half maximum in the same unit, of shapes that broadcast.

    Returns
    -------
    ndarray
        0 until one width before the peak, 1 at the peak.
    """
    since = (time - peak) / width
    rise = np.polynomial.polynomial.polyval(np.clip(since, -1.0, 0.0), _FLARE_RISE)
    after = np.maximum(since, 0.0)
    decay = sum(share * np.exp(-rate * after) for share, rate in _FLARE_DECAY)
    return np.where(since < -1.0, 0.0, np.where(since < 0.0, rise, decay))
