"""The `cutouts` stage on a small sky: what comes out, what is left out and told, and growth tile by tile."""

import shutil

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from astrocnn.errors import DataError, InputMissing
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.splits import assign_splits, check_unique_ids


@pytest.fixture
def sky(project):
    """Two tiles, cutouts only."""
    project.add_tile("north", 1)
    project.add_tile("south", 2)
    return project.use("galaxies")


def content(samples):
    """Everything in a set, by id: pixels and columns."""
    order = np.argsort(samples.ids)
    columns = {name: samples.column(name)[order] for name in samples.columns}
    return {**columns, "data": samples.read(order)}


def assert_same_content(got, expected):
    assert list(got) == list(expected)
    for name in expected:
        np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


def test_stamps_are_the_pixels_of_the_tile(whole_run):
    project, run = whole_run
    samples = run["galaxies"].samples
    assert len(samples) == 32  # as many as were put there
    assert samples.meta.shape == (24, 24, 2)
    for tile in ("north", "south"):
        images = np.stack([fits.getdata(project.root / "tiles" / f"{tile}_{band}.fits") for band in "gr"], axis=-1)
        rows = np.flatnonzero(samples.column("tile") == tile)
        assert len(rows) == 16
        for row, stamp in zip(rows, samples.read(rows), strict=True):
            x, y = (int(np.ceil(samples.column(name)[row] - 12)) for name in "xy")
            np.testing.assert_array_equal(stamp, images[y : y + 24, x : x + 24])


def test_positions_are_those_of_the_header(whole_run):
    project, run = whole_run
    samples = run["galaxies"].samples
    wcs = WCS(fits.getheader(project.root / "tiles" / "south_r.fits"))
    mine = samples.select(samples.column("tile") == "south")
    ra, dec = wcs.pixel_to_world_values(mine.column("x"), mine.column("y"))
    np.testing.assert_allclose(mine.column("ra"), ra, atol=1e-9)
    np.testing.assert_allclose(mine.column("dec"), dec, atol=1e-9)
    # and the stamp's own WCS says the same, to the first order that it holds
    one = run["galaxies"][mine.ids[0]]
    x, y = (float(mine.column(name)[0] - np.ceil(mine.column(name)[0] - 12)) for name in "xy")
    sky = one.wcs.pixel_to_world(x, y)
    assert sky.ra.deg == pytest.approx(ra[0], abs=1e-8)
    assert sky.dec.deg == pytest.approx(dec[0], abs=1e-8)


def test_ids_are_unique_and_splits_follow_from_them(whole_run):
    samples = whole_run[1]["galaxies"].samples
    check_unique_ids(samples.ids)
    np.testing.assert_array_equal(samples.column("group"), samples.ids)
    fractions = {"train": 0.5, "validation": 0.2, "test": 0.3}
    np.testing.assert_array_equal(samples.column("split"), assign_splits(samples.ids, 3, fractions))
    assert set(samples.column("label")) == {-1}


def test_the_order_of_the_splits_in_the_file_changes_nothing(sky):
    """The hash cannot see it, so the assignment must not."""
    first, second = ({"train": 0.5, "validation": 0.2, "test": 0.3}, {"test": 0.3, "validation": 0.2, "train": 0.5})
    one = sky.use("galaxies", galaxies={"splits": first}).run()["galaxies"]
    other = sky.use("galaxies", galaxies={"splits": second}).run(runs=sky.root / "other")["galaxies"]
    assert one.hash == other.hash
    np.testing.assert_array_equal(one.samples.column("split"), other.samples.column("split"))


def test_meta_says_what_the_instrument_is(whole_run):
    meta = whole_run[1]["galaxies"].samples.meta
    assert (meta.bands, meta.scale, meta.scale_unit) == (("g", "r"), 0.2, "arcsec")


def test_bands_stand_in_the_order_asked_for(sky):
    forward = sky.run()["galaxies"].samples
    backward = sky.use("galaxies", galaxies={"bands": ["r", "g"]}).run()["galaxies"].samples
    assert backward.meta.bands == ("r", "g")
    # positions come from both bands, so they are equal
    np.testing.assert_array_equal(backward.read(np.arange(5)), forward.read(np.arange(5))[..., ::-1])


def test_one_more_tile_is_one_more_part_of_work(sky):
    first = sky.run()
    parts = first["galaxies"].folder.parent / "parts"
    before = {path.name: path.stat().st_ino for path in parts.iterdir()}
    sky.add_tile("middle", 3)  # between the others by name
    grown = sky.run()
    after = {path.name: path.stat().st_ino for path in parts.iterdir()}
    assert len(before) == 2
    assert len(after) == 3
    assert before.items() <= after.items(), "the parts there were have not been made again"
    scratch = sky.run(runs=sky.root / "other")
    assert grown["galaxies"].hash == scratch["galaxies"].hash
    assert_same_content(content(grown["galaxies"].samples), content(scratch["galaxies"].samples))
    assert list(dict.fromkeys(grown["galaxies"].samples.column("tile"))) == ["middle", "north", "south"]


