"""Stamps against astropy's Cutout2D, and their local WCS against the full one."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.nddata import Cutout2D
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from astrocnn.ingest.cutouts import apply_nan_policy, cut, cut_many, first_pixel, leaves_tile, stamp_wcs

RNG = np.random.default_rng(5)
TILE = RNG.normal(size=(40, 50, 2)).astype(np.float32)


@given(x=st.floats(-20, 70), y=st.floats(-20, 60), size_px=st.integers(1, 25))
@settings(max_examples=200)
def test_same_pixels_as_cutout2d(x, y, size_px):
    stamp, coverage = cut(TILE, x, y, size_px)
    assert stamp.shape == (size_px, size_px, 2)
    for k in range(2):
        try:
            reference = Cutout2D(TILE[:, :, k], (x, y), size_px, mode="partial", fill_value=np.nan).data
        except ValueError:  # astropy's NoOverlapError: nothing of the stamp is in the tile
            reference = np.full((size_px, size_px), np.nan, np.float32)
        np.testing.assert_array_equal(stamp[:, :, k], reference)
    assert coverage == pytest.approx(np.isfinite(stamp[:, :, 0]).mean())
    assert bool(leaves_tile(np.array(x), np.array(y), size_px, TILE.shape)) == (coverage < 1)


@pytest.mark.parametrize(("size_px", "column"), [(5, 2), (6, 2), (6, 3)])
def test_centre_convention(size_px, column):
    # odd: the object is in the middle pixel; even: within half a pixel of the shared corner of the middle four
    x = 20.3 if (size_px, column) != (6, 3) else 19.7
    stamp, _ = cut(TILE, x, 15.0, size_px)
    assert stamp[size_px // 2, column, 0] == TILE[15, 20, 0]
    inside = x - first_pixel(x, size_px)
    assert abs(inside - (size_px - 1) / 2) <= 0.5


def test_many_at_once_are_each_alone():
    x, y = RNG.uniform(-5, 55, 100), RNG.uniform(-5, 45, 100)
    stamps, coverage = cut_many(TILE, x, y, 11)
    assert stamps.dtype == np.float32
    assert coverage.shape == (100,)
    for n in range(100):
        stamp, fraction = cut(TILE, x[n], y[n], 11)
        np.testing.assert_array_equal(stamps[n], stamp)
        assert coverage[n] == pytest.approx(fraction)


def test_coverage_counts_pixels_with_all_bands_and_the_tile_is_left_alone():
    tile = TILE.copy()
    tile[10, 10, 0] = np.nan
    tile[11, 11, 1] = np.nan
    before = tile.copy()
    stamps, coverage = cut_many(tile, np.array([10.0, 0.0]), np.array([10.0, 0.0]), 5)
    assert coverage[0] == pytest.approx(23 / 25)
    assert coverage[1] == pytest.approx(9 / 25)
    stamps[:] = 0
    np.testing.assert_array_equal(tile, before)


def tan_header(**cards):
    side = 0.2 / 3600
    base = {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 53.16, "CRVAL2": -27.79, "CRPIX1": 2000.0,
        "CRPIX2": 2000.0, "CD1_1": -side * 0.96, "CD1_2": side * 0.28, "CD2_1": side * 0.28, "CD2_2": side * 0.96,
    }  # fmt: skip
    return fits.Header({**base, **cards})


SIP = {
    "CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "A_ORDER": 2, "B_ORDER": 2, "A_2_0": 2e-7, "A_1_1": -1e-7,
    "B_0_2": 2e-7, "B_2_0": 1e-7,
}  # fmt: skip
SWAPPED = {
    "CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRVAL1": -27.79, "CRVAL2": 53.16,
    "CD1_1": 0.2 / 3600, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 0.2 / 3600,
}  # fmt: skip
GALACTIC = {"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN", "CRVAL1": 120.0, "CRVAL2": 45.0}
POLE = {"CRVAL1": 10.0, "CRVAL2": 89.97}


def from_numbers(numbers):
    """The WCS that the eight numbers stand for, written out here on its own."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.crpix = numbers[:2]
    wcs.wcs.crval = numbers[2:4]
    wcs.wcs.cd = numbers[4:].reshape(2, 2)
    return wcs


