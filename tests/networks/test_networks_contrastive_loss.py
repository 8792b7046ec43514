"""NT-Xent against its definition written out as loops, and where its value is known."""

import keras
import numpy as np
import pytest

from astrocnn.networks.layers.contrastive_loss import NTXent


def by_loops(objects, features, temperature):
    """Chen et al. 2020, equation 1, for each row; the mean over its partners where it has several."""
    number = len(objects)
    cosine = np.zeros((number, number))
    for i in range(number):
        for k in range(number):
            lengths = np.linalg.norm(features[i]) * np.linalg.norm(features[k])
            cosine[i, k] = features[i] @ features[k] / lengths
    costs = np.zeros(number)
    for i in range(number):
        others = sum(np.exp(cosine[i, k] / temperature) for k in range(number) if k != i)
        partners = [j for j in range(number) if j != i and objects[j] == objects[i]]
        for j in partners:
            costs[i] -= np.log(np.exp(cosine[i, j] / temperature) / others) / len(partners)
    return costs


def costs_of(objects, features, temperature):
    loss = NTXent(temperature, reduction="none")
    features = np.asarray(features, "float32")
    return np.asarray(keras.ops.convert_to_numpy(loss(np.asarray(objects, "float32"), features)))


@pytest.mark.parametrize("temperature", [0.1, 1.0])
@pytest.mark.parametrize(
    "objects", [[0, 0, 1, 1, 2, 2], [5, 3, 4, 3, 4, 5], [1, 1, 1, 2, 2, 7]], ids=["pairs", "any order", "three, one"]
)
def test_against_loops(objects, temperature):
    features = np.random.default_rng(1).normal(0, 2, (6, 4))
    expected = by_loops(objects, features, temperature)
    np.testing.assert_allclose(costs_of(objects, features, temperature), expected, rtol=1e-4, atol=1e-5)
    column = np.asarray(objects)[:, None]
    np.testing.assert_allclose(costs_of(column, 3 * features, temperature), expected, rtol=1e-4, atol=1e-5)
    mean = NTXent(temperature)(np.asarray(objects, "float32"), features.astype("float32"))
    assert float(mean) == pytest.approx(expected.mean(), rel=1e-4)


def test_identical_views_of_orthogonal_objects():
    """log(1 + (2 N - 2) exp(-1 / T)): the least there is with orthogonal objects."""
    objects, features = np.repeat(np.arange(4), 2), np.repeat(np.eye(4), 2, axis=0)
    for temperature in (0.1, 0.5, 2.0):
        expected = np.log1p(6 * np.exp(-1 / temperature))
        np.testing.assert_allclose(costs_of(objects, features, temperature), expected, rtol=1e-4, atol=1e-6)


def test_all_rows_the_same():
    """Nothing tells them apart: a guess among the 2 N - 1 others."""
    np.testing.assert_allclose(costs_of([0, 0, 1, 1, 2, 2], np.ones((6, 3)), 0.1), np.log(5), rtol=1e-5)


def test_hot_and_cold():
    """Hot: all others count alike, log(2 N - 1). Cold: by how much another row is more alike than the partner, / T."""
    objects, features = [0, 0, 1, 1], np.array([[1, 0], [0.6, 0.8], [0.8, 0.6], [0, 1]])
    np.testing.assert_allclose(costs_of(objects, features, 1e4), np.log(3), rtol=1e-3)
    cosine = features @ features.T - 2 * np.eye(4)
    partner = np.array([cosine[0, 1], cosine[1, 0], cosine[2, 3], cosine[3, 2]])
    cold = 0.01
    np.testing.assert_allclose(costs_of(objects, features, cold) * cold, cosine.max(axis=1) - partner, atol=0.01)


def test_rows_without_partner_cost_nothing_and_are_in_the_way():
    features = np.random.default_rng(2).normal(0, 1, (3, 4))
    alone = costs_of([0, 1, 2], features, 0.2)
    np.testing.assert_array_equal(alone, 0)
    costs = costs_of([0, 0, 9], features, 0.2)
    assert costs[2] == 0
    assert (costs[:2] > costs_of([0, 0], features[:2], 0.2)).all()
    assert costs_of([3], features[:1], 0.2).tolist() == [0]


def test_a_row_of_zeros_has_no_direction_and_a_finite_slope():
    features = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], "float32")
    assert costs_of([0, 0, 1, 1], features, 0.5)[0] == pytest.approx(np.log(3))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1), NTXent(0.5))
    model.train_on_batch(features, np.array([0.0, 0.0, 1.0, 1.0]))
    assert np.isfinite(model.get_weights()[0]).all()


def test_nan_is_not_hidden():
    features = np.ones((4, 2))
    features[1, 0] = np.nan
    assert np.isnan(costs_of([0, 0, 1, 1], features, 0.5)).all()


def test_configuration():
    loss = NTXent(0.25)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (type(again), again.temperature, again.name) == (NTXent, 0.25, "nt_xent")
