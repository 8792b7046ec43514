"""Tables are completed to the standard columns, and refused where they cannot be stored."""

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.samples.columns import STANDARD, completed

IDS = np.array(["a", "b", "c"])


def test_absent_columns_say_that_nothing_is_known(meta):
    table = completed({"id": IDS}, 3, meta)
    assert tuple(table) == tuple(STANDARD)
    assert np.isnan(table["ra"]).all()
    assert np.isnan(table["dec"]).all()
    assert table["label"].tolist() == [-1, -1, -1]
    assert table["group"].tolist() == ["a", "b", "c"]
    assert table["split"].tolist() == ["", "", ""]
    assert table["weight"].tolist() == table["coverage"].tolist() == [1, 1, 1]


def test_standard_columns_have_their_types_and_truth_keeps_its_own(meta):
    table = completed(
        {
            "id": IDS,
            "ra": np.array([1, 2, 3], ">f4"),
            "label": np.array([0, 1, -1], np.int64),
            "weight": [1, 2, 3],
            "votes": np.zeros((3, 37), ">f8"),
            "ring": [True, False, True],
        },
        3,
        meta,
    )
    types = {name: values.dtype.name for name, values in table.items()}
    assert types == {
        **{name: "object" if kind == "str" else kind for name, kind in STANDARD.items()},
        "ring": "bool",
        "votes": "float64",
    }
    assert table["votes"].dtype.isnative
    assert list(table)[-2:] == ["ring", "votes"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"ra": np.zeros(3)}, "every object has an id"),
        ({"id": IDS[:2]}, "not one row an object"),
        ({"id": IDS, "ra": 3.0}, "not one row an object"),
        ({"id": np.arange(3)}, "something else than text; expected str; received 0"),
        ({"id": np.array(["a", None, "c"], object)}, "received None"),
        ({"id": np.array(["a", "b\0b", "c"], object)}, "something else than text"),
        ({"id": IDS, "theta/E": np.zeros(3)}, "column name"),
        ({"id": IDS, "when": np.zeros(3, "M8[s]")}, "cannot be stored"),
        ({"id": IDS, "bytes": np.array([b"a", b"b", b"c"])}, "cannot be stored"),
        ({"id": IDS, "label": [0, 1, 2]}, "expected -1 to 1; received 0 to 2"),
        ({"id": IDS, "label": [0, 1, 257]}, "no class has"),
        ({"id": IDS, "label": [-2, 1, 1]}, "no class has"),
    ],
)
def test_what_cannot_be_stored_is_refused(meta, table, message):
    with pytest.raises(DataError, match=message):
        completed(table, 3, meta)
