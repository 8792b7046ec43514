"""The loss that brings the views of one object together and keeps those of others apart."""

from __future__ import annotations

from typing import Any

import keras

ITSELF = -1e9
"""Similarity that stands for a row with itself, whose exponential is nothing."""

# Keeps the slope of the root finite for a row of zeros, which `keras.ops.normalize` does not on every backend.
NOTHING = 1e-12


@keras.saving.register_keras_serializable("astrocnn")
class NTXent(keras.losses.Loss):
    """Normalised temperature-scaled cross-entropy (Chen et al. 2020, ICML, SimCLR, equation 1).

    With s(i, k) the cosine of the angle between rows i and k, a row costs

        - mean over its partners j of log( exp(s(i, j) / T) / sum over k != i of exp(s(i, k) / T) ):

    the cross-entropy of finding its partner among all other rows. Partners are the rows of the same object. With two
    views of each object that is the paper's loss; with more, the mean stands outside the logarithm (Khosla et al. 2020,
    equation 2). A row without a partner costs nothing, and is still one that others must tell from their partners.

    Parameters
    ----------
    temperature : float
        T. The lower, the more only the rows count that are most alike.
    **options
        As of any loss of Keras.

    Notes
    -----
    Called with object numbers of shape (n,) or (n, 1) and features of shape (n, feature). The length of a row does not
    count. Keras turns the numbers into float32, so that they must be below 2**24; a number within the batch is enough.
    NaN in one row makes the loss of all rows NaN.
    """

    def __init__(self, temperature: float = 0.1, name: str = "nt_xent", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.temperature = temperature

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Cost of each row, shape (n,)."""
        objects = keras.ops.reshape(y_true, (-1,))
        lengths = keras.ops.sqrt(keras.ops.sum(keras.ops.square(y_pred), axis=-1, keepdims=True) + NOTHING)
        directions = y_pred / lengths
        likeness = keras.ops.matmul(directions, keras.ops.transpose(directions)) / self.temperature
        rows = keras.ops.arange(keras.ops.shape(objects)[0])
        others = rows[:, None] != rows[None, :]
        partners = keras.ops.logical_and(others, objects[:, None] == objects[None, :])
        likeness = keras.ops.where(others, likeness, ITSELF)
        surprise = keras.ops.logsumexp(likeness, axis=1, keepdims=True) - likeness
        number = keras.ops.sum(keras.ops.cast(partners, surprise.dtype), axis=1)
        return keras.ops.sum(keras.ops.where(partners, surprise, 0.0), axis=1) / keras.ops.maximum(number, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Arguments to build the loss again."""
        return {**super().get_config(), "temperature": self.temperature}
