"""Biases of their own for every position of a map."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("astrocnn")
class UntiedBias(keras.layers.Layer):
    """Add one bias per position and filter, where a convolution has one per filter.

    A map can so answer differently in the middle, where the galaxy is, and at the edge; it then has one size.

    Parameters
    ----------
    initializer : str or keras.initializers.Initializer
        Of the biases.

    Notes
    -----
    Input and output (n, *axes, filter), with all sizes known. NaN stays NaN. Dieleman, Willett & Dambre 2015
    (MNRAS 450, 1441).
    """

    def __init__(self, initializer: Any = "zeros", **options: Any) -> None:
        super().__init__(**options)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make one bias per place of the map."""
        self.bias = self.add_weight(shape=input_shape[1:], initializer=self.initializer, name="bias")

    def call(self, inputs: Any) -> Any:
        """Add the biases."""
        return inputs + self.bias

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        return {**super().get_config(), "initializer": keras.initializers.serialize(self.initializer)}
