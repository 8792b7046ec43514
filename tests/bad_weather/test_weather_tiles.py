"""Images that cannot be used: the tile has one row in the ledger that names file and cure, and the rest goes on."""

import re
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits

OBJECTS = 16  # on each tile
STORM = 3  # seed of the tile that is spoilt


def change(weather, bands, edit):
    for band in bands:
        with fits.open(weather.tiles / f"storm_{band}.fits", mode="update") as hdus:
            edit(hdus[0])


def remove(weather):
    (weather.tiles / "storm_r.fits").unlink()


def cut_short(weather):
    path = weather.tiles / "storm_r.fits"
    path.write_bytes(path.read_bytes()[:50_000])


def fill_with(text):
    return lambda weather: (weather.tiles / "storm_r.fits").write_bytes(text)


def remove_wcs(hdu):
    for card in ("CTYPE1", "CTYPE2"):
        del hdu.header[card]


def double_scale(hdu):
    hdu.header["CD1_1"] *= 2
    hdu.header["CD2_2"] *= 2


def set_all(value):
    def edit(hdu):
        hdu.data[:] = value

    return edit


def in_bands(bands, edit):
    return lambda weather: change(weather, bands, edit)


LOST = {
    "one band is missing": (
        remove,
        "no file for band r: expected storm_r.fits; to fix, put it there, or take the other bands of this tile away",
    ),
    "cut short": (
        cut_short,
        r"storm_r\.fits: the file cannot be read: it is cut short or corrupt; expected a complete FITS file;"
        r" received 50000 bytes, .*; to fix, fetch or copy the file again and compare its size or checksum.*",
    ),
    "empty": (fill_with(b""), r"storm_r\.fits: the file cannot be read: .*received 0 bytes.*"),
    "no FITS": (fill_with(b"hello " * 999), r"storm_r\.fits: the file cannot be read: .*received 5994 bytes.*"),
    "no celestial WCS": (
        in_bands("r", remove_wcs),
        r"storm_r\.fits: the header has no celestial WCS, so the pixel scale is unknown; expected header cards .*"
        r" to fix, solve the astrometry of the image and write these cards",
    ),
    "two pixel scales": (
        in_bands("r", double_scale),
        r"storm_g\.fits and storm_r\.fits: bands g and r are not on one pixel grid: .* to fix, resample the bands .*",
    ),
    "another pixel scale than the instrument": (
        in_bands("gr", double_scale),
        r"storm: another pixel scale than stated; expected 0\.2 arcsec; received 0\.4 arcsec from its WCS; to fix, .*",
    ),
    "no data": (
        in_bands("gr", set_all(np.nan)),
        r"storm: no band has data whose noise can be measured; .*received 0 of 51200 pixels with data; to fix, .*",
    ),
    "all zero": (
        in_bands("gr", set_all(0)),
        r"storm: no band has data whose noise can be measured; .*received 0 of 51200 pixels with data; to fix, .*",
    ),
}


@pytest.fixture
def storm(weather):
    """A third tile, sound as yet."""
    weather.project.add_tile("storm", STORM)
    return weather


@pytest.mark.parametrize(("spoil", "told"), LOST.values(), ids=LOST)
def test_a_tile_that_cannot_be_used(storm, spoil, told):
    spoil(storm)
    result = storm.run()
    assert result.code == 3, "one of three tiles is more than the failure budget"
    lines = [line for line in result.err.splitlines() if "storm" not in line]
    assert lines == [
        "warning: galaxies: 33.3 % of the objects or tiles were rejected, more than failure_budget 5 %;"
        " see astrocnn status runs/small"
    ]
    (reason,) = storm.reasons()
    assert re.fullmatch(rf"1  rejected: {told}", reason), reason
    assert_the_others_are_whole(storm)


def test_a_tile_that_is_mended_is_taken(storm):
    sound = (storm.tiles / "storm_r.fits").read_bytes()
    cut_short(storm)
    assert storm.run().code == 3
    (storm.tiles / "storm_r.fits").write_bytes(sound)
    assert storm.run().code == 0
    assert storm.reasons() == []
    assert len(storm.samples()) == 3 * OBJECTS


def test_a_rejected_tile_is_told_on_stderr_too(storm):
    """In a process of its own, as a user sees it: one line a tile, and no traceback."""
    cut_short(storm)
    file = storm.project.write()
    done = subprocess.run(
        [sys.executable, "-m", "astrocnn", "run", file.name], cwd=storm.root, capture_output=True, text=True
    )
    assert done.returncode == 3
    (line,) = [line for line in done.stderr.splitlines() if "storm" in line]
    assert re.search(r"tile storm is rejected: tiles/storm_r\.fits: the file cannot be read", line)
    assert "Traceback" not in done.stderr


def test_one_band_without_data_leaves_no_stamp(storm):
    change(storm, "r", set_all(np.nan))
    assert storm.run().code == 3
    assert storm.reasons() == [f"{OBJECTS}  rejected: pixels without data"]
    assert_the_others_are_whole(storm)


