"""Fractions of splits as they stand in a file: their default, their order, what is wrong with them. Light: no numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping

DEFAULT_SPLITS = {"train": 0.8, "validation": 0.1, "test": 0.1}
_FIRST = {"train": 0, "validation": 1, "test": 2}


def in_order(splits: Mapping[str, float]) -> dict[str, float]:
    """Splits in one order, whatever that of the file: the assignment depends on it, and the product's hash does not."""
    return {name: splits[name] for name in sorted(splits, key=lambda name: (_FIRST.get(name, len(_FIRST)), name))}


def wrong_fractions(splits: Mapping[str, float]) -> str | None:
    """What is wrong with the fractions, None where they are positive and their sum is 1."""
    if splits and math.isclose(sum(splits.values()), 1, abs_tol=1e-9) and min(splits.values()) > 0:
        return None
    return f"expected positive fractions with the sum 1, received {dict(splits)}"
