"""Every format written and opened again by astropy or pyarrow: nothing lost, nothing changed, no date inside."""

import io
import json

import numpy as np
import pyarrow.parquet
import pytest
from astropy.io import fits, votable
from astropy.table import Table

from astrocnn.catalog.columns import Column, column_dictionary
from astrocnn.catalog.readers import read_catalog
from astrocnn.catalog.writers import METADATA_KEY, WRITERS, candidate_table, write_catalog
from astrocnn.errors import DataError, UnknownName

METADATA = {
    "name": "lenses",
    "model": "deeplens",
    "threshold": 0.25,
    "receptive_field": {"verdict": "covers", "field_arcsec": 9.1, "object_arcsec": 4.0},
    "provenance_hash": "0f" * 32,
    "score": "a key that is a column too",
    "a key": [1, None, True],
    "note": "Sérsic < 4 & “quoted”",
}
COLUMNS = {
    "score": np.array([0.1, 1 / 3, 1], np.float32),
    "id": ["4611686018427387905", "J0959+0206 a", "<&>'"],
    "ra": np.array([0.1, 359.999999999999, np.nan]),
    "dec": np.array([-89.9, 1 / 3, 0]),
    "rank": np.array([3, 2, 1]),
    "flags": np.array([0, 1 << 20, 5]),
    "flag_names": ["", "resampled", "star,saturated"],
    "label": np.array([1, -1, np.nan]),
    "flux_g": np.array([1e-30, 2.5, np.nan]),
    "area_px": np.array([9, 10, 11]),
}


def made(**columns):
    return candidate_table({**COLUMNS, **columns}, METADATA, flux_unit="nJy")


@pytest.fixture
def written(tmp_path):
    return dict(zip(WRITERS, write_catalog(made(), tmp_path, list(WRITERS)), strict=True))


def test_the_table_carries_types_units_ucds_and_descriptions():
    table = made()
    assert table.colnames[:5] == ["id", "ra", "dec", "rank", "score"]
    assert [table[name].dtype for name in ("ra", "rank", "score")] == [np.float64, np.int32, np.float32]
    assert (str(table["ra"].unit), str(table["flux_g"].unit), table["score"].unit) == ("deg", "nJy", None)
    assert table["ra"].meta["ucd"] == "pos.eq.ra;meta.main"
    assert table["flux_g"].description == "Flux in band g"
    assert table.meta == {METADATA_KEY: METADATA}


def same(found, wanted):
    """Equal to the last bit, with masked integers masked and NaN where nothing is known."""
    for name in wanted.colnames:
        column, truth = found[name], wanted[name]
        assert column.dtype.kind == truth.dtype.kind, name
        if truth.dtype.kind != "U":
            assert column.dtype.newbyteorder("=") == truth.dtype, name
        mask = np.ma.getmaskarray(truth)
        np.testing.assert_array_equal(np.ma.getmaskarray(column), mask, err_msg=name)
        np.testing.assert_array_equal(np.ma.getdata(column)[~mask], np.ma.getdata(truth)[~mask], err_msg=name)
        assert (column.unit or "") == (truth.unit or ""), name
        assert (column.description, column.meta.get("ucd")) == (truth.description, truth.meta.get("ucd")), name


@pytest.mark.parametrize("name", WRITERS)
def test_what_was_written_is_what_is_read(written, name):
    found = read_catalog(written[name])
    assert found.colnames == made().colnames
    same(found, made())
    assert dict(found.meta[METADATA_KEY]) == METADATA


@pytest.mark.parametrize("name", WRITERS)
def test_no_candidates_is_a_catalog_too(tmp_path, name):
    empty = candidate_table({key: np.empty(0) for key in ("id", "ra", "dec", "rank", "flag_names")}, {"name": "none"})
    (path,) = write_catalog(empty, tmp_path, [name])
    found = read_catalog(path)
    assert len(found) == 0
    assert found.colnames == empty.colnames
    assert found["rank"].dtype.kind == "i"
    assert str(found["ra"].unit) == "deg"


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_table_gives_the_same_bytes(written, tmp_path, name):
    (again,) = write_catalog(made(), tmp_path, [name], stem="again")
    assert again.read_bytes() == written[name].read_bytes()


def test_votable_by_astropy(written):
    file = votable.parse(written["votable"], verify="exception")
    table = file.get_first_table()
    fields = {field.name: field for field in table.fields}
    assert (fields["id"].ucd, fields["id"].datatype) == ("meta.id;meta.main", "unicodeChar")
    assert (fields["ra"].unit, fields["ra"].datatype, fields["ra"].ref) == ("deg", "double", "ICRS")
    assert fields["rank"].datatype == "int"
    assert fields["score"].description == "Mean raw score of the networks; candidates are ranked by it"
    assert file.resources[0].coordinate_systems[0].system == "ICRS"
    info = {item.name: item.value for item in table.infos}
    assert (table.name, info["model"], info["threshold"], info["note"]) == (
        "lenses",
        "deeplens",
        "0.25",
        METADATA["note"],
    )
    assert json.loads(info["receptive_field"]) == METADATA["receptive_field"]
    np.testing.assert_array_equal(table.array["id"].data, COLUMNS["id"])
    assert table.array["label"].mask.tolist() == [False, True, True]
    assert table.array["score"].data[1] == COLUMNS["score"][1]


