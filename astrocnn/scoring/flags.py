"""The flags of scored objects, beside those of detection and of transit candidates, and all of them by name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from astrocnn.errors import UnknownName
from astrocnn.ingest.flags import FLAGS as DETECTION_FLAGS
from astrocnn.ingest.flags import Flag
from astrocnn.search.flags import SEARCH_FLAGS
from astrocnn.spelling import suggestion

TRAINED_ON, OUT_OF_FOLD, UNCALIBRATED, NETWORK_MISSING, RESAMPLED = (1 << position for position in range(16, 21))
"""From bit 16 up: the bits below belong to `astrocnn.ingest.flags`."""

SCORING_FLAGS: tuple[Flag, ...] = (
    Flag(TRAINED_ON, "trained_on", "the network was trained on this object: its score is too sure"),
    Flag(OUT_OF_FOLD, "out_of_fold", "used in training, and scored by a network that did not see it"),
    Flag(UNCALIBRATED, "uncalibrated", "no calibration of the score: the probability is empty"),
    Flag(NETWORK_MISSING, "network_missing", "at least one network gave no score"),
    Flag(RESAMPLED, "resampled", "brought to the pixel scale or size of the network before scoring"),
)
FLAGS: tuple[Flag, ...] = (*DETECTION_FLAGS, *SCORING_FLAGS, *SEARCH_FLAGS)


def flag_names(flags: np.ndarray) -> np.ndarray:
    """Names of the bits set, lowest bit first and joined by commas; empty text where none is.

    Parameters
    ----------
    flags : array of int, (row,)
        The column `flags`. Bits without a name are written as `bit<position>`.

    Returns
    -------
    numpy.ndarray of object
        Text, (row,).
    """
    values, row_value = np.unique(np.asarray(flags, dtype=np.int64), return_inverse=True)
    names = {flag.bit: flag.name for flag in FLAGS}
    bits = [1 << position for position in range(63)]
    text = [",".join(names.get(bit, f"bit{bit.bit_length() - 1}") for bit in bits if value & bit) for value in values]
    return np.array(text, dtype=object)[row_value]


def flag_bits(names: Iterable[str]) -> int:
    """Sum of the bits of these flags; 0 for none.

    Raises
    ------
    UnknownName
        When there is no flag of a name.
    """
    known = {flag.name: flag.bit for flag in FLAGS}
    bits = 0
    for name in names:
        if name not in known:
            raise UnknownName("no flag of this name", received=name, fix=suggestion(name, known))
        bits |= known[name]
    return bits
