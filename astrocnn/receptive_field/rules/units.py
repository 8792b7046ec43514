"""Layers of this project that change what stands at a position and mix no positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.receptive_field.rules.registry import register_rule
from astrocnn.receptive_field.tensor_field import TensorField


@register_rule("UntiedBias", "Maxout", "TreeFractions")
def _unit(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Each position is read by itself."""
    return inputs[0]
