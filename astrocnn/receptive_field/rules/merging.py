"""Layers that bring several maps together, position by position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.rules.registry import call_rule, keras_rule
from astrocnn.receptive_field.tensor_field import TensorField, merge

_OPERATIONS = (
    "Add", "Arctan2", "Divide", "DivideNoNan", "Equal", "Greater", "GreaterEqual", "Hypot", "Less", "LessEqual",
    "Logaddexp", "LogicalAnd", "LogicalOr", "Maximum", "Minimum", "Mod", "Multiply", "NotEqual", "Power", "Subtract",
    "TrueDivide", "Where",
)  # fmt: skip


ELEMENTWISE = frozenset(
    {"Add", "Average", "CustomScaleLayer", "Maximum", "Minimum", "Multiply", "Subtract"}
    | {f"ops.{name}" for name in _OPERATIONS}
)
"""Layers and operations of several maps that see, at each position, what any of them saw there."""


@keras_rule(*ELEMENTWISE)
def _elementwise(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return merge(inputs)


@keras_rule("Concatenate", "ops.Concatenate")
def _concatenation(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    local = next(field for field in inputs if not field.is_whole)
    if not local.is_channel_axis(layer.axis):
        raise ReceptiveFieldError(
            "maps can only be joined along their channels",
            where=layer.name,
            expected=f"axis {local.channel_axis}",
            received=layer.axis,
        )
    return merge(inputs)


@call_rule("ops.Split")
def _split(call: Any, inputs: Sequence[TensorField]) -> TensorField:
    if not inputs[0].is_channel_axis(call.layer.axis):
        raise ReceptiveFieldError(
            "maps can only be split along their channels",
            expected=f"axis {inputs[0].channel_axis}",
            received=call.layer.axis,
            fix="take pieces of a map by slicing, x[:, a:b]",
        )
    return inputs[0]
