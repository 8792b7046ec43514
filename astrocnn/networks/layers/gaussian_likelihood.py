"""The loss of networks that answer with values and how sure they are of them."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("astrocnn")
class GaussianNegativeLogLikelihood(keras.losses.Loss):
    """Mean over values of -log N(target; mean, deviation), in nats.

    At its least, where the deviation is the error that is really made, it is log(deviation) + (1 + log 2 pi) / 2 (Nix &
    Weigend 1994).

    Parameters
    ----------
    **options
        As of any loss of Keras.

    Notes
    -----
    Called with targets (n, value) in any unit and answers (n, 2 value): the means in that unit, then the natural
    logarithms of the standard deviations in it. An object with a target that is NaN gives NaN.
    """

    def __init__(self, name: str = "gaussian_negative_log_likelihood", **options: Any) -> None:
        super().__init__(name=name, **options)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Cost of each object, shape (n,)."""
        mean, log_deviation = ops.split(y_pred, 2, axis=-1)
        error = (ops.cast(y_true, mean.dtype) - mean) * ops.exp(-log_deviation)
        return ops.mean(0.5 * ops.square(error) + log_deviation, axis=-1) + 0.5 * math.log(2 * math.pi)
