"""What an evaluation measures: labels beside scores, classes matched by name, leaks refused."""

import numpy as np
import pytest

from astrocnn.errors import DataError, LeakError, MismatchError
from astrocnn.scoring.flags import TRAINED_ON
from astrocnn.training.labelled_rows import class_rows, scored_outputs, truth_of

CLASSES = ("cepheid", "mira", "binary")


@pytest.fixture
def stars(write_set):
    """Six stars of two of the three classes, in another order than the model has them."""
    label = np.array([0, 1, 0, 1, 0, 1], np.int8)
    columns = {"label": label, "period_day": np.arange(6.0)}
    return write_set(6, columns=columns, classes=("mira", "cepheid"), positive=None)


def table(ids, **columns):
    usual = {"mean": np.full(len(ids), 0.9), "probability": np.full(len(ids), np.nan), "flags": np.zeros(len(ids), int)}
    return {"id": np.array(ids, object), **usual, **columns}


def test_classes_are_matched_by_name(stars):
    rows = class_rows(stars, np.eye(3)[[1, 0, 1, 0, 1, 0]], CLASSES)
    assert rows.labels.tolist() == [1, 0, 1, 0, 1, 0]
    assert rows.classes == CLASSES
    assert (rows.probabilities.argmax(axis=1) == rows.labels).all()
    assert list(truth_of(stars)) == ["period_day"]
    with pytest.raises(MismatchError, match=r"not told apart.*received mira"):
        class_rows(stars, np.zeros((6, 2)), ("cepheid", "binary"))


def test_one_output_is_that_of_the_second_class(stars):
    rows = class_rows(stars, np.full((6, 1), 0.25), ("mira", "cepheid"))
    np.testing.assert_allclose(rows.probabilities, [[0.75, 0.25]] * 6)


def test_a_table_is_brought_into_the_order_of_the_samples(stars):
    ids = stars.ids[[3, 1, 2]].tolist()
    each = {f"mean_{name}": np.array([0.1, 0.2, 0.3]) + k for k, name in enumerate(CLASSES)}
    found = scored_outputs(table(ids, **each), stars, "scores")
    assert found.classes == CLASSES
    np.testing.assert_allclose(found.values[:, 1], [np.nan, 1.2, 1.3, 1.1, np.nan, np.nan])
    assert found.select(np.array([1])).values.tolist() == [[0.2, 1.2, 2.2]]


def test_scores_that_mean_nothing_here_are_refused(stars):
    ids = stars.ids.tolist()
    with pytest.raises(DataError, match="scores: no object of the samples"):
        scored_outputs(table(["other"]), stars, "scores")
    with pytest.raises(DataError, match="stands twice"):
        scored_outputs(table([ids[0], ids[0]]), stars, "scores")
    with pytest.raises(LeakError, match=rf"1 objects to be evaluated were trained on: {ids[2]}"):
        scored_outputs(table(ids, flags=np.array([0, 0, TRAINED_ON, 0, 0, 0])), stars, "scores")
