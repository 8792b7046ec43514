"""Occlusion: by how much a score falls when a piece of the input is hidden (Zeiler & Fergus 2014, ECCV, sec. 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.explain.opened import BATCH, Opened


def occlusion(
    opened: Opened, value: NDArray[Any], output: int, size: Sequence[int], fill: float | NDArray[Any] = 0.0
) -> NDArray[np.float64]:
    """Hide a window at every place, and see what becomes of the score.

    Parameters
    ----------
    opened : Opened
        The network.
    value : ndarray, shape (*axes, channels)
        One object, prepared as the network takes it, finite.
    output : int
        Which score.
    size : sequence of int
        Length of the window along each axis, in pixels or samples. It moves by a third of that.
    fill : float or ndarray of shape (channels,)
        What stands in the window; 0 is the mean of the training data where the input is normalised by it.

    Returns
    -------
    ndarray of float64, shape (*axes)
        For each pixel the fall of the score, averaged over the windows that hide it: positive where hiding lowers the
        score, so that what stands there speaks for the class.
    """
    windows = list(product(*(_spans(n, side) for n, side in zip(value.shape[:-1], size, strict=True))))
    hidden = np.zeros((len(windows), *value.shape[:-1]), bool)
    for row, window in zip(hidden, windows, strict=True):
        row[window] = True
    before = float(opened.computed([None], np.asarray(value)[None])[0][0, output])
    fall = np.empty(len(windows))
    for start in range(0, len(windows), BATCH):
        part = hidden[start : start + BATCH]
        spoiled = np.where(part[..., None], fill, value)
        fall[start : start + BATCH] = before - opened.computed([None], spoiled)[0][:, output]
    return np.asarray(np.tensordot(fall, hidden, axes=1) / hidden.sum(axis=0))


def _spans(length: int, side: int) -> list[slice]:
    """Windows along one axis, a stride of a third of a window apart and as far from either end; cut off at the ends."""
    stride = max(1, side // 3)
    middles = range((length - 1) % stride // 2, length, stride)
    starts = [middle - (side - 1) // 2 for middle in middles]
    return [slice(max(0, start), start + side) for start in starts]
