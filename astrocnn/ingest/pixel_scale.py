"""Pixel scale on the sky, from a celestial WCS and nothing else."""

from __future__ import annotations

import numpy as np
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales

from astrocnn.errors import DataError

ANISOTROPY = 0.01  # largest relative difference of the two axes that one number may stand for
CARDS = "CTYPE1, CTYPE2, CRVAL1, CRVAL2, CRPIX1, CRPIX2 and CD1_1 ... CD2_2 (or CDELT1, CDELT2 and PC1_1 ...)"


def pixel_scale(wcs: WCS | None, where: str | None = None) -> float:
    """Side of a pixel at the reference point, in arcsec: the geometric mean of both axes (area is kept).

    CD, PC + CDELT and CROTA headers, distortions and swapped axes are astropy's to read; distortions do not enter.

    Parameters
    ----------
    wcs : WCS or None
        Two-dimensional and celestial.
    where : str, optional
        The file it came from, for the message.

    Raises
    ------
    DataError
        No celestial WCS, a singular one, or axes whose scales differ by more than 1 %.
    """
    if wcs is None or not wcs.has_celestial or wcs.naxis != 2:
        received = "no WCS" if wcs is None else f"CTYPE = {', '.join(repr(kind) for kind in wcs.wcs.ctype)}"
        raise DataError(
            "the header has no celestial WCS, so the pixel scale is unknown",
            where=where,
            expected=f"header cards {CARDS}, with CTYPE such as RA---TAN and DEC--TAN",
            received=received,
            fix="solve the astrometry of the image and write these cards",
        )
    scales_arcsec = proj_plane_pixel_scales(wcs.celestial) * 3600.0
    low, high = float(np.min(scales_arcsec)), float(np.max(scales_arcsec))
    if not np.isfinite(high) or low <= 0:
        raise DataError(
            "the WCS gives a pixel of no size",
            where=where,
            expected="CD1_1 ... CD2_2 or CDELT1, CDELT2 that are not zero",
            received=f"{low} x {high} arcsec",
            fix="solve the astrometry of the image and write these cards",
        )
    if high / low - 1.0 > ANISOTROPY:
        raise DataError(
            "the pixels are not square on the sky",
            where=where,
            expected=f"CDELT1 and CDELT2 (or the columns of CD) within {ANISOTROPY:.0%}",
            received=f"{scales_arcsec[0]:.5g} x {scales_arcsec[1]:.5g} arcsec",
            fix="resample the image to square pixels, for example with reproject",
        )
    return float(np.sqrt(low * high))
