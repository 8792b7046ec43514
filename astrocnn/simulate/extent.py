"""How large the lenses of a population appear, from its parameters alone, for the receptive-field check."""

from __future__ import annotations

import math

import numpy as np

from astrocnn.simulate.arcs import CORE_SAMPLES, GEOMETRY, trace_source
from astrocnn.simulate.lens_population import LensPopulation

HELD_FLUX = 0.95
"""Fraction of the lensed flux inside the extent."""

_SAMPLES = 201


def flux_diameter_arcsec(geometry: dict[str, np.ndarray], *, held: float = HELD_FLUX) -> np.ndarray:
    """Diameter of the circle around the stamp's centre that holds a fraction of the lensed flux.

    Parameters
    ----------
    geometry : dict of ndarray
        Columns `GEOMETRY`, (n,) each.
    held : float
        The fraction.

    Returns
    -------
    ndarray
        (n,), arcsec, before blurring, to 2 %; flux is counted in a square that reaches two Einstein radii plus twelve
        half-light radii (the largest of both) from the centre.
    """
    columns = {name: np.asarray(geometry[name], np.float64)[:, None, None] for name in GEOMETRY}
    reach = np.max(2.0 * columns["einstein_radius_arcsec"] + 12.0 * columns["source_half_light_radius_arcsec"])
    sample = 2.0 * float(reach) / _SAMPLES
    axis = (np.arange(_SAMPLES) - (_SAMPLES - 1) / 2.0) * sample
    x, y = axis[None, None, :], axis[None, :, None]
    light = trace_source(columns, 1.0, x, y, core=CORE_SAMPLES * sample)
    radius = np.hypot(x, y).ravel()
    order = np.argsort(radius, kind="stable")
    growth = np.cumsum(light.reshape(len(light), -1)[:, order], axis=1)
    reached = np.argmax(growth >= held * growth[:, -1:], axis=1)
    return 2.0 * radius[order][reached]


def largest_extent_arcsec(population: LensPopulation, psf_fwhm_arcsec: float) -> float:
    """Extent of the largest lenses of a population as they appear in the image.

    The largest lens has the largest Einstein radius and the largest source, and is typical otherwise: the middle of the
    ranges of axis ratio, Sersic index and shear, and the source at the root mean square of its offsets.

    Parameters
    ----------
    population : LensPopulation
        The ranges.
    psf_fwhm_arcsec : float
        Full width at half maximum of the point-spread function, arcsec.

    Returns
    -------
    float
        Diameter that holds 95 % of the lensed flux plus the FWHM, arcsec; at least twice the Einstein radius plus the
        source's half-light radius plus the FWHM.
    """
    einstein_radius = population.einstein_radius_arcsec[1]
    source_radius = population.source_half_light_radius_arcsec[1]
    offset = math.sqrt(0.5 * (population.source_offset[0] ** 2 + population.source_offset[1] ** 2)) * einstein_radius
    towards = np.radians([0.0, 45.0, 90.0])
    geometry = {name: np.zeros(len(towards)) for name in GEOMETRY} | {
        "einstein_radius_arcsec": np.full(len(towards), einstein_radius),
        "lens_axis_ratio": np.full(len(towards), _middle(population.lens_axis_ratio)),
        "lens_x_arcsec": np.full(len(towards), population.lens_offset_arcsec),
        "shear": np.full(len(towards), _middle(population.shear)),
        "source_x_arcsec": offset * np.cos(towards) + population.lens_offset_arcsec,
        "source_y_arcsec": offset * np.sin(towards),
        "source_half_light_radius_arcsec": np.full(len(towards), source_radius),
        "source_sersic_index": np.full(len(towards), _middle(population.source_sersic_index)),
        "source_axis_ratio": np.ones(len(towards)),
    }
    held = float(np.max(flux_diameter_arcsec(geometry)))
    return max(held, 2.0 * einstein_radius + source_radius) + psf_fwhm_arcsec


def _middle(limits: tuple[float, float]) -> float:
    return 0.5 * (limits[0] + limits[1])
