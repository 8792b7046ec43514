"""A learned factor for each channel, with which the branches of deep residual networks start small."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("astrocnn")
class LayerScale(keras.layers.Layer):
    """Multiply each channel by a learned factor (Touvron et al. 2021, ICCV, "Going deeper with image transformers").

    The factors start near zero, so that a residual unit starts as the identity and its branch grows as it is of use.

    Parameters
    ----------
    initial : float
        Factor of every channel at the start.
    **options
        As of any Keras layer.

    Notes
    -----
    Input and output have the shape (n, ..., channel). NaN stays where it is.
    """

    def __init__(self, initial: float = 1e-6, **options: Any) -> None:
        super().__init__(**options)
        self.initial = initial

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the factors, one per channel."""
        initialiser = keras.initializers.Constant(self.initial)
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer=initialiser, name="factor")

    def call(self, inputs: Any) -> Any:
        """Multiply."""
        return inputs * self.factor

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments to build the layer again."""
        return {**super().get_config(), "initial": self.initial}
