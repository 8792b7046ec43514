"""Confirm a receptive field by a gradient: which inputs one feature really depends on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.receptive_field.field import ReceptiveField
from astrocnn.receptive_field.gradient import gradient
from astrocnn.receptive_field.measure import with_channels
from astrocnn.receptive_field.positive_twin import PositiveTwin
from astrocnn.receptive_field.target import target_of

LARGEST = 12_000_000
"""Pixels of the largest input that is made to see a whole field."""

Box = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Confirmation:
    """Outcome of the gradient test at one feature.

    Attributes
    ----------
    layer : str
        Layer whose output was tested.
    position : tuple of int
        The feature, per spatial axis.
    input_size : tuple of int
        Size of the input at which it was tested.
    expected, measured : tuple of (int, int)
        First and last input seen per axis, by the layers' rules and by the gradient; (0, -1) where nothing is.
    """

    layer: str
    position: tuple[int, ...]
    input_size: tuple[int, ...]
    expected: Box
    measured: Box

    @property
    def agrees(self) -> bool:
        """Whether both boxes are the same."""
        return self.expected == self.measured


def confirm(
    model: Any,
    layer: str | None = None,
    position: Sequence[int] | None = None,
    *,
    source: str | None = None,
    input_shape: Sequence[int] | None = None,
) -> Confirmation:
    """Compare the field of one feature with the support of its gradient, in a copy with positive weights.

    Parameters
    ----------
    model : keras.Model
        As `receptive_field` takes it.
    layer : str, optional
        The layer that is tested; by default the output, or what the first global operation reads.
    position : sequence of int, optional
        The feature, per spatial axis; by default the one in the middle of the map.
    source : str, optional
        Name of the input, where several have spatial axes; the first by default.
    input_shape : sequence of int, optional
        Shape of one object, channels included, where the model leaves sizes open or for another size.

    Returns
    -------
    Confirmation
        Both boxes, cut off at the edges of the input.

    Raises
    ------
    ReceptiveFieldError
        When the layer comes after a global operation, or a layer has no rule.
    """
    import keras

    target = target_of(model, layer, source, input_shape)
    field = target.steps[-1].field
    place = tuple(position) if position is not None else tuple(size // 2 for size in field.map_size)
    expected = field.box(place)
    twin = PositiveTwin(target.steps, target.slot)
    ones = np.ones((1, *twin.input_shape), "float32")

    def feature(value: Any) -> Any:
        return keras.ops.sum(twin(value)[(0, *place)])

    slope = np.abs(gradient(feature)(ones)[0]).sum(axis=-1)
    measured = tuple(_support(slope, axis) for axis in range(slope.ndim))
    return Confirmation(target.name, place, target.steps[0].field.map_size, expected, measured)


def roomy_shape(model: Any, field: ReceptiveField, input_shape: Sequence[int]) -> tuple[int, ...] | None:
    """Input shape in which the middle feature sees no padding, so that all of its field shows.

    Parameters
    ----------
    model : keras.Model
        Whose place of the channels is kept.
    field : ReceptiveField
        Of the model at its own size.
    input_shape : sequence of int
        Shape of one object of that size, channels included.

    Returns
    -------
    tuple of int or None
        The model's own size plus a multiple of its stride, so that the padding stays as it is; None where that would be
        more than `LARGEST` pixels.
    """
    sizes = []
    for n, size, jump, offset in zip(field.input_size, field.size, field.jump, field.offset, strict=True):
        step = math.ceil(jump)
        missing = math.ceil(size + 2 * abs(offset) + 2 * jump - n)
        sizes.append(n + max(0, -(-missing // step)) * step)
    if math.prod(sizes) > LARGEST:
        return None
    return with_channels(model, sizes, input_shape)


def _support(gradient: NDArray[np.float64], axis: int) -> tuple[int, int]:
    others = tuple(other for other in range(gradient.ndim) if other != axis)
    seen = np.flatnonzero((gradient > 0).any(axis=others))
    return (int(seen[0]), int(seen[-1])) if len(seen) else (0, -1)
