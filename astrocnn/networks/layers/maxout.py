"""Maxout units."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from astrocnn.errors import MismatchError


@keras.saving.register_keras_serializable("astrocnn")
class Maxout(keras.layers.Layer):
    """Keep the largest of each group of neighbouring channels; after a linear layer, a convex function of its input.

    Parameters
    ----------
    pieces : int
        Channels of a group: 0 to `pieces` - 1 give the first output, and so on.

    Raises
    ------
    MismatchError
        When the channels are no multiple of `pieces`.

    Notes
    -----
    From (n, *axes, channel) to (n, *axes, channel / pieces). NaN goes on to the output of its group. Goodfellow et al.
    2013 (ICML 30, arXiv:1302.4389).
    """

    def __init__(self, pieces: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.pieces = pieces

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Refuse channels that cannot be grouped."""
        if input_shape[-1] % self.pieces:
            raise MismatchError(
                "the channels cannot be grouped",
                where=self.name,
                expected=f"a multiple of {self.pieces}",
                received=input_shape[-1],
            )

    def call(self, inputs: Any) -> Any:
        """Take the largest."""
        kept = inputs.shape[-1] // self.pieces
        return ops.max(ops.reshape(inputs, (*ops.shape(inputs)[:-1], kept, self.pieces)), axis=-1)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """One channel of each group."""
        return (*input_shape[:-1], input_shape[-1] // self.pieces)

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        return {**super().get_config(), "pieces": self.pieces}
