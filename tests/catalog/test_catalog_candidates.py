"""Candidates: best first, ties by id, each object once with what was measured where it scored best."""

import numpy as np
import pytest

from astrocnn.catalog.candidates import choose_candidates
from astrocnn.errors import DataError
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter
from astrocnn.scoring.flags import TRAINED_ON
from astrocnn.search.flags import ODD_EVEN, SECONDARY


@pytest.fixture
def objects(tmp_path):
    """objects(ids, tile=...): a set of one-pixel objects, each measured by its row."""

    def make(ids, **columns):
        number = len(ids)
        rows = np.arange(number)
        table = {
            "id": np.array(ids, object), "ra": 10.0 + rows, "dec": -1.0 * rows, "flux_g": 100.0 + rows,
            "snr": 5.0 + rows, "notes_of_mine": rows, **columns,
        }  # fmt: skip
        path = tmp_path / "objects.h5"
        with ShardWriter(path, SampleMeta(kind="images", shape=(1, 1, 1), bands=("g",))) as writer:
            writer.append(np.zeros((number, 1, 1, 1), np.float32), table)
        return SampleSet.open(path)

    return make


def scored(ids, mean, **columns):
    number = len(ids)
    table = {
        "id": np.array(ids, object), "mean": np.array(mean, np.float32), "spread": np.zeros(number, np.float32),
        "probability": np.array(mean, np.float32) / 2, "flags": np.zeros(number, np.int32),
    }  # fmt: skip
    return {**table, **columns}


LETTERS = list("dbeac")


def chosen(objects, mean, **keep):
    columns, kept = choose_candidates(scored(LETTERS, mean), objects(LETTERS), **keep)
    assert kept.sum() == len(columns["id"])
    assert set(np.array(LETTERS)[kept]) == set(columns["id"])
    return "".join(columns["id"])


def test_the_highest_score_comes_first_and_equal_scores_by_id(objects):
    assert chosen(objects, [0.5, 0.9, 0.5, 0.5, 0.1]) == "badec"


def test_the_order_of_the_scores_changes_nothing(objects):
    mean = np.array([0.5, 0.5, 0.2, 0.5, 0.5])
    everything = objects(LETTERS)
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]):
        columns, _ = choose_candidates(scored(np.array(LETTERS)[order], mean[order]), everything)
        assert "".join(columns["id"]) == "abcde"
        np.testing.assert_array_equal(columns["flux_g"], [103, 101, 104, 100, 102])


@pytest.mark.parametrize(
    ("keep", "ids"),
    [
        ({"top": 2}, "bd"),
        ({"top": 9}, "bdeca"),
        ({"score_above": 0.5}, "bd"),  # exclusive
        ({"score_above": 0.9}, ""),
        ({"probability_above": 0.25}, "bd"),
        ({"probability_above": 0.2, "top": 1}, "b"),
        ({"score_above": 0.2, "probability_above": 0.3, "top": 5}, "bd"),
    ],
)
def test_all_bounds_hold_together(objects, keep, ids):
    assert chosen(objects, [0.7, 0.9, 0.5, 0.1, 0.3], **keep) == ids


def test_ranks_count_from_one_without_gaps(objects):
    columns, _ = choose_candidates(scored(LETTERS, [0.5, 0.5, 0.5, 0.1, 0.2]), objects(LETTERS), top=4)
    assert columns["rank"].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(columns["score"], np.float32([0.5, 0.5, 0.5, 0.2]))


def test_objects_without_a_score_are_never_candidates(objects):
    assert chosen(objects, [0.5, np.nan, 0.6, np.nan, 0.1]) == "edc"
    assert chosen(objects, [np.nan] * 5) == ""


def test_what_was_measured_stands_beside_its_object(objects):
    columns, _ = choose_candidates(scored(LETTERS, [0.5, 0.9, 0.4, 0.3, 0.1]), objects(LETTERS), top=3)
    rows = np.array([1, 0, 2])  # b, d, e
    np.testing.assert_array_equal(columns["ra"], 10.0 + rows)
    np.testing.assert_array_equal(columns["dec"], -1.0 * rows)
    np.testing.assert_array_equal(columns["flux_g"], 100.0 + rows)
    np.testing.assert_array_equal(columns["snr"], 5.0 + rows)
    assert "notes_of_mine" not in columns, "the column dictionary does not know it"


