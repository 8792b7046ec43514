"""Telling stars from galaxies: by size where the star is not saturated, by its diffraction spikes where it is.

A star's size depends on its peak alone: not at all in linear data, and along one curve in a stretched picture, for any
stretch that treats all pixels alike. So stars lie on the lower edge of size against peak, the classical diagram of size
and magnitude (Kaiser, Squires & Broadhurst 1995, ApJ 449, 460) in a form that needs no linear flux.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

SOURCES_PER_BIN = 40  # of peak, for the edge
EDGE_PERCENTILE = 5.0
ANGLES = 64
RADII = np.arange(1.0, 2.5, 0.25)  # of the half-light radius, where spikes stand out and the core does not


def point_like(
    half_light_radius: np.ndarray,
    axis_ratio: np.ndarray,
    peak: np.ndarray,
    usable: np.ndarray,
    *,
    size_tolerance: float = 0.1,
    minimum_axis_ratio: float = 0.85,
) -> np.ndarray:
    """Sources as compact as the most compact of their peak, and round.

    A galaxy as small as the point spread function passes too: no picture can tell it from a star by its shape.

    Parameters
    ----------
    half_light_radius, axis_ratio, peak : arrays (n,)
        Sizes in any unit.
    usable : array (n,) of bool
        Bright, unsaturated, whole: the only ones that shape the edge and may be stars.
    size_tolerance : float
        How far above the edge a star may lie, relative to it.
    minimum_axis_ratio : float
        Least axis ratio of a star.

    Returns
    -------
    array (n,) of bool
    """
    candidates = np.flatnonzero(usable & (axis_ratio >= minimum_axis_ratio) & (half_light_radius > 0) & (peak > 0))
    stars = np.zeros(len(peak), dtype=bool)
    if candidates.size < SOURCES_PER_BIN:
        return stars
    candidates = candidates[np.argsort(peak[candidates], kind="stable")]
    bins = np.array_split(candidates, max(1, candidates.size // SOURCES_PER_BIN))
    edge = [np.percentile(half_light_radius[members], EDGE_PERCENTILE) for members in bins]
    centres = [np.median(np.log(peak[members])) for members in bins]
    limit = np.interp(np.log(peak[candidates]), centres, edge) * (1.0 + size_tolerance)
    stars[candidates] = half_light_radius[candidates] <= limit
    return stars


def spike_strength(image: np.ndarray, x: np.ndarray, y: np.ndarray, half_light_radius_px: np.ndarray) -> np.ndarray:
    """How much the light around a source has four-fold symmetry beyond any lower one.

    The light at 1 to 2.25 half-light radii is summed along each direction; returned is the amplitude of its fourth
    angular harmonic less the largest of the first three, over its mean. Spikes of a secondary mirror held by four vanes
    give 0.15 and more; discs, bars and neighbours are stronger in the lower harmonics and give less than nothing.

    Parameters
    ----------
    image : array (y, x)
        Background subtracted.
    x, y, half_light_radius_px : arrays (n,)
        Pixels.

    Returns
    -------
    array (n,)
        NaN where there is no light around.
    """
    angle = np.arange(ANGLES) * 2 * np.pi / ANGLES
    radius = RADII[:, None] * half_light_radius_px[:, None, None]
    rows = y[:, None, None] + radius * np.sin(angle)
    columns = x[:, None, None] + radius * np.cos(angle)
    light = map_coordinates(image, [rows, columns], order=1, mode="nearest").mean(axis=1)
    harmonics = np.abs(np.fft.rfft(light, axis=1))
    mean = light.sum(axis=1)
    excess = harmonics[:, 4] - harmonics[:, 1:4].max(axis=1)
    return np.divide(excess, mean, out=np.full(len(x), np.nan), where=mean > 0)
