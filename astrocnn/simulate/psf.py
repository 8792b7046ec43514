"""Point-spread functions as pixel grids."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from astrocnn.errors import DataError
from astrocnn.instruments import Instrument

_SIGMA_PER_FWHM = 1.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))
_INTEGRATION = 5  # samples across a pixel when a profile is integrated over it


def _moffat_scale(fwhm: float, beta: float) -> float:
    return fwhm / (2.0 * math.sqrt(2.0 ** (1.0 / beta) - 1.0))


def psf_kernel(
    fwhm_arcsec: float, scale_arcsec: float, *, moffat_beta: float | None = None, lost_flux: float = 0.01
) -> np.ndarray:
    """Round point-spread function on a pixel grid.

    Parameters
    ----------
    fwhm_arcsec : float
        Full width at half maximum, arcsec.
    scale_arcsec : float
        Pixel scale of the kernel, arcsec; the profile is integrated over these pixels.
    moffat_beta : float, optional
        Exponent of a Moffat profile, above 1; a Gaussian without it.
    lost_flux : float
        Fraction of the flux that may fall outside the kernel's inscribed circle; it sets the size.

    Returns
    -------
    ndarray
        Kernel (size, size), odd size, sum 1, float32.

    Raises
    ------
    DataError
        When a width, exponent or fraction is outside its range.
    """
    if not (fwhm_arcsec > 0 and scale_arcsec > 0 and 0 < lost_flux < 1 and (moffat_beta is None or moffat_beta > 1)):
        raise DataError(
            "a point-spread function that cannot be drawn",
            expected="FWHM and scale above 0, Moffat beta above 1, lost flux between 0 and 1",
            received=f"{fwhm_arcsec=}, {scale_arcsec=}, {moffat_beta=}, {lost_flux=}",
        )
    fwhm = fwhm_arcsec / scale_arcsec
    if moffat_beta is None:
        sigma = fwhm * _SIGMA_PER_FWHM
        radius = sigma * math.sqrt(-2.0 * math.log(lost_flux))
    else:
        alpha = _moffat_scale(fwhm, moffat_beta)
        radius = alpha * math.sqrt(lost_flux ** (1.0 / (1.0 - moffat_beta)) - 1.0)
    size = 2 * max(1, math.ceil(radius - 0.5)) + 1
    axis = (np.arange(size * _INTEGRATION) + 0.5) / _INTEGRATION - size / 2.0
    squared = axis[:, None] ** 2 + axis[None, :] ** 2
    if moffat_beta is None:
        profile = np.exp(-0.5 * squared / sigma**2)
    else:
        profile = (1.0 + squared / alpha**2) ** -moffat_beta
    kernel = profile.reshape(size, _INTEGRATION, size, _INTEGRATION).sum(axis=(1, 3))
    return (kernel / kernel.sum()).astype(np.float32)


def instrument_kernels(instrument: Instrument, bands: Sequence[str], supersampling: int) -> dict[str, np.ndarray]:
    """Point-spread functions of an instrument's bands on a supersampled pixel grid.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    bands : sequence of str
        Names of the bands.
    supersampling : int
        Samples across a pixel.

    Returns
    -------
    dict of ndarray
        `psf_kernel` of each band, sampled at the pixel scale over `supersampling`.

    Raises
    ------
    UnknownName
        When the instrument has no such band.
    """
    scale = instrument.scale_arcsec / supersampling
    psfs = {band: instrument.band(band).psf for band in bands}
    return {band: psf_kernel(psf.fwhm.value, scale, moffat_beta=psf.moffat_beta) for band, psf in psfs.items()}


def check_psf(kernel: np.ndarray, *, where: str = "PSF", centroid_px: float = 0.1, flux: float = 1e-3) -> np.ndarray:
    """Refuse a point-spread function that would move, lose or invent flux.

    Parameters
    ----------
    kernel : ndarray
        Kernel (size, size).
    where : str
        What the kernel belongs to, for the message.
    centroid_px : float
        Largest offset of the centroid from the central pixel, pixels.
    flux : float
        Largest departure of the sum from 1.

    Returns
    -------
    ndarray
        The kernel, float32.

    Raises
    ------
    DataError
        When the kernel is not square with odd size, not finite, not of sum 1, or not centred.
    """
    kernel = np.asarray(kernel)
    if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1] or kernel.shape[0] % 2 == 0:
        raise DataError("a PSF has to have a central pixel", where=where, expected="odd square", received=kernel.shape)
    if not np.isfinite(kernel).all():
        raise DataError("a PSF with values that are not finite", where=where)
    total = float(kernel.sum(dtype=np.float64))
    if abs(total - 1.0) > flux:
        raise DataError("a PSF that changes the flux", where=where, expected="sum 1", received=total)
    axis = np.arange(kernel.shape[0]) - kernel.shape[0] // 2
    offset = math.hypot(float((kernel.sum(axis=0) * axis).sum()), float((kernel.sum(axis=1) * axis).sum()))
    if offset > centroid_px:
        raise DataError(
            "a PSF that moves sources", where=where, expected=f"centroid within {centroid_px} px", received=offset
        )
    return kernel.astype(np.float32)


def pixel_response(kernel: np.ndarray, supersampling: int) -> np.ndarray:
    """Point-spread function and pixel in one: what a strided convolution needs to blur and bin at once.

    Parameters
    ----------
    kernel : ndarray
        Point-spread function (size, size) sampled at `supersampling` samples a pixel, sum 1.
    supersampling : int
        Samples across a pixel.

    Returns
    -------
    ndarray
        Response (size + supersampling - 1,) * 2, float32, of sum `supersampling^2`: the pixels together receive the
        flux of each sample once.
    """
    size = kernel.shape[0] + supersampling - 1
    response = np.zeros((size, size))
    for row in range(supersampling):
        for column in range(supersampling):
            response[row : row + kernel.shape[0], column : column + kernel.shape[1]] += kernel
    return response.astype(np.float32)
