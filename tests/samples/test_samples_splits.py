"""Splits keep groups together, stay when data grow, and leaks are found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrocnn.errors import LeakError, PipelineFileError, StoreError
from astrocnn.samples.splits import assign_splits, check_leaks, check_unique_ids, leaks_by_position, refuse_overlap

FRACTIONS = {"train": 0.7, "validation": 0.1, "test": 0.2}


@given(st.lists(st.text(max_size=8), max_size=30), st.lists(st.text(max_size=8), max_size=30), st.integers(0, 5))
def test_groups_added_move_none_of_those_before(groups, added, seed):
    before = assign_splits(np.array(groups, dtype=object), seed, FRACTIONS)
    after = assign_splits(np.array(added + groups, dtype=object), seed, FRACTIONS)
    assert after[len(added) :].tolist() == before.tolist()
    check_leaks(np.array(added + groups, dtype=object), after)


def test_fractions_are_kept_within_chance():
    """Counts of 20,000 independent draws: within 4 standard deviations of the binomial."""
    number = 20_000
    splits = assign_splits(np.arange(number).astype(str), 1, FRACTIONS)
    for name, fraction in FRACTIONS.items():
        deviation = np.sqrt(number * fraction * (1 - fraction))
        assert np.count_nonzero(splits == name) == pytest.approx(number * fraction, abs=4 * deviation)


def test_another_seed_is_another_division():
    """Two independent divisions agree with probability sum of squared fractions, 0.54."""
    groups = np.arange(5000).astype(str)
    agree = np.mean(assign_splits(groups, 1, FRACTIONS) == assign_splits(groups, 2, FRACTIONS))
    assert agree == pytest.approx(0.7**2 + 0.1**2 + 0.2**2, abs=4 * np.sqrt(0.25 / 5000))


def test_the_division_never_changes():
    """Golden: objects of a released version stay in the split they were in."""
    splits = assign_splits(np.array([f"galaxy-{k}" for k in range(8)]), 1, FRACTIONS)
    assert splits.tolist() == ["train", "train", "train", "validation", "train", "test", "train", "validation"]


def test_no_objects_have_no_splits():
    assert assign_splits(np.array([]), 1, FRACTIONS).tolist() == []


@pytest.mark.parametrize("fractions", [{}, {"train": 0.5}, {"train": 1.2, "test": -0.2}, {"train": 1, "test": 0.0}])
def test_fractions_that_do_not_divide_are_refused(fractions):
    with pytest.raises(PipelineFileError, match="sum 1"):
        assign_splits(np.array(["a"]), 1, fractions)


def test_torn_groups_are_named():
    groups = np.array(["a", "b", "a", "c", "c", "b"])
    with pytest.raises(LeakError, match="2 groups stand in more than one split: a, c;"):
        check_leaks(groups, np.array(["train", "test", "test", "train", "validation", "test"]))
    check_leaks(groups, np.array(["train", "test", "", "train", "train", "test"]))
    check_leaks(np.array([]), np.array([]))


def test_objects_trained_on_are_refused_and_some_are_named():
    trained = [f"galaxy-{k}" for k in range(10)]
    refuse_overlap(trained, np.array(["galaxy-10"]))
    with pytest.raises(LeakError, match=r"10 galaxies .* galaxy-0, galaxy-1, galaxy-2, galaxy-3, galaxy-4, \.\.\.;"):
        refuse_overlap(trained, np.array(trained), of="galaxies")


def test_the_same_place_in_two_splits():
    """Against separations by the haversine formula, written out, at the pole, over 0 h and among 300 random objects."""
    rng = np.random.default_rng(1)
    ra = np.concatenate([rng.uniform(10, 10.01, 300), [359.99995, 0.00005, 12.0, 192.0, np.nan, np.nan]])
    dec = np.concatenate([rng.uniform(-30.01, -30, 300), [5.0, 5.0, 89.9999, 89.9999, 1.0, 1.0]])
    splits = rng.choice(["train", "test", ""], len(ra))
    splits[300:] = ["train", "test"] * 3
    sin2 = np.sin(np.deg2rad(dec[:, None] - dec) / 2) ** 2 + np.cos(np.deg2rad(dec[:, None])) * np.cos(
        np.deg2rad(dec)
    ) * (np.sin(np.deg2rad(ra[:, None] - ra) / 2) ** 2)
    near = np.rad2deg(2 * np.arcsin(np.sqrt(sin2))) * 3600 < 1.0
    apart = (splits[:, None] != splits) & (splits[:, None] != "") & (splits != "")
    expected = np.argwhere(np.triu(near & apart))
    found = leaks_by_position(ra, dec, splits, radius_arcsec=1.0)
    np.testing.assert_array_equal(found, expected)
    assert [300, 301] in found.tolist()
    assert [302, 303] in found.tolist()
    assert len(found) > 2


def test_no_positions_no_leaks():
    assert leaks_by_position(np.full(3, np.nan), np.full(3, np.nan), np.array(["a", "b", "c"]), 1.0).shape == (0, 2)


def test_ids_that_stand_for_two_objects_are_named():
    check_unique_ids(np.array(["a", "b"]))
    with pytest.raises(StoreError, match="2 ids stand for more than one object: a, c;"):
        check_unique_ids(np.array(["a", "b", "c", "c", "a"]))
