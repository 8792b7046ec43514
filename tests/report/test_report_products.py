"""Reading product folders: what is absent is noted, what is damaged is an error."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from astrocnn.errors import StoreError
from astrocnn.report.products import ProductFolder


@pytest.fixture
def folder(tmp_path):
    return ProductFolder(tmp_path)


def test_absent_files_are_none_and_noted_once(folder):
    assert folder.json("a.json") is None
    assert folder.csv("b.csv") is folder.yaml("c.yaml") is folder.parquet("d.parquet") is None
    assert folder.json("a.json") is None
    assert folder.parquet_rows("d.parquet") == 0
    assert folder.missing == ["a.json", "b.csv", "c.yaml", "d.parquet"]


def test_csv_columns_are_numbers_where_all_cells_are(folder):
    (folder.path / "t.csv").write_text('name,x,y\n"a, b",1,\nc,-inf,2.5\n')
    table = folder.csv("t.csv")
    assert table["name"].tolist() == ["a, b", "c"]
    np.testing.assert_array_equal(table["x"], [1, -np.inf])
    np.testing.assert_array_equal(table["y"], [np.nan, 2.5])


def test_columns_that_are_named_stay_text(folder):
    (folder.path / "t.csv").write_text("id,mean\n0012,0.5\n13,0.25\n")
    table = folder.csv("t.csv", ["id", "label"])
    assert table["id"].tolist() == ["0012", "13"]
    assert table["mean"].tolist() == [0.5, 0.25]


def test_an_empty_csv_has_no_columns(folder):
    (folder.path / "t.csv").write_text("")
    assert folder.csv("t.csv") == {}


def test_parquet_reads_the_columns_and_rows_asked_for(folder):
    table = pa.table({"id": ["a", "b", "c"], "x": pa.array([1.0, None, 3.0]), "n": [1, 2, 3]})
    pq.write_table(table, folder.path / "t.parquet", row_group_size=1)
    read = folder.parquet("t.parquet", ["x", "id", "absent"], rows=2)
    assert list(read) == ["id", "x"]
    assert read["id"].tolist() == ["a", "b"]
    np.testing.assert_array_equal(read["x"], [1, np.nan])
    assert len(folder.parquet("t.parquet")["n"]) == folder.parquet_rows("t.parquet") == 3


def test_an_empty_parquet_file_has_its_columns(folder):
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), folder.path / "t.parquet")
    assert folder.parquet("t.parquet", rows=5)["id"].tolist() == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("m.json", "{1", "JSON"),
        ("m.json", "[1]", "a JSON object"),
        ("m.yaml", "a: [1", "YAML"),
        ("m.yaml", "- 1", "a YAML mapping"),
        ("m.yaml", "!!python/object/apply:os.system ['true']", "YAML"),
        ("m.csv", "a,b\n1\n", "rows of 2 cells"),
        ("m.parquet", "PAR1 not at all", "Parquet"),
    ],
)
def test_damaged_files_are_errors_that_name_them(folder, name, text, expected):
    (folder.path / name).write_text(text)
    with pytest.raises(StoreError, match=expected) as caught:
        getattr(folder, name.split(".")[1])(name)
    assert str(folder.path / name) in str(caught.value)


def test_a_list_of_json_and_the_content_of_any_file(folder):
    (folder.path / "l.json").write_text("[1, 2]")
    assert folder.json_list("l.json") == [1, 2]
    assert folder.content("l.json") == b"[1, 2]"
    with pytest.raises(StoreError, match="a JSON object"):
        folder.json("l.json")
    (folder.path / "m.json").write_text("{}")
    with pytest.raises(StoreError, match="a JSON list"):
        folder.json_list("m.json")
    assert folder.content("absent.png") is folder.json_list("absent.json") is None
    assert folder.missing == ["absent.png", "absent.json"]
