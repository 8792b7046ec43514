"""Histograms of all pairs of points over the differences of their magnitudes and times (Mahabal et al. 2017)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from astrocnn.representations.normal_integral import REACH, STEPS, normal_integral
from astrocnn.representations.options import DmdtOptions
from astrocnn.representations.points import Points

_PAIRS_AT_ONCE = 2**16
_LEAST_ERROR = np.float32(1e-12)  # of a pair whose errors are not known: all of it lies in one bin


def pair_histograms(points: Points, options: DmdtOptions) -> np.ndarray:
    """Histogram of the pairs of each curve and channel: later minus earlier point.

    A bin holds its lower edge and not its upper one, also the last. Differences are compared with the edges in single
    precision, so that one within 6e-8 of an edge lies on it. Pairs beyond the edges are in no bin.

    Parameters
    ----------
    points : Points
        With times, rising in each group.
    options : DmdtOptions

    Returns
    -------
    array (number, value difference, time difference, channel) of float32
        All 0 in a channel with fewer than two points.
    """
    values, times = np.array(options.value_edges), np.array(options.time_edges_day)
    counts = points.counts.ravel()
    found = np.zeros((points.groups, len(values) - 1, len(times) - 1))
    fill = _smeared if options.smear else _counted
    for groups, matrices in _alike(points, counts):
        for differences in _pair_differences(*matrices, with_errors=options.smear):
            found[groups] += fill(differences, values, times)
    _normalise(found, counts, options.normalise)
    by_channel = found.reshape(points.number, points.channels, len(values) - 1, len(times) - 1)
    return np.ascontiguousarray(by_channel.transpose(0, 2, 3, 1), np.float32)


def _alike(points: Points, counts: np.ndarray) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, ...]]]:
    """Groups with similar numbers of points: which, and their time, value and squared error, (point, group).

    What is missing at the end of the shorter ones is NaN.
    """
    first = np.cumsum(counts) - counts
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > 1]
    squared = np.square(np.nan_to_num(points.error))
    while len(order):
        most = int(counts[order[-1]])
        number = max(1, _PAIRS_AT_ONCE // (most * (most - 1) // 2))
        groups, order = order[-number:], order[:-number]
        place = np.arange(most)[:, None]
        inside = place < counts[groups]
        taken = np.where(inside, first[groups] + place, 0)
        yield groups, tuple(np.where(inside, array[taken], np.nan) for array in (points.x, points.value, squared))


def _pair_differences(
    time: np.ndarray, value: np.ndarray, squared_error: np.ndarray, *, with_errors: bool
) -> Iterator[tuple[np.ndarray, ...]]:
    """Differences of time and value of all pairs, (pair, group) of float32, and the square of their error if wanted.

    They come in pieces of bounded size: all pairs of points that stand 1 apart, 2 apart, and so on.
    """
    length, number = time.shape
    room = min(length * (length - 1) // 2, max(length, _PAIRS_AT_ONCE // number))
    sources = (time, value, squared_error) if with_errors else (time, value)
    pieces = [np.empty((room, number)) for _ in sources]
    end = 0
    for lag in range(1, length):
        begin, end = end, end + length - lag
        if end > room:
            yield tuple(piece[:begin].astype(np.float32) for piece in pieces)
            begin, end = 0, length - lag
        for source, piece in zip(sources, pieces, strict=True):
            combine = np.add if source is squared_error else np.subtract
            combine(source[lag:], source[:-lag], out=piece[begin:end])
    yield tuple(piece[:end].astype(np.float32) for piece in pieces)


def _counted(differences: tuple[np.ndarray, ...], value_edges: np.ndarray, time_edges: np.ndarray) -> np.ndarray:
    """Number of pairs in each bin, (group, value, time)."""
    time, value = differences
    shape = (time.shape[1], len(value_edges) + 1, len(time_edges) + 1)
    bins = _edges_reached(value, value_edges).astype(np.int16)  # 121 x 121 fit, and small numbers are fast
    bins *= shape[2]
    bins += _edges_reached(time, time_edges).astype(np.int16)
    cell = bins.astype(np.int64)
    cell += np.arange(shape[0]) * (shape[1] * shape[2])
    return np.bincount(cell.ravel(), minlength=math.prod(shape)).reshape(shape)[:, 1:-1, 1:-1]


def _edges_reached(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many edges are not above each value, int8; 0 for NaN. Faster than bisection, which branches."""
    reached, above = np.zeros(values.shape, np.int8), np.empty(values.shape, bool)
    for edge in edges.astype(np.float32):
        np.greater_equal(values, edge, out=above)
        reached += above.view(np.int8)
    return reached


def _smeared(differences: tuple[np.ndarray, ...], value_edges: np.ndarray, time_edges: np.ndarray) -> np.ndarray:
    """Expected number of pairs in each bin when values have Gaussian errors, (group, value, time)."""
    known = np.isfinite(differences[0])  # others are of the padding
    time, value, squared_error = (array[known] for array in differences)
    columns = len(time_edges) + 1
    cell = np.nonzero(known)[1] * columns + _edges_reached(time, time_edges)
    steps = STEPS / np.maximum(np.sqrt(squared_error), _LEAST_ERROR)
    below = np.empty((len(value_edges), known.shape[1] * columns))
    for number, edge in enumerate(value_edges.astype(np.float32)):
        integral = normal_integral((edge - value) * steps + np.float32(REACH * STEPS))
        below[number] = np.bincount(cell, integral, known.shape[1] * columns)
    return np.diff(below, axis=0).reshape(-1, known.shape[1], columns).transpose(1, 0, 2)[..., 1:-1]


def _normalise(found: np.ndarray, counts: np.ndarray, how: str) -> None:
    """Divide (group, value, time) in place; what is empty stays 0."""
    if how == "none":
        return
    if how == "pairs":
        divisor = (counts * (counts - 1) / 2 / 255)[:, None, None]
    elif how == "column":
        divisor = found.sum(axis=1, keepdims=True)
    else:
        divisor = np.sqrt(np.square(found).sum(axis=(1, 2), keepdims=True))
    np.divide(found, divisor, out=found, where=divisor > 0)
