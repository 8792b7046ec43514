"""Detection on tiles whose sources are known, and on real images."""

from pathlib import Path

import numpy as np
import pytest
from astropy.wcs import WCS

from astrocnn.errors import DataError
from astrocnn.ingest.cutouts import leaves_tile
from astrocnn.ingest.detect import COLUMNS, detect
from astrocnn.ingest.flags import BLENDED, EDGE, FLAGS, MASKED, SATURATED, STAR, flag_names
from astrocnn.ingest.hubble import BANDS, write_hubble
from astrocnn.ingest.read_tile import read_tile
from astrocnn.ingest.tiles import find_tiles

SDSS = Path(__file__).resolve().parents[2] / "../shared/data/images"
SCALE, SKY, NOISE = 0.2, 20.0, 1.0
SHAPE = (200, 240)


def tan_wcs(turned_deg=0.0, parity=-1):
    """North up, east left (parity -1) for no turn; with it, north is turned counter-clockwise on the pixel grid."""
    cosine, sine, side = np.cos(np.radians(turned_deg)), np.sin(np.radians(turned_deg)), SCALE / 3600
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [150.0, 2.0]
    wcs.wcs.crpix = [120.5, 100.5]
    wcs.wcs.cd = side * np.array([[parity * cosine, parity * sine], [-sine, cosine]])
    return wcs


