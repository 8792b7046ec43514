"""What a network learns of each object: classes, or numbers of the table, and how much each object weighs."""

import numpy as np
import pytest

from astrocnn.errors import StageFailed
from astrocnn.training.targets import object_weights, target_labels, target_problem, target_values


@pytest.mark.parametrize(
    ("network", "targets", "words"),
    [
        ("thread", (), None),
        ("gauge", ("size",), None),
        ("thread", ("size",), "it tells classes"),
        ("meter", ("size",), None),
        ("meter", (), "it gives values; to fix, name the columns it learns in targets:"),
        ("gauge", (), "name the columns it learns in targets:"),
        ("chart", (), "gives a map"),
        ("chart", ("size",), "gives a map"),
    ],
)
def test_what_a_network_cannot_learn(more_networks, network, targets, words):
    told = target_problem(more_networks(network), targets)
    assert told is None if words is None else words in told


def test_numbers_stand_in_the_order_asked_for(write_set):
    columns = {"size": np.arange(6.0), "votes": np.arange(12, dtype=np.int32).reshape(6, 2)}
    values = target_values(write_set(6, columns=columns), ("votes", "size"))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, [[2 * row, 2 * row + 1, row] for row in range(6)])


def test_columns_that_cannot_be_learnt_are_told(write_set):
    samples = write_set(
        6, columns={"size": np.array([0, 1, np.nan, 3, np.inf, 5]), "name": np.array(["a"] * 6, object)}
    )
    with pytest.raises(StageFailed, match=r"set-2, set-4.*finite number to learn"):
        target_values(samples, ("size",))
    with pytest.raises(StageFailed, match=r"no column 'sise'.*size"):
        target_values(samples, ("sise",))
    with pytest.raises(StageFailed, match="'name' holds no numbers"):
        target_values(samples, ("name",))


def test_the_class_searched_for_is_one(write_set):
    samples = write_set(4, classes=("lens", "nonlens"), positive="lens")
    np.testing.assert_array_equal(target_labels(samples), 1 - samples.column("label"))


def test_balanced_classes_have_the_same_sum_of_weights(write_set):
    label = np.array([0, 0, 0, 0, 0, 1, 1, 2] * 3, np.int8)
    weight = np.random.default_rng(0).uniform(0.5, 2, 24).astype(np.float32)
    samples = write_set(24, columns={"label": label, "weight": weight}, classes=("a", "b", "c"), positive="c")
    balanced = object_weights(samples, label.astype(int), "balanced")
    np.testing.assert_allclose(np.bincount(label, balanced), weight.sum() / 3, rtol=1e-6)
    for one in range(3):  # within a class they keep their proportions
        ratio = balanced[label == one] / weight[label == one]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
    np.testing.assert_array_equal(object_weights(samples, label.astype(int), "none"), weight)


def test_balanced_weights_of_equal_ones_are_n_over_k_n_class(write_set):
    """As scikit-learn's `balanced`: 12 / (2 * 3) and 12 / (2 * 9)."""
    label = np.array([1, 0, 0, 0] * 3)
    samples = write_set(12, columns={"label": label.astype(np.int8)})
    np.testing.assert_allclose(object_weights(samples, label, "balanced"), np.where(label == 1, 2.0, 2 / 3))


def test_a_class_without_weight_stays_without(write_set):
    label = np.array([0, 1] * 3)
    samples = write_set(6, columns={"weight": np.array([0, 1] * 3, np.float32)})
    np.testing.assert_array_equal(object_weights(samples, label, "balanced"), [0, 1] * 3)