def test_a_tile_that_goes_takes_only_its_own_objects_along(sky):
    both = content(sky.run()["galaxies"].samples)
    for path in (sky.root / "tiles").glob("south_*"):
        path.unlink()
    left = content(sky.run()["galaxies"].samples)
    north = both["tile"] == "north"
    assert_same_content(left, {name: values[north] for name, values in both.items()})


def test_a_changed_tile_is_made_again(sky):
    first = sky.run()
    assert sky.run()["galaxies"].state == "reuse"
    sky.add_tile("south", 2, spoil=(0, 0))
    again = sky.run()
    assert again["galaxies"].state == "made"
    assert again["galaxies"].hash != first["galaxies"].hash


def test_workers_change_nothing(sky):
    alone = sky.run(workers=1)
    together = sky.run(workers=2, runs=sky.root / "other")
    assert alone["galaxies"].hash == together["galaxies"].hash
    assert_same_content(content(together["galaxies"].samples), content(alone["galaxies"].samples))
    np.testing.assert_array_equal(together["galaxies"].samples.ids, alone["galaxies"].samples.ids)


def test_tiles_may_hold_different_numbers_of_galaxies(sky):
    sky.add_tile("few", 4, galaxies=5)
    assert len(sky.run()["galaxies"].samples) == 37


def test_a_tile_without_galaxies_is_fine(sky):
    sky.add_tile("empty", 4, galaxies=0)
    run = sky.use("galaxies", galaxies={"minimum_snr": 30.0}).run()
    assert len(run["galaxies"].samples) == 32
    assert len(list(run["galaxies"].folder.glob("*.h5"))) == 3


def test_a_tile_without_one_of_its_bands_is_told_and_left_out(sky, caplog):
    (sky.root / "tiles" / "south_r.fits").unlink()
    (problem,) = [one for one in sky.problems() if "south" in one.text]
    assert problem.level == "warning"
    assert "south_r.fits" in problem.text
    galaxies = sky.run()["galaxies"]
    assert set(galaxies.samples.column("tile")) == {"north"}
    assert galaxies.ledger["rejected"] == {
        "no file for band r: expected south_r.fits; to fix, put it there, or take the other bands of this tile away": 1
    }


def test_no_tile_at_all_is_a_missing_input(sky):
    shutil.rmtree(sky.root / "tiles")
    with pytest.raises(PipelineFileErrors, match=r"inputs\.tiles: .*tiles/\{tile\}_\{band\}\.fits"):
        sky.run()


def test_stamps_with_pixels_without_data_are_rejected_or_filled(project):
    hole = (slice(60, 64), slice(0, 160))
    project.add_tile("north", 1, spoil=hole)
    run = project.use("galaxies").run()
    whole = run["galaxies"].ledger
    assert whole["rejected"]["pixels without data"] >= 2
    assert np.isfinite(run["galaxies"].samples.read(np.arange(len(run["galaxies"].samples)))).all()
    filled = project.use("galaxies", galaxies={"missing_pixels": "fill-median"}).run()["galaxies"]
    # a gap of 4 rows in 24 is more than a tenth: only those are filled that hold less of it
    assert len(filled.samples) >= len(run["galaxies"].samples)
    assert np.isfinite(filled.samples.read(np.arange(len(filled.samples)))).all()


def test_the_ledger_has_a_row_for_each_source(sky):
    run = sky.use("galaxies", galaxies={"size_arcsec": 12.0, "minimum_snr": 150.0}).run()["galaxies"]
    counts = run.ledger
    assert counts["excluded"]["edge"] > 0
    assert counts["excluded"]["snr below 150"] > 0
    assert counts["read"][""] == len(run.samples)
    assert sum(sum(reasons.values()) for reasons in counts.values()) == 32
    assert (run.samples.column("snr") >= 150).all()


def test_another_pixel_scale_than_stated_is_refused_with_both(sky):
    with pytest.raises(DataError, match=r"another pixel scale.*expected 0\.3 arcsec.*received 0\.2 arcsec"):
        sky.use("galaxies", galaxies={"pixel_scale_arcsec": 0.3}).run()


@pytest.mark.parametrize("splits", [{"train": 0.5}, {"train": 1.0, "test": 0.0}, {"train": 1.2, "test": -0.2}, {}])
def test_splits_that_do_not_divide_the_objects_are_told_before_compute(sky, splits):
    with pytest.raises(PipelineFileErrors, match=r"splits.*sum 1"):
        sky.use("galaxies", galaxies={"splits": splits}).run()


