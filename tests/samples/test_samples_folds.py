"""Folds keep groups together, hold every class, and do not depend on the order of the objects."""

from itertools import pairwise

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.samples.folds import folds_by_group, folds_by_position

GROUPS = np.array([f"star-{number // 2}" for number in range(400)])
LABELS = np.array([(number // 2) % 20 == 0 for number in range(400)]).astype(int)


def test_groups_stay_together_and_classes_are_shared_out():
    folds = folds_by_group(GROUPS, LABELS, 4, seed=1)
    assert all(len(set(folds[group == GROUPS])) == 1 for group in set(GROUPS))
    assert np.bincount(folds).tolist() == [100, 100, 100, 100]
    rare = np.bincount(folds[LABELS == 1], minlength=4)
    assert rare.sum() == 20
    assert rare.max() - rare.min() <= 2  # one group of two objects


def test_the_order_of_objects_changes_nothing_and_the_seed_does():
    folds, order = folds_by_group(GROUPS, LABELS, 4, seed=1), np.random.default_rng(0).permutation(400)
    assert np.array_equal(folds_by_group(GROUPS[order], LABELS[order], 4, seed=1), folds[order])
    assert not np.array_equal(folds_by_group(GROUPS, LABELS, 4, seed=2), folds)


def test_strips_on_the_sky_do_not_mix():
    rng = np.random.default_rng(3)
    ra, dec = rng.uniform(350, 370, 300) % 360, rng.uniform(-2, 2, 300)
    folds = folds_by_position(ra, dec, np.arange(300).astype(str), 3)
    along = (ra + 180) % 360
    ends = sorted((along[folds == fold].min(), along[folds == fold].max()) for fold in range(3))
    assert np.bincount(folds).tolist() == [100, 100, 100]
    assert all(before[1] < after[0] + 1 for before, after in pairwise(ends))


def test_what_cannot_be_folded_is_told():
    with pytest.raises(DataError, match="too few groups for folds"):
        folds_by_group(np.array(["a", "a", "b"]), np.zeros(3), 4, seed=1)
    with pytest.raises(DataError, match=r"1 objects have no position.*folds_by: group"):
        folds_by_position(np.array([1.0, np.nan]), np.array([0.0, 0.0]), np.array(["a", "b"]), 2)
