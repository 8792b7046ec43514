"""Light curves drawn as pictures: each point is the density of its Gaussian error, whole in its column.

A picture as others draw it loses the error in the size of a dot. Here a point adds to each pixel of its column the
integral of its error over the height of that pixel, as a Gaussian cut off at the top and bottom of the picture.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from astrocnn.representations.grouped import group_quantiles
from astrocnn.representations.normal_integral import REACH, STEPS, normal_integral
from astrocnn.representations.options import PictureOptions
from astrocnn.representations.points import Points
from astrocnn.representations.time_axis import place

_SUMMED_AT_ONCE, _INTEGRATED_AT_ONCE = 4096, 256  # points
_WIDEST = 10  # times the height: a standard deviation beyond which a point is as even as it can be


def pictures(
    points: Points,
    start: np.ndarray,
    end: np.ndarray,
    options: PictureOptions,
    *,
    cycles: int = 1,
    brighter_is_less: bool = True,
) -> np.ndarray:
    """Draw curves, with bright at the top.

    A point lies wholly in the column that holds its time; a column holds its start and not its end, the last both. It
    adds 1 to its channel: the part of its Gaussian that lies on the picture is brought to 1, and a point beyond the
    range is moved to the edge, where it stays a sign of a deep eclipse or a flare.

    Parameters
    ----------
    points : Points
        With times in days, or phases.
    start, end : arrays (number,)
        Of the time axis; points outside are left out. For phases 0 and 1.
    options : PictureOptions
    cycles : int
        Times that the picture of one period is set side by side; the width must be a multiple of it.
    brighter_is_less : bool
        Whether smaller values are brighter, as magnitudes are.

    Returns
    -------
    array (number, y, x, channel) of float32
        Points per pixel, or normalised; all 0 in a channel without points.

    Raises
    ------
    ValueError
        If the width is no multiple of the cycles.

    Notes
    -----
    With the range of each curve on the vertical axis its amplitude shows only against its errors, and with the range of
    times on the horizontal one the length of the observation is lost. What remains of both, as of the number of points,
    may tell the survey rather than the kind of star.
    """
    height, width = options.height_px, options.width_px
    if width % cycles:
        raise ValueError(f"expected a width that is a multiple of {cycles} cycles, received {width}")
    inside, column = place(points, start, end, width // cycles)
    low, high = value_ranges(points, options)
    group = points.group[inside]
    scale = (height / (high - low))[group]
    row = (points.value[inside] - low[group]) * scale
    row = row if brighter_is_less else height - row
    spread = np.clip(np.nan_to_num(points.error[inside]) * scale, options.error_floor_px, _WIDEST * height)
    cells = group * (width // cycles) + column
    drawn = _columns(cells, np.clip(row, 0, height), spread, points.groups * (width // cycles), height)
    drawn = drawn.reshape(points.number, points.channels, width // cycles, height)
    _normalise(drawn, options.normalise)
    images = np.empty((points.number, height, width, points.channels), np.float32)
    for columns in np.split(images, cycles, axis=2):
        columns[...] = drawn.transpose(0, 3, 2, 1)
    return images


def value_ranges(points: Points, options: PictureOptions) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value on the picture of each curve and channel, (groups,) each.

    A curve whose percentiles are equal gets a range of 1 around them.
    """
    group = points.group
    if options.common_range:
        group = points.curve * points.channels
    low, middle, high = group_quantiles(
        points.value, group, points.groups, (options.percentiles[0] / 100, 0.5, options.percentiles[1] / 100)
    )
    if options.value_span is None:
        extra = options.margin * (high - low)
        low, high = low - extra, high + extra
    else:
        low, high = middle - options.value_span / 2, middle + options.value_span / 2
    flat = ~(high > low)  # without points, too
    centre = np.nan_to_num(middle)
    low, high = np.where(flat, centre - 0.5, low), np.where(flat, centre + 0.5, high)
    if options.common_range:
        first = np.arange(points.groups) // points.channels * points.channels
        low, high = low[first], high[first]
    return low, high


def _columns(cells: np.ndarray, row: np.ndarray, spread: np.ndarray, number: int, height: int) -> np.ndarray:
    """Sum of the points of each cell, a column of pixels, (number, height) of float32.

    Parameters
    ----------
    cells : array (k,) of int
        The cell of each point.
    row, spread : arrays (k,)
        Its place from the top edge of the first row, and its standard deviation, in pixels.
    """
    drawn = np.zeros((number, height), np.float32)
    order = np.argsort(cells, kind="stable")
    cells, steps = cells[order], STEPS / spread[order]
    first = REACH * STEPS - row[order] * steps  # the top edge, in steps of the table
    for begin in range(0, len(cells), _SUMMED_AT_ONCE):
        some = slice(begin, begin + _SUMMED_AT_ONCE)
        below = _integrals_to_edges(first[some], steps[some], height)
        starts = np.flatnonzero(np.diff(cells[some], prepend=-1))
        members = (1 / (below[:, -1] - below[:, 0]), np.arange(len(below)), np.append(starts, len(below)))
        total = csr_array(members, shape=(len(starts), len(below))) @ below
        drawn[cells[some][starts]] += np.diff(total, axis=1)
    return drawn


def _integrals_to_edges(first: np.ndarray, steps: np.ndarray, height: int) -> np.ndarray:
    """Integral of each point up to the edges of the rows, (k, height + 1); few at once, which stay in the cache."""
    edges = np.arange(height + 1, dtype=np.float32)
    first, steps = first.astype(np.float32)[:, None], steps.astype(np.float32)[:, None]
    below = np.empty((len(first), height + 1), np.float32)
    for begin in range(0, len(first), _INTEGRATED_AT_ONCE):
        some = slice(begin, begin + _INTEGRATED_AT_ONCE)
        np.multiply(edges, steps[some], out=below[some])
        below[some] += first[some]
        normal_integral(below[some])
    return below


def _normalise(drawn: np.ndarray, how: str) -> None:
    """Divide (curve, channel, x, y) in place; what is empty stays 0."""
    if how == "none":
        return
    axes = (3,) if how == "column" else (2, 3)
    total = drawn.max(axis=axes, keepdims=True) if how == "maximum" else drawn.sum(axis=axes, keepdims=True)
    np.divide(drawn, total, out=drawn, where=total > 0)
