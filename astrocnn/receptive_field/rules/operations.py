"""The functions of `keras.ops` that read neighbours or all positions, as layers do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.graph import Call
from astrocnn.receptive_field.rules.registry import call_rule, keras_rule
from astrocnn.receptive_field.rules.windows import through_windows
from astrocnn.receptive_field.tensor_field import TensorField
from astrocnn.windows import Window


@call_rule("ops.Conv", "ops.DepthwiseConv", "ops.SeparableConv")
def _convolution(call: Call, inputs: Sequence[TensorField]) -> TensorField:
    given = call.layer
    kernel = _argument(call, 1, "kernel", "depthwise_kernel").shape[:-2]
    return through_windows(inputs[0], given.padding, kernel, given.strides, given.dilation_rate)


@keras_rule("ops.MaxPool", "ops.AveragePool")
def _pooling(operation: Any, inputs: Sequence[TensorField]) -> TensorField:
    strides = operation.pool_size if operation.strides is None else operation.strides
    return through_windows(inputs[0], operation.padding, operation.pool_size, strides)


@keras_rule("ops.Pad")
def _padding(operation: Any, inputs: Sequence[TensorField]) -> TensorField:
    field = inputs[0]
    rank = len(field.axes) + 2
    pairs = operation.pad_width
    pairs = [pairs] * rank if isinstance(pairs[0], int) else list(pairs) * (rank if len(pairs) == 1 else 1)
    if operation.mode != "constant":
        raise ReceptiveFieldError("padding with what stands inside has no rule", received=operation.mode)
    spatial = [pair for axis, pair in enumerate(pairs) if axis > 0 and not field.is_channel_axis(axis)]
    return field.through([Window(before=before, after=after) for before, after in spatial])


_REDUCTIONS = ("Amax", "Amin", "CountNonzero", "Logsumexp", "Max", "Mean", "Median", "Min", "Prod", "Std", "Sum", "Var")


@keras_rule(*(f"ops.{name}" for name in _REDUCTIONS))
def _reduction(operation: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Over the channels: nothing. Over spatial axes: global pooling of those."""
    field = inputs[0]
    rank = len(field.shape) + 2
    axes = range(rank) if operation.axis is None else operation.axis
    axes = {axis % rank for axis in ([axes] if isinstance(axes, int) else axes)}
    if 0 in axes:
        raise ReceptiveFieldError("objects of a batch are mixed", received=f"axis {operation.axis}")
    spatial = [axis for axis in range(1, rank) if not field.is_channel_axis(axis)]
    gone = [index for index, axis in enumerate(spatial) if axis in axes]
    if len(gone) == len(spatial):
        return field.become_global("pooling")
    if operation.keepdims and not gone:
        return field
    if operation.keepdims or field.channel_axis % rank in axes:
        raise ReceptiveFieldError(
            "the map loses its channels, or keeps an axis of which nothing is left",
            expected="all spatial axes, or some without keepdims, or the channels with keepdims",
            received=f"axis {operation.axis}, keepdims {operation.keepdims}",
        )
    return field.become_global("pooling", gone)


def _argument(call: Call, place: int, *names: str) -> Any:
    if len(call.arguments.args) > place:
        return call.arguments.args[place]
    return next(call.arguments.kwargs[name] for name in names if name in call.arguments.kwargs)
