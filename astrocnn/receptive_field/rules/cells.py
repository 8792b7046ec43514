"""The cells of the neocognitron, which read a window each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.receptive_field.rules.registry import register_rule
from astrocnn.receptive_field.rules.windows import through_windows
from astrocnn.receptive_field.tensor_field import TensorField


@register_rule("SimpleCells")
def _simple_cells(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Excitation and inhibition come from the same window."""
    return through_windows(inputs[0], "same", layer.kernel_size)


@register_rule("ComplexCells")
def _complex_cells(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """The planes that inhibit read the same window too."""
    return through_windows(inputs[0], "same", layer.kernel_size, layer.strides)
