"""The WCS of a stamp from the eight numbers it is stored as."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from astropy.wcs import WCS


def celestial_wcs(parameters: np.ndarray) -> WCS | None:
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