@pytest.mark.parametrize("cards", [{}, SIP, SWAPPED, GALACTIC, POLE], ids=["tan", "sip", "swapped", "galactic", "pole"])
@pytest.mark.parametrize("size_px", [64, 101])
def test_local_wcs_follows_the_full_one_to_a_hundredth_of_a_pixel(cards, size_px):
    full = WCS(tan_header(**cards))
    x, y = np.array([2000.2, 40.7, 3900.1]), np.array([1999.6, 3950.3, 80.9])
    numbers = stamp_wcs(full, x, y, size_px)
    assert numbers.shape == (3, 8)
    rows, columns = np.mgrid[0:size_px:9, 0:size_px:9]
    for n in range(3):
        local = from_numbers(numbers[n])
        there = full.pixel_to_world(columns + first_pixel(x[n], size_px), rows + first_pixel(y[n], size_px)).icrs
        assert (local.pixel_to_world(columns, rows).separation(there).arcsec / 0.2).max() < 0.01
        np.testing.assert_array_equal(numbers[n][:2], (size_px + 1) / 2)
    np.testing.assert_allclose(stamp_wcs(full, x[1], y[1], size_px), numbers[1], rtol=1e-12)


def test_local_wcs_agrees_with_cutout2d():
    full = WCS(tan_header())
    numbers = stamp_wcs(full, 130.4, 71.8, 33)
    cutout = Cutout2D(np.zeros((200, 200)), (130.4, 71.8), 33, wcs=full)
    corners = (np.array([0, 32, 0, 32]), np.array([0, 0, 32, 32]))
    apart = from_numbers(numbers).pixel_to_world(*corners).separation(cutout.wcs.pixel_to_world(*corners).icrs)
    assert apart.arcsec.max() / 0.2 < 0.01


def test_a_stamp_of_one_pixel_has_a_wcs():
    numbers = stamp_wcs(WCS(tan_header()), 100.0, 100.0, 1)
    determinant = numbers[4] * numbers[7] - numbers[5] * numbers[6]
    assert np.sqrt(abs(determinant)) * 3600 == pytest.approx(0.2, rel=1e-4)


def three_stamps():
    stamps = np.arange(3 * 10 * 10 * 2, dtype=np.float32).reshape(3, 10, 10, 2)
    stamps[1, 0, :5, 0] = np.nan  # 5 % of one band
    stamps[2, :3, :, 1] = np.nan  # 30 % of the other
    return stamps


def test_reject_refuses_any_missing_pixel():
    stamps, accepted = apply_nan_policy(three_stamps(), "reject")
    assert accepted.tolist() == [True, False, False]
    np.testing.assert_array_equal(stamps, three_stamps())


def test_fill_uses_the_median_of_the_band_up_to_the_fraction():
    given_stamps = three_stamps()
    stamps, accepted = apply_nan_policy(given_stamps, "fill-median", max_fraction=0.1)
    assert accepted.tolist() == [True, True, False]
    np.testing.assert_array_equal(stamps[1, 0, :5, 0], np.nanmedian(given_stamps[1, :, :, 0]))
    known = np.isfinite(given_stamps[:2])
    np.testing.assert_array_equal(stamps[:2][known], given_stamps[:2][known])
    assert np.isfinite(stamps[:2]).all()
    assert np.isnan(given_stamps[1, 0, 0, 0])
    assert apply_nan_policy(given_stamps, "fill-median", max_fraction=0.3)[1].all()


def test_a_band_without_data_cannot_be_filled():
    stamps = three_stamps()
    stamps[0, :, :, 1] = np.nan
    assert apply_nan_policy(stamps, "fill-median", max_fraction=1.0)[1].tolist() == [False, True, True]


def test_keep_keeps_all_and_unknown_policies_are_refused():
    stamps, accepted = apply_nan_policy(three_stamps(), "keep")
    assert accepted.all()
    assert np.isnan(stamps).any()
    with pytest.raises(ValueError, match="'reject', 'fill-median' or 'keep'"):
        apply_nan_policy(three_stamps(), "zero")