def gaussian(x, y, flux, sigma, axis_ratio=1.0, angle_deg=0.0):
    """Elliptical Gaussian of given flux; sigma along the major axis, which is `angle_deg` counter-clockwise from +x."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    along = (columns - x) * cosine + (rows - y) * sine
    across = -(columns - x) * sine + (rows - y) * cosine
    radius2 = (along / sigma) ** 2 + (across / (sigma * axis_ratio)) ** 2
    return flux / (2 * np.pi * sigma**2 * axis_ratio) * np.exp(-radius2 / 2)


def tile(*sources, bands=2, seed=3):
    """Sky, noise and sources, the same light in every band."""
    noise = np.random.default_rng(seed).normal(SKY, NOISE, (*SHAPE, bands))
    return (noise + sum(sources, np.zeros(SHAPE))[:, :, None]).astype(np.float32)


def nearest(table, x, y, within=1.0):
    distance = np.hypot(table["x"] - x, table["y"] - y)
    assert distance.min() < within
    return {name: values[np.argmin(distance)] for name, values in table.items()}


def test_a_gaussian_is_measured():
    data = tile(gaussian(90.3, 110.7, 20_000, 4.0, 0.6, 30.0))
    found = detect(data, ("g", "r"), tan_wcs())
    source = nearest(found.table, 90.3, 110.7)
    # Centroid error of a Gaussian of S/N about 900: sigma / (S/N) < 0.01 px; 0.05 leaves room for the segment's edge.
    assert source["x"] == pytest.approx(90.3, abs=0.05)
    assert source["y"] == pytest.approx(110.7, abs=0.05)
    # The Kron aperture holds 94 % and more of a Gaussian (Bertin & Arnouts 1996, sect. 7.2).
    for name in ("flux", "flux_g", "flux_r"):
        assert source[name] == pytest.approx(20_000, rel=0.06)
    # Moments are those of the smoothed image, whose squared widths are the sum of the source's and the filter's.
    filter_variance = (2.5 / 2.3548) ** 2
    smoothed_ratio = np.sqrt((2.4**2 + filter_variance) / (4.0**2 + filter_variance))
    assert source["axis_ratio"] == pytest.approx(smoothed_ratio, abs=0.01)
    # Half the light of an elliptical Gaussian, in a circle: found by integration here, and somewhat less in the Kron
    # aperture than in all space.
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    radius = np.hypot(columns - 90.3, rows - 110.7).ravel()
    order = np.argsort(radius)
    light = np.cumsum(gaussian(90.3, 110.7, 1.0, 4.0, 0.6, 30.0).ravel()[order])
    half = radius[order][np.searchsorted(light, 0.5)] * SCALE
    assert source["half_light_radius_arcsec"] == pytest.approx(half, rel=0.06)
    assert source["peak"] == pytest.approx(20_000 / (2 * np.pi * 16 * 0.6), rel=0.05)
    assert source["flags"] == 0


def test_positions_on_the_sky_are_those_of_the_wcs():
    wcs = tan_wcs(turned_deg=40.0)
    found = detect(tile(gaussian(60, 50, 9000, 2.5), gaussian(170, 140, 9000, 2.5)), ("g", "r"), wcs)
    ra, dec = wcs.all_pix2world(found.table["x"], found.table["y"], 0)
    np.testing.assert_allclose(found.table["ra"], ra, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.table["dec"], dec, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("turned_deg", "parity"), [(0, -1), (35, -1), (-70, -1), (0, 1), (35, 1)])
def test_position_angle_is_east_of_north(turned_deg, parity):
    angle_deg = 25.0  # of the major axis, counter-clockwise from +x
    found = detect(tile(gaussian(120, 100, 30_000, 5.0, 0.5, angle_deg)), ("g", "r"), tan_wcs(turned_deg, parity))
    # North lies at 90 + turned deg from +x; east is 90 deg further counter-clockwise, or clockwise when mirrored.
    expected = (-parity * (angle_deg - 90.0 - turned_deg)) % 180.0
    difference = nearest(found.table, 120, 100)["position_angle_deg"] - expected
    assert abs((difference + 90) % 180 - 90) < 1.5


def test_sky_and_noise_are_measured_per_band():
    data = tile(gaussian(100, 100, 5000, 3.0))
    data[:, :, 1] = 4.0 * (data[:, :, 1] - SKY) + 100.0
    found = detect(data, ("g", "r"), tan_wcs())
    assert found.background.shape == found.noise.shape == data.shape
    assert np.median(found.background[:, :, 0]) == pytest.approx(SKY, abs=0.1)
    assert np.median(found.background[:, :, 1]) == pytest.approx(100.0, abs=0.4)
    np.testing.assert_allclose(np.median(found.noise, axis=(0, 1)), [NOISE, 4 * NOISE], rtol=0.05)


def test_snr_grows_with_the_root_of_the_number_of_bands():
    # Equal bands, inverse-variance weights: S/N over the same pixels goes as sqrt(bands). Segments differ a little.
    source = gaussian(100, 100, 20_000, 3.0)
    one, four = (nearest(detect(tile(source, bands=n), "grizy"[:n], tan_wcs()).table, 100, 100)["snr"] for n in (1, 4))
    assert four / one == pytest.approx(2.0, rel=0.15)


def test_band_weights_leave_a_band_out():
    data = tile()
    data[:, :, 1] += gaussian(100, 100, 20_000, 3.0).astype(np.float32)
    assert len(detect(data, ("g", "r"), tan_wcs()).table["x"]) == 1
    assert len(detect(data, ("g", "r"), tan_wcs(), band_weights={"r": 0.0}).table["x"]) == 0


def test_an_empty_tile_has_an_empty_table_with_all_columns():
    found = detect(tile(), ("g", "r"), tan_wcs(), threshold_sigma=5.0)
    assert set(found.table) == {*COLUMNS, "flux_g", "flux_r"}
    assert all(len(values) == 0 for values in found.table.values())
    assert not found.segments.any()
    full = detect(tile(gaussian(100, 100, 9000, 2.0)), ("g", "r"), tan_wcs())
    assert {name: values.dtype for name, values in full.table.items()} == {
        name: values.dtype for name, values in found.table.items()
    }


def test_a_tile_without_data_is_empty_too():
    found = detect(np.full((*SHAPE, 2), np.nan, np.float32), ("g", "r"), tan_wcs())
    assert len(found.table["x"]) == 0
    assert np.isnan(found.background).all()


def test_few_false_detections_in_noise():
    # The filter covers 4 pi sigma^2 = 14 pixels: 3,400 independent places, of which 0.135 %, 4.6, are above 3 sigma;
    # not all of them with six connected pixels. At 5 sigma 0.001 are.
    assert len(detect(tile(seed=8), ("g", "r"), tan_wcs()).table["x"]) <= 6
    assert len(detect(tile(seed=8), ("g", "r"), tan_wcs(), threshold_sigma=5.0).table["x"]) == 0


def test_flags_say_what_they_mean():
    whole, edge, neighbour = gaussian(60, 60, 9000, 2.5), gaussian(1, 100, 9000, 2.5), gaussian(160, 60, 9000, 2.5)
    pair = gaussian(100, 150, 9000, 2.5) + gaussian(109, 150, 9000, 2.5)
    data = tile(whole, edge, neighbour, pair)
    data[60, 160] = 500.0
    data[149:152, 99:101, 0] = np.nan
    mask = np.zeros(data.shape, bool)
    found = detect(data, ("g", "r"), tan_wcs(), saturation=400.0, mask=mask)
    assert nearest(found.table, 60, 60)["flags"] == 0
    assert nearest(found.table, 1, 100, within=2.0)["flags"] & EDGE
    assert nearest(found.table, 160, 60)["flags"] == SATURATED
    assert nearest(found.table, 100, 150)["flags"] == MASKED | BLENDED
    assert nearest(found.table, 109, 150)["flags"] == BLENDED
    assert not mask.any()


def test_masked_pixels_leave_the_other_band_in_charge():
    data = tile(gaussian(100, 100, 9000, 2.5))
    data[:, :, 1] = np.nan
    source = nearest(detect(data, ("g", "r"), tan_wcs()).table, 100, 100)
    alone = nearest(detect(data[:, :, :1], ("g",), tan_wcs()).table, 100, 100)
    assert source["flux"] == pytest.approx(alone["flux"], rel=1e-6)
    assert source["flags"] & MASKED


def test_half_a_tile_without_data():
    data = tile(gaussian(60, 100, 9000, 2.5))
    data[:, 120:] = np.nan
    found = detect(data, ("g", "r"), tan_wcs())
    assert nearest(found.table, 60, 100)["flags"] == 0
    assert (found.table["x"] < 120).all()


def test_flags_are_distinct_bits_with_names():
    bits = [flag.bit for flag in FLAGS]
    assert sum(bits) == np.bitwise_or.reduce(bits) == 2 ** len(bits) - 1
    assert flag_names(STAR | BLENDED) == ("star", "blended")
    assert flag_names(0) == ()


def test_a_wcs_without_sky_is_refused():
    with pytest.raises(DataError, match="CTYPE1"):
        detect(tile(), ("g", "r"), WCS(naxis=2))


@pytest.fixture(scope="module")
def hubble_tile(tmp_path_factory):
    (files,), _ = find_tiles(write_hubble(tmp_path_factory.mktemp("hubble") / "hubble.fits"), BANDS)
    return read_tile(files)


def test_a_corner_of_the_hubble_picture_twice_the_same(hubble_tile):
    corner = np.ascontiguousarray(hubble_tile.data[200:420, 640:860])  # holds the brighter of the two spiked stars
    wcs = hubble_tile.wcs[200:420, 640:860]
    first, second = (detect(corner, BANDS, wcs, saturation=hubble_tile.saturation) for _ in range(2))
    for name, values in first.table.items():
        np.testing.assert_array_equal(values, second.table[name])
        assert np.isfinite(values).all()
    np.testing.assert_array_equal(first.segments, second.segments)
    assert nearest(first.table, 754.2 - 640, 293.0 - 200)["flags"] & (STAR | SATURATED) == STAR | SATURATED


@pytest.mark.slow
def test_the_hubble_picture(hubble_tile):
    found = detect(hubble_tile.data, BANDS, hubble_tile.wcs, saturation=hubble_tile.saturation)
    table = found.table
    inside = ~leaves_tile(table["x"], table["y"], 64, hubble_tile.data.shape)
    assert inside.sum() == pytest.approx(2600, abs=150)
    assert (inside & (table["snr"] > 20)).sum() > 1000
    stars = (table["flags"] & STAR) > 0
    for x, y in ((754.2, 293.0), (253.4, 704.9)):  # the two with spikes
        assert nearest(table, x, y)["flags"] & STAR
    # The Hubble Ultra Deep Field has 46 unresolved sources in 11 square arcmin (Pirzkal et al. 2005, ApJ 622, 319), so
    # this field about 20; compact galaxies pass at the scale of the picture, but not many times as many.
    assert 10 <= stars.sum() <= 60
    # ACS and WFC3 PSFs of 0.1" to 0.2" seen through pixels of 0.138".
    assert 0.15 < found.psf_fwhm_arcsec < 0.4


@pytest.mark.skipif(not (SDSS / "reprojected_sdss_g.fits.bz2").is_file(), reason="the SDSS images are not there")
def test_sdss_stars_and_galaxies():
    (files,), _ = find_tiles("reprojected_{tile}_{band}.fits.bz2", ("g", "r", "i"), SDSS)
    image = read_tile(files)
    found = detect(image.data, image.bands, image.wcs)
    table = found.table
    assert len(table["x"]) > 500
    assert all(np.isfinite(values).all() for values in table.values())
    # SDSS seeing of about 1.3" (York et al. 2000) sampled anew with pixels of 1.19".
    assert 1.2 < found.psf_fwhm_arcsec < 2.2
    bright = (table["snr"] > 40) & (table["flags"] & (EDGE | BLENDED) == 0)
    assert (table["flags"][bright] & STAR > 0).mean() > 0.5  # at galactic latitude -28 most bright sources are stars
    # NGC 6976, 6977 and 6978, the large galaxies of the group, are not stars
    large = table["half_light_radius_arcsec"] > 8
    assert large.sum() >= 3
    assert not (table["flags"][large] & STAR).any()
