"""The decision tree of Galaxy Zoo 2, the fractions that follow it, and trees of other surveys."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from astrocnn.errors import MismatchError, UnknownName
from astrocnn.networks.decision_tree import DecisionTree, named_tree, question_weights, weighted_fractions
from astrocnn.networks.layers.tree_fractions import TreeFractions
from astrocnn.receptive_field.gradient import gradient

ENDS = (0, 3, 5, 7, 9, 13, 15, 18, 25, 28, 31, 37)
COLUMNS = [slice(*ends) for ends in pairwise(ENDS)]
"""Columns of the questions 1 to 11 of the challenge."""
PARENTS = {2: 1, 3: 4, 4: 4, 5: 4, 7: 0, 8: 13, 9: 3, 10: 7, 11: 7}
"""Column of the answer on which a question depends (authors' code); 1 and 6 are asked of everybody."""


@pytest.fixture(scope="module")
def tree():
    return named_tree("galaxy-zoo-2")


def random_numbers(number=200, seed=0):
    return np.random.default_rng(seed).normal(0.1, 1, (number, 37)).astype("float32")


def fractions(tree, numbers, **options):
    return keras.ops.convert_to_numpy(TreeFractions(tree, **options)(numbers))


def by_the_authors(numbers):
    """Rectify, divide by the sums, and multiply down in the authors' order, each step written out."""
    c = np.maximum(numbers.astype(float), 0)
    for columns in COLUMNS:
        c[:, columns] /= c[:, columns].sum(axis=1, keepdims=True) + 1e-12
    c[:, 3:5] *= c[:, 1:2]
    c[:, 5:13] *= c[:, 4:5]
    c[:, 15:18] *= c[:, 0:1]
    c[:, 18:25] *= c[:, 13:14]
    c[:, 25:28] *= c[:, 3:4]
    c[:, 28:37] *= c[:, 7:8]
    return c


def test_the_tree_of_galaxy_zoo_2(tree):
    assert (tree.size, len(tree.questions)) == (37, 11)
    assert list(tree.columns.values()) == COLUMNS
    leads = [[answer.then for answer in question.answers] for question in tree.questions]
    number = {question.name: place for place, question in enumerate(tree.questions, start=1)}
    assert [[number.get(name) for name in names] for names in leads] == [
        [7, 2, None], [9, 3], [4, 4], [10, 5], [6] * 4, [8, None], [6] * 3, [None] * 7, [6] * 3, [11] * 3, [5] * 6,
    ]  # fmt: skip


def test_questions_depend_on_the_answers_of_the_authors_code(tree):
    """Derived from which answer leads where: bars, spirals and bulges are seen in all disks that are not edge-on."""
    conditions = {
        number: [tree.columns[name].start + place for name, place in places]
        for number, places in enumerate((tree.conditions[name] for name in tree.columns), start=1)
    }
    assert conditions == {1: [], 6: [], **{question: [column] for question, column in PARENTS.items()}}
    as_asked = tree.as_asked().conditions
    assert as_asked["odd"] == (("smooth", 0), ("smooth", 1))
    assert {name: places for name, places in as_asked.items() if name != "odd"} == {
        name: places for name, places in tree.conditions.items() if name != "odd"
    }


def test_fractions_against_the_authors_steps(tree):
    """Also where all numbers of a question are negative, one in four of the questions with two answers."""
    numbers = random_numbers()
    assert (numbers[:, 3:5] < 0).all(axis=1).any()
    np.testing.assert_allclose(fractions(tree, numbers), by_the_authors(numbers), atol=1e-6)


@pytest.mark.parametrize("undecided", ["zero", "softmax"])
def test_children_add_up_to_their_parent(tree, undecided):
    """Questions 1 and 6 to one. Of the authors' form for questions that have a positive number, others are 0."""
    numbers = random_numbers(seed=1)
    found = fractions(tree, numbers, undecided=undecided)
    assert (found >= 0).all()
    for question, columns in enumerate(COLUMNS, start=1):
        total = found[:, columns].sum(axis=1)
        parent = found[:, PARENTS[question]] if question in PARENTS else np.ones(len(found))
        if undecided == "zero":
            parent = np.where((numbers[:, columns] > 0).any(axis=1), parent, 0)
        np.testing.assert_allclose(total, parent, atol=1e-6)


def test_children_add_up_as_asked(tree):
    found = fractions(tree.as_asked(), random_numbers(seed=2), undecided="softmax")
    np.testing.assert_allclose(found[:, 13:15].sum(axis=1), 1 - found[:, 2], atol=1e-6)
    np.testing.assert_allclose(found[:, 18:25].sum(axis=1), found[:, 13], atol=1e-6)


def test_hard_answers_are_possible(tree):
    numbers = np.full((1, 37), -1.0, "float32")
    numbers[0, [1, 4, 14]] = (3.0, 0.2, 1.0)
    found = fractions(tree, numbers)
    assert np.flatnonzero(found[0]).tolist() == [1, 4, 14]
    np.testing.assert_array_equal(found[0, [1, 4, 14]], 1)


def test_softmax_only_where_no_number_is_positive(tree):
    numbers = np.full((1, 37), -1.0, "float32")
    numbers[0, 0:3] = (0.3, 0.1, -5.0)
    numbers[0, 3:5] = (-1.0, -2.0)
    found = fractions(tree, numbers, undecided="softmax")[0]
    np.testing.assert_allclose(found[:3], [0.75, 0.25, 0], atol=1e-6)
    np.testing.assert_allclose(found[3:5], 0.25 / (1 + np.exp([-1.0, 1.0])), atol=1e-6)


@pytest.mark.parametrize(("options", "moves"), [({}, False), ({"undecided": "softmax"}, True)])
def test_gradient_of_a_question_without_a_positive_number(tree, options, moves):
    layer = TreeFractions(tree, **options)
    numbers = np.full((1, 37), 0.5, "float32")
    numbers[0, 13:15] = (-0.2, -0.1)  # anything odd?
    slope = gradient(lambda value: keras.ops.sum(layer(value)[:, 13]))(numbers)[0]
    assert np.isfinite(slope).all()
    assert (slope[13:15] != 0).all() == moves
    assert not slope[:13].any()


def test_clipped_at_first_and_normalised_later(tree):
    numbers = random_numbers(4, seed=3)
    layer = TreeFractions(tree, normalised=False)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(numbers)), numbers.clip(0, 1))
    assert layer.weights == []
    layer.normalised = True
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(numbers)), by_the_authors(numbers), atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_divides_in_single(tree, policy):
    numbers = random_numbers(50, seed=4)
    numbers[:5, 13:15] = -1  # epsilon is zero in half precision
    layer = TreeFractions(tree, dtype=policy)
    found = layer(numbers)
    assert keras.backend.standardize_dtype(found.dtype) == layer.compute_dtype
    rounded = keras.ops.convert_to_numpy(keras.ops.cast(found, "float32"))
    np.testing.assert_allclose(rounded, by_the_authors(numbers), atol=0.03)


