"""Convolution by Fourier transform: the same layer, faster for large kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops
from scipy.fft import next_fast_len

from astrocnn.errors import PipelineFileError
from astrocnn.networks.layers.windows import full_precision, windows_of
from astrocnn.windows import Window


class _ByFourierTransform:
    """What both layers share; stands before Keras's convolution, whose weights and arguments it keeps."""

    def build(self: Any, input_shape: tuple[Any, ...]) -> None:
        """Make kernel and bias as Keras does."""
        if self.groups != 1 or max(self.dilation_rate) > 1 or self.data_format != "channels_last":
            raise PipelineFileError(
                "the layer convolves all channels, without holes",
                where=self.name,
                expected="groups 1, dilation_rate 1, data_format channels_last",
                received=f"{self.groups}, {self.dilation_rate}, {self.data_format}",
                fix="use the layer of Keras, which is as fast for small kernels",
            )
        windows_of(self.name, input_shape[1:-1], self.kernel_size, self.strides, self.padding)
        super().build(input_shape)  # type: ignore[misc]

    def call(self: Any, inputs: Any) -> Any:
        """Convolve, add the bias, activate."""
        windows = windows_of(self.name, inputs.shape[1:-1], self.kernel_size, self.strides, self.padding)
        outputs = fourier_correlation(inputs, self.kernel, windows)
        return self.activation(outputs + self.bias if self.use_bias else outputs)


@keras.saving.register_keras_serializable("astrocnn")
class FourierConv1D(_ByFourierTransform, keras.layers.Conv1D):
    """Keras's Conv1D, computed by Fourier transform: the same arguments, weights and results.

    Parameters
    ----------
    *arguments, **options
        Those of `keras.layers.Conv1D`, without groups, dilation or channels first.

    Raises
    ------
    PipelineFileError
        When groups, a dilation or channels first are asked for.
    MismatchError
        When the length of the curve is open, or shorter than a kernel that is not padded.

    Notes
    -----
    From (n, time, channel) to (n, output, filter). As `FourierConv2D` in all else.
    """


@keras.saving.register_keras_serializable("astrocnn")
class FourierConv2D(_ByFourierTransform, keras.layers.Conv2D):
    """Keras's Conv2D, computed by Fourier transform: the same arguments, weights and results.

    Parameters
    ----------
    *arguments, **options
        Those of `keras.layers.Conv2D`, without groups, dilation or channels first.

    Raises
    ------
    PipelineFileError
        When groups, a dilation or channels first are asked for.
    MismatchError
        When a size of the map is open, or smaller than a kernel that is not padded.

    Notes
    -----
    From (n, y, x, channel) to (n, y output, x output, filter). A NaN anywhere makes all outputs of its object NaN,
    where a direct convolution loses a kernel's reach around it. The time depends little on the kernel's size, and a
    stride saves none of it: what lies between is computed and left out. `benchmarks/fourier_convolution.py` measures
    from which kernel on it is faster. Mathieu, Henaff & LeCun 2014 (ICLR, arXiv:1312.5851).
    """


def fourier_correlation(inputs: Any, kernel: Any, windows: Sequence[Window]) -> Any:
    """Cross-correlation of a map and a kernel along all axes, as a product of Fourier transforms.

    The map is padded and its rows are laid one after the other, and the kernel on rows of the same length, so that one
    real transform of one axis does for any number of them: what lies t rows and u places further in the map does so in
    the row as well. Zeros at the end of a row are those before the next, and those after the last row are before the
    first one (the transform is periodic), so that each axis needs only the larger of its two margins.

    Parameters
    ----------
    inputs : tensor of shape (n, *axes, channel)
        Map with known sizes.
    kernel : tensor of shape (*window, channel, filter)
        As Keras keeps it.
    windows : sequence of Window
        Kernel, stride and padding along each axis.

    Returns
    -------
    tensor of shape (n, *outputs, filter)
        Of the type of `inputs`; computed in float32 where that is half precision.
    """
    kept = keras.backend.standardize_dtype(inputs.dtype)
    inputs, kernel = (ops.cast(values, full_precision(kept)) for values in (inputs, kernel))
    sizes, axes = inputs.shape[1:-1], range(len(windows))
    rows = [max(n + max(window.before, window.after), window.kernel) for n, window in zip(sizes, windows, strict=True)]
    length = fast_length(math.prod(rows))
    margins = [(w.before, row - w.before - n) for w, row, n in zip(windows, rows, sizes, strict=True)]
    laid = ops.pad(ops.transpose(inputs, (len(rows) + 1, 0, *(axis + 1 for axis in axes))), [(0, 0), (0, 0), *margins])
    spread = [(0, row - w.kernel) for w, row in zip(windows, rows, strict=True)]
    spread_kernel = ops.pad(ops.transpose(kernel, (len(rows), len(rows) + 1, *axes)), [(0, 0), (0, 0), *spread])
    along = _products(_transformed(laid, length), _transformed(spread_kernel, length))
    summed = ops.irfft(along, length)[..., : math.prod(rows)]
    summed = ops.reshape(summed, (kernel.shape[-1], -1, *rows))
    ends = (w.stride * (w.size(n) - 1) + 1 for w, n in zip(windows, sizes, strict=True))
    steps = (slice(0, end, w.stride) for end, w in zip(ends, windows, strict=True))
    return ops.cast(ops.transpose(summed[(..., *steps)], (1, *(axis + 2 for axis in axes), 0)), kept)


def _transformed(laid: Any, length: int) -> tuple[Any, Any]:
    """Real and imaginary part of the transform along all axes but the first two: (frequency, second, first)."""
    laid = ops.reshape(laid, (laid.shape[0], -1, math.prod(laid.shape[2:])))
    laid = ops.pad(laid, [(0, 0), (0, 0), (0, length - laid.shape[-1])])
    real, imaginary = ops.rfft(laid)
    return real, imaginary


def _products(values: tuple[Any, Any], kernels: tuple[Any, Any]) -> tuple[Any, Any]:
    """Sum over channels of values times conjugate kernels at each frequency: what becomes the correlation."""
    number = ops.shape(values[0])[1]
    # One real product of matrices for the four of a complex one.
    parts = ops.concatenate([ops.transpose(part, (2, 1, 0)) for part in values], axis=1)
    weights = ops.concatenate([ops.transpose(part, (2, 0, 1)) for part in kernels], axis=2)
    product = ops.matmul(parts, weights)
    filters = kernels[0].shape[1]
    real = product[:, :number, :filters] + product[:, number:, filters:]
    imaginary = product[:, number:, :filters] - product[:, :number, filters:]
    return ops.transpose(real, (2, 1, 0)), ops.transpose(imaginary, (2, 1, 0))


def fast_length(places: int) -> int:
    """Smallest even product of 2, 3 and 5 that holds as many places; such transforms are the fastest."""
    return int(2 * next_fast_len(-(-places // 2), real=True))
