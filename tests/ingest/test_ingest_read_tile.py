"""Reading tiles: number formats, compression, broken files, bands that do not fit together."""

import bz2
import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from astrocnn.errors import DataError, InputMissing
from astrocnn.ingest.read_tile import read_tile
from astrocnn.ingest.tiles import TileFiles, find_tiles

SDSS = Path(__file__).resolve().parents[2] / "../shared/data/images"
SHAPE = (30, 40)
VALUES = np.random.default_rng(1).integers(0, 200, SHAPE)


def header(**cards):
    side = 0.2 / 3600
    base = {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0, "CRPIX1": 20.0, "CRPIX2": 15.0,
        "CD1_1": -side, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": side,
    }  # fmt: skip
    return fits.Header({**base, **cards})


def write(path, data, **cards):
    fits.PrimaryHDU(np.asarray(data), header(**cards)).writeto(path)
    return path


def single(path):
    return TileFiles("t", {"r": path})


@pytest.mark.parametrize("kind", ["u1", ">i2", ">i4", ">i8", ">f4", ">f8", "u2", "u4"])
def test_every_number_format_becomes_native_float32(tmp_path, kind):
    tile = read_tile(single(write(tmp_path / "t.fits", VALUES.astype(kind))))  # u2, u4: BZERO
    assert tile.data.shape == (*SHAPE, 1)
    assert tile.data.dtype == np.float32
    assert tile.data.dtype.isnative
    assert tile.data.flags.c_contiguous
    np.testing.assert_array_equal(tile.data[:, :, 0], VALUES)
    assert not tile.mask.any()
    assert tile.scale_arcsec == pytest.approx(0.2)
    assert tile.notes == ()


