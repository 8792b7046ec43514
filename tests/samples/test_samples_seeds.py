"""Draws are a function of the object number alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrocnn.samples.seeds import BLOCK, block_generator, draw_blocks


def draw_lens(rng):
    return {"radius": rng.uniform(0.5, 2.5, BLOCK), "noise": rng.normal(size=(BLOCK, 2)).astype(np.float32)}


def draw(start, stop, **key):
    return draw_blocks(start, stop, draw_lens, **({"seed": 1, "stage": "lenses"} | key))


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 3 * BLOCK), min_size=2, max_size=8))
def test_any_partition_gives_the_same_rows(cuts):
    edges = sorted(cuts)
    whole = draw(edges[0], edges[-1])
    pieces = [draw(low, high) for low, high in pairwise(edges)]
    for name, values in whole.items():
        np.testing.assert_array_equal(np.concatenate([piece[name] for piece in pieces]), values)
        assert len(values) == edges[-1] - edges[0]


def test_rows_are_those_of_the_block_drawn_alone():
    second = draw_lens(block_generator(1, "lenses", 1))
    np.testing.assert_array_equal(draw(BLOCK + 3, BLOCK + 9)["noise"], second["noise"][3:9])


def test_draws_do_not_change_with_numpy_or_platform():
    """Golden values: if these move, every simulated set of a released version moves."""
    raw = block_generator(1, "lenses", 0).bit_generator.random_raw(2)
    assert raw.tolist() == [12752581450300234829, 7047485781880583125]


def test_keys_are_separate_streams():
    keys = [(1, "lenses", 0, ""), (2, "lenses", 0, ""), (1, "lens", 0, ""), (1, "lenses", 1, ""), (1, "lenses", 0, "t")]
    first = {int(block_generator(*key).bit_generator.random_raw()) for key in keys}
    assert len(first) == len(keys)
    # Names are quoted in the key, so that shifting text between the fields cannot make two streams equal.
    assert block_generator(1, "a", 0, "b,c").random() != block_generator(1, "a,0,b", 0, "c").random()


def test_streams_of_different_blocks_are_uncorrelated():
    """1024 blocks x 256 normals: the mean correlation of neighbours has standard deviation 1 / sqrt(n) = 0.002."""
    normals = np.stack([block_generator(3, "noise", block).normal(size=BLOCK) for block in range(1024)])
    assert abs(np.mean(normals[1:] * normals[:-1])) < 5 / np.sqrt(normals.size)
    assert abs(normals.mean()) < 5 / np.sqrt(normals.size)


def test_an_empty_range_keeps_names_and_types():
    empty = draw(BLOCK, BLOCK)
    assert empty["noise"].shape == (0, 2)
    assert empty["noise"].dtype == np.float32


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (5, 4)])
def test_impossible_ranges_are_refused(start, stop):
    with pytest.raises(ValueError, match="start <= stop"):
        draw(start, stop)


def test_a_block_drawn_in_part_is_refused():
    with pytest.raises(ValueError, match="drawn whole"):
        draw_blocks(0, 4, lambda rng: {"radius": rng.random(4)}, seed=1, stage="lenses")
