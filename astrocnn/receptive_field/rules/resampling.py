"""Layers that change the size of a map: upsampling, resizing, adaptive pooling, pixels to channels and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.resampling import Resampling
from astrocnn.receptive_field.rules.registry import keras_rule
from astrocnn.receptive_field.rules.windows import per_axis, through_windows
from astrocnn.receptive_field.tensor_field import TensorField
from astrocnn.windows import Window


@keras_rule("UpSampling1D", "UpSampling2D", "UpSampling3D")
def _upsampling(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    factors, kind = per_axis(layer.size, inputs[0]), getattr(layer, "interpolation", "nearest")
    if kind == "nearest":
        return _repeated(inputs[0], factors)
    return _resampled(inputs[0], [n * f for n, f in zip(inputs[0].map_size, factors, strict=True)], kind)


@keras_rule("Resizing", "ops.Resize")
def _resizing(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    if layer.crop_to_aspect_ratio or layer.pad_to_aspect_ratio:
        raise ReceptiveFieldError(
            "resizing that keeps the aspect ratio has no receptive-field rule",
            where=layer.name,
            fix="crop or pad with a layer of its own before it",
        )
    size = layer.size if hasattr(layer, "size") else (layer.height, layer.width)
    return _resampled(inputs[0], size, layer.interpolation, layer.antialias)


@keras_rule(*(f"Adaptive{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3)))
@keras_rule("ops.AdaptiveAveragePool", "ops.AdaptiveMaxPool")
def _adaptive_pooling(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    sizes = per_axis(layer.output_size, inputs[0])
    if set(sizes) == {1}:
        return inputs[0].become_global("pooling")
    return _resampled(inputs[0], sizes, "adaptive")


@keras_rule("ops.DepthToSpace")
def _depth_to_space(operation: Any, inputs: Sequence[TensorField]) -> TensorField:
    return _repeated(inputs[0], per_axis(operation.block_size, inputs[0]))


@keras_rule("ops.SpaceToDepth")
def _space_to_depth(operation: Any, inputs: Sequence[TensorField]) -> TensorField:
    return through_windows(inputs[0], "valid", operation.block_size, operation.block_size)


def _repeated(field: TensorField, factors: Sequence[int]) -> TensorField:
    """Field after every position was written `factor` times."""
    return field.through([Window(f, before=f - 1, after=f - 1, spacing=f) for f in factors])


def _resampled(field: TensorField, sizes: Sequence[int], kind: str, antialias: bool = False) -> TensorField:
    return field.through(
        [Resampling(n, int(size), kind, antialias) for n, size in zip(field.map_size, sizes, strict=True)]
    )
