"""What the features of one tensor see of the input: one field per spatial axis, and whether they see it whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.arithmetic import AxisField, Reading, union
from astrocnn.receptive_field.field import Misalignment
from astrocnn.windows import Window

MOST_PARTS = 64
"""Beyond these, branches with blind features are joined along each axis, which may add what none of them sees."""


@dataclass(frozen=True, eq=False)
class GlobalOperation:
    """An operation after which every feature sees the whole input.

    Attributes
    ----------
    layer : str
        Its layer; filled in by the walk.
    kind : str
        `flatten`, where the next dense layer weighs every position; `pooling`, where all positions count alike;
        `attention` or `recurrence`.
    source : TensorField
        What was seen before it.
    """

    layer: str
    kind: str
    source: TensorField


@dataclass(frozen=True, eq=False)
class TensorField:
    """What the features of one tensor see of the input.

    Attributes
    ----------
    axes : tuple of AxisField
        One per spatial axis; empty where there is none left.
    channel_axis : int
        Axis of the tensor that holds the channels: -1 (last) or 1 (first).
    global_operation : GlobalOperation or None
        The first operation on the way that made the features see the whole input.
    last_operation : GlobalOperation or None
        The one that ended the local path. It is another than the first where features went on beside that one, as in
        squeeze-and-excite.
    misaligned : tuple of Misalignment
        Merges on the way whose branches were not aligned.
    windows : tuple of Reading or None
        How the last layer read its input, for the layer table; None for merges and pointwise layers.
    trail : tuple or None
        Linked list of layer names, last first, through which the largest field came; filled in by the walk.
    parts : tuple of tuple of AxisField
        The branches one by one, where some of their features see only padding: such a feature sees nothing along any
        axis, so that it adds nothing to what another branch sees. Empty where no feature of a branch is blind.
    is_list : bool
        Whether the tensor holds the positions of all axes one after the other, as transformers take them.
    copies : int
        Rows that each object has in the tensor, more than one where turned copies of it go through the same layers. The
        first is described; the copies lie around the centre of the input, so that together they are not off it.
    """

    axes: tuple[AxisField, ...]
    channel_axis: int = -1
    global_operation: GlobalOperation | None = None
    last_operation: GlobalOperation | None = None
    misaligned: tuple[Misalignment, ...] = ()
    windows: tuple[Reading, ...] | None = None
    trail: tuple[Any, str] | None = None
    parts: tuple[tuple[AxisField, ...], ...] = ()
    is_list: bool = False
    copies: int = 1

    @property
    def size(self) -> tuple[int, ...]:
        """Receptive field in input pixels, per axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def map_size(self) -> tuple[int, ...]:
        """Number of features per axis."""
        return tuple(axis.map_size for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Positions of the tensor as Keras has them, without objects and channels."""
        return (math.prod(self.map_size),) if self.is_list else self.map_size

    @property
    def is_whole(self) -> bool:
        """Whether no spatial axis is left, so that every later layer sees the whole input too."""
        return not self.axes and self.global_operation is not None

    def is_channel_axis(self, axis: int) -> bool:
        """Whether an axis of the tensor, objects included, holds the channels."""
        rank = len(self.shape) + 2
        return axis % rank == self.channel_axis % rank

    def through(self, windows: Sequence[Reading]) -> TensorField:
        """Field after a layer that reads its input through one window per axis.

        Raises
        ------
        ReceptiveFieldError
            When it has another number of axes, or positions stand in one list.
        """
        if self.is_whole:
            return self
        if self.is_list or len(windows) != len(self.axes):
            raise ReceptiveFieldError(
                "the layer has another number of spatial axes than its input",
                expected=len(self.axes),
                received=len(windows),
            )

        def passed(axes: tuple[AxisField, ...]) -> tuple[AxisField, ...]:
            return tuple(axis.through(window) for axis, window in zip(axes, windows, strict=True))

        parts = tuple(passed(axes) for axes in self.parts)
        return replace(self, axes=passed(self.axes), parts=parts, windows=tuple(windows))

    def box(self, position: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """First and last input that a feature really sees, per axis; (0, -1) along all where it sees only padding."""
        seen = []
        for axes in self.parts or (self.axes,):
            ends = [(axis.first[place], axis.last[place]) for axis, place in zip(axes, position, strict=True)]
            if all(math.isfinite(first) for first, _ in ends):
                seen.append(ends)
        if not seen:
            return ((0, -1),) * len(self.axes)
        along = zip(*seen, strict=True)  # for each axis, the ends of every branch
        return tuple((int(min(first for first, _ in ends)), int(max(last for _, last in ends))) for ends in along)

    def become_global(self, kind: str, gone: Sequence[int] | None = None) -> TensorField:
        """Field after an operation over all positions, or over those along some of the axes.

        Parameters
        ----------
        kind : str
            As in `GlobalOperation`.
        gone : sequence of int, optional
            Which of `axes` it takes away; all by default.
        """
        if self.is_whole:
            return self
        kept = () if gone is None else tuple(axis for index, axis in enumerate(self.axes) if index not in gone)
        operation = GlobalOperation("", kind, self)
        return replace(
            self, axes=kept, parts=(), global_operation=self.global_operation or operation, last_operation=operation,
            windows=None, is_list=False,
        )  # fmt: skip

    def hold_apart(self, count: int) -> tuple[tuple[AxisField, ...], TensorField]:
        """The leading axes, over which TimeDistributed repeats a layer, and the field along the others."""
        return self.axes[:count], replace(
            self, axes=self.axes[count:], parts=tuple(axes[count:] for axes in self.parts)
        )

    def put_back(self, held: tuple[AxisField, ...]) -> TensorField:
        """Field along all axes again; what saw a whole along the others has seen the leading ones before."""

        def whole(operation: GlobalOperation | None) -> GlobalOperation | None:
            if operation is None or operation.source.axes[: len(held)] == held:
                return operation
            return replace(operation, source=operation.source.put_back(held))

        windows = None if self.windows is None else (*(Window() for _ in held), *self.windows)
        return replace(
            self, axes=(*held, *self.axes), parts=tuple((*held, *axes) for axes in self.parts), windows=windows,
            global_operation=whole(self.global_operation), last_operation=whole(self.last_operation),
        )  # fmt: skip


def merge(branches: Sequence[TensorField]) -> TensorField:
    """Field of features that read several tensors at the same position.

    A branch that has seen the whole input makes the result global; of several, the operation with the largest field
    before it is kept. The trail follows the branch with the largest field.

    Raises
    ------
    ReceptiveFieldError
        When the branches' maps do not correspond position by position.
    """
    if len(branches) == 1:
        return branches[0]
    operations = [branch.global_operation for branch in branches if branch.global_operation is not None]
    operation = max(operations, key=lambda found: found.source.size, default=None)
    misaligned = tuple(dict.fromkeys(finding for branch in branches for finding in branch.misaligned))
    local = [branch for branch in branches if branch.axes]
    if not local:
        largest = next(branch for branch in branches if branch.global_operation is operation)
        return replace(largest, misaligned=misaligned, windows=None)
    if len({(len(branch.axes), branch.is_list) for branch in local}) > 1:
        raise ReceptiveFieldError("branches differ in their number of spatial axes")
    merged = [union(axes) for axes in zip(*(branch.axes for branch in local), strict=True)]
    offset = max(apart for _, apart in merged)
    if offset > 0:
        misaligned += (Misalignment("", offset),)
    largest = max(local, key=lambda branch: branch.size)
    axes = tuple(axis for axis, _ in merged)
    return replace(
        largest, axes=axes, parts=_parts(local), global_operation=operation, misaligned=misaligned, windows=None
    )


def _parts(branches: Sequence[TensorField]) -> tuple[tuple[AxisField, ...], ...]:
    """The branches one by one, if a feature of any is blind; not more than `MOST_PARTS` of them."""
    parts = [axes for branch in branches for axes in (branch.parts or (branch.axes,))]
    blind = any(not np.isfinite(axis.first).all() for axes in parts for axis in axes)
    kept = any(branch.parts for branch in branches)
    return tuple(parts) if (blind or kept) and len(parts) <= MOST_PARTS else ()
