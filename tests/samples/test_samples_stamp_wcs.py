"""The eight numbers of a stamp's WCS give the sky positions of the image it was cut from."""

import numpy as np
import pytest
from astropy.nddata import Cutout2D
from astropy.wcs import WCS

from astrocnn.samples.stamp_wcs import shifted_parameters, stamp_wcs, tangent_parameters

SCALE = 0.2 / 3600


def image_wcs(projection="TAN", frame="RA---,DEC--", sip=False):
    lon, lat = frame.split(",")
    suffix = "-SIP" if sip else ""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = [f"{lon}{projection}{suffix}", f"{lat}{projection}{suffix}"]
    wcs.wcs.crpix = [500.5, 480.0]
    wcs.wcs.crval = [53.1625, -27.7914]
    angle = np.deg2rad(20)
    wcs.wcs.cd = SCALE * np.array([[-np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if sip:
        from astropy.wcs import Sip

        quadratic = np.zeros((3, 3))
        quadratic[2, 0] = quadratic[0, 2] = 2e-7  # 0.05 pixel at 500 pixels
        wcs.sip = Sip(quadratic, quadratic, None, None, wcs.wcs.crpix)
    wcs.wcs.set()
    return wcs


@pytest.mark.parametrize(
    ("wcs", "tolerance_arcsec"),
    [
        (image_wcs(), 1e-6),  # the same plane, turned to touch elsewhere: the linear term is exact
        (image_wcs("SIN"), 1e-4),
        (image_wcs("ARC", "GLON-,GLAT-"), 1e-4),
        (image_wcs(sip=True), 2.9e-4),  # 2e-7 x (50^2 + 50^2) pixels of 0.2 arcsec in each axis: 2.83e-4
    ],
    ids=["TAN", "SIN", "galactic ARC", "SIP"],
)
def test_stamps_have_the_sky_of_their_image(wcs, tolerance_arcsec):
    x, y = np.array([100.0, 700.3, 500.0]), np.array([200.0, 650.6, 100.0])
    all_parameters = tangent_parameters(wcs, x, y)
    for parameters, column, row in zip(all_parameters, x, y, strict=True):
        columns, rows = column + np.array([0, 50, -50, 50]), row + np.array([0, 50, 50, -50])
        mine = stamp_wcs(parameters).pixel_to_world(columns, rows)
        separation = mine.separation(wcs.pixel_to_world(columns, rows).icrs).arcsec
        assert separation[0] < 1e-8
        assert separation.max() < tolerance_arcsec


def test_a_stamp_counts_its_own_pixels():
    """Against astropy's Cutout2D, at an edge pixel of the stamp."""
    wcs = image_wcs()
    cutout = Cutout2D(np.zeros((900, 1000)), (300, 400), 45, wcs=wcs)
    parameters = shifted_parameters(tangent_parameters(wcs, [300], [400]), cutout.origin_original[0], 400 - 22)
    mine, reference = stamp_wcs(parameters[0]).pixel_to_world(0, 44), cutout.wcs.pixel_to_world(0, 44)
    assert mine.separation(reference.icrs).arcsec < 1e-6


def test_no_wcs_is_none():
    assert stamp_wcs(np.full(8, np.nan)) is None
