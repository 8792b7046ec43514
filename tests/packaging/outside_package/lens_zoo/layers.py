"""The layer, and what it does to the receptive field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from astrocnn.receptive_field.rules import register_rule
from astrocnn.receptive_field.tensor_field import TensorField


@keras.saving.register_keras_serializable("lens_zoo")
class LearnedClip(keras.layers.Layer):
    """limit tanh(x / limit), with one limit a band."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Start with a limit of 5."""
        self.limit = self.add_weight((input_shape[-1],), keras.initializers.Constant(5.0), name="limit")

    def call(self, inputs: Any) -> Any:
        """Clip each value."""
        return self.limit * keras.ops.tanh(inputs / self.limit)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As the input's."""
        return input_shape


@register_rule("LearnedClip")
def learned_clip(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """It mixes no pixels."""
    return inputs[0]
