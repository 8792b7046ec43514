"""What a telescope does to light: blur, pixels, photon noise; and how well a source stands out of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from astrocnn import backend


def blur_and_bin(samples: Any, response: Any, supersampling: int) -> Any:
    """Image of finely sampled light through the atmosphere, optics and pixels of every band.

    Parameters
    ----------
    samples : tensor
        Flux of each sample (n, Y, X) on a grid that reaches half a point-spread function beyond the image on all sides.
    response : tensor
        `pixel_response` of each band (k, k, band).
    supersampling : int
        Samples across a pixel.

    Returns
    -------
    tensor
        Images (n, y, x, band), with `y = (Y - k) / supersampling + 1`.
    """
    keras = backend.prepare()

    # a convolution layer correlates; flipped, an asymmetric PSF keeps its handedness
    flipped = response[::-1, ::-1, None, :]
    return keras.ops.conv(samples[..., None], flipped, strides=supersampling, padding="valid")


def convolve(images: Any, kernels: Any) -> Any:
    """Images blurred by one kernel a band; beyond their edges there is no light.

    Parameters
    ----------
    images : tensor
        Images (n, y, x, band).
    kernels : tensor
        Kernels (k, k, band), odd k.

    Returns
    -------
    tensor
        Images (n, y, x, band).
    """
    keras = backend.prepare()

    flipped = kernels[::-1, ::-1, ..., None]
    return keras.ops.depthwise_conv(images, flipped, padding="same")


def bin_pixels(images: Any, factor: int) -> Any:
    """Sum of blocks of pixels: a coarser image with the same flux.

    Parameters
    ----------
    images : tensor or ndarray
        Images (n, y, x, band), y and x multiples of `factor`.
    factor : int
        Pixels across a block.

    Returns
    -------
    tensor or ndarray
        Images (n, y / factor, x / factor, band).
    """
    keras = backend.prepare()

    n, rows, columns, bands = images.shape
    blocks = keras.ops.reshape(images, (n, rows // factor, factor, columns // factor, factor, bands))
    return keras.ops.sum(blocks, axis=(2, 4))


def photon_noise(flux: np.ndarray, gain: float | np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Noise that added light brings with it: Poisson counts minus their mean.

    Parameters
    ----------
    flux : ndarray
        Added flux, not negative, any shape, image units; zero flux has zero noise.
    gain : float or ndarray
        Photo-electrons per image unit, broadcast against `flux` (for instance one a band).
    generator : numpy.random.Generator
        Source of the random numbers.

    Returns
    -------
    ndarray
        Noise of the shape of `flux`, image units, float32, of variance `flux / gain`.
    """
    electrons = np.asarray(flux, np.float64) * gain
    return ((generator.poisson(electrons) - electrons) / gain).astype(np.float32)


def noise_sigma(
    sky_sigma: float | np.ndarray, flux: np.ndarray, gain: float | np.ndarray, read_noise: float = 0.0
) -> np.ndarray:
    """Standard deviation of a pixel's noise, from sky, read-out and the photons of what shines in it.

    Parameters
    ----------
    sky_sigma : float or ndarray
        Standard deviation of an empty sky pixel, image units.
    flux : ndarray
        Expected flux of lens and source, image units; negative flux counts as none.
    gain : float or ndarray
        Photo-electrons per image unit.
    read_noise : float
        Read-out noise of the whole exposure, photo-electrons.

    Returns
    -------
    ndarray
        Standard deviation, image units.
    """
    return np.sqrt(np.square(sky_sigma) + np.maximum(flux, 0.0) / gain + np.square(read_noise / gain))


def snr(source: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Signal-to-noise ratio of a source in its best aperture (that of LensPop, Collett 2015).

    Parameters
    ----------
    source : ndarray
        Flux of the lensed source without noise (n, y, x), one band.
    sigma : ndarray
        Standard deviation of the noise, broadcast against `source`; a pixel whose sigma is not finite is left out.

    Returns
    -------
    ndarray
        (n,): maximum over k of sum(source) / sqrt(sum(sigma^2)) over the k pixels highest in source / sigma; 0 without
        a source.
    """
    flat_source, flat_sigma, used = _flat(source, sigma)
    order = np.argsort(np.where(used, -flat_source / flat_sigma, np.inf), axis=1)
    signal = _running_sum(np.where(used, flat_source, 0.0), order)
    variance = _running_sum(np.where(used, flat_sigma**2, 0.0), order)
    return np.maximum(np.max(signal / np.sqrt(np.where(variance > 0, variance, np.inf)), axis=1), 0.0)


def snr_matched(source: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Signal-to-noise ratio of a source through a filter of its own shape: the highest there is.

    Parameters
    ----------
    source, sigma : ndarray
        As for `snr`.

    Returns
    -------
    ndarray
        (n,): sqrt(sum((source / sigma)^2)).
    """
    flat_source, flat_sigma, used = _flat(source, sigma)
    return np.sqrt(np.sum(np.where(used, flat_source / flat_sigma, 0.0) ** 2, axis=1))


def _running_sum(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    return np.cumsum(np.take_along_axis(values, order, axis=1), axis=1, dtype=np.float64)


def _flat(source: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shape = (len(source), math.prod(source.shape[1:]))
    flat_source = np.asarray(source, np.float32).reshape(shape)
    flat_sigma = np.broadcast_to(np.asarray(sigma, np.float32), source.shape).reshape(shape)
    used = np.isfinite(flat_sigma) & (flat_sigma > 0) & np.isfinite(flat_source)
    return flat_source, np.where(used, flat_sigma, 1.0), used
