"""Layers that put positions elsewhere without mixing them: reshaping, moving the channels, slicing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.graph import Call
from astrocnn.receptive_field.rules.registry import call_rule, keras_rule
from astrocnn.receptive_field.tensor_field import TensorField
from astrocnn.windows import Window


@call_rule("Reshape", "ops.Reshape")
def _reshape(call: Call, inputs: Sequence[TensorField]) -> TensorField:
    """To one axis: as Flatten. To the same map: nothing. To (positions, channels): a list of positions, and back."""
    field, shape = inputs[0], tuple(call.tensors[0].shape[1:])
    if len(shape) == 1:
        return field.become_global("flatten")
    if field.channel_axis == -1 and call.sources[0].shape[-1] == shape[-1]:
        if shape[:-1] == field.map_size:
            return replace(field, is_list=False)
        if len(shape) == 2 and shape[0] in (None, math.prod(field.map_size)):
            return replace(field, is_list=True)
    raise ReceptiveFieldError(
        "this reshape moves positions to where they cannot be followed",
        expected=f"one axis, (positions, channels), or the map {field.map_size}",
        received=shape,
    )


@keras_rule("Permute")
def _permute(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return _reordered(inputs[0], [0, *layer.dims])


@keras_rule("ops.Transpose")
def _transpose(operation: Any, inputs: Sequence[TensorField]) -> TensorField:
    rank = len(inputs[0].axes) + 2
    return _reordered(inputs[0], operation.axes or range(rank - 1, -1, -1))


def _reordered(field: TensorField, axes: Sequence[int]) -> TensorField:
    """Field after the tensor's axes were reordered; only the channels may move past the others."""
    channel = field.channel_axis % (len(field.axes) + 2)
    order = [axis for axis in axes if axis != channel]
    place = list(axes).index(channel)
    if order != sorted(order) or order[0] != 0 or place not in (1, len(field.axes) + 1):
        raise ReceptiveFieldError(
            "spatial axes change places",
            expected="an order that only moves the channels, to the first or the last place",
            received=tuple(axes),
        )
    return replace(field, channel_axis=-1 if place == len(field.axes) + 1 else 1)


@call_rule("ops.GetItem")
def _slice(call: Call, inputs: Sequence[TensorField]) -> TensorField:
    """Pieces of a map, with positive steps."""
    field, rank = inputs[0], len(call.sources[0].shape)
    key = call.arguments.args[1] if len(call.arguments.args) > 1 else call.arguments.kwargs["key"]
    parts = list(key) if isinstance(key, tuple | list) else [key]
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        parts[place : place + 1] = [slice(None)] * (rank - len(parts) + 1)
    parts += [slice(None)] * (rank - len(parts))
    if len(parts) != rank or not all(isinstance(part, slice) for part in parts) or parts[0] != slice(None):
        raise ReceptiveFieldError("only slices of a map can be followed", expected="x[:, a:b:s, ...]", received=key)
    windows = []
    spatial = [part for axis, part in enumerate(parts) if axis > 0 and not field.is_channel_axis(axis)]
    for n, part in zip(field.map_size, spatial, strict=True):
        start, stop, step = part.indices(n)
        if step < 1 or stop <= start:
            raise ReceptiveFieldError("only slices with positive steps can be followed", received=part)
        last = start + (stop - start - 1) // step * step
        windows.append(Window(stride=step, before=-start, after=last + 1 - n))
    return field.through(windows)
