"""Batches hold each object once, in an order that only seed, epoch, number and buffer decide."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrocnn.samples import batches
from astrocnn.samples.batches import epoch_order, read_batches, segment_length
from astrocnn.samples.shards import CHUNK


@settings(deadline=None)
@given(number=st.integers(0, 2000), seed=st.integers(0, 9), epoch=st.integers(0, 9), buffer=st.integers(1, 3000))
def test_an_epoch_has_each_object_once(number, seed, epoch, buffer):
    order = epoch_order(number, seed, epoch, buffer)
    np.testing.assert_array_equal(np.sort(order), np.arange(number))
    np.testing.assert_array_equal(order, epoch_order(number, seed, epoch, buffer))


def test_seeds_and_epochs_give_other_orders():
    orders = [tuple(epoch_order(1000, seed, epoch)) for seed in (1, 2) for epoch in (0, 1)]
    assert len(set(orders)) == 4


def test_the_buffer_mixes_what_was_far_apart():
    """Uniform positions: neighbours in the order are a third of the number apart; runs alone would leave most at 1."""
    order = epoch_order(20_000, 1, 0, buffer=4096)
    distance = np.abs(np.diff(order))
    assert distance.mean() == pytest.approx(20_000 / 3, rel=0.03)
    assert np.mean(distance == 1) < 0.001
    halves = [np.mean(order[:10_000] < 10_000), np.mean(order[10_000:] < 10_000)]
    assert halves == pytest.approx([0.5, 0.5], abs=0.15)  # 157 runs drawn: standard deviation 0.03


def test_a_buffer_reads_whole_runs():
    """What is held at once touches at most one chunk more than it must: each is decompressed about once an epoch."""
    order = epoch_order(10_000, 1, 0, buffer=1024)
    touched = [len(np.unique(order[start : start + 1024] // CHUNK)) for start in range(0, 10_000, 1024)]
    assert max(touched) <= 1024 // CHUNK + 1


@settings(deadline=None)
@given(
    number=st.integers(0, 300),
    size=st.integers(1, 70),
    segment=st.integers(1, 400),
    drop_last=st.booleans(),
)
def test_batches_are_the_order_cut_in_pieces(number, size, segment, drop_last):
    order = np.random.default_rng(number).permutation(number)
    made = list(read_batches(order, lambda rows: rows[:, None] * 10.0, size, segment, drop_last))
    kept = number - number % size if drop_last else number
    expected = [order[start : start + size] for start in range(0, kept, size)]
    assert [batch.indices.tolist() for batch in made] == [rows.tolist() for rows in expected]
    for batch in made:
        np.testing.assert_array_equal(batch.data[:, 0], batch.indices * 10.0)


def test_batches_own_their_memory():
    made = list(read_batches(np.arange(10), lambda rows: rows[:, None] * 1.0, 3, 5))
    for batch in made:
        assert batch.data.base is None
        batch.data[:] = -1


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        next(read_batches(np.arange(3), lambda rows: rows, 0, 5))


def test_large_objects_shorten_the_buffer():
    assert segment_length(4096, 45 * 45 * 3 * 4) == 4096
    assert segment_length(4096, 2**20) == batches.SEGMENT_BYTES // 2**20
    assert segment_length(4096, 2**30) == 2 * CHUNK
    assert segment_length(50, 2**30) == 50


@pytest.mark.parametrize("buffer", [64, 4096])
def test_sets_give_batches_whatever_their_shards(make_set, pixels, buffer):
    """The same objects in one shard or in eight of odd lengths: the same batches in the same order."""
    few, many = make_set([700], "few"), make_set([1, 64, 63, 0, 200, 128, 100, 144], "many")
    for one, other in zip(few.shuffled_batches(32, 5, 2, buffer), many.shuffled_batches(32, 5, 2, buffer), strict=True):
        np.testing.assert_array_equal(one.indices, other.indices)
        np.testing.assert_array_equal(one.data, other.data)
        np.testing.assert_array_equal(one.data, pixels(one.indices))


def test_batches_of_a_view_point_into_the_view(make_set, pixels):
    train = make_set([100, 100]).split("train")
    number = train.column("number")
    seen = []
    for batch in train.shuffled_batches(16, 1, 0):
        np.testing.assert_array_equal(batch.data, pixels(number[batch.indices]))
        seen += number[batch.indices].tolist()
    assert sorted(seen) == number.tolist()
    in_order = np.concatenate([batch.indices for batch in train.batches(16)])
    np.testing.assert_array_equal(in_order, np.arange(len(train)))
    assert (
        sum(len(batch.indices) for batch in train.shuffled_batches(16, 1, 0, drop_last=True)) == len(train) // 16 * 16
    )


def test_a_chunk_is_read_once_an_epoch(make_set, monkeypatch):
    """Counted at HDF5: batches of 10 objects must not decompress each chunk six times."""
    import h5py

    samples = make_set([640, 640])
    reads = []
    original = h5py.Dataset.__getitem__

    def counted(dataset, rows, **keywords):
        if dataset.name == "/data":
            reads.append(rows)
        return original(dataset, rows, **keywords)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", counted)
    assert sum(1 for _ in samples.shuffled_batches(10, 1, 0)) == 128
    assert len(reads) == 20
    reads.clear()
    assert sum(1 for _ in samples.batches(10)) == 128
    assert len(reads) == 20