def test_scaled_integers_with_blank(tmp_path):
    hdu = fits.PrimaryHDU(VALUES.astype("i2"), header(BUNIT="adu"))
    hdu.data[3, 4] = -999
    hdu.header["BLANK"] = -999
    hdu.header["BSCALE"], hdu.header["BZERO"] = 0.5, 10.0
    hdu.writeto(tmp_path / "raw.fits")
    stored = fits.getdata(tmp_path / "raw.fits", do_not_scale_image_data=True)
    tile = read_tile(single(tmp_path / "raw.fits"))
    expected = np.where(stored == -999, np.nan, 10.0 + 0.5 * stored)
    np.testing.assert_allclose(tile.data[:, :, 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(np.argwhere(tile.mask[:, :, 0]), [[3, 4]])
    assert tile.unit == "adu"


def test_nan_and_infinity_are_masked(tmp_path):
    data = VALUES.astype("f4")
    data[0, 0], data[1, 1] = np.nan, np.inf
    tile = read_tile(single(write(tmp_path / "t.fits", data)))
    assert np.isnan(tile.data[0, 0, 0])
    assert np.isnan(tile.data[1, 1, 0])
    assert tile.mask.sum() == 2


@pytest.mark.parametrize("suffix", [".fits.gz", ".fits.bz2", ".fits.fz"])
def test_compressed_files(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    if suffix == ".fits.fz":
        fits.CompImageHDU(VALUES.astype("i2"), header()).writeto(path)
    else:
        write(path, VALUES.astype("f4"))
    np.testing.assert_array_equal(read_tile(single(path)).data[:, :, 0], VALUES)


def test_bands_by_extension_name_in_the_order_asked(tmp_path):
    layers = [fits.ImageHDU((VALUES + k).astype("f4"), header(), name=name) for k, name in enumerate(("G", "R", "I"))]
    path = tmp_path / "multi.fits"
    fits.HDUList([fits.PrimaryHDU(), *layers]).writeto(path)
    (files,), _ = find_tiles(path, ("i", "g"))
    tile = read_tile(files)
    assert tile.bands == ("i", "g")
    np.testing.assert_array_equal(tile.data, np.stack([VALUES + 2, VALUES], axis=2))
    np.testing.assert_array_equal(read_tile(files, ["g"]).data[:, :, 0], VALUES)
    with pytest.raises(DataError, match=r"no image for band z.*EXTNAME = 'Z'.*G, R, I"):
        read_tile(TileFiles("t", dict.fromkeys("gz", path)))


def test_first_image_of_a_file_of_one_band(tmp_path):
    path = tmp_path / "t_r.fits"
    image, variance = fits.ImageHDU(VALUES.astype("f4"), header(), name="SCI"), fits.ImageHDU(VALUES * 0.0, name="ERR")
    fits.HDUList([fits.PrimaryHDU(), image, variance]).writeto(path)
    np.testing.assert_array_equal(read_tile(single(path)).data[:, :, 0], VALUES)


def test_axes_of_length_one_are_dropped_and_cubes_refused(tmp_path):
    radio = header(CTYPE3="FREQ", CRVAL3=1.4e9, CDELT3=1e6, CRPIX3=1.0)
    fits.PrimaryHDU(VALUES[None].astype("f4"), radio).writeto(tmp_path / "radio.fits")
    assert read_tile(single(tmp_path / "radio.fits")).data.shape == (*SHAPE, 1)
    fits.PrimaryHDU(np.stack([VALUES, VALUES]).astype("f4"), radio).writeto(tmp_path / "cube.fits")
    with pytest.raises(DataError, match=r"3 axes.*\(2, 30, 40\)"):
        read_tile(single(tmp_path / "cube.fits"))


def two_bands(tmp_path, second, **cards):
    return TileFiles(
        "t",
        {
            "g": write(tmp_path / "t_g.fits", VALUES.astype("f4"), SATURATE=900.0, BUNIT="adu"),
            "r": write(tmp_path / "t_r.fits", second, **cards),
        },
    )


def test_saturation_unit_and_display_come_from_the_headers(tmp_path):
    tile = read_tile(two_bands(tmp_path, VALUES.astype("f4"), SATURATE=800, BUNIT="Jy", DISPLAY=True))
    assert (tile.saturation, tile.unit, tile.display) == (800.0, None, True)
    alone = read_tile(TileFiles("t", {"g": tmp_path / "t_g.fits"}))
    assert (alone.saturation, alone.unit, alone.display) == (900.0, "adu", False)


def test_different_shapes_are_refused_with_both(tmp_path):
    with pytest.raises(DataError, match=r"g and r differ in shape.*\(30, 40\).*\(30, 41\)"):
        read_tile(two_bands(tmp_path, np.zeros((30, 41), "f4")))


def test_different_grids_are_refused_with_both_positions(tmp_path):
    with pytest.raises(DataError, match=r"not on one pixel grid: 0\.5 px.*deg as in g.*deg in r.*reproject"):
        read_tile(two_bands(tmp_path, VALUES.astype("f4"), CRPIX1=20.5))


def test_grids_written_with_fewer_digits_agree(tmp_path):
    assert read_tile(two_bands(tmp_path, VALUES.astype("f4"), CRPIX1=20.001)).data.shape == (*SHAPE, 2)


def test_no_wcs_is_refused_naming_file_and_cards(tmp_path):
    fits.PrimaryHDU(VALUES.astype("f4")).writeto(tmp_path / "raw.fits")
    with pytest.raises(DataError, match=r"raw\.fits.*CTYPE1"):
        read_tile(single(tmp_path / "raw.fits"))


def test_header_repairs_are_noted(tmp_path):
    tile = read_tile(single(write(tmp_path / "t.fits", VALUES.astype("f4"), RADECSYS="FK5")))
    assert any("RADECSYS" in note for note in tile.notes)


@pytest.mark.parametrize("suffix", [".fits", ".fits.gz", ".fits.bz2"])
@given(keep=st.floats(0, 0.98))
@settings(max_examples=25, deadline=None)
def test_cut_short_anywhere_is_a_data_error(tmp_path_factory, suffix, keep):
    folder = tmp_path_factory.mktemp("cut")
    plain = write(folder / "whole.fits", np.random.default_rng(2).normal(size=(60, 60)).astype("f4")).read_bytes()
    pack = {".fits": bytes, ".fits.gz": gzip.compress, ".fits.bz2": bz2.compress}[suffix]
    packed = pack(plain.rstrip(b"\0"))  # without the padding, whose loss costs nothing
    path = folder / f"t{suffix}"
    path.write_bytes(packed[: int(len(packed) * keep)])
    with pytest.raises(DataError, match=r"t\.fits.*bytes.*copy the file again") as caught:
        read_tile(single(path))
    assert caught.value.where == str(path)


def test_a_flipped_bit_in_a_compressed_file_is_a_data_error(tmp_path):
    packed = bytearray(write(tmp_path / "t.fits.gz", VALUES.astype("f4")).read_bytes())
    packed[len(packed) // 2] ^= 0x10
    (tmp_path / "t.fits.gz").write_bytes(packed)
    with pytest.raises(DataError, match="cut short or corrupt"):
        read_tile(single(tmp_path / "t.fits.gz"))


def test_pixels_that_do_not_match_their_datasum_are_a_data_error(tmp_path):
    path = tmp_path / "t.fits"
    fits.PrimaryHDU(VALUES.astype("f4"), header()).writeto(path, checksum=True)
    assert read_tile(single(path)).notes == ()
    content = bytearray(path.read_bytes())
    content[-2880 * 2 + 5] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(DataError, match="Datasum verification failed"):
        read_tile(single(path))


def test_garbage_is_a_data_error(tmp_path):
    path = tmp_path / "t.fits"
    path.write_bytes(b"<html>404 not found</html>" * 400)
    with pytest.raises(DataError, match="cut short or corrupt"):
        read_tile(single(path))


def test_a_file_that_is_gone(tmp_path):
    with pytest.raises(InputMissing, match=r"gone\.fits"):
        read_tile(single(tmp_path / "gone.fits"))


@pytest.mark.skipif(not (SDSS / "reprojected_sdss_g.fits.bz2").is_file(), reason="the SDSS images are not there")
def test_sdss_bands_share_their_grid():
    (files,), _ = find_tiles("reprojected_{tile}_{band}.fits.bz2", ("g", "r", "i"), SDSS)
    tile = read_tile(files)
    assert tile.data.shape == (496, 682, 3)
    assert tile.scale_arcsec == pytest.approx(1.1877, abs=1e-4)
    assert tile.unit == "nanomaggy"
    assert any("RADECSYS" in note for note in tile.notes)
    with fits.open(files.paths["r"], memmap=False) as hdus:
        np.testing.assert_array_equal(tile.data[:, :, 1], hdus[0].data)
