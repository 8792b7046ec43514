"""Disputed labels: the wrong ones are found, and nothing is disputed where scores and labels agree."""

import numpy as np

from astrocnn.scoring.disputed import disputed_as


def test_by_hand():
    """Mean probability of its own class is 0.6 in the first, 0.5 in the second: a tie with the threshold counts."""
    labels = np.array([0, 0, 0, 1, 1])
    first = np.array([0.9, 0.7, 0.2, 0.1, 0.9])
    probabilities = np.stack([first, 1 - first], axis=1)
    np.testing.assert_array_equal(disputed_as(labels, probabilities), [-1, -1, 1, -1, 0])


def test_an_object_that_is_confidently_of_no_class_is_not_disputed():
    labels = np.array([0, 0, 1, 1, 0])
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.45, 0.55]])
    assert (disputed_as(labels, probabilities) == -1).all()


def test_a_class_without_objects_disputes_nothing():
    probabilities = np.array([[0.1, 0.1, 0.8], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    assert (disputed_as(np.array([0, 0, 1]), probabilities) == -1).all()


def test_labels_that_were_changed_are_found():
    """Of 2,000 objects in three classes 5 % are given another class; their scores are those of their own."""
    random = np.random.default_rng(0)
    true = random.integers(3, size=2000)
    logits = 5 * np.eye(3)[true] + random.normal(0, 1, (2000, 3))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    changed = random.random(2000) < 0.05
    labels = np.where(changed, (true + random.integers(1, 3, 2000)) % 3, true)
    found = disputed_as(labels, probabilities)
    assert np.mean(found[changed] == true[changed]) > 0.7
    assert np.mean(found[~changed] >= 0) < 0.005
