"""The WCS of one stamp as eight numbers: a tangent-plane projection, exact over a stamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from astropy.wcs import WCS


def tangent_parameters(wcs: WCS, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Parameters of the tangent-plane WCS that touches an image's WCS at each of some pixels.

    Parameters
    ----------
    wcs : astropy.wcs.WCS
        Celestial WCS of the image, of any projection, frame and distortion.
    x, y : arrays (n,)
        Pixels of tangency, zero-based columns and rows; the centres of the stamps are best.

    Returns
    -------
    array (n, 8) of float64
        In the order of `astrocnn.samples.shards.WCS_NAMES`, in ICRS; the reference pixel counts from 1.

    Notes
    -----
    The CD matrix is the derivative over one pixel of the tangent-plane coordinates (Calabretta & Greisen 2002,
    A&A 395, 1077, section 5.1.3); what is left out is the image's own curvature over a stamp.
    """
    x, y = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(y, float))
    column = x + np.array([0.0, 0.5, -0.5, 0.0, 0.0])[:, None]
    row = y + np.array([0.0, 0.0, 0.0, 0.5, -0.5])[:, None]
    sky = wcs.celestial.pixel_to_world(column, row).icrs
    ra, dec = sky.ra.rad, sky.dec.rad
    away = ra - ra[0]
    depth = np.sin(dec) * np.sin(dec[0]) + np.cos(dec) * np.cos(dec[0]) * np.cos(away)
    xi = np.rad2deg(np.cos(dec) * np.sin(away) / depth)
    eta = np.rad2deg((np.sin(dec) * np.cos(dec[0]) - np.cos(dec) * np.sin(dec[0]) * np.cos(away)) / depth)
    cd = (xi[1] - xi[2], xi[3] - xi[4], eta[1] - eta[2], eta[3] - eta[4])
    return np.stack([x + 1, y + 1, sky.ra.deg[0], sky.dec.deg[0], *cd], axis=-1)


def shifted_parameters(parameters: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The same WCS for stamps (n, 8) whose pixel (0, 0) is pixel (x, y) of the image, zero-based column and row."""
    shifted = np.array(parameters, float)
    shifted[..., 0] -= x
    shifted[..., 1] -= y
    return shifted


def stamp_wcs(parameters: np.ndarray) -> WCS | None:
    """The astropy WCS of eight parameters (`astrocnn.samples.shards.WCS_NAMES`); None where they hold NaN."""
    from astropy.wcs import WCS

    if not np.all(np.isfinite(parameters)):
        return None
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.crpix = parameters[:2]
    wcs.wcs.crval = parameters[2:4]
    wcs.wcs.cd = np.reshape(parameters[4:], (2, 2))
    wcs.wcs.set()
    return wcs
