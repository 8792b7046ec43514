"""One level of the discrete wavelet transform of a curve, with the shortest smooth wavelet of Daubechies."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

# Daubechies 1988, Comm. Pure Appl. Math. 41, 909, table 1 (N = 2), in closed form; the first number reads the latest
# sample. The detail's filter is its mirror image with every other sign turned.
_ROOT = math.sqrt(3)
APPROXIMATION = np.array([1 - _ROOT, 3 - _ROOT, 3 + _ROOT, 1 + _ROOT]) / (4 * math.sqrt(2))
DETAIL = APPROXIMATION[::-1] * [-1, 1, -1, 1]

BEFORE, AFTER = 2, 3
"""Samples mirrored at both ends, the last one three times at most: output k reads 2 k - 2 to 2 k + 1."""


@keras.saving.register_keras_serializable("astrocnn")
class DaubechiesTransform(keras.layers.Layer):
    """Approximation and detail of a curve at half its sampling, with fixed weights (db2).

    a_k = sum_j h_j x_{2k+1-j} and d_k = sum_j g_j x_{2k+1-j} for j = 0, ..., 3, where h are `APPROXIMATION` and g
    `DETAIL`; beyond its ends the curve is mirrored, ends included (x_{-1} = x_0). These are the numbers of PyWavelets'
    `dwt(x, "db2")` in its usual mode, `symmetric`.

    Input (n, time, channel) with at least three samples; output (n, floor((time + 3) / 2), 2 channel), after each
    channel's approximation its detail. Linear, so that the unit stays; a NaN spreads to the values that read it.
    """

    def call(self, inputs: Any) -> Any:
        """Transform a batch."""
        mirrored = ops.pad(inputs, ((0, 0), (BEFORE, AFTER), (0, 0)), mode="symmetric")
        # A convolution in Keras reads forwards in time, the sums above backwards.
        taps = np.stack([APPROXIMATION, DETAIL], axis=-1)[::-1]
        kernel = np.repeat(taps[:, None], inputs.shape[-1], axis=1)
        return ops.depthwise_conv(mirrored, ops.convert_to_tensor(kernel, dtype=inputs.dtype), strides=2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the output, objects first."""
        objects, time, channels = input_shape
        return (objects, None if time is None else (time + 3) // 2, None if channels is None else 2 * channels)
