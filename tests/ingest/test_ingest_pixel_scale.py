"""Pixel scales of all the ways in which headers state them."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st

from astrocnn.errors import DataError
from astrocnn.ingest.pixel_scale import pixel_scale

SCALE = 0.2  # arcsec
DEGREES = SCALE / 3600


def header(**cards):
    """A TAN header with these cards; `_` in names stands as it is."""
    base = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.2, "CRPIX1": 50.0, "CRPIX2": 60.0}
    return fits.Header({**base, **cards})


@given(angle=st.floats(0, 360), parity=st.sampled_from([-1, 1]), scale=st.floats(0.01, 60))
def test_cd_matrix_turned_and_mirrored(angle, parity, scale):
    cosine, sine, side = np.cos(np.radians(angle)), np.sin(np.radians(angle)), scale / 3600
    wcs = WCS(header(CD1_1=parity * side * cosine, CD1_2=-side * sine, CD2_1=parity * side * sine, CD2_2=side * cosine))
    assert pixel_scale(wcs) == pytest.approx(scale, rel=1e-9)


def test_pc_with_cdelt():
    turned = {"PC1_1": 0.8, "PC1_2": -0.6, "PC2_1": 0.6, "PC2_2": 0.8}
    assert pixel_scale(WCS(header(CDELT1=-DEGREES, CDELT2=DEGREES, **turned))) == pytest.approx(SCALE)


def test_crota():
    assert pixel_scale(WCS(header(CDELT1=-DEGREES, CDELT2=DEGREES, CROTA2=33.0))) == pytest.approx(SCALE)


def test_units_of_arcsec_in_the_header():
    cards = {"CUNIT1": "arcsec", "CUNIT2": "arcsec", "CRVAL1": 150 * 3600.0, "CRVAL2": 7200.0}
    assert pixel_scale(WCS(header(CDELT1=-SCALE, CDELT2=SCALE, **cards))) == pytest.approx(SCALE)


def test_sip_distortion_does_not_enter():
    cards = header(CD1_1=-DEGREES, CD1_2=0.0, CD2_1=0.0, CD2_2=DEGREES)
    cards.update(
        {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-5, "B_0_2": 1e-5}
    )
    wcs = WCS(cards)
    assert wcs.sip is not None
    assert pixel_scale(wcs) == pytest.approx(SCALE)


def test_swapped_axes():
    cards = header(CD1_1=0.0, CD1_2=DEGREES, CD2_1=-DEGREES, CD2_2=0.0)
    cards.update({"CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRVAL1": 2.2, "CRVAL2": 150.0})
    assert pixel_scale(WCS(cards)) == pytest.approx(SCALE)


def test_nearly_square_pixels_keep_their_area():
    wcs = WCS(header(CDELT1=-DEGREES, CDELT2=1.009 * DEGREES))
    assert pixel_scale(wcs) ** 2 == pytest.approx(1.009 * SCALE**2)


def test_oblong_pixels_are_refused_with_both_sides():
    with pytest.raises(DataError, match=r"field\.fits.*CDELT1.*0\.2 x 0\.204 arcsec.*resample"):
        pixel_scale(WCS(header(CDELT1=-DEGREES, CDELT2=1.02 * DEGREES)), where="field.fits")


@pytest.mark.parametrize("wcs", [None, WCS(naxis=2), WCS(fits.Header({"CTYPE1": "LINEAR", "CTYPE2": "LINEAR"}))])
def test_no_celestial_wcs_names_the_cards(wcs):
    with pytest.raises(DataError, match=r"CTYPE1.*CD1_1.*RA---TAN") as caught:
        pixel_scale(wcs, where="raw.fits")
    assert caught.value.where == "raw.fits"


def test_a_cube_is_refused():
    cards = header(CDELT1=-DEGREES, CDELT2=DEGREES, CTYPE3="FREQ", CRVAL3=1.4e9, CDELT3=1e6, CRPIX3=1.0)
    with pytest.raises(DataError, match="FREQ"):
        pixel_scale(WCS(cards, naxis=3))
    assert pixel_scale(WCS(cards, naxis=3).celestial) == pytest.approx(SCALE)
