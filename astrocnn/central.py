"""The middle of stamps and curves, and stamps around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def central_part(data: Any, size: Sequence[int], first_axis: int = 0) -> Any:
    """Cut the middle out along some axes; an axis that is shorter than asked for stays whole.

    Parameters
    ----------
    data : ndarray or tensor of the backend
        A stamp (y, x, band), a curve (time, channel), or many of them.
    size : sequence of int
        Length along each axis from `first_axis` on.
    first_axis : int
        1 for many objects along the first axis.
    """
    starts = [max(0, (have - want) // 2) for have, want in zip(data.shape[first_axis:], size, strict=False)]
    middle = (slice(start, start + want) for start, want in zip(starts, size, strict=True))
    return data[(slice(None),) * first_axis + tuple(middle)]


def stamp_around(size_px: int, side_px: float) -> int:
    """Smallest stamp that holds a square of `side_px` and has the middle of one of `size_px`: the same parity."""
    needed = math.ceil(side_px - 1e-9)
    return needed + (needed - size_px) % 2
