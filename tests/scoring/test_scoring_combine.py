"""Scores of several models as one: joined by id, averaged, and what is missing is told."""

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.scoring.combine import combine_scores
from astrocnn.scoring.flags import NETWORK_MISSING, TRAINED_ON


def scores(ids, mean, flags=0, **more):
    mean = np.asarray(mean, float)
    return {
        "id": np.array(ids, object), "mean": mean, "spread": 0 * mean, "probability": mean**2,
        "flags": np.full(len(mean), flags, np.int32), **more,
    }  # fmt: skip


def test_tables_are_joined_by_id():
    table = combine_scores({"picture": scores(["a", "b"], [0.2, 0.4]), "curve": scores(["b", "a"], [0.8, 0.6])})
    assert table["id"].tolist() == ["a", "b"]
    np.testing.assert_allclose(table["mean"], [0.4, 0.6])
    np.testing.assert_allclose(table["spread"], [0.2, 0.2])
    np.testing.assert_allclose(table["score_curve"], [0.6, 0.8])
    np.testing.assert_allclose(table["probability"], [0.2, 0.4])
    assert table["flags"].tolist() == [0, 0]


def test_weights_and_flags_are_kept():
    tables = {"one": scores(["a"], [0.0], flags=TRAINED_ON), "two": scores(["a"], [1.0])}
    table = combine_scores(tables, {"two": 3.0})
    assert table["mean"][0] == pytest.approx(0.75)
    assert table["flags"][0] == TRAINED_ON


def test_an_object_that_one_model_lacks_is_averaged_over_the_others_and_flagged():
    table = combine_scores({"one": scores(["a", "b", "c"], [0.1, np.nan, np.nan]), "two": scores(["b"], [0.5])})
    np.testing.assert_allclose(table["mean"], [0.1, 0.5, np.nan])
    assert (table["flags"] == NETWORK_MISSING).all()


def test_classes_are_averaged_each():
    def of(first):
        first = np.array(first)
        return scores(["a", "b"], np.maximum(first, 1 - first), mean_rr=first, mean_sn=1 - first)

    table = combine_scores({"one": of([0.9, 0.4]), "two": of([0.3, 0.5])})
    np.testing.assert_allclose(table["mean_rr"], [0.6, 0.45])
    assert table["class"].tolist() == ["rr", "sn"]
    with pytest.raises(DataError, match=r"other classes.*two: one class searched for"):
        combine_scores({"one": of([0.9, 0.4]), "two": scores(["a", "b"], [0.3, 0.5])})


def test_an_id_that_stands_twice_is_refused():
    with pytest.raises(DataError, match="one: an id stands twice"):
        combine_scores({"one": scores(["a", "a"], [0.1, 0.2])})
