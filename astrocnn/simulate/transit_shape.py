"""Flux of a limb-darkened star behind a dark disc: exact, for quadratic limb darkening, over whole arrays at once."""

from __future__ import annotations

import numpy as np

from astrocnn.simulate.elliptic import elliptic_trio

_CONTACT = 1e-9
"""Distance, in stellar radii, kept from the separations at which single terms diverge though their sum does not."""
_AT_ONCE = 4096
"""Points in work at once: their intermediate arrays stay in a processor's cache."""


def transit_flux(
    separation: np.ndarray, radius_ratio: np.ndarray, u1: np.ndarray | float, u2: np.ndarray | float
) -> np.ndarray:
    """Flux of a star that a dark disc stands before, relative to the whole star.

    Intensity is 1 - u1 (1 - mu) - u2 (1 - mu)^2, with mu the cosine of the angle to the star's surface.

    Parameters
    ----------
    separation : ndarray
        Distance of the centres in stellar radii; any shape.
    radius_ratio : ndarray
        Radius of the disc in stellar radii, of a shape that broadcasts against `separation`; may be above 1.
    u1, u2 : ndarray or float
        Limb darkening, the same way.

    Returns
    -------
    ndarray
        1 outside of the transit, exactly; inside to 0.001 ppm. NaN where an argument is NaN.

    References
    ----------
    Mandel & Agol 2002, ApJ 580, L171; in the form of Agol, Luger & Foreman-Mackey 2020, AJ 159, 123, which does not
    lose digits. The tests compare with batman and with integrals over the disc.
    """
    distance, ratio, *darkening = np.broadcast_arrays(np.abs(separation), radius_ratio, u1, u2)
    touched = ~(distance >= 1.0 + ratio) & (ratio != 0.0)  # NaN goes on, and comes out
    columns = [column[touched].astype(np.float64, copy=False) for column in (distance, ratio, *darkening)]
    blocked = np.empty(len(columns[0]))
    for start in range(0, len(blocked), _AT_ONCE):
        piece = slice(start, start + _AT_ONCE)
        blocked[piece] = _blocked_share(*(column[piece] for column in columns))
    flux = np.ones(touched.shape)
    flux[touched] -= blocked
    return flux


def _blocked_share(distance: np.ndarray, ratio: np.ndarray, u1: np.ndarray, u2: np.ndarray) -> np.ndarray:
    """Share of a star's light behind the disc; (n,) arrays as of `transit_flux`, where the two overlap."""
    area, linear, square = _blocked_moments(_off_contacts(distance, ratio), ratio)
    blocked = (1.0 - u1 - u2) * area + (u1 + 2.0 * u2) * linear - u2 * (area - square)
    return blocked / (np.pi * (1.0 - u1 / 3.0 - u2 / 6.0))


def _off_contacts(distance: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Distances moved off b = r and off the inner contact b = 1 - r, by less than changes the flux."""
    distance = np.where(np.abs(distance - ratio) < _CONTACT, ratio + _CONTACT, distance)
    return np.where(np.abs(distance + ratio - 1.0) < _CONTACT, 1.0 - ratio + _CONTACT, distance)


def _blocked_moments(distance: np.ndarray, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integrals over the part behind the disc of 1, of mu, and of the squared distance from the star's centre."""
    area, linear, square = np.full((3, len(distance)), np.nan)
    hidden, inside = distance <= ratio - 1.0, distance + ratio < 1.0
    crossing = ~hidden & (distance + ratio >= 1.0)
    area[hidden], linear[hidden], square[hidden] = np.pi, 2.0 * np.pi / 3.0, np.pi / 2.0

    b, r = distance[inside], ratio[inside]
    area[inside] = np.pi * r * r
    square[inside] = np.pi * r * r * (b * b + 0.5 * r * r)
    linear[inside] = _linear_inside(b, r)

    b, r = distance[crossing], ratio[crossing]
    area[crossing], square[crossing] = _lens_moments(b, r)
    linear[crossing] = _linear_crossing(b, r)
    return area, linear, square


def _lens_moments(b: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area of the overlap of two crossing circles, and the integral of the squared distance from the star over it."""
    # Twice the kite's area, by Kahan's form of Heron's rule, whose sides must be sorted.
    long, short = np.maximum(np.maximum(b, r), 1.0), np.minimum(np.minimum(b, r), 1.0)
    middle = b + r + 1.0 - long - short
    wide, narrow = long - middle, middle - short
    heron = (long + (middle + short)) * (short - wide) * (short + wide) * (long + narrow)
    kite = np.sqrt(np.maximum(heron, 0.0))
    at_planet = np.arctan2(kite, (r - 1.0) * (r + 1.0) + b * b)
    at_star = np.arctan2(kite, (1.0 - r) * (1.0 + r) + b * b)
    area = at_star + r * r * at_planet - 0.5 * kite
    square = 0.5 * (at_star + r * r * (r * r + 2.0 * b * b) * at_planet - 0.25 * (1.0 + 5.0 * r * r + b * b) * kite)
    return area, square


def _linear_inside(b: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Integral of mu behind a disc that lies within the star's limb."""
    outer, inner = (1.0 - b - r) * (1.0 + b + r), (1.0 - b + r) * (1.0 + b - r)
    share = (b - r) / (b + r)
    mu = 3.0 * share / inner
    p = share * share * outer / inner
    complement = np.sqrt(outer / inner)
    third, second, _ = elliptic_trio(complement, p, 1.0 + mu, p + mu)
    term = 2.0 * np.sqrt(inner) * (outer * third - (4.0 - 7.0 * r * r - b * b) * second) / (9.0 * np.pi)
    return _linear_from(term, b, r)


def _linear_crossing(b: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Integral of mu behind a disc that crosses the star's limb."""
    inner, product = (1.0 - b + r) * (1.0 + b - r), 4.0 * b * r
    squared = (b + r - 1.0) * (b + r + 1.0) / product
    complement = np.minimum(np.sqrt(squared), 1.0)
    p = (b - r) ** 2 * squared
    third, second, difference = elliptic_trio(complement, p, 0.0, 3.0 * squared * (b - r) * (b + r))
    sum_of_three = third - (3.0 - 6.0 * r * r - 2.0 * b * r) * difference - product * second
    return _linear_from(inner * sum_of_three / (9.0 * np.pi * np.sqrt(b * r)), b, r)


def _linear_from(term: np.ndarray, b: np.ndarray, r: np.ndarray) -> np.ndarray:
    return np.pi * term + np.where(r > b, 2.0 * np.pi / 3.0, 0.0)
