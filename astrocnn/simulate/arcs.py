"""Images of lensed sources: ray-traced, blurred and binned in fixed batches by one compiled function."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from astrocnn import backend
from astrocnn.errors import DataError
from astrocnn.simulate.compiled import compiled
from astrocnn.simulate.lensing import source_position
from astrocnn.simulate.light import sersic
from astrocnn.simulate.observe import blur_and_bin, noise_sigma, snr
from astrocnn.simulate.psf import check_psf, pixel_response

BATCH = 32
"""Objects rendered at once, the last batch padded, so that one graph is compiled however many there are."""

CORE_SAMPLES = 0.2
"""Core of the source's profile in samples."""

GEOMETRY = (
    "einstein_radius_arcsec",
    "lens_axis_ratio",
    "lens_angle_deg",
    "lens_x_arcsec",
    "lens_y_arcsec",
    "shear",
    "shear_angle_deg",
    "source_x_arcsec",
    "source_y_arcsec",
    "source_half_light_radius_arcsec",
    "source_sersic_index",
    "source_axis_ratio",
    "source_angle_deg",
)
"""Columns that place and shape the deflector and the source."""


def trace_source(geometry: dict[str, Any], lensed: Any, x: Any, y: Any, *, core: float = 0.0, ops: Any = np) -> Any:
    """Surface brightness of a lensed Sersic source of flux 1, as seen in the image plane.

    Parameters
    ----------
    geometry : dict of array
        The columns `GEOMETRY`, each of a shape that broadcasts with x (for instance (n, 1, 1)).
    lensed : array
        1 for a lensed source, 0 for the same source without a deflector.
    x, y : array
        Position from the stamp's centre, arcsec.
    core : float
        Radius inside which the source's cusp is flattened, arcsec (see `sersic`).
    ops : module
        `numpy` or `keras.ops`.

    Returns
    -------
    array
        Surface brightness, 1 / arcsec^2.
    """
    radian = math.pi / 180.0
    lens_x, lens_y = geometry["lens_x_arcsec"], geometry["lens_y_arcsec"]
    behind_x, behind_y = source_position(
        x - lens_x,
        y - lens_y,
        geometry["einstein_radius_arcsec"] * lensed,
        geometry["lens_axis_ratio"],
        geometry["lens_angle_deg"] * radian,
        geometry["shear"] * lensed,
        geometry["shear_angle_deg"] * radian,
        ops=ops,
    )
    return sersic(
        behind_x + lens_x - geometry["source_x_arcsec"],
        behind_y + lens_y - geometry["source_y_arcsec"],
        geometry["source_half_light_radius_arcsec"],
        geometry["source_sersic_index"],
        geometry["source_axis_ratio"],
        geometry["source_angle_deg"] * radian,
        core=core,
        ops=ops,
    )


@lru_cache(maxsize=8)
def _renderer(samples: int, sample_arcsec: float, supersampling: int, backend_name: str) -> Callable[..., Any]:
    import keras

    core = CORE_SAMPLES * sample_arcsec
    axis = ((np.arange(samples) - (samples - 1) / 2.0) * sample_arcsec).astype(np.float32)

    def render(geometry: Any, lensed: Any, fluxes: Any, response: Any) -> Any:
        columns = {name: geometry[:, number, None, None] for number, name in enumerate(GEOMETRY)}
        x, y = axis[None, None, :], axis[None, :, None]
        brightness = trace_source(columns, lensed[:, None, None], x, y, core=core, ops=keras.ops)
        images = blur_and_bin(brightness * sample_arcsec**2, response, supersampling)
        return images * fluxes[:, None, None, :]

    return compiled(render)