def test_a_hole_costs_the_objects_around_it_alone(weather):
    weather.project.add_tile("storm", STORM)
    weather.run()
    sound = weather.samples()
    before = sound.select(sound.column("tile") == "storm")
    hole = slice(60, 64)
    weather.project.add_tile("storm", STORM, spoil=(hole, slice(0, 160)))
    assert weather.run().code == 3
    samples = weather.samples()
    left = samples.select(samples.column("tile") == "storm")
    rows = np.ceil(before.column("y") - 12)
    touched = (rows < hole.stop) & (rows + 24 > hole.start)
    (reason,) = weather.reasons()
    assert re.fullmatch(r"\d+  rejected: pixels without data", reason)
    assert int(reason.split()[0]) >= touched.sum(), "a source that the hole divides is found on both sides"
    assert len(left) == (~touched).sum() > 0
    clear = np.abs(left.column("y") - 62) > 24  # a source beside the hole may be measured a little otherwise
    for x, y in zip(left.column("x")[clear], left.column("y")[clear], strict=True):
        assert np.hypot(before.column("x") - x, before.column("y") - y).min() < 0.05
    assert_the_others_are_whole(weather)


def test_integers_with_scale_zero_point_and_blank_are_what_they_mean(storm):
    storm.run()
    floats = storm.samples()
    for band in "gr":
        path = storm.tiles / f"storm_{band}.fits"
        with fits.open(path) as hdus:
            hdu = fits.PrimaryHDU(hdus[0].data, hdus[0].header)
        header = hdu.header.copy()
        physical = np.array(hdu.data, dtype=np.float64)
        stored = np.round((physical - 100.0) / 0.02).astype(np.int16)
        stored[:4, :4] = -32768
        written = fits.PrimaryHDU(stored)  # big-endian on disk
        written.header.extend(header, unique=True)
        written.writeto(path, overwrite=True)
        with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
            hdus[0].header.update(BZERO=100.0, BSCALE=0.02, BLANK=-32768)
    assert storm.run().code == 0
    integers = storm.samples()
    assert len(integers) == len(floats) == 3 * OBJECTS
    mine, theirs = (one.select(one.column("tile") == "storm") for one in (integers, floats))
    np.testing.assert_allclose(mine.column("x"), theirs.column("x"), atol=0.05)
    rows = np.arange(len(mine))
    differing = np.abs(mine.read(rows) - theirs.read(rows))
    assert np.nanmax(differing) <= 0.5, "a stamp may move by one pixel only where a centre lies between two"
    assert_the_others_are_whole(storm)


def test_a_tile_with_no_source_is_no_fault(weather):
    weather.project.add_tile("storm", STORM, galaxies=0)
    weather.project.stages["galaxies"]["threshold_sigma"] = 8.0
    assert weather.run().code == 0
    assert weather.reasons() == []
    assert set(weather.samples().column("tile")) == {"north", "south"}


def test_no_source_on_any_tile_fails_in_one_line(weather):
    weather.project.stages["galaxies"]["threshold_sigma"] = 1000.0
    result = weather.run()
    assert result.code == 1
    assert re.fullmatch(
        r"error: galaxies, tiles/\{tile\}_\{band\}\.fits: no source is on the images; expected \d+ pixels above 1000"
        r" sigma; to fix, lower threshold_sigma or minimum_area_px, or look at the images\n",
        result.err,
    ), result.err
    weather.assert_nothing_is_lost()


def test_nothing_that_can_be_used_fails_in_one_line_with_the_reasons(weather):
    for path in weather.tiles.glob("*_r.fits"):
        path.write_bytes(path.read_bytes()[:50_000])
    result = weather.run()
    assert result.code == 1
    errors = [line for line in result.err.splitlines() if line.startswith("error")]
    assert len(errors) == 1
    assert "nothing on the images can be used; received 1 rejected: " in errors[0]
    assert "north_r.fits: the file cannot be read" in errors[0]
    weather.assert_nothing_is_lost()


def test_tiles_in_different_units_are_not_mixed(storm):
    for band in "gr":
        fits.setval(storm.tiles / f"storm_{band}.fits", "BUNIT", value="nanomaggy")
    result = storm.run()
    assert result.code == 1
    (line,) = [line for line in result.err.splitlines() if line.startswith("error")]
    assert re.search(
        r"00002\.h5: the shard differs from 00000\.h5 in flux_unit; received nanomaggy; to fix, make", line
    )
    storm.assert_nothing_is_lost()


def assert_the_others_are_whole(weather):
    """The sound tiles give all their objects, from the parts that were made before."""
    weather.assert_nothing_is_lost()
    tiles = weather.samples().column("tile")
    assert [(tiles == name).sum() for name in ("north", "south")] == [OBJECTS, OBJECTS]
