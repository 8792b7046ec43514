"""Layers that read all positions: after them every feature sees the whole input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.receptive_field.rules.registry import keras_rule, register_rule
from astrocnn.receptive_field.tensor_field import TensorField, merge


@keras_rule("Flatten")
def _flatten(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return inputs[0].become_global("flatten")


@keras_rule(*(f"Global{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3)))
@register_rule("GlobalPNormPooling")
def _global_pooling(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return inputs[0].become_global("pooling")


@keras_rule("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention")
@keras_rule("ops.DotProductAttention")
def _attention(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Every position reads all positions of what is attended to; a causal mask only takes some of them away."""
    return merge([field.become_global("attention") for field in inputs])


@keras_rule("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def _recurrence(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """The last step reads all steps, an earlier one all before it."""
    return inputs[0].become_global("recurrence")
