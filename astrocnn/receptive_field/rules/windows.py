"""Layers that read their input through a window per axis: convolution, pooling, padding, cropping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.rules.registry import keras_rule, register_rule
from astrocnn.receptive_field.tensor_field import TensorField
from astrocnn.windows import Window, padding_of


def per_axis(value: Any, field: TensorField) -> tuple[int, ...]:
    """A number for every spatial axis, from one number or as many as there are axes."""
    numbers = (value,) * len(field.axes) if isinstance(value, int) else tuple(value)
    if field.is_list or len(numbers) != len(field.axes):
        raise ReceptiveFieldError(
            "the layer has another number of spatial axes than its input",
            expected=len(field.axes),
            received=len(numbers),
        )
    return tuple(int(number) for number in numbers)


def through_windows(field: TensorField, padding: str, kernel: Any, stride: Any = 1, dilation: Any = 1) -> TensorField:
    """Field after windows of these sizes, padded by one of Keras's modes."""
    sizes = zip(*(per_axis(value, field) for value in (kernel, stride, dilation)), strict=True)
    windows = [
        Window(k, s, d, *padding_of(padding, n, k, s, d)) for n, (k, s, d) in zip(field.map_size, sizes, strict=True)
    ]
    return field.through(windows)


def through_transposed(
    field: TensorField, padding: str, kernel: Any, stride: Any = 1, dilation: Any = 1, surplus: Any = None
) -> TensorField:
    """Field after a transposed convolution: the convolution of `n_out` positions whose outputs are the inputs here.

    Keras gives n s outputs for `same` and (n - 1) s + max(reach, s) for `valid`; with `output_padding` (`surplus`)
    (n - 1) s + reach - 2 floor(reach / 2) + output_padding and (n - 1) s + reach + output_padding.
    """
    more = (None,) * len(field.axes) if surplus is None else per_axis(surplus, field)
    sizes = zip(field.map_size, *(per_axis(value, field) for value in (kernel, stride, dilation)), more, strict=True)
    windows = []
    for n, k, s, d, extra in sizes:
        reach = d * (k - 1) + 1
        if extra is None:
            length = n * s if padding == "same" else (n - 1) * s + max(reach, s)
        else:
            length = (n - 1) * s + reach + extra - (2 * (reach // 2) if padding == "same" else 0)
        # `same` cuts what stands over at both ends, the odd one before.
        total = reach - 2 + (s if extra is None else reach % 2 + extra)
        before = reach - 1 if padding == "valid" else min(-(-total // 2), reach - 1)
        windows.append(Window(k, 1, d, before, length + reach - 2 - (n - 1) * s - before, spacing=s))
    return field.through(windows)


@keras_rule("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
@register_rule("FourierConv1D", "FourierConv2D")
def _convolution(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return through_windows(inputs[0], layer.padding, layer.kernel_size, layer.strides, layer.dilation_rate)


@keras_rule(*(f"{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3)))
@register_rule("PNormPooling", "LearnedPNormPooling", "MixedPooling")
def _pooling(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return through_windows(inputs[0], layer.padding, layer.pool_size, layer.strides)


@register_rule("LiftingConvolution", "GroupConvolution")
def _turned_convolution(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Square kernels in eight orientations read one square."""
    return through_windows(inputs[0], layer.padding, layer.kernel_size)


@keras_rule("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def _transposed_convolution(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    sizes = (layer.kernel_size, layer.strides, layer.dilation_rate, layer.output_padding)
    return through_transposed(inputs[0], layer.padding, *sizes)


@keras_rule("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def _zero_padding(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return inputs[0].through([Window(before=before, after=after) for before, after in _pairs(layer.padding)])


@keras_rule("Cropping1D", "Cropping2D", "Cropping3D")
def _cropping(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return inputs[0].through([Window(before=-before, after=-after) for before, after in _pairs(layer.cropping)])


@keras_rule("CenterCrop")
def _centre_crop(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    missing = [n - size for n, size in zip(inputs[0].map_size, (layer.height, layer.width), strict=True)]
    if min(missing) < 0:
        raise ReceptiveFieldError("the map is smaller than the crop, so that Keras resizes it", where=layer.name)
    return inputs[0].through([Window(before=-(more // 2), after=-(more - more // 2)) for more in missing])


def _pairs(value: Sequence[Any]) -> Sequence[tuple[int, int]]:
    """(before, after) per axis; the one-dimensional layers hold a single pair."""
    return [(value[0], value[1])] if isinstance(value[0], int) else value
