"""Shapes of the light curves of variable stars: magnitudes against phase or time, many stars at once.

Periodic shapes have the mean 0 and go from faintest to brightest over 1 mag; they are to be multiplied by an amplitude.
Eruptions are brightenings, 0 in quiescence. Magnitudes grow where a star fades. NaN where a phase or time is NaN.
"""

from __future__ import annotations

import numpy as np

from astrocnn.simulate.eclipse_curves import eclipsing_binary_curves
from astrocnn.simulate.orbit import Orbits

_GRID_PHASES = 512
"""Phases at which the range of a series is measured; between them it is exceeded by less than 1e-3."""
_MAG_PER_E_FOLD = 2.5 / np.log(10.0)
_CEPHEID_PLACES = (0.0, 0.45, 0.65, 0.75, 0.85, 0.95, 1.05, 1.2, 1.7)
_CEPHEID_RATIOS = (
    (0.43, 0.42, 0.40, 0.39, 0.37, 0.27, 0.13, 0.22, 0.36),
    (0.24, 0.23, 0.18, 0.14, 0.08, 0.08, 0.10, 0.12, 0.20),
    (0.11, 0.11, 0.09, 0.06, 0.04, 0.04, 0.05, 0.06, 0.10),
)
_CEPHEID_PHI_21 = (0.0, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.02, 1.1, 1.7), (
    3.9, 4.08, 4.12, 4.34, 4.5, 4.87, 5.3, 6.0, 4.7, 5.0,
)  # fmt: skip
"""Against the logarithm of the period in days: R_21, R_31, R_41; phi_21 with places of its own. See `cepheid`."""
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
    order = np.arange(2, ratios.shape[1] + 2)
    grid = 2.0 * np.pi * np.arange(_GRID_PHASES) / _GRID_PHASES
    waves = order[:, None] * grid
    on_grid = np.cos(grid) + (ratios * np.cos(phases)) @ np.cos(waves) - (ratios * np.sin(phases)) @ np.sin(waves)
    angle = 2.0 * np.pi * phase
    summed = np.cos(angle)
    for k, ratio, shift in zip(order, ratios.T, phases.T, strict=True):
        summed += ratio[:, None] * np.cos(k * angle + shift[:, None])
    return summed / np.ptp(on_grid, axis=1)[:, None]


def rr_lyrae_ab(
    phase: np.ndarray, period_day: np.ndarray, strength: np.ndarray, second: np.ndarray, third: np.ndarray
) -> np.ndarray:
    """Fundamental-mode RR Lyrae: a fast rise and a slow decline.

    As of stars of EROS-1 from 0.45 to 0.7 days in the band B_E: medians of the 230 that are known best are R_21 0.44,
    R_31 0.29, R_41 0.17, R_51 0.11, at all amplitudes; phi_21 is 3.75, phi_31 1.47, both longer with the period;
    phi_41 = phi_21 + phi_31 + 0.4 and phi_51 = phi_21 + phi_41 + 0.45. The ranges are the scatter of these stars.

    Parameters
    ----------
    phase : ndarray
        (n, time), in periods.
    period_day : ndarray
        (n,).
    strength, second, third : ndarray
        (n,), -1 to 1: where in their ranges the ratios, phi_21 and phi_31 of a star stand.

    Returns
    -------
    ndarray
        (n, time), magnitudes.
    """
    ratios = np.array([0.44, 0.29, 0.17, 0.10]) + np.array([0.08, 0.08, 0.07, 0.04]) * strength[:, None]
    longer = period_day - 0.55
    phi_21 = 3.75 + 0.9 * longer + 0.3 * second
    phi_31 = 1.47 + 2.0 * longer + 0.45 * third
    phi_41 = phi_21 + phi_31 + 0.4
    return fourier_series(phase, ratios, np.stack([phi_21, phi_31, phi_41, phi_21 + phi_41 + 0.45], axis=1))


def rr_lyrae_c(phase: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """First-overtone RR Lyrae, nearly a sine: R_21 of 0.05 to 0.2 and phi_21 of 4.2 to 5.2, as EROS-1 has in B_E."""
    return fourier_series(phase, 0.125 + 0.075 * scatter[:, None], 4.7 + 0.5 * scatter[:, None])


def cepheid(phase: np.ndarray, period_day: np.ndarray, strength: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """Fundamental-mode Cepheid with the progression of Hertzsprung: skewed, almost even at 10 days, skewed again.

    That phi_21 grows with the period towards 2 pi at 10 days, where R_21 is lowest, is found by Simon & Lee (1981, ApJ
    248, 291). Between 2 and 10 days the numbers are medians of Cepheids of EROS-1 in the band B_E, beyond they are
    chosen here; phi_31 is 2 phi_21 and phi_41 is 3 phi_21, as of a saw tooth, which those stars have to 0.2.

    Parameters
    ----------
    phase : ndarray
        (n, time), in periods.
    period_day : ndarray
        (n,).
    strength, scatter : ndarray
        (n,), -1 to 1: where in their ranges the ratios and phi_21 of a star stand.

    Returns
    -------
    ndarray
        (n, time), magnitudes.
    """
    place, order = np.log10(period_day), np.arange(2, 5)
    strengths = np.stack([np.interp(place, _CEPHEID_PLACES, ratio) for ratio in _CEPHEID_RATIOS], axis=1)
    angle = np.interp(place, *_CEPHEID_PHI_21) + 0.2 * scatter
    return fourier_series(phase, strengths * (1.0 + 0.2 * strength[:, None]), angle[:, None] * (order - 1))


def cepheid_overtone(phase: np.ndarray, strength: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """First-overtone Cepheid, with the small second harmonic it is known by (Beaulieu et al. 1995, A&A 303, 137).

    R_21 of 0.06 to 0.3 and phi_21 of 3.6 to 4.8 are what stars of EROS-1 shorter than 2.6 days have in B_E.
    """
    return fourier_series(phase, 0.18 + 0.12 * strength[:, None], 4.2 + 0.6 * scatter[:, None])


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