def test_comes_back_from_its_configuration(tree):
    layer = TreeFractions(tree, normalised=False, undecided="softmax", name="fractions")
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert (again.tree, again.normalised, again.undecided) == (tree, False, "softmax")
    assert layer(keras.Input((37,))).shape == (None, 37)
    with pytest.raises(MismatchError, match="expected 37; received 36"):
        TreeFractions(tree)(np.zeros((1, 36), "float32"))


def test_weights_of_the_metric(tree):
    """As products of the fractions of those who were asked, p(question.answer)."""
    rng = np.random.default_rng(5)
    p = np.concatenate([rng.dirichlet(np.ones(c.stop - c.start), 30) for c in COLUMNS], axis=1)
    disk, face_on, edge_on = p[:, 1], p[:, 1] * p[:, 4], p[:, 1] * p[:, 3]
    one = np.ones(30)
    released = [one, disk, face_on, face_on, face_on, one, p[:, 0], p[:, 13], edge_on, face_on * p[:, 7]]
    released.append(released[-1])
    np.testing.assert_allclose(question_weights(tree, p), np.stack(released, axis=1))
    asked = question_weights(tree.as_asked(), p)
    w5, w6, w7, w8, w9 = (asked[:, question - 1] for question in (5, 6, 7, 8, 9))
    np.testing.assert_allclose(w6, w5 + w7 + w9)
    np.testing.assert_allclose(w6, 1 - p[:, 2])
    np.testing.assert_allclose(w8, w6 * p[:, 13])
    per_answer = np.repeat(np.stack(released, axis=1), np.diff(ENDS), axis=1)
    np.testing.assert_allclose(weighted_fractions(tree, p), p * per_answer)
    np.testing.assert_allclose(weighted_fractions(tree, p), by_the_authors(p), atol=1e-9)
    np.testing.assert_array_equal(question_weights(tree, p[0]), question_weights(tree, p)[0])


def question(name, *leads, **options):
    answers = [{"text": str(place), "then": then} for place, then in enumerate(leads)]
    return {"name": name, "answers": answers, **options}


def test_the_tree_of_another_survey():
    """Columns in another order than the questions are asked, ways that meet again, and two first questions.

    How old (b) is asked of all who see a ring or an arc, whatever the width (c) of the arc; the tilt (d) of all.
    """
    tree = DecisionTree.model_validate(
        {
            "title": "Rings",
            "questions": [
                question("c", "b", "b", "b"),
                question("a", "b", "c", None),
                question("b", None, None),
                question("d", "e", "e"),
                question("e", None, None),
            ],
        }
    )
    assert tree.conditions == {"a": (), "b": (("a", 0), ("a", 1)), "c": (("a", 1),), "d": (), "e": ()}
    numbers = np.random.default_rng(6).normal(0, 1, (40, 12)).astype("float32")
    found = fractions(tree, numbers, undecided="softmax")
    c, a, b, d, e = found[:, :3], found[:, 3:6], found[:, 6:8], found[:, 8:10], found[:, 10:]
    for part, total in ((a, 1), (c, a[:, 1]), (b, a[:, 0] + a[:, 1]), (d, 1), (e, 1)):
        np.testing.assert_allclose(part.sum(axis=1), np.broadcast_to(total, 40), atol=1e-6)


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        ([question("a", "z", None)], "answers that lead to one of"),
        ([question("a", "b"), question("b", "a")], "do not come back"),
        ([question("a", None), question("a", None)], "a name of its own"),
        ([question("a")], "at least 1 item"),
        ([], "at least 1 item"),
        ([question("a", None, colour=1)], "Extra inputs"),
    ],
)
def test_trees_that_are_none(questions, message):
    with pytest.raises(ValidationError, match=message):
        DecisionTree.model_validate({"title": "x", "questions": questions})


def test_an_unknown_tree():
    with pytest.raises(UnknownName, match="galaxy-zoo-2"):
        named_tree("galaxy-zoo")
