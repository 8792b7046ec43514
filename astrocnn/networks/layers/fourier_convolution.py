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
                fix="use the layer of Keras, which can do all of these",
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
    sizes, filters, axes = inputs.shape[1:-1], kernel.shape[-1], len(windows)
    rows = [max(n + max(window.before, window.after), window.kernel) for n, window in zip(sizes, windows, strict=True)]
    length = fast_length(math.prod(rows))
    maps = ops.transpose(inputs, (axes + 1, 0, *range(1, axes + 1)))
    kernels = ops.transpose(kernel, (axes, axes + 1, *range(axes)))
    transforms = _transformed(maps, [w.before for w in windows], rows, length)
    kernel_transforms = _transformed(kernels, [0] * axes, rows, length)
    summed = ops.irfft(_products(transforms, kernel_transforms), length)[..., : math.prod(rows)]
    summed = ops.reshape(summed, (filters, -1, *rows))
    ends = (w.stride * (w.size(n) - 1) + 1 for w, n in zip(windows, sizes, strict=True))
    steps = (slice(0, end, w.stride) for end, w in zip(ends, windows, strict=True))
    return ops.cast(ops.transpose(summed[(..., *steps)], (1, *range(2, axes + 2), 0)), kept)


def _transformed(maps: Any, before: Sequence[int], rows: Sequence[int], length: int) -> tuple[Any, Any]:
    """Real and imaginary part of the transform of maps (a, b, *axes), laid out in rows behind `before` zeros."""
    a, (first, *inner) = maps.shape[0], maps.shape[2:]
    margins = [(margin, row - margin - n) for n, margin, row in zip(inner, before[1:], rows[1:], strict=True)]
    place = math.prod(rows[1:])  # of one step along the first axis, whose margins are added when all is one row
    laid = ops.reshape(ops.pad(maps, [(0, 0)] * 3 + margins), (a, -1, first * place))
    ahead = before[0] * place
    real, imaginary = ops.rfft(ops.pad(laid, [(0, 0), (0, 0), (ahead, length - ahead - first * place)]))
    return real, imaginary


def _products(maps: tuple[Any, Any], kernels: tuple[Any, Any]) -> tuple[Any, Any]:
    """Sum over channels of the maps' transforms times the conjugate of the kernels', at each frequency.

    The four products of real matrices in a complex one are brought to three (Gauss's trick): with a + ib and c - id,
    the real part is ac + bd, and the imaginary part (b - a)(c + d) + ac - bd.
    """
    a, b = (ops.transpose(part, (2, 1, 0)) for part in maps)
    c, d = (ops.transpose(part, (2, 0, 1)) for part in kernels)
    ac, bd = ops.matmul(a, c), ops.matmul(b, d)
    imaginary = ops.matmul(b - a, c + d) + ac - bd
    return ops.transpose(ac + bd, (2, 1, 0)), ops.transpose(imaginary, (2, 1, 0))


def fast_length(places: int) -> int:
    """Smallest even product of 2, 3 and 5 that holds as many places; such transforms are the fastest."""
    return int(2 * next_fast_len(-(-places // 2), real=True))
