"""The smoke profile of the quickstart, from an empty folder to a catalog, as a newcomer runs it."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
import runs
from astropy.coordinates import SkyCoord
from astropy.io import votable
from astropy.table import Table
from pyarrow import parquet

import astrocnn

STAGES = ("galaxies", "lenses", "finder", "skill", "scores", "candidates", "summary")


def test_says_stage_by_stage_what_it_made_and_where_the_products_are(smoke_folder):
    folder, result = smoke_folder
    for stage in STAGES:
        assert any(line.split()[:2] == [stage, "made"] for line in result.stdout.splitlines()), stage
        assert (folder / runs.FOLDER / stage / "current" / "done.json").is_file()
    assert "summary/current/index.html" in result.stdout


def test_second_run_makes_nothing_and_says_so(smoke_folder):
    folder, _ = smoke_folder
    before = runs.done_marks(folder / runs.FOLDER)
    result = runs.astrocnn(folder, *runs.SMOKE)
    assert result.returncode == 0
    assert result.stdout.count("up to date") == len(STAGES)
    assert runs.done_marks(folder / runs.FOLDER) == before


def test_catalog_opens_in_every_format_with_positions_on_the_picture(smoke_folder):
    folder, _ = smoke_folder
    current = folder / runs.FOLDER / "candidates" / "current"
    tables = [
        Table.read(current / "candidates.fits"),
        Table(parquet.read_table(current / "candidates.parquet").to_pydict()),
        votable.parse_single_table(current / "candidates.vot", verify="exception").to_table(use_names_over_ids=True),
    ]
    for table in tables:
        assert list(table["rank"]) == list(range(1, len(table) + 1))
        assert np.all(np.diff(np.asarray(table["score"])) <= 0)
        away = SkyCoord(table["ra"], table["dec"], unit="deg").separation(SkyCoord(53.1625, -27.7914, unit="deg"))
        assert away.arcmin.max() < np.hypot(1000, 872) / 2 * 0.138 / 60
    ucds = {field.name: field.ucd for field in votable.parse(current / "candidates.vot").get_first_table().fields}
    assert ucds["ra"] == "pos.eq.ra;meta.main"


def test_no_galaxy_stands_on_both_sides_of_a_split(smoke_folder):
    folder, _ = smoke_folder
    lenses = astrocnn.open_run(folder / runs.FOLDER)["lenses"].samples
    group, split = lenses.column("group"), lenses.column("split")
    sides = {name: set(group[split == name]) for name in ("train", "validation", "test")}
    assert all(sides.values())
    assert not sides["train"] & sides["test"]
    assert not sides["validation"] & sides["test"]
    assert not sides["train"] & sides["validation"]


def test_trained_galaxies_are_flagged_in_the_catalog_and_test_galaxies_are_not(smoke_folder):
    folder, _ = smoke_folder
    table = astrocnn.open_run(folder / runs.FOLDER)["candidates"].table
    flagged = np.array(["trained_on" in str(names) for names in table["flag_names"]])
    split = np.array([str(value) for value in table["split"]])
    np.testing.assert_array_equal(flagged, split != "test")


def test_products_can_be_read_without_the_package(smoke_folder):
    folder, _ = smoke_folder
    shard = next((folder / runs.FOLDER / "galaxies" / "current").glob("*.h5"))
    with h5py.File(shard) as file:
        about = json.loads(file.attrs["astrocnn"])
        assert about["format_version"] >= 1
        assert file["data"].shape[1:] == (65, 65, 3)
        assert file["data"].dtype == np.float32
        assert set(file["table"]) >= {"id", "ra", "dec", "label", "group", "split", "weight", "coverage"}


def test_python_face_gives_stamps_with_a_wcs(smoke_folder):
    folder, _ = smoke_folder
    run = astrocnn.open_run(folder / runs.FOLDER)
    identifier = str(run["candidates"].table["id"][0])
    stamp = run["galaxies"][identifier]
    row = run["candidates"].table[0]
    x, y = stamp.wcs.world_to_pixel(SkyCoord(row["ra"], row["dec"], unit="deg"))
    assert stamp.data.shape == (65, 65, 3)
    assert abs(x - 32) <= 0.51
    assert abs(y - 32) <= 0.51


def test_every_object_found_has_one_ledger_row_and_a_reason_where_it_was_left_out(smoke_folder):
    folder, _ = smoke_folder
    galaxies = astrocnn.open_run(folder / runs.FOLDER)["galaxies"]
    rows = parquet.read_table(galaxies.folder / "ledger.parquet").to_pylist()
    assert len({row["id"] for row in rows}) == len(rows) > len(galaxies.samples)
    assert {row["id"] for row in rows if row["status"] == "read"} == set(galaxies.samples.ids)
    assert all(row["reason"] for row in rows if row["status"] != "read")


@pytest.mark.slow
def test_workers_change_nothing(smoke_folder, tmp_path):
    result = runs.astrocnn(tmp_path, *runs.SMOKE, "--workers", "1")
    assert result.returncode == 0, result.stderr
    runs.assert_same_catalog(smoke_folder[0] / runs.FOLDER, tmp_path / runs.FOLDER)
