"""Gradient of a function of one array, by TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def gradient(function: Callable[[Any], Any], value: NDArray[np.float32]) -> NDArray[np.float64]:
    """Derivative of a number that `function` gives by the array it takes."""
    entry = tf.constant(value)
    with tf.GradientTape() as tape:
        tape.watch(entry)
        output = function(entry)
    derivative = tape.gradient(output, entry)
    return np.zeros(value.shape) if derivative is None else derivative.numpy().astype(float)