def test_fits_by_astropy(written):
    with fits.open(written["fits"]) as hdus:
        hdus.verify("exception")
        hdu = hdus["CANDIDATES"]
        number = hdu.columns.names.index("ra") + 1
        header = hdu.header
        assert (header[f"TUNIT{number}"], header[f"TUCD{number}"]) == ("deg", "pos.eq.ra;meta.main")
        assert header[f"TCOMM{number}"] == "Right ascension (ICRS)"
        assert json.loads(header["ASTROCNN"]) == METADATA
        assert "model: deeplens" in list(header["COMMENT"])
        assert hdu.data["id"].tolist() == COLUMNS["id"]
        assert hdu.data["rank"].dtype.kind == "i"
        label = hdu.columns["label"]
        assert label.null == -1
        assert "DATE" not in header


def test_parquet_by_pyarrow(written):
    table = pyarrow.parquet.read_table(written["parquet"])
    assert table["id"].to_pylist() == COLUMNS["id"]
    assert table["label"].to_pylist() == [1, None, None]
    assert [str(table.schema.field(name).type) for name in ("rank", "score", "ra")] == ["int32", "float", "double"]
    assert table.schema.field("ra").metadata == {
        b"unit": b"deg",
        b"ucd": b"pos.eq.ra;meta.main",
        b"description": b"Right ascension (ICRS)",
    }
    assert json.loads(table.schema.metadata[b"astrocnn"]) == METADATA


def test_the_parquet_header_is_a_votable_without_data(written):
    metadata = pyarrow.parquet.read_schema(written["parquet"]).metadata
    content = metadata[b"IVOA.VOTable-Parquet.content"]
    assert metadata[b"IVOA.VOTable-Parquet.version"] == b"1.0"
    assert b"<DATA" not in content
    fields = votable.parse(io.BytesIO(content), verify="exception").get_first_table().fields
    assert [field.name for field in fields] == made().colnames
    assert {field.name: field.unit for field in fields}["flux_g"] == "nJy"


def test_ecsv_by_astropy(written):
    table = Table.read(written["ecsv"], format="ascii.ecsv")
    assert table["id"].tolist() == COLUMNS["id"]
    assert table["id"].dtype.kind == "U"
    assert table["ra"].meta["ucd"] == "pos.eq.ra;meta.main"
    assert table["label"].mask.tolist() == [False, True, True]


def test_own_columns_are_declared(tmp_path):
    own = Column(dtype="int64", unit="d", ucd="time.epoch", missing=0, description="Night of discovery")
    dictionary = {**column_dictionary(), "night": own}
    table = candidate_table({"id": ["a", "b"], "night": np.array([60_000, None], object)}, {}, dictionary=dictionary)
    for path in write_catalog(table, tmp_path, list(WRITERS)):
        same(read_catalog(path), table)


def test_only_fits_is_limited_to_ascii(tmp_path):
    table = candidate_table({"id": ["λ Ori"]}, {"name": "2 étoiles-doubles"})
    for path in write_catalog(table, tmp_path, ["votable", "parquet", "ecsv"]):
        assert read_catalog(path)["id"].tolist() == ["λ Ori"]
    with pytest.raises(DataError, match=r"column id.*λ Ori.*leave out fits"):
        write_catalog(table, tmp_path, ["fits"])


def test_a_flux_needs_its_unit():
    with pytest.raises(DataError, match="flux_g has no unit"):
        candidate_table({"flux_g": [1.0]}, {})
    assert candidate_table({"flux_g": [1.0]}, {}, flux_unit="")["flux_g"].unit is None
    assert candidate_table({"flux_g": [1.0]}, {}, flux_unit="1")["flux_g"].unit is None


@pytest.mark.parametrize("text", ["furlong", "level", "nmgy / (0.396 arcsec)2", "DN/frame"])
def test_a_unit_that_nobody_knows_stands_in_the_description(text, tmp_path):
    table = candidate_table({"id": ["a"], "flux_g": [1.5]}, {}, flux_unit=text)
    assert table["flux_g"].unit is None
    assert table["flux_g"].description.endswith(f"(in {text!r}, as the images)")
    for path in write_catalog(table, tmp_path, ["votable", "fits", "parquet", "ecsv"]):
        assert read_catalog(path)["flux_g"].tolist() == [1.5]


def test_maggies_become_microjansky():
    """A source of magnitude 22.5 (AB) has one nanomaggy: 3631 Jy times 10^-9."""
    column = candidate_table({"flux_g": np.array([1.0, np.nan])}, {}, flux_unit="nanomaggy")["flux_g"]
    assert str(column.unit) == "uJy"
    np.testing.assert_allclose(np.asarray(column), [3.631, np.nan], rtol=1e-6)
    assert "from nanomaggy" in column.description


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(UnknownName, match="did you mean score"):
        made(scores=COLUMNS["score"])
    with pytest.raises(UnknownName, match="did you mean votable"):
        write_catalog(made(), tmp_path, ["vo-table"])
    with pytest.raises(DataError, match="not plain JSON"):
        candidate_table({"id": ["a"]}, {"threshold": np.nan})
    with pytest.raises(DataError, match="not a catalog"):
        read_catalog(tmp_path / "candidates.csv")
