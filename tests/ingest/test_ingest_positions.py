"""Positions from tables of users: names, units, formats, rows without a place, and which lie on a tile."""

import numpy as np
import pytest
from astropy import units
from astropy.table import Table
from astropy.wcs import WCS

from astrocnn.errors import DataError, InputMissing
from astrocnn.ingest.positions import on_tile, read_positions

RA, DEC = np.array([10.0, 350.5, 0.25]), np.array([-30.0, 45.5, 0.0])


def write(folder, name="table.csv", **columns):
    form = "votable" if name.endswith(".vot") else None
    Table(columns or {"ra": RA, "dec": DEC}).write(folder / name, format=form)
    return folder / name


@pytest.mark.parametrize("name", ["t.csv", "t.fits", "t.vot", "t.ecsv"])
def test_formats(tmp_path, name):
    found = read_positions(write(tmp_path, name))
    np.testing.assert_allclose(found["ra"], RA)
    np.testing.assert_allclose(found["dec"], DEC)
    assert found["id"].tolist() == ["J004000.000-300000.00", "J232200.000+453000.00", "J000100.000+000000.00"]


def test_parquet_without_pandas(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"ra": RA, "dec": DEC}), tmp_path / "t.parquet")
    np.testing.assert_allclose(read_positions(tmp_path / "t.parquet")["ra"], RA)


def test_plain_text_whose_layout_is_guessed(tmp_path):
    (tmp_path / "t.txt").write_text("# name ra dec\nname ra dec\na 10.0 -30.0\n")
    assert read_positions(tmp_path / "t.txt")["id"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("ra", "dec"), [("RAJ2000", "DEJ2000"), ("Ra", "DEC"), ("ra_deg", "dec_deg"), ("RA_ICRS", "DE_ICRS")]
)
def test_usual_names_in_any_case(tmp_path, ra, dec):
    found = read_positions(write(tmp_path, **{ra: RA, dec: DEC}))
    np.testing.assert_allclose(found["dec"], DEC)


def test_units_of_the_columns_count(tmp_path):
    path = tmp_path / "t.ecsv"
    Table({"ra": (RA / 15) * units.hourangle, "dec": np.radians(DEC) * units.rad}).write(path)
    found = read_positions(path)
    np.testing.assert_allclose(found["ra"], RA)
    np.testing.assert_allclose(found["dec"], DEC)


def test_right_ascensions_go_round(tmp_path):
    found = read_positions(write(tmp_path, ra=[-10.0, 370.0], dec=[0.0, 1.0]))
    np.testing.assert_allclose(found["ra"], [350.0, 10.0])


def test_rows_without_a_position_are_left_out(tmp_path):
    path = write(tmp_path, ra=[10.0, np.nan, 12.0], dec=[0.0, 1.0, 95.0], id=["a", "b", "c"])
    assert read_positions(path)["id"].tolist() == ["a"]
    with pytest.raises(InputMissing, match=r"none\.csv: holds no position"):
        read_positions(write(tmp_path, "none.csv", ra=[np.nan], dec=[0.0]))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": RA, "dec": DEC}, r"no column ra; expected one of ra, ra_deg.*; received x, dec"),
        ({"ra": RA, "y": DEC}, r"no column dec; expected one of dec, dec_deg.*; received ra, y"),
        ({"ra": ["10:00:00"], "dec": ["-30:00:00"]}, r"column ra: is no angle; expected numbers in degrees.*10:00:00"),
        ({"ra": RA, "dec": DEC, "id": ["a", "b", "a"]}, r"column id: an id stands twice; received a; to fix"),
    ],
)
def test_wrong_columns_are_named(tmp_path, columns, message):
    with pytest.raises(DataError, match=message):
        read_positions(write(tmp_path, **columns))


@pytest.mark.parametrize(("name", "content"), [("t.fits", b"no table"), ("t.vot", b"<html>"), ("t.csv", b"\0\0\0")])
def test_files_that_are_no_tables(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises((InputMissing, DataError), match=name):
        read_positions(tmp_path / name)
    with pytest.raises(InputMissing, match="there is no such table"):
        read_positions(tmp_path / "no.csv")


@pytest.fixture
def wcs():
    """Two degrees across, north up, east to the left."""
    made = WCS(naxis=2)
    made.wcs.ctype, made.wcs.crval, made.wcs.crpix = ["RA---TAN", "DEC--TAN"], [0.0, 60.0], [100.5, 50.5]
    made.wcs.cdelt = [-0.01, 0.01]
    return made


def place(ra, dec):
    return {"id": np.array([str(n) for n in range(len(ra))]), "ra": np.asarray(ra), "dec": np.asarray(dec)}


def test_only_what_lies_on_the_tile_is_taken(wcs):
    x, y = np.array([0.0, 199.4, -0.6, 100.0, 100.0]), np.array([0.0, 99.4, 50.0, 99.6, 20.0])
    ra, dec = wcs.pixel_to_world_values(x, y)
    found = on_tile(place(ra, dec), wcs, (100, 200, 3))
    assert found["id"].tolist() == ["0", "1", "4"]
    np.testing.assert_allclose(found["x"], x[[0, 1, 4]], atol=1e-6)
    np.testing.assert_allclose(found["y"], y[[0, 1, 4]], atol=1e-6)


def test_the_other_side_of_the_sky_is_not_on_the_tile(wcs):
    """A tangential projection would put the antipode into its middle."""
    assert len(on_tile(place([180.0, 0.0], [-60.0, -60.0]), wcs, (100, 200))["id"]) == 0
