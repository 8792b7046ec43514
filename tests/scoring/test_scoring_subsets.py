"""Subsets as the pipeline file writes them."""

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from astrocnn.errors import DataError, UnknownName
from astrocnn.scoring.subsets import Cut, Subsets, subset_mask


class Parameters(BaseModel):
    subsets: Subsets = {}


TABLE = {
    "einstein_radius_arcsec": np.array([1.0, 1.4, 1.5, np.nan]),
    "snr": np.array([30, 30, 20, 30]),
    "tile": np.array(["a", "b", "a", "a"], dtype=object),
    "blended": np.array([True, False, False, True]),
}


def mask(**cuts):
    return subset_mask(Parameters(subsets={"s": cuts}).subsets["s"], TABLE).tolist()


def test_the_syntax_of_the_file():
    stated = {"bright": {"einstein_radius_arcsec": {"above": 1.0}, "snr": {"above": 20}}}
    subset = Parameters(subsets=stated).subsets["bright"]
    assert subset_mask(subset, TABLE).tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("cut", "kept"),
    [
        ({"above": 1.4}, [False, False, True, False]),
        ({"below": 1.4}, [True, False, False, False]),
        ({"between": [1.0, 1.4]}, [True, True, False, False]),
        ({"equals": 1.4}, [False, True, False, False]),
        ({"above": 1.0, "below": 1.5}, [False, True, False, False]),
    ],
)
def test_bounds_and_nan(cut, kept):
    assert mask(einstein_radius_arcsec=cut) == kept


def test_zero_is_a_bound():
    assert Cut(above=0).holds(np.array([-1.0, 0.0, 1.0])).tolist() == [False, False, True]
    assert Cut(equals=False).holds(TABLE["blended"]).tolist() == [False, True, True, False]


def test_text_and_truth_values():
    assert mask(tile={"equals": "a"}) == [True, False, True, True]
    assert mask(blended={"equals": True}) == [True, False, False, True]


def test_unknown_columns_come_with_the_nearest_spelling():
    with pytest.raises(UnknownName, match="did you mean einstein_radius_arcsec"):
        subset_mask({"einstein_radius": Cut(above=1)}, TABLE)


@pytest.mark.parametrize(("column", "cut"), [("tile", Cut(above=1)), ("snr", Cut(equals="a"))])
def test_a_cut_must_fit_its_column(column, cut):
    with pytest.raises(DataError, match=f"column {column} holds"):
        subset_mask({column: cut}, TABLE)


@pytest.mark.parametrize(
    "stated",
    [
        {"bright": {"snr": {}}},
        {"bright": {"snr": {"more": 20}}},
        {"bright": {"snr": {"above": "20"}}},
        {"bright": {"snr": {"between": [2, 1]}}},
        {"bright": {"snr": {"above": 1, "equals": "a"}}},
        {"bright": {}},
        {"Bright one": {"snr": {"above": 20}}},
    ],
)
def test_what_cannot_be_a_subset_is_refused(stated):
    with pytest.raises(ValidationError):
        Parameters(subsets=stated)
