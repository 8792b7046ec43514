"""Tables of products, as `run["scores"].table` gives them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from astrocnn.catalog.writers import candidate_table, write_catalog
from astrocnn.errors import StoreError
from astrocnn.pipeline.view import ProductView


def product(kind: str, folder: Path) -> ProductView:
    return ProductView("name", "use", kind, "hash", folder)


@pytest.mark.parametrize("kind", ["Scores", "Evaluation"])
def test_scores_are_read_with_text_as_text_and_numbers_as_they_were_written(kind, tmp_path):
    columns = {"id": ["J1", "J22"], "score": np.array([0.25, np.nan]), "flags": np.array([0, 3], np.int32)}
    parquet.write_table(pa.table(columns), tmp_path / "scores.parquet")

    table = product(kind, tmp_path).table

    assert table.colnames == ["id", "score", "flags"]
    assert table["id"].dtype.kind == "U"
    assert table["id"].tolist() == ["J1", "J22"]
    np.testing.assert_array_equal(table["score"], columns["score"])
    assert table["flags"].dtype == np.int32


def test_a_catalog_keeps_units_and_descriptions(tmp_path):
    columns = {"id": np.array(["J1"]), "ra": np.array([53.1]), "dec": np.array([-27.8]), "score": np.array([0.5])}
    written = candidate_table(columns, {"name": "candidates"})
    write_catalog(written, tmp_path, ["parquet"])

    table = product("Catalog", tmp_path).table

    assert table["ra"].unit == "deg"
    assert table["ra"].description == written["ra"].description
    assert table["id"][0] == "J1"


def test_a_product_without_a_table_says_which_have_one(tmp_path):
    with pytest.raises(StoreError, match=r"Report has no table.*Catalog"):
        product("Report", tmp_path).table  # noqa: B018
