"""Batches: the order of an epoch, and constant-memory reading in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from astrocnn.samples.seeds import block_generator
from astrocnn.samples.shards import CHUNK

SEGMENT_BYTES = 256 * 2**20
"""Most bytes of data held for shuffling or reading ahead, whatever the number of objects asked for."""


@dataclass(frozen=True)
class Batch:
    """Objects read together: their positions in the set (k,) and their data (k, ...), float32."""

    indices: np.ndarray
    data: np.ndarray


def epoch_order(number: int, seed: int, epoch: int, buffer: int = 4096, run: int = CHUNK) -> np.ndarray:
    """Order of objects in an epoch: runs of consecutive objects permuted, then objects shuffled within a buffer.

    Each position occurs once. The order is a function of the arguments alone, so not of batches or shard boundaries;
    objects of one run stay within one buffer's length of each other.

    Parameters
    ----------
    number : int
        Number of objects.
    seed, epoch : int
        Key of the generator.
    buffer : int
        Number of objects shuffled together.
    run : int
        Length of a run.

    Returns
    -------
    array (number,) of int64
    """
    rng = block_generator(seed, "epoch order", epoch)
    runs = rng.permutation(-(-number // run))
    order = (runs[:, None] * run + np.arange(run)).ravel()
    order = order[order < number]
    for start in range(0, number, buffer):
        rng.shuffle(order[start : start + buffer])
    return order


def segment_length(wanted: int, object_bytes: int) -> int:
    """Number of objects held at once: `wanted`, at most SEGMENT_BYTES of them, but at least two chunks."""
    return min(wanted, max(2 * CHUNK, SEGMENT_BYTES // object_bytes))


def read_batches(
    order: np.ndarray, read: Callable[[np.ndarray], np.ndarray], size: int, segment: int, drop_last: bool = False
) -> Iterator[Batch]:
    """Batches of `size` objects in the order given, read `segment` objects at a time.

    The last batch may be short, unless `drop_last`. Every batch owns its memory; one segment is held at a time.
    """
    if size < 1:
        raise ValueError(f"expected a batch size of at least 1, received {size}")
    done, held = 0, read(order[:0])
    batch = np.empty((size, *held.shape[1:]), held.dtype)
    for start in range(0, len(order), segment):
        del held  # before the next segment is read, so that there are never two
        held = read(order[start : start + segment])
        taken = 0
        while taken < len(held):
            count = min(size - done % size, len(held) - taken)
            batch[done % size : done % size + count] = held[taken : taken + count]
            done, taken = done + count, taken + count
            if done % size == 0:
                yield Batch(order[done - size : done], batch)
                batch = np.empty_like(batch)
    if done % size and not drop_last:
        yield Batch(order[done - done % size :], batch[: done % size].copy())
