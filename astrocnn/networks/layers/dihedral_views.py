"""A galaxy in sixteen parts: turned, mirrored and cut into corners; and their features back in one row."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from astrocnn.central import central_part, stamp_around
from astrocnn.errors import MismatchError

PARTS = 16
"""Two orientations, each plain and mirrored, with four corners each."""


@keras.saving.register_keras_serializable("astrocnn")
class DihedralViews(keras.layers.Layer):
    """See each object in four views and cut each view into four corners; the sixteen parts become rows of the batch.

    The views are the middle of the stamp, its mirror image (x reversed), the middle of the stamp turned by 45 degrees
    (as `numpy.rot90` turns by 90), and the mirror image of that. Part k of a view is the first `part` rows and columns
    of the view turned by k quarters: its corners, turned so that the centre of the object lies towards the last row and
    column of each. Parity is kept: they are turned, not mirrored.

    Parameters
    ----------
    view : int
        Side of a view, of the parity of the stamp's, so that both have the same centre.
    part : int
        Side of a part, `view` at most; neighbouring parts share 2 `part` - `view` rows or columns.

    Raises
    ------
    MismatchError
        When the stamp is not square, of the other parity, or too small for a view turned by 45 degrees: no pixel is
        invented.

    Notes
    -----
    From (n, y, x, band) to (16 n, part, part, band). Row 16 i + 4 v + k is part k of view v of object i; the views in
    the order plain, mirrored, 45 degrees plain, 45 degrees mirrored. `JoinViews` is the way back. The 45 degrees are
    interpolated (bilinear), all else is exact. A NaN pixel makes the pixels that read it NaN. Dieleman, Willett &
    Dambre 2015 (MNRAS 450, 1441), who turn the whole image before they cut it.
    """

    copies: ClassVar[int] = PARTS
    """Rows that are made of one object."""

    def __init__(self, view: int, part: int, **options: Any) -> None:
        super().__init__(**options)
        self.view, self.part = view, part

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Check the stamp and lay out which pixels the turned view reads."""
        rows, columns = input_shape[1:3]
        needed = stamp_around(self.view, self.view * math.sqrt(2))
        if rows != columns or rows < needed or (rows - self.view) % 2 or not 1 <= self.part <= self.view:
            raise MismatchError(
                "the views do not fit into the stamp",
                where=self.name,
                expected=f"a square of {needed} px, or 2, 4, ... more, for views of {self.view} px "
                f"and parts of {self.view} px at most",
                received=f"{rows} x {columns} px, parts of {self.part} px",
            )
        self._pixels, self._shares = half_quarter_turn(rows, self.view)

    def call(self, inputs: Any) -> Any:
        """Views, then parts, then rows of the batch."""
        upright = central_part(inputs, (self.view, self.view), first_axis=1)
        views = [view for plain in (upright, self._turned(inputs)) for view in (plain, ops.flip(plain, axis=2))]
        corners = [
            ops.rot90(view, quarters, axes=(1, 2))[:, : self.part, : self.part]
            for view in views
            for quarters in range(4)
        ]
        return ops.reshape(ops.stack(corners, axis=1), (-1, self.part, self.part, inputs.shape[-1]))

    def _turned(self, inputs: Any) -> Any:
        """The view that is turned by 45 degrees."""
        bands = inputs.shape[-1]
        pixels = ops.reshape(inputs, (-1, inputs.shape[1] * inputs.shape[2], bands))
        read = ops.reshape(ops.take(pixels, self._pixels.ravel(), axis=1), (-1, 4, self.view**2, bands))
        weights = ops.cast(self._shares[..., None], self.compute_dtype)
        return ops.reshape(ops.sum(read * weights, axis=1), (-1, self.view, self.view, bands))

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """Sixteen rows for each object."""
        rows = None if input_shape[0] is None else PARTS * input_shape[0]
        return (rows, self.part, self.part, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        return {**super().get_config(), "view": self.view, "part": self.part}


@keras.saving.register_keras_serializable("astrocnn")
class JoinViews(keras.layers.Layer):
    """Bring the features of the parts of `DihedralViews` back to one row per object.

    Notes
    -----
    From (16 n, *axes, channel) to (n, 16 x features): the features of part 0 of the plain view, of its parts 1 to 3, of
    the mirrored view, of the view at 45 degrees, and of its mirror image; of each part in the order of `Flatten`. NaN
    stays where it is.
    """

    def call(self, inputs: Any) -> Any:
        """One row per object."""
        return ops.reshape(inputs, (-1, self.compute_output_shape(inputs.shape)[1]))

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """All features of the parts of an object."""
        rows = None if input_shape[0] is None else input_shape[0] // PARTS
        return (rows, PARTS * math.prod(input_shape[1:]))


def half_quarter_turn(stamp: int, view: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Pixels of a stamp that a view turned by 45 degrees reads, and their weights (bilinear).

    Turned twice, it is `numpy.rot90`. A pixel of weight 0 is replaced by one that is read anyhow.

    Parameters
    ----------
    stamp, view : int
        Sides, of one parity.

    Returns
    -------
    pixels : ndarray of shape (4, view**2)
        Numbers of the four neighbours of each pixel of the view, row by row.
    weights : ndarray of shape (4, view**2)
        They add up to 1.
    """
    row, column = np.indices((view, view)).reshape(2, -1) - (view - 1) / 2
    at = np.stack([row + column, column - row]) / math.sqrt(2) + (stamp - 1) / 2
    low = np.floor(at).astype(np.int32)
    share = at - low
    high = low + (share > 0)
    rows = ((low[0], 1 - share[0]), (high[0], share[0]))
    columns = ((low[1], 1 - share[1]), (high[1], share[1]))
    pairs = [(y * stamp + x, along_y * along_x) for y, along_y in rows for x, along_x in columns]
    pixels, weights = (np.stack(values) for values in zip(*pairs, strict=True))
    return pixels.astype(np.int32), weights.astype(np.float32)
