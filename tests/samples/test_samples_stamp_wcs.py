"""Eight numbers give the WCS that a FITS header with them gives."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from astrocnn.samples.shards import WCS_NAMES
from astrocnn.samples.stamp_wcs import celestial_wcs

PARAMETERS = np.array([23.0, 22.5, 53.1625, -27.7914, -5.2e-5, 1.9e-5, 2.0e-5, 5.1e-5])


def header(parameters):
    keys = [name.upper() if name.startswith("cr") else f"CD{name[2]}_{name[3]}" for name in WCS_NAMES]
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "RADESYS": "ICRS", "NAXIS": 2}
    return fits.Header({**cards, **dict(zip(keys, parameters, strict=True))})


@pytest.mark.parametrize("place", [(53.1625, -27.7914), (0.0001, 0.0), (180.0, 89.9)])
def test_the_sky_is_that_of_a_fits_header(place):
    parameters = PARAMETERS.copy()
    parameters[2:4] = place
    mine, reference = celestial_wcs(parameters), WCS(header(parameters))
    x, y = np.array([0.0, 44.0, 0.0, 22.0]), np.array([0.0, 0.0, 44.0, 21.5])
    sky = mine.pixel_to_world(x, y)
    assert sky.frame.name == "icrs"
    assert sky.separation(reference.pixel_to_world(x, y)).arcsec.max() < 1e-8
    assert sky[3].ra.deg == pytest.approx(place[0])  # FITS pixel (23, 22.5) is (22, 21.5) counted from 0
    assert sky[3].dec.deg == pytest.approx(place[1])
    np.testing.assert_allclose(mine.world_to_pixel(sky), [x, y], atol=1e-6)


@pytest.mark.parametrize("missing", [slice(None), slice(0, 1)])
def test_no_wcs_is_none(missing):
    parameters = PARAMETERS.copy()
    parameters[missing] = np.nan
    assert celestial_wcs(parameters) is None