def test_flags_come_as_bits_and_as_names(objects):
    flags = np.array([0, TRAINED_ON, 0, 0, 0], np.int32)
    columns, _ = choose_candidates(scored(LETTERS, [0.5, 0.9, 0, 0, 0], flags=flags), objects(LETTERS), top=2)
    assert columns["flags"].tolist() == [TRAINED_ON, 0]
    assert columns["flag_names"].tolist() == ["trained_on", ""]


def test_an_object_on_two_tiles_stands_once_with_its_best_score_and_where_that_was(objects):
    ids = ["a", "b", "c", "b", "a"]
    tile = np.array(["north"] * 3 + ["south"] * 2, object)
    columns, kept = choose_candidates(scored(ids, [0.2, 0.9, 0.5, 0.8, 0.6]), objects(ids, tile=tile))
    assert columns["id"].tolist() == ["b", "a", "c"]
    assert columns["tile"].tolist() == ["north", "south", "north"]
    np.testing.assert_array_equal(columns["flux_g"], [101, 104, 102])
    assert kept.tolist() == [False, True, True, False, True]


def test_an_object_on_two_tiles_counts_once_towards_the_top(objects):
    ids = ["a", "b", "b", "c"]
    columns, _ = choose_candidates(scored(ids, [0.7, 0.9, 0.8, 0.1]), objects(ids), top=2)
    assert columns["id"].tolist() == ["b", "a"]


def test_scores_of_some_of_the_objects_are_enough(objects):
    columns, _ = choose_candidates(scored(["c", "a"], [0.1, 0.4]), objects(LETTERS))
    assert columns["id"].tolist() == ["a", "c"]
    np.testing.assert_array_equal(columns["flux_g"], [103, 104])


def test_scores_of_other_objects_are_refused_by_name(objects):
    with pytest.raises(DataError, match=r"^z: .*not among the samples.*name their stage under samples"):
        choose_candidates(scored(["a", "z"], [0.5, 0.4]), objects(LETTERS))


def test_a_probability_that_nothing_has_is_refused(objects):
    """An empty catalog would look like a sky without candidates."""
    table = scored(LETTERS, [0.5] * 5, probability=np.full(5, np.nan, np.float32))
    with pytest.raises(DataError, match=r"keep\.probability_above.*calibrated"):
        choose_candidates(table, objects(LETTERS), probability_above=0.5)
    assert len(choose_candidates(table, objects(LETTERS))[0]["id"]) == 5


def test_no_scores_give_an_empty_catalog(objects):
    empty = {name: values[:0] for name, values in scored(LETTERS, [0.5] * 5).items()}
    columns, kept = choose_candidates(empty, objects(LETTERS), top=3, probability_above=0.5)
    assert kept.shape == (0,)
    assert {name: len(values) for name, values in columns.items()} == dict.fromkeys(columns, 0)


def test_a_table_that_says_itself_what_its_rows_are_needs_no_samples():
    """As that of a search of light curves."""
    table = scored(["b-1", "a-2", "a-1"], [0.2, 0.4, 0.9], period_day=np.array([3.0, 2.0, 1.0]), score_net=np.ones(3))
    columns, kept = choose_candidates(table, None, top=2)
    assert columns["id"].tolist() == ["a-1", "a-2"]
    assert columns["period_day"].tolist() == [1.0, 2.0]
    assert "score_net" not in columns
    assert kept.tolist() == [False, True, True]


def test_objects_with_some_flags_are_left_out(objects):
    flags = np.array([TRAINED_ON, 0, 0, ODD_EVEN, SECONDARY | TRAINED_ON], np.int32)
    table = scored(LETTERS, [0.5, 0.9, 0.4, 0.8, 0.7], flags=flags)
    columns, _ = choose_candidates(table, objects(LETTERS), without_flags=["odd_even", "secondary"])
    assert columns["id"].tolist() == ["b", "d", "e"]
