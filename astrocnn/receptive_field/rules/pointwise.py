"""Layers that mix no positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.graph import Call
from astrocnn.receptive_field.rules.registry import apply_rule, call_rule, keras_rule, register_rule
from astrocnn.receptive_field.tensor_field import TensorField

_AUGMENTATION = (
    "AugMix", "CutMix", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter",
    "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale",
    "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation",
    "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom",
)  # fmt: skip
_REGULARISATION = (
    "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D", "StochasticDepth",
)  # fmt: skip
_ACTIVATION = ("Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Solarization")
_SCALING = ("Identity", "InputLayer", "LayerScale", "Masking", "Normalization", "Rescaling")
# Normalisations scale and shift a map as a whole, by statistics that are taken as given here.
_NORMALISATION = (
    "BatchNormalization", "GroupNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization",
    "ops.BatchNorm", "ops.LayerNorm", "ops.RMSNorm",
)  # fmt: skip
_FUNCTIONS = (
    "Abs", "Absolute", "Arctan", "Arcsinh", "Cbrt", "Ceil", "Celu", "Clip", "Copy", "Cos", "Cosh", "Elu", "Exp",
    "Exp2", "Expm1", "Floor", "Gelu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "LeakyRelu", "Log", "Log10",
    "Log1p", "Log2", "LogSigmoid", "NanToNum", "Negative", "Reciprocal", "Relu", "Relu6", "Round", "Selu", "Sigmoid",
    "Sign", "Silu", "Sin", "Sinh", "SoftShrink", "Softplus", "Softsign", "SparsePlus", "SparseSigmoid", "Sqrt",
    "Square", "Squareplus", "Tan", "Tanh", "TanhShrink", "Threshold", "Trunc",
)  # fmt: skip


UNCHANGED = frozenset(
    {*_AUGMENTATION, *_REGULARISATION, *_ACTIVATION, *_SCALING, *_NORMALISATION, "Softmax", "ops.Softmax"}
    | {f"ops.{name}" for name in (*_FUNCTIONS, "Cast", "Identity", "LogSoftmax", "StopGradient")}
)
"""Layers and operations after which every feature sees what it saw before."""


@register_rule("LayerScale")
@keras_rule(*(UNCHANGED - {"Softmax", "ops.Softmax", "ops.LogSoftmax"}))
@register_rule("GroupBatchNormalization", "GroupPooling")
def _pointwise(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Layers that mix no positions; those that augment or regularise do nothing to data that are scored."""
    return inputs[0]


@keras_rule("Dense", "Softmax", "ops.Softmax", "ops.LogSoftmax", "ops.Glu")
def _along_channels(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Layers that mix what stands along `axis` (Dense: the last); only the channels do not mix positions."""
    field, axis = inputs[0], getattr(layer, "axis", -1)
    axes = [axis] if isinstance(axis, int) else list(axis)
    if not all(field.is_channel_axis(axis) for axis in axes):
        raise ReceptiveFieldError(
            "the layer mixes positions along a spatial axis",
            where=layer.name,
            expected=f"axis {field.channel_axis}, the channels",
            received=axis,
        )
    return field


@keras_rule("EinsumDense")
def _einsum_dense(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Dense layers as a sum over indices: of the input's, only the last, the channels, may be summed over."""
    field = inputs[0]
    taken, given = layer.equation.replace(" ", "").split("->")
    index = taken.split(",")[0].removeprefix("...")
    kept = given.removeprefix("...")
    if field.channel_axis != -1 or not index or index[:-1] != kept[: len(index) - 1] or len(kept) != len(index):
        raise ReceptiveFieldError("the layer mixes positions", where=layer.name, received=layer.equation)
    return field


@call_rule("SpectralNormalization")
def _wrapped(call: Call, inputs: Sequence[TensorField]) -> TensorField:
    """The rule of the layer inside."""
    return apply_rule(replace(call, layer=call.layer.layer), inputs)
