"""Gradient of one feature with respect to one input, by TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def gradient(
    model: Any, values: list[NDArray[np.float32]], entry: int, feature: tuple[Any, ...]
) -> NDArray[np.float64]:
    """Derivative of `model(values)[feature].sum()` by `values[entry]`, of that input's shape."""
    inputs = [tf.constant(value) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(inputs[entry])
        output = tf.reduce_sum(model(inputs if len(inputs) > 1 else inputs[0], training=False)[feature])
    derivative = tape.gradient(output, inputs[entry])
    return np.zeros(values[entry].shape) if derivative is None else derivative.numpy().astype(float)
