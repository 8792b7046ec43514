"""Shapes of the light curves of variable stars: magnitudes against phase or time, many stars at once.

Periodic shapes have the mean 0 and go from faintest to brightest over 1 mag; they are to be multiplied by an amplitude.
Eruptions are brightenings, 0 in quiescence. Magnitudes grow where a star fades. NaN where a phase or time is NaN.
"""

from __future__ import annotations

import numpy as np

from astrocnn.simulate.eclipse_curves import eclipsing_binary_curves
from astrocnn.simulate.orbit import Orbits

_GRID = np.arange(512) / 512
"""Phases at which the range of a series is measured; between them it is exceeded by less than 1e-3."""
_MAG_PER_E_FOLD = 2.5 / np.log(10.0)
_TAIL_SHARE = 0.2
"""Of a supernova's light at its peak, what fades slowly; chosen here."""
_TAIL_MAG_PER_DAY = 0.015
"""How fast that fades: between the 0.0098 of cobalt 56 with all its light kept and faster ones; chosen here."""
_ELLIPSOIDAL = 1.5
"""Factor of a star's tidal distortion, of about this size for common limb and gravity darkening (Morris 1985)."""


def fourier_series(phase: np.ndarray, ratios: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """Sum of cosines, cos(2 pi p) + sum of R_k1 cos(2 pi k p + phi_k1), divided by its range.

    Parameters
    ----------
    phase : ndarray
        (n, time), in periods.
    ratios, phases : ndarray
        (n, k): R_21, R_31, ..., and phi_21, phi_31, ... in radians, of cosines (Simon & Lee 1981, ApJ 248, 291). A saw
        tooth of fast rise in light has phi_21 = 3 pi / 2 and phi_31 = pi.

    Returns
    -------
    ndarray
        (n, time), magnitudes.
    """

    def summed(at: np.ndarray) -> np.ndarray:
        angle = 2.0 * np.pi * at
        return np.cos(angle) + sum(
            ratios[:, [k]] * np.cos((k + 2) * angle + phases[:, [k]]) for k in range(ratios.shape[1])
        )

    height = np.ptp(summed(np.broadcast_to(_GRID, (len(phase), len(_GRID)))), axis=1)
    return summed(phase) / height[:, None]


def rr_lyrae_ab(phase: np.ndarray, amplitude: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """Fundamental-mode RR Lyrae: a fast rise and a slow decline, steeper where the amplitude is larger.

    The parameters are chosen here, of about the size that is observed: R_21 from 0.40 to 0.52, R_31 from 0.20 to 0.37
    and R_41 from 0.08 to 0.23 between amplitudes of 0.3 and 1.3 mag; phi_21 about 3.9, phi_31 1.8 and phi_41 6.0.

    Parameters
    ----------
    phase : ndarray
        (n, time), in periods.
    amplitude : ndarray
        (n,), magnitudes in V, which the shape depends on.
    scatter : ndarray
        (n,), -1 to 1: where in the range of each phase a star stands.

    Returns
    -------
    ndarray
        (n, time), magnitudes.
    """
    strength = np.clip((amplitude - 0.3) / 1.0, 0.0, 1.0)
    ratios = np.stack([0.40 + 0.12 * strength, 0.20 + 0.17 * strength, 0.08 + 0.15 * strength], axis=1)
    phases = np.stack([3.9 + 0.25 * scatter, 1.8 + 0.45 * scatter, 6.0 + 0.6 * scatter], axis=1)
    return fourier_series(phase, ratios, phases)


def rr_lyrae_c(phase: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """First-overtone RR Lyrae, nearly a sine: R_21 of 0.05 to 0.2 and phi_21 of 4.2 to 5.2, chosen here."""
    return fourier_series(phase, 0.125 + 0.075 * scatter[:, None], 4.7 + 0.5 * scatter[:, None])


def cepheid(phase: np.ndarray, period_day: np.ndarray) -> np.ndarray:
    """Fundamental-mode Cepheid with the progression of Hertzsprung: skewed, almost even at 10 days, skewed again.

    That phi_21 grows with the period towards 2 pi at 10 days, where R_21 is lowest, is found by Simon & Lee (1981, ApJ
    248, 291); the numbers between are chosen here, and phi_31 is 2 phi_21, as of a saw tooth.

    Parameters
    ----------
    phase : ndarray
        (n, time), in periods.
    period_day : ndarray
        (n,).

    Returns
    -------
    ndarray
        (n, time), magnitudes.
    """
    place = np.log10(period_day)
    second = np.interp(place, [0.0, 0.5, 0.8, 1.0, 1.3, 1.7], [0.45, 0.48, 0.30, 0.15, 0.40, 0.40])
    third = np.interp(place, [0.0, 0.5, 0.8, 1.0, 1.3, 1.7], [0.22, 0.25, 0.12, 0.08, 0.20, 0.22])
    angle = np.interp(place, [0.0, 0.5, 0.8, 1.0, 1.1, 1.7], [4.0, 4.3, 4.9, 6.2, 4.6, 5.0])
    return fourier_series(phase, np.stack([second, third], axis=1), np.stack([angle, 2.0 * angle], axis=1))


def mira(cycle: np.ndarray, rising: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Long-period variable: a sine that rises for another part of the cycle than it falls, of changing amplitude.

    Parameters
    ----------
    cycle : ndarray
        (n, time), phase with the number of the cycle, not negative; minima of light at whole numbers.
    rising : ndarray
        (n,), share of the cycle in which the star brightens.
    strengths : ndarray
        (n, cycles): amplitude at the start of each cycle over the mean one, between which it drifts; the last stays.

    Returns
    -------
    ndarray
        (n, time), magnitudes, with the mean 0 halfway between the extremes.
    """
    phase, up = cycle % 1.0, rising[:, None]
    wave = 0.5 * np.where(phase < up, np.cos(np.pi * phase / up), -np.cos(np.pi * (phase - up) / (1.0 - up)))
    known = np.isfinite(cycle)
    number = np.minimum(np.where(known, cycle, 0.0), strengths.shape[1] - 1.0)
    before = np.minimum(number.astype(np.int64), max(strengths.shape[1] - 2, 0))
    after = np.minimum(before + 1, strengths.shape[1] - 1)
    rows = np.arange(len(cycle))[:, None]
    return wave * (strengths[rows, before] + (number - before) * (strengths[rows, after] - strengths[rows, before]))


def eclipsing_binary(
    time_day: np.ndarray, orbits: Orbits, u1: np.ndarray, u2: np.ndarray, surface_brightness: np.ndarray
) -> np.ndarray:
    """Two stars of one mass that eclipse each other, with the tides that close ones raise.

    The light is that of `eclipsing_binary_curves` times 1 - A cos(2 angle), A = 1.5 (R / a)^3 sin^2 i for each star,
    weighted by its light (Morris 1985, ApJ 295, 143, leading term); angle from conjunction, of circular orbits.

    Parameters
    ----------
    time_day : ndarray
        (n, time).
    orbits : Orbits
        n rows.
    u1, u2, surface_brightness : ndarray
        (n,), as of `eclipsing_binary_curves`.

    Returns
    -------
    ndarray
        (n, time), magnitudes; 0 outside of eclipses without tides. These are in their own scale, not of 1 mag.
    """
    flux = eclipsing_binary_curves(time_day, orbits, u1, u2, surface_brightness)
    light = surface_brightness * orbits.radius_ratio**2
    cubes = (1.0 + light * orbits.radius_ratio**3) / (1.0 + light) / orbits.a_over_rstar**3
    tide = _ELLIPSOIDAL * cubes * (1.0 - orbits.cos_inclination**2)
    angle = 2.0 * np.pi * (time_day - orbits.mid_transit_day[:, None]) / orbits.period_day[:, None]
    return -2.5 * np.log10(flux * (1.0 - tide[:, None] * np.cos(2.0 * angle)))


def dwarf_nova(
    time_day: np.ndarray, onsets_day: np.ndarray, amplitude: np.ndarray, rise_day: np.ndarray, fade_day: np.ndarray
) -> np.ndarray:
    """Outbursts that rise linearly in magnitude and fade exponentially in light.

    Parameters
    ----------
    time_day : ndarray
        (n, time).
    onsets_day : ndarray
        (n, outbursts): when each starts to rise. Where two overlap the brighter one counts.
    amplitude : ndarray
        (n,), magnitudes.
    rise_day, fade_day : ndarray
        (n,): duration of the rise, and time in which the light falls by e.

    Returns
    -------
    ndarray
        (n, time), magnitudes brighter than in quiescence, 0 or more.
    """
    brighter = np.where(np.isnan(time_day), np.nan, 0.0)
    for onset in onsets_day.T:
        since = time_day - onset[:, None]
        rise = amplitude[:, None] * since / rise_day[:, None]
        fade = amplitude[:, None] - _MAG_PER_E_FOLD * (since - rise_day[:, None]) / fade_day[:, None]
        brighter = np.maximum(brighter, np.minimum(rise, fade))
    return brighter


def supernova(time_day: np.ndarray, amplitude: np.ndarray, rise_day: np.ndarray, decline_15: np.ndarray) -> np.ndarray:
    """A supernova like those of type Ia, on a galaxy's constant light.

    Its light starts with the square of time, as a fireball's, and is level at the peak: (1 - (t / rise)^2)^2; then it
    is a Gaussian and a slow exponential tail, whose sum is `decline_15` fainter after 15 days (Phillips 1993, ApJ 413,
    L105, for the number; the form is chosen here).

    Parameters
    ----------
    time_day : ndarray
        (n, time), from the peak.
    amplitude : ndarray
        (n,), magnitudes from the galaxy alone to the peak.
    rise_day : ndarray
        (n,), from explosion to peak.
    decline_15 : ndarray
        (n,), magnitudes of the supernova alone, between 0.5 and 1.9.

    Returns
    -------
    ndarray
        (n, time), magnitudes brighter than the galaxy, 0 before the explosion.
    """

    def tail(day: np.ndarray | float) -> np.ndarray:
        return _TAIL_SHARE * 10.0 ** (-0.4 * _TAIL_MAG_PER_DAY * np.asarray(day))

    left = (10.0 ** (-0.4 * decline_15) - tail(15.0)) / (1.0 - _TAIL_SHARE)
    width = 15.0 / np.sqrt(-2.0 * np.log(left))
    after, before = np.maximum(time_day, 0.0), np.maximum(-time_day / rise_day[:, None], 0.0)
    fading = (1.0 - _TAIL_SHARE) * np.exp(-0.5 * (after / width[:, None]) ** 2) + tail(after)
    light = np.where(time_day < 0.0, np.maximum(1.0 - before**2, 0.0) ** 2, fading)
    return 2.5 * np.log10(1.0 + (10.0 ** (0.4 * amplitude[:, None]) - 1.0) * light)
