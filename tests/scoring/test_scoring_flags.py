"""Flags by bit and by name."""

import numpy as np
import pytest

from astrocnn.errors import UnknownName
from astrocnn.ingest.flags import EDGE, STAR
from astrocnn.ingest.flags import FLAGS as DETECTION_FLAGS
from astrocnn.scoring.flags import FLAGS, SCORING_FLAGS, TRAINED_ON, flag_bits, flag_names
from astrocnn.search.flags import SEARCH_FLAGS


def test_no_bit_or_name_is_used_twice():
    assert all(flag.bit.bit_count() == 1 for flag in FLAGS)
    assert len({flag.bit for flag in FLAGS}) == len({flag.name for flag in FLAGS}) == len(FLAGS)


def test_detection_has_the_low_bits_and_scoring_the_high_ones_of_a_32_bit_column():
    assert all(flag.bit < 1 << 16 for flag in DETECTION_FLAGS)
    assert all(1 << 16 <= flag.bit <= np.iinfo(np.int32).max for flag in SCORING_FLAGS)


def test_names_are_joined_from_the_lowest_bit():
    flags = np.array([0, TRAINED_ON | STAR, EDGE, 0], dtype=np.int32)
    assert flag_names(flags).tolist() == ["", "star,trained_on", "edge", ""]


def test_bits_without_a_name_are_shown():
    assert flag_names(np.array([1 << 40 | EDGE])).tolist() == ["edge,bit40"]


def test_no_objects():
    assert flag_names(np.empty(0, np.int32)).shape == (0,)


def test_those_of_transit_candidates_fit_above():
    assert min(flag.bit for flag in SEARCH_FLAGS) > max(flag.bit for flag in SCORING_FLAGS)
    assert max(flag.bit for flag in SEARCH_FLAGS) <= np.iinfo(np.int32).max


def test_bits_of_names():
    assert flag_bits([]) == 0
    assert flag_bits(["star", "trained_on"]) == STAR | TRAINED_ON
    with pytest.raises(UnknownName, match="no flag of this name; received sekundary; to fix, did you mean secondary"):
        flag_bits(["sekundary"])
