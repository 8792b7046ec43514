"""Light curves of transits and eclipses: positions on the orbit, the shape there, the mean over each exposure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from astrocnn.simulate.orbit import Orbits, highest_speed, projected_position, sky_elements
from astrocnn.simulate.transit_shape import transit_flux

NODE_SPACING_MINUTE = 1.5
"""Instants of an exposure stand about as close as this."""
FEWEST_AT_LIMB = 3
"""And are no fewer than this in exposures during which the companion may cross the limb,"""
FEWEST_WITHIN = 1
"""and than this in those during which it stays within."""

_STRIDE = 8
"""Of this many successive times one is worked out first."""


def exposure_nodes(exposure_day: float, fewest: int = FEWEST_AT_LIMB) -> tuple[np.ndarray, np.ndarray]:
    """Offsets from the middle of an exposure, days, and weights with the sum 1: Gauss and Legendre's rule.

    With these numbers the mean over an exposure is that of many instants to 10 ppm for exposures of 2 minutes and to
    20 ppm for 30 minutes, at the contacts of transits of a percent; elsewhere, and for others, much closer. One where
    the exposure is 0.
    """
    number = 1 if exposure_day == 0.0 else max(fewest, round(exposure_day * 1440.0 / NODE_SPACING_MINUTE))
    places, weights = _gauss_legendre(number)
    return 0.5 * exposure_day * places, 0.5 * weights


_gauss_legendre = lru_cache(np.polynomial.legendre.leggauss)


def transit_curves(
    time_day: np.ndarray, orbits: Orbits, u1: np.ndarray, u2: np.ndarray, *, exposure_day: float = 0.0
) -> np.ndarray:
    """Flux of stars whose companions are dark.

    Parameters
    ----------
    time_day : ndarray
        (time,) or (n, time): middles of the exposures.
    orbits : Orbits
        n rows.
    u1, u2 : ndarray
        (n,), quadratic limb darkening.
    exposure_day : float
        Length of an exposure, over which the flux is averaged; 0: instants.

    Returns
    -------
    ndarray
        (n, time), relative to the flux outside of transits. NaN where a time is NaN.
    """

    def shape(separation: np.ndarray, nearer: np.ndarray, rows: np.ndarray) -> np.ndarray:
        darkened = transit_flux(separation, orbits.radius_ratio[rows], u1[rows], u2[rows])
        return np.where(nearer | np.isnan(separation), darkened, 1.0)

    return _over_exposures(time_day, orbits, shape, exposure_day)


def eclipsing_binary_curves(
    time_day: np.ndarray, orbits: Orbits, u1: np.ndarray, u2: np.ndarray, surface_brightness: np.ndarray,
    *, exposure_day: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """Flux of two spherical stars that eclipse each other, relative to both together.

    Parameters
    ----------
    time_day, orbits, u1, u2, exposure_day
        As of `transit_curves`; both stars have the same limb darkening.
    surface_brightness : ndarray
        (n,), that of the companion over the star's.

    Returns
    -------
    ndarray
        (n, time).
    """
    light = surface_brightness * orbits.radius_ratio**2

    def shape(separation: np.ndarray, nearer: np.ndarray, rows: np.ndarray) -> np.ndarray:
        ratio = orbits.radius_ratio[rows]
        primary = transit_flux(np.where(nearer, separation, np.inf), ratio, u1[rows], u2[rows])
        secondary = transit_flux(np.where(nearer, np.inf, separation / ratio), 1.0 / ratio, u1[rows], u2[rows])
        return (primary + light[rows] * secondary) / (1.0 + light[rows])

    return _over_exposures(time_day, orbits, shape, exposure_day)


Shape = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Flux from separation and nearness, (k, node), and the orbits' positions, (k, 1)."""


def _over_exposures(time_day: np.ndarray, orbits: Orbits, shape: Shape, exposure_day: float) -> np.ndarray:
    """Mean flux of each exposure; only those that see a part of the star covered are divided into instants."""
    times = np.broadcast_to(np.asarray(time_day, np.float64), (len(orbits), np.shape(time_day)[-1]))
    elements, speed = sky_elements(orbits), highest_speed(orbits)
    way = 0.5 * exposure_day * speed
    reach, limb = 1.0 + orbits.radius_ratio + way, 1.0 - orbits.radius_ratio - way
    rows, columns = _perhaps_covered(times, elements, reach, speed)
    separation, nearer = projected_position(times[rows, columns][:, None], elements[:, rows])
    covered, within = ~(separation[:, 0] >= reach[rows]), separation[:, 0] < limb[rows]
    flux = np.ones(times.shape)
    for chosen, fewest in ((covered & ~within, FEWEST_AT_LIMB), (covered & within, FEWEST_WITHIN)):
        row, column = rows[chosen], columns[chosen]
        offsets, weights = exposure_nodes(exposure_day, fewest)
        if len(offsets) > 1:
            at_instants = projected_position(times[row, column][:, None] + offsets, elements[:, row])
        else:
            at_instants = separation[chosen], nearer[chosen]
        flux[row, column] = shape(*at_instants, row[:, None]) @ weights
    return flux


def _perhaps_covered(
    times: np.ndarray, elements: np.ndarray, reach: np.ndarray, speed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the times that nothing rules out: few, and only each `_STRIDE`-th had to be worked out.

    A time is ruled out where the companion, at its highest speed, could not come within reach from where it was.
    """
    known = times[:, _STRIDE // 2 :: _STRIDE] if times.shape[1] > _STRIDE else times
    separation, _ = projected_position(known, elements)
    nearest = np.minimum(np.arange(times.shape[1]) // _STRIDE, known.shape[1] - 1)
    since = np.abs(times - known[:, nearest])
    rows, columns = np.nonzero(~(separation[:, nearest] - since * speed[:, None] >= reach[:, None]))
    return rows, columns