@pytest.mark.parametrize(
    ("given", "missing"), [({"bands": ["g", "r"]}, "pixel scale"), ({"pixel_scale_arcsec": 0.2}, "bands")]
)
def test_without_an_instrument_the_stage_must_say_itself(sky, given, missing):
    sky.data["instrument"] = None
    with pytest.raises(Exception, match=rf"the {missing} (is|are) not known.*expected.*instrument"):
        sky.use("galaxies", galaxies=given).run()
    run = sky.use("galaxies", galaxies={"bands": ["g", "r"], "pixel_scale_arcsec": 0.2}).run()
    assert len(run["galaxies"].samples) == 32


def test_the_product_is_plain_shards_under_the_tiles_order(whole_run):
    folder = whole_run[1]["galaxies"].folder
    assert sorted(path.name for path in folder.glob("*.h5")) == ["00000.h5", "00001.h5"]
    first, second = (SampleSet.open(path) for path in sorted(folder.glob("*.h5")))
    assert set(first.column("tile")) == {"north"}
    assert set(second.column("tile")) == {"south"}


@pytest.fixture
def placed(sky):
    """placed(rows): stamps at the positions of a table with id, ra and dec."""

    def make(rows):
        lines = ["id,ra,dec", *(f"{name},{ra:.9f},{dec:.9f}" for name, ra, dec in rows)]
        (sky.root / "positions.csv").write_text("\n".join(lines) + "\n")
        sky.data["inputs"]["positions"] = "positions.csv"
        return sky.use("galaxies", galaxies={"positions": "${inputs.positions}"})

    return make


def positions_on(sky, tile, *pixels):
    """Right ascension and declination of pixels of a tile."""
    wcs = WCS(fits.getheader(sky.root / "tiles" / f"{tile}_r.fits"))
    return [wcs.pixel_to_world_values(x, y) for x, y in pixels]


def test_stamps_are_cut_at_the_positions_of_a_table(sky, placed):
    (a, b), (c,) = positions_on(sky, "north", (50.3, 70.3), (80.4, 40.6)), positions_on(sky, "south", (31.0, 99.0))
    samples = placed([("a", *a), ("b", *b), ("c", *c)]).run()["galaxies"].samples
    assert list(samples.ids) == ["a", "b", "c"]
    assert list(samples.column("tile")) == ["north", "north", "south"]
    np.testing.assert_allclose(samples.column("x"), [50.3, 80.4, 31], atol=1e-4)
    image = fits.getdata(sky.root / "tiles" / "north_r.fits")
    np.testing.assert_array_equal(samples.read(np.array([0]))[0, ..., 1], image[59:83, 39:63])
    assert all(group.startswith("J") for group in samples.column("group")), "by position, whatever the id"


def test_positions_without_a_stamp_stand_in_the_ledger(sky, placed):
    inside, near_the_edge = positions_on(sky, "north", (50.0, 70.0), (3.0, 70.0))
    view = placed([("in", *inside), ("edge", *near_the_edge), ("far", 10.0, -40.0)]).run()["galaxies"]
    assert view.ledger == {"excluded": {"edge": 1, "outside the images": 1}, "read": {"": 1}}


def test_an_object_on_two_tiles_is_cut_from_both(sky, placed):
    sky.add_tile("twin", 1)  # the same part of the sky as the first
    (place,) = positions_on(sky, "north", (50.0, 70.0))
    samples = placed([("a", *place)]).run()["galaxies"].samples
    assert list(samples.ids) == ["a", "a"]
    assert list(samples.column("tile")) == ["north", "twin"]
    assert len(set(samples.column("split"))) == 1


def test_positions_that_lie_on_no_image_are_a_missing_input(placed):
    with pytest.raises(InputMissing, match=r"no position lies on any image.*2 positions"):
        placed([("a", 10.0, -40.0), ("b", 330.0, -2.0)]).run()


def test_keys_of_detection_beside_positions_are_told(sky, placed):
    project = placed([("a", *positions_on(sky, "north", (50.0, 70.0))[0])])
    project.stages["galaxies"]["threshold_sigma"] = 5.0
    texts = [one.text for one in project.problems() if one.level == "warning"]
    assert sum("changes nothing: with positions, nothing is detected" in text for text in texts) == 2  # stars, too


def test_other_positions_are_another_product(sky, placed):
    one, other = positions_on(sky, "north", (50.0, 70.0), (60.0, 70.0))
    first = placed([("a", *one)]).run()["galaxies"]
    assert placed([("a", *one)]).run()["galaxies"].state == "reuse"
    again = placed([("a", *other)]).run()["galaxies"]
    assert (again.state, again.hash == first.hash) == ("made", False)


def test_positions_on_the_picture_that_comes_with_a_package(sky, placed):
    project = placed([("middle", 53.1625, -27.7914), ("elsewhere", 53.3, -27.7914)])
    project.data["inputs"]["tiles"] = "sample:hubble"
    project.data["instrument"] = "hubble-xdf-picture"
    run = project.run()["galaxies"]
    assert run.samples.meta.bands == ("red", "green", "blue")
    assert list(run.samples.ids) == ["middle"]
    assert run.ledger == {"excluded": {"outside the images": 1}, "read": {"": 1}}
