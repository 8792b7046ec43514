"""Random numbers that define data: drawn in blocks of consecutive object numbers, however the work is divided.

Object number k belongs to block k // BLOCK. A block has its own generator, keyed by (run seed, stage name, block,
part), and is always drawn whole, so that neither shards, batches nor the number of workers change what an object is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b

import numpy as np

BLOCK = 256
"""Number of consecutive object numbers that share one generator."""


def block_generator(seed: int, stage: str, block: int, part: str = "") -> np.random.Generator:
    """Random generator of one block of objects.

    Parameters
    ----------
    seed : int
        The run's seed.
    stage : str
        Name of the stage that draws.
    block : int
        Object number // BLOCK.
    part : str, optional
        Separates independent streams of one stage (a tile, or "noise" and "parameters").

    Returns
    -------
    numpy.random.Generator
        PCG64 seeded through SeedSequence, whose streams numpy keeps stable across versions and platforms (NEP 19).
    """
    key = json.dumps([int(seed), stage, int(block), part], ensure_ascii=True, separators=(",", ":"))
    entropy = int.from_bytes(blake2b(key.encode("ascii"), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def draw_blocks(
    start: int,
    stop: int,
    draw_block: Callable[[np.random.Generator], dict[str, np.ndarray]],
    *,
    seed: int,
    stage: str,
    part: str = "",
) -> dict[str, np.ndarray]:
    """Rows start..stop of quantities drawn per object, the same for any partition of the objects into ranges.

    Parameters
    ----------
    start, stop : int
        Object numbers, stop excluded.
    draw_block : callable
        Takes a generator and returns arrays of BLOCK rows each; it is called once per block touched.
    seed, stage, part
        See `block_generator`.

    Returns
    -------
    dict of numpy.ndarray
        The arrays of `draw_block`, each with stop - start rows.

    Raises
    ------
    ValueError
        If the range is negative or an array does not have BLOCK rows.
    """
    if not 0 <= start <= stop:
        raise ValueError(f"expected 0 <= start <= stop, received {start}, {stop}")
    first, last = start // BLOCK, max(start, stop - 1) // BLOCK  # an empty range still draws one block: names and types
    pieces: list[dict[str, np.ndarray]] = []
    for block in range(first, last + 1):
        drawn = draw_block(block_generator(seed, stage, block, part))
        wrong = {name: len(values) for name, values in drawn.items() if len(values) != BLOCK}
        if wrong:
            raise ValueError(f"a block is always drawn whole: expected {BLOCK} rows, received {wrong}")
        rows = slice(max(start - block * BLOCK, 0), min(stop - block * BLOCK, BLOCK))
        pieces.append({name: values[rows] for name, values in drawn.items()})
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