def render_arcs(
    parameters: dict[str, np.ndarray],
    *,
    size_px: int,
    scale_arcsec: float,
    bands: tuple[str, ...],
    psf: dict[str, np.ndarray],
    supersampling: int = 4,
    lensed: np.ndarray | bool = True,
) -> np.ndarray:
    """Images of lensed sources without noise.

    Parameters
    ----------
    parameters : dict of ndarray
        Columns of `draw_lenses`, (n,) each: `GEOMETRY` and `source_flux_<band>`, the source's flux before lensing.
    size_px : int
        Width of the square stamps, pixels.
    scale_arcsec : float
        Pixel scale, arcsec.
    bands : tuple of str
        Bands, in the order of the last axis.
    psf : dict of ndarray
        Point-spread function of each band, odd square of sum 1, sampled at `scale_arcsec / supersampling`.
    supersampling : int
        Samples across a pixel.
    lensed : ndarray of bool, or bool
        (n,); where false, the same source is drawn without a deflector.

    Returns
    -------
    ndarray
        (n, y, x, band), float32, in the unit of the source fluxes; flux 0 gives zeros.

    Raises
    ------
    DataError
        When a column or a band's PSF is missing, or a PSF cannot be used.
    """
    keras = backend.prepare()

    needed = (*GEOMETRY, *(f"source_flux_{band}" for band in bands))
    missing = [name for name in needed if name not in parameters] + [band for band in bands if band not in psf]
    if missing:
        raise DataError("arcs cannot be rendered", expected=", ".join((*needed, *bands)), received=f"no {missing}")
    response = _responses(psf, bands, supersampling)
    samples = size_px * supersampling + response.shape[0] - supersampling
    render = _renderer(samples, scale_arcsec / supersampling, supersampling, keras.backend.backend())
    number = len(parameters[GEOMETRY[0]])
    geometry = np.stack([parameters[name] for name in GEOMETRY], axis=1).astype(np.float32)
    fluxes = np.stack([parameters[f"source_flux_{band}"] for band in bands], axis=1).astype(np.float32)
    factor = np.broadcast_to(np.asarray(lensed, np.float32), (number,))
    images = np.empty((number, size_px, size_px, len(bands)), np.float32)
    for start in range(0, number, BATCH):
        rows = slice(start, min(start + BATCH, number))
        padded = (_padded(array[rows]) for array in (geometry, factor, fluxes))
        batch = render(*map(keras.ops.convert_to_tensor, padded), keras.ops.convert_to_tensor(response))
        images[rows] = keras.ops.convert_to_numpy(batch)[: rows.stop - rows.start]
    return images


def _responses(psf: dict[str, np.ndarray], bands: tuple[str, ...], supersampling: int) -> np.ndarray:
    kernels = [check_psf(psf[band], where=f"PSF of band {band}") for band in bands]
    size = max(kernel.shape[0] for kernel in kernels)
    padded = [np.pad(kernel, (size - kernel.shape[0]) // 2) for kernel in kernels]
    return np.stack([pixel_response(kernel, supersampling) for kernel in padded], axis=-1)


def _padded(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, np.repeat(rows[-1:], BATCH - len(rows), axis=0)]) if len(rows) < BATCH else rows


def peak_factor(arcs: np.ndarray, galaxy_peak: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Factor that gives arcs a peak relative to that of their galaxy (Petrillo et al. 2017).

    Parameters
    ----------
    arcs : ndarray
        (n, y, x), the reference band.
    galaxy_peak : ndarray
        (n,) peak flux of the galaxy in that band.
    wanted : ndarray
        (n,) wanted ratio of the peaks.

    Returns
    -------
    ndarray
        (n,) factor for all bands; 0 for arcs without flux.
    """
    peak = arcs.reshape(len(arcs), -1).max(axis=1).astype(np.float64)
    return wanted * galaxy_peak / np.where(peak > 0, peak, np.inf)


def snr_factor(
    arcs: np.ndarray,
    galaxy: np.ndarray,
    wanted: np.ndarray,
    *,
    sky_sigma: float | np.ndarray,
    gain: float,
    iterations: int = 4,
) -> np.ndarray:
    """Factor that gives arcs a signal-to-noise ratio, their own photons and the galaxy's counted.

    Parameters
    ----------
    arcs, galaxy : ndarray
        (n, y, x), the reference band.
    wanted : ndarray
        (n,) wanted `snr`.
    sky_sigma : float or ndarray
        Standard deviation of the empty sky, image units.
    gain : float
        Photo-electrons per image unit.
    iterations : int
        Steps of a secant iteration in the logarithms of factor and S/N; four reach 1e-3.

    Returns
    -------
    ndarray
        (n,) factor for all bands; 0 for arcs without flux.
    """
    used = np.flatnonzero(arcs.reshape(len(arcs), -1).max(axis=1) > 0)
    light, host, goal = arcs[used], galaxy[used], np.log(wanted[used])
    noise = np.broadcast_to(sky_sigma, arcs.shape)[used] if np.ndim(sky_sigma) else sky_sigma

    def reached(step: np.ndarray) -> np.ndarray:
        scaled = light * np.exp(step)[:, None, None]
        return np.log(snr(scaled, noise_sigma(noise, host + scaled, gain)))

    step = np.zeros(len(used))
    value = reached(step)
    slope = np.ones(len(used))  # of log S/N against log factor: 1 where the sky dominates, 1/2 where the arcs do
    for _ in range(iterations):
        change = (goal - value) / slope
        after = reached(step + change)
        moved = np.abs(change) > 1e-6
        slope = np.where(moved, np.clip((after - value) / np.where(moved, change, 1.0), 0.5, 1.0), slope)
        step, value = step + change, after
    factor = np.zeros(len(arcs))
    factor[used] = np.exp(step)
    return factor
