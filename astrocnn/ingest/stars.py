"""Telling stars from galaxies: by size where the star is not saturated, by its diffraction spikes where it is.

A star's size depends on its peak alone: not at all in linear data, and along one curve in a stretched picture, for any
stretch that treats all pixels alike. So stars lie on the lower side of size against peak, the classical diagram of size
and magnitude (Kaiser, Squires & Broadhurst 1995, ApJ 449, 460) in a form that needs no linear flux.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

SOURCES_PER_BIN = 40  # of peak, for the edge
EDGE_PERCENTILE = 5.0
RIDGE_SMOOTHING = 0.05  # in the logarithm of size, as is the next
RIDGE_WIDTH = 0.35
RIDGE_FALL = 0.25
RIDGE_FRACTION = 0.1
ANGLES = 64
RADII = np.arange(1.0, 2.5, 0.25)  # of the half-light radius, where spikes stand out and the core does not


def point_like(
    half_light_radius: np.ndarray,
    axis_ratio: np.ndarray,
    peak: np.ndarray,
    usable: np.ndarray,
    *,
    minimum_axis_ratio: float = 0.85,
    edge_tolerance: float = 0.1,
) -> np.ndarray:
    """Round sources on the stellar locus of size against peak, or, where there is no locus, those at its lower edge.

    The lower edge is the fifth percentile of size, running with peak. Where the sizes relative to it gather in a ridge
    and then thin out, the ridge is the stars. Where they do not (a deep field with few stars), only sources within
    `edge_tolerance` of the edge are taken: as compact as anything there.
    A galaxy as small as the point spread function passes too: its shape does not tell it from a star.

    Parameters
    ----------
    half_light_radius, axis_ratio, peak : arrays (n,)
        Sizes in any unit.
    usable : array (n,) of bool
        Bright, unsaturated, whole: the only ones that shape the locus and may be stars.
    minimum_axis_ratio : float
        Least axis ratio of a star.
    edge_tolerance : float
        Relative size above the edge.

    Returns
    -------
    array (n,) of bool
        All False with fewer than 40 candidates.
    """
    candidates = np.flatnonzero(usable & (axis_ratio >= minimum_axis_ratio) & (half_light_radius > 0) & (peak > 0))
    stars = np.zeros(len(peak), dtype=bool)
    if candidates.size < SOURCES_PER_BIN:
        return stars
    candidates = candidates[np.argsort(peak[candidates], kind="stable")]
    log_size, log_peak = np.log(half_light_radius[candidates]), np.log(peak[candidates])
    bins = np.array_split(np.arange(candidates.size), candidates.size // SOURCES_PER_BIN)
    edge = [np.percentile(log_size[members], EDGE_PERCENTILE) for members in bins]
    excess = log_size - np.interp(log_peak, [np.median(log_peak[members]) for members in bins], edge)
    end = ridge_end(excess)
    stars[candidates] = excess <= (np.log1p(edge_tolerance) if end is None else end)
    return stars


def ridge_end(excess: np.ndarray) -> float | None:
    """Where the ridge in a distribution of log sizes above the edge (0) ends; None where there is no ridge.

    A ridge is a maximum of the smoothed density, at most RIDGE_WIDTH above the edge, that falls to RIDGE_FALL of itself
    within RIDGE_WIDTH beyond, its end, and holds RIDGE_FRACTION of the sources.
    """
    grid = np.arange(0.0, 1.5, RIDGE_SMOOTHING / 5)
    density = np.exp(-0.5 * ((grid[:, None] - excess) / RIDGE_SMOOTHING) ** 2).sum(axis=1)
    maxima = 1 + np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:]))
    for top in maxima[grid[maxima] <= RIDGE_WIDTH]:
        beyond = (grid > grid[top]) & (grid <= grid[top] + RIDGE_WIDTH)
        fallen = np.flatnonzero(beyond & (density <= RIDGE_FALL * density[top]))
        if fallen.size and np.mean(excess <= grid[fallen[0]]) >= RIDGE_FRACTION:
            return float(grid[fallen[0]])
    return None


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
