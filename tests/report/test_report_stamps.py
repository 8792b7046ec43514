"""Stamps as pictures: what is bright stays bright, colours stay colours, bars are as long as they say."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from astrocnn.report.stamps import (
    MISSING_COLOUR,
    band_caption,
    curve_points,
    display_bands,
    display_picture,
    scale_bar,
    stamp_png,
    wavelength,
)

BANDS = ("g", "r", "i")


def decoded(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def source(y=20, x=8, colour=(1.0, 1.0, 1.0), noise=0.01, side=32) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    light = np.exp(-0.5 * ((rows - y) ** 2 + (columns - x) ** 2) / 4)
    sky = np.random.default_rng(0).normal(5, noise, (side, side, 3))
    return (sky + light[..., None] * np.array(colour)).astype("f4")


def test_rows_run_upwards_in_the_picture():
    bright = np.argwhere(decoded(stamp_png(source(y=24, x=6), BANDS)).min(axis=-1) > 200)
    np.testing.assert_allclose(bright.mean(axis=0), (32 - 1 - 24, 6), atol=0.3)  # the middle of what is nearly white


def test_brighter_pixels_never_look_darker():
    rng = np.random.default_rng(3)
    grey = np.repeat(rng.gamma(1.0, 5.0, (24, 24, 1)), 3, axis=2)
    picture = display_picture(grey, BANDS).astype(int)
    order = grey[..., 0].ravel().argsort()
    assert (np.diff(picture[..., 0].ravel()[order]) >= 0).all()
    assert picture.max() == 255


@pytest.mark.parametrize("band", range(3))
def test_a_source_in_one_band_has_that_bands_colour(band):
    colour = np.zeros(3)
    colour[band] = 1.0
    pixel = display_picture(source(colour=colour), BANDS)[20, 8]
    channel = display_bands(BANDS).index(band)
    assert pixel[channel] > 200
    assert np.delete(pixel, channel).max() < 30  # the sky's noise of 1 % and no more


def test_colour_does_not_depend_on_brightness():
    """The ratio of two bands over the sky is the same in the core, in the wing, and where white is exceeded."""
    stamp = source(colour=(2.0, 1.0, 1.0), noise=0.0, side=64)
    picture = display_picture(stamp, BANDS, black_percentile=0).astype(float)
    red, _, blue = picture[20, 8], picture[22, 8], picture[24, 8]
    for pixel in (red, blue):
        assert pixel[2] / pixel[0] == pytest.approx(2.0, rel=0.03)  # g is shown blue; 8 bits round


def test_missing_pixels_are_marked_and_do_not_spoil_the_rest():
    stamp = source()
    clean = display_picture(stamp, BANDS)
    stamp[0, 0, 1], stamp[0, 1] = np.nan, np.inf
    picture = display_picture(stamp, BANDS)
    assert (picture[0, :2] == MISSING_COLOUR).all()
    assert np.abs(picture[1:].astype(int) - clean[1:].astype(int)).max() <= 8
    assert (display_picture(np.full((4, 4, 3), np.nan), BANDS) == MISSING_COLOUR).all()


def test_a_constant_stamp_is_black_and_noise_alone_stays_dim():
    assert (display_picture(np.full((8, 8, 3), 7.0), BANDS) == 0).all()
    noise = np.random.default_rng(0).normal(0, 1, (64, 64, 3))
    assert np.median(display_picture(noise, BANDS).max(axis=-1)) < 128
    assert np.median(display_picture(source(side=64), BANDS).max(axis=-1)) < 60


def test_one_and_two_bands_are_grey():
    for bands in (("VIS",), ("g", "r")):
        picture = display_picture(source()[..., : len(bands)], bands)
        assert (picture[..., :1] == picture).all()
        assert picture.max() == 255


@pytest.mark.parametrize(
    ("bands", "chosen", "caption"),
    [
        (("g", "r", "i"), (2, 1, 0), "red: i, green: r, blue: g"),
        (("red", "green", "blue"), (0, 1, 2), "colour: red, green, blue"),
        (("F435W", "F160W", "F814W"), (1, 2, 0), "red: F160W, green: F814W, blue: F435W"),
        (("lsst_z", "lsst_u", "lsst_r"), (0, 2, 1), "red: lsst_z, green: lsst_r, blue: lsst_u"),
        (("a1", "a2", "a3"), (0, 1, 2), "red: a1, green: a2, blue: a3"),
        (("g", "r"), None, "grey: mean of g, r"),
        (("VIS",), None, "grey: VIS"),
    ],
)
def test_bands_are_shown_by_name(bands, chosen, caption):
    assert display_bands(bands) == chosen
    assert band_caption(bands) == caption


def test_hubble_filters_carry_their_wavelength():
    assert [wavelength(name) for name in ("F606W", "F105W", "F850LP")] == [606, 1050, 850]
    assert wavelength("front") is None


@given(width=st.integers(1, 5000), scale=st.floats(1e-4, 1e4))
def test_bars_are_the_longest_round_ones_that_fit(width, scale):
    bar = scale_bar(width, scale, "km")
    length = float(bar.text.split()[0])
    longest = 0.4 * width * scale
    round_lengths = [step * 10.0**power for power in range(-6, 9) for step in (1, 2, 5)]
    expected = max(value for value in round_lengths if value <= longest * (1 + 1e-9))
    assert length == pytest.approx(expected, rel=1e-5)  # the text has six digits
    assert bar.fraction == pytest.approx(length / (width * scale), rel=1e-5)
    assert 0.15 < bar.fraction <= 0.4 * (1 + 1e-6)


def test_bars_of_arcseconds_and_none_without_scale():
    bar = scale_bar(65, 0.138, "arcsec")
    assert (bar.text, bar.fraction) == ("2\N{DOUBLE PRIME}", pytest.approx(2 / (65 * 0.138)))
    assert scale_bar(65, None, None) is scale_bar(65, 0.0, "arcsec") is None


def test_pngs_are_reproducible_enlarged_and_reduced():
    stamp = source()
    assert stamp_png(stamp, BANDS) == stamp_png(stamp.copy(), BANDS)
    small = decoded(stamp_png(stamp, BANDS))
    assert (decoded(stamp_png(stamp, BANDS, enlarge=3))[1::3, 1::3] == small).all()
    smooth = decoded(stamp_png(stamp, BANDS, enlarge=3, smooth=True))
    assert smooth.shape == (96, 96, 3)
    assert len(np.unique(smooth)) > len(np.unique(small))
    assert decoded(stamp_png(source(side=200), BANDS)).shape == (128, 128, 3)
    assert decoded(stamp_png(np.zeros((10, 400, 3), "f4"), BANDS)).shape == (3, 128, 3)


def test_curves_become_lines_over_their_finite_samples():
    time = np.linspace(0, 1, 11)
    curve = np.stack([time**2, np.full(11, np.nan), np.full(11, 3.0)], axis=1)
    curve[4, 0] = np.nan
    lines = curve_points(curve, width=100, height=20)
    assert len(lines) == 2
    points = np.array([[float(value) for value in point.split(",")] for point in lines[0].split()])
    assert points.shape == (10, 2)
    np.testing.assert_allclose(points[[0, -1], 0], [0, 100])
    good = np.isfinite(curve[:, 0])
    np.testing.assert_allclose(points[:, 1], 20 * (0.95 - 0.9 * time[good] ** 2), atol=0.051)  # one decimal
