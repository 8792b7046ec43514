"""What the features of one tensor see of the input: one field per spatial axis, and whether they see it whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.arithmetic import AxisField, Window, union
from astrocnn.receptive_field.field import Misalignment


@dataclass(frozen=True, eq=False)
class GlobalOperation:
    """An operation after which every feature sees the whole input.

    Attributes
    ----------
    layer : str
        Its layer; filled in by the walk.
    kind : str
        `flatten`, where the next dense layer weighs every position, or `pooling`, where all positions count alike.
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
    misaligned : tuple of Misalignment
        Merges on the way whose branches were not aligned.
    windows : tuple of Window or None
        How the last layer read its input, for the layer table; None for merges and pointwise layers.
    trail : tuple or None
        Linked list of layer names, last first, through which the largest field came; filled in by the walk.
    """

    axes: tuple[AxisField, ...]
    channel_axis: int = -1
    global_operation: GlobalOperation | None = None
    misaligned: tuple[Misalignment, ...] = ()
    windows: tuple[Window, ...] | None = None
    trail: tuple[Any, str] | None = None

    @property
    def size(self) -> tuple[int, ...]:
        """Receptive field in input pixels, per axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def map_size(self) -> tuple[int, ...]:
        """Number of features per axis."""
        return tuple(axis.map_size for axis in self.axes)

    def through(self, windows: Sequence[Window]) -> TensorField:
        """Field after a layer that reads its input through one `Window` per axis."""
        if self.is_whole:
            return self
        if len(windows) != len(self.axes):
            raise ReceptiveFieldError(
                "the layer has another number of spatial axes than its input",
                expected=len(self.axes),
                received=len(windows),
            )
        axes = tuple(axis.through(window) for axis, window in zip(self.axes, windows, strict=True))
        return replace(self, axes=axes, windows=tuple(windows))

    def become_global(self, kind: str) -> TensorField:
        """Field after an operation over all positions."""
        if self.is_whole:
            return self
        operation = self.global_operation or GlobalOperation("", kind, self)
        return replace(self, axes=(), global_operation=operation, windows=None)

    @property
    def is_whole(self) -> bool:
        """Whether no spatial axis is left, so that every later layer sees the whole input too."""
        return not self.axes and self.global_operation is not None


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
    if len({len(branch.axes) for branch in local}) > 1:
        raise ReceptiveFieldError("branches differ in their number of spatial axes")
    merged = [union(axes) for axes in zip(*(branch.axes for branch in local), strict=True)]
    offset = max(apart for _, apart in merged)
    if offset > 0:
        misaligned += (Misalignment("", offset),)
    largest = max(local, key=lambda branch: branch.size)
    axes = tuple(axis for axis, _ in merged)
    return replace(largest, axes=axes, global_operation=operation, misaligned=misaligned, windows=None)
