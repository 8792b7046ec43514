"""Pooling by the p-norm, from the mean of absolute values to the largest of them."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import keras
import numpy as np
from keras import ops

from astrocnn.errors import PipelineFileError
from astrocnn.networks.layers.windows import WindowLayer, full_precision, taps

LARGEST_EXPONENT = 1000.0
"""Beyond it the pooling is the maximum to a part in a thousand, and float32 cannot tell the powers apart."""


@keras.saving.register_keras_serializable("astrocnn")
class PNormPooling(WindowLayer):
    r"""Pool each window to the p-norm of what is in it, normalised by the number of positions.

    Parameters
    ----------
    exponent : float
        p, from 1 to 1000.
    pool_size, strides, padding
        As in Keras's pooling layers.

    Raises
    ------
    PipelineFileError
        When p lies outside its range: below 1 it is no norm and has infinite slopes at zeros.
    MismatchError
        When a size of the map is open, or smaller than the window.

    Notes
    -----
    From (n, *axes, channel) to (n, *outputs, channel), with one or two axes of known sizes. NaN goes on to the outputs
    that read it.

    The p-norm of the N positions of a window is a sum, :math:`(\sum |x|^p)^{1/p}`. For a constant map it gives
    :math:`N^{1/p} |x|`: N times the mean for p = 1, and a value that depends on the size of the window for any other p.
    Divided by what a constant 1 would give, it becomes the form used here,

    .. math:: y = \left(\frac{1}{N} \sum |x|^p\right)^{1/p},

    the mean of |x| for p = 1, the root mean square for p = 2 and the maximum for p to infinity: with m the largest |x|,
    m N^(-1/p) <= y <= m. Without the outer root it would not scale with its input, and without the absolute value odd
    and fractional powers of negative features would be negative or undefined. Windows that reach beyond the map
    (`same`) average over the positions inside it, so that N is smaller there.

    Computed as m (mean (|x| / m)^p)^(1/p), so that no power overflows and one ratio is 1; the derivative,
    sign(x) / N (|x| / y)^(p - 1), then lies between -1 and 1, and is 0 where a whole window is 0.
    Gulcehre et al. 2014 (ECML-PKDD, arXiv:1311.1780); Sermanet, Chintala & LeCun 2012 (ICPR, arXiv:1204.3968).
    """

    def __init__(
        self, exponent: float = 2.0, pool_size: Any = 2, strides: Any = None, padding: str = "valid", **options: Any
    ) -> None:
        super().__init__(pool_size, strides, padding, **options)
        self.exponent = checked_exponent(exponent, self.name)

    def call(self, inputs: Any) -> Any:
        """Power mean of each window."""
        return self.pooled(inputs, self.exponent)

    def pooled(self, inputs: Any, exponent: Any) -> Any:
        """Power mean of each window, with one p or one for each channel."""
        windows = self.windows(inputs.shape)
        inside = []
        for window, n in zip(windows, inputs.shape[1:-1], strict=True):
            first = np.arange(window.size(n)) * window.stride - window.before
            inside.append(np.minimum(first + window.kernel, n) - np.maximum(first, 0))
        number = reduce(np.multiply.outer, inside)[..., None]
        return power_mean(taps(inputs, windows), exponent, number, (0,))

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        return {**super().get_config(), "exponent": self.exponent}


@keras.saving.register_keras_serializable("astrocnn")
class GlobalPNormPooling(keras.layers.Layer):
    """Pool the whole map to one p-norm for each channel, normalised as in `PNormPooling`.

    Parameters
    ----------
    exponent : float
        p, from 1 to 1000.

    Raises
    ------
    PipelineFileError
        When p lies outside its range.

    Notes
    -----
    From (n, *axes, channel) to (n, channel). A NaN makes its channel NaN.
    """

    def __init__(self, exponent: float = 2.0, **options: Any) -> None:
        super().__init__(**options)
        self.exponent = checked_exponent(exponent, self.name)

    def call(self, inputs: Any) -> Any:
        """Power mean of the map."""
        axes = tuple(range(1, len(inputs.shape) - 1))
        number = math.prod(ops.shape(inputs)[axis] for axis in axes)
        return power_mean(inputs, self.exponent, number, axes)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """One number for each channel."""
        return (input_shape[0], input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        return {**super().get_config(), "exponent": self.exponent}


def power_mean(values: Any, exponent: Any, number: Any, axes: tuple[int, ...]) -> Any:
    """Mean of powers of absolute values, brought back by the root: (sum |x|^p / number)^(1/p).

    Parameters
    ----------
    values : tensor
        Any shape.
    exponent : float or tensor
        p >= 1; one number, or one for each of the last axis.
    number : int or ndarray
        Of values that count, for what is left after the sum.
    axes : tuple of int
        That are summed over.

    Returns
    -------
    tensor
        Without those axes, of the type of `values`; computed in float32 where that is half precision.
    """
    kept = keras.backend.standardize_dtype(values.dtype)
    dtype = full_precision(kept)
    size = ops.abs(ops.cast(values, dtype))
    exponent, number = ops.cast(exponent, dtype), ops.cast(number, dtype)
    # The result does not depend on what it is scaled by, so that no gradient needs to flow through the largest.
    largest = ops.stop_gradient(ops.max(size, axis=axes, keepdims=True))
    empty = ops.cast(ops.equal(largest, 0), dtype)
    powers = ops.sum(ops.power(size / (largest + empty), exponent), axis=axes) / number
    # Where all are 0 the root of 0 would have an infinite slope; the root of 1 times the largest is 0 as well.
    root = ops.power(powers + ops.squeeze(empty, axes), 1 / exponent)
    return ops.cast(ops.squeeze(largest, axes) * root, kept)


def checked_exponent(exponent: float, name: str) -> float:
    """The same number, if it is a p that can be computed with."""
    if not 1 <= exponent <= LARGEST_EXPONENT:
        raise PipelineFileError(
            "the exponent of a p-norm lies outside its range",
            where=name,
            expected=f"from 1, the mean, to {LARGEST_EXPONENT:g}, as good as the maximum",
            received=exponent,
        )
    return float(exponent)
