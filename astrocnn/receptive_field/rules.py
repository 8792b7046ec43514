"""What each kind of layer does to the receptive field, by the name of its class.

A rule takes the layer and what its inputs see, and returns what its output sees::

    @register_rule("MyLayer")
    def my_layer(layer, inputs):
        return inputs[0].through([Window(kernel=3, before=1, after=1)] * len(inputs[0].axes))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.arithmetic import Window, padding_of
from astrocnn.receptive_field.tensor_field import TensorField, merge

Rule = Callable[[Any, Sequence[TensorField]], TensorField]

_KERAS_RULES: dict[str, Rule] = {}
_OWN_RULES: dict[str, Rule] = {}


def register_rule(*class_names: str) -> Callable[[Rule], Rule]:
    """Add the rule of layers that are not Keras's own, by class name; used as a decorator."""
    return _register(_OWN_RULES, class_names)


def _keras_rule(*class_names: str) -> Callable[[Rule], Rule]:
    return _register(_KERAS_RULES, class_names)


def _register(rules: dict[str, Rule], class_names: Sequence[str]) -> Callable[[Rule], Rule]:
    def decorate(rule: Rule) -> Rule:
        rules.update(dict.fromkeys(class_names, rule))
        return rule

    return decorate


def rule_of(layer: Any) -> Rule:
    """Rule of a layer. A subclass of a Keras layer needs its own: it may compute something else.

    Raises
    ------
    ReceptiveFieldError
        When there is none; the message shows how to register one.
    """
    kind = type(layer).__name__
    rule = _OWN_RULES.get(kind)
    module = type(layer).__module__
    if rule is None and module.startswith("keras."):
        # `x + y` stands in the graph as an operation; some share a layer's name and mean something else (Average).
        rule = _KERAS_RULES.get(f"ops.{kind}" if ".ops." in module else kind)
    if rule is None:
        raise ReceptiveFieldError(
            f"there is no receptive-field rule for layers of class {kind}",
            where=layer.name,
            fix="register one (here for a layer that mixes no positions):\n"
            "    from astrocnn.receptive_field.rules import register_rule\n"
            f'    @register_rule("{kind}")\n'
            "    def rule(layer, inputs): return inputs[0]",
        )
    return rule


def _per_axis(value: Any, field: TensorField) -> tuple[int, ...]:
    return (int(value),) * len(field.axes) if isinstance(value, int) else tuple(int(item) for item in value)


def _windows(field: TensorField, padding: str, kernel: Any, stride: Any = 1, dilation: Any = 1) -> TensorField:
    if field.is_whole:
        return field
    sizes = zip(*(_per_axis(value, field) for value in (kernel, stride, dilation)), strict=True)
    windows = [
        Window(k, s, d, *padding_of(padding, n, k, s, d)) for n, (k, s, d) in zip(field.map_size, sizes, strict=True)
    ]
    return field.through(windows)


@_keras_rule("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
def _convolution(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return _windows(inputs[0], layer.padding, layer.kernel_size, layer.strides, layer.dilation_rate)


@_keras_rule(*(f"{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3)))
def _pooling(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return _windows(inputs[0], layer.padding, layer.pool_size, layer.strides)


@_keras_rule("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def _transposed_convolution(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    field = inputs[0]
    if field.is_whole:
        return field
    if layer.output_padding is not None:
        raise ReceptiveFieldError("output_padding has no receptive-field rule", where=layer.name, fix="leave it None")
    windows = []
    for n, k, s, d in zip(field.map_size, layer.kernel_size, layer.strides, layer.dilation_rate, strict=True):
        reach = d * (k - 1) + 1
        # Keras gives n * s outputs for `same` and max(reach - s, 0) more for `valid`; `same` cuts those at both ends.
        surplus = max(reach - s, 0)
        cut = surplus // 2 if layer.padding == "same" else 0
        length = n * s + (surplus if layer.padding == "valid" else 0)
        before = reach - 1 - cut
        windows.append(Window(k, 1, d, before, length + reach - 2 - (n - 1) * s - before, spacing=s))
    return field.through(windows)


@_keras_rule("UpSampling1D", "UpSampling2D", "UpSampling3D")
def _upsampling(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    if getattr(layer, "interpolation", "nearest") != "nearest":
        raise ReceptiveFieldError(f"{layer.interpolation} interpolation has no receptive-field rule", where=layer.name)
    factors = _per_axis(layer.size, inputs[0])
    return inputs[0].through([Window(f, before=f - 1, after=f - 1, spacing=f) for f in factors])


@_keras_rule("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def _zero_padding(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return inputs[0].through([Window(before=before, after=after) for before, after in _pairs(layer.padding)])


@_keras_rule("Cropping1D", "Cropping2D", "Cropping3D")
def _cropping(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return inputs[0].through([Window(before=-before, after=-after) for before, after in _pairs(layer.cropping)])


def _pairs(value: Sequence[Any]) -> Sequence[tuple[int, int]]:
    """(before, after) per axis; the one-dimensional layers hold a single pair."""
    return [(value[0], value[1])] if isinstance(value[0], int) else value


@_keras_rule(
    "InputLayer", "Identity", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "BatchNormalization", "Rescaling",
    "Normalization", "Masking", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout",
    "GaussianDropout", "GaussianNoise", "ActivityRegularization", "RandomFlip", "RandomRotation", "RandomTranslation",
    "RandomZoom", "RandomShear", "RandomBrightness", "RandomContrast", "ops.Relu", "ops.Elu", "ops.Sigmoid", "ops.Silu",
    "ops.Gelu", "ops.Tanh", "ops.Negative", "ops.Absolute",
)  # fmt: skip
def _pointwise(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Layers that mix no positions; those that augment do nothing to data that are scored."""
    return inputs[0]


@_keras_rule("Dense", "Softmax", "LayerNormalization", "UnitNormalization")
def _along_channels(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Layers that mix what stands along `axis` (Dense: the last); only the channels do not mix positions."""
    field = inputs[0]
    axes = getattr(layer, "axis", -1)
    axes = [axes] if isinstance(axes, int) else list(axes)
    if not field.is_whole and any(not _is_channel_axis(axis, field) for axis in axes):
        raise ReceptiveFieldError("the layer mixes positions along a spatial axis", where=layer.name)
    return field


def _is_channel_axis(axis: int, field: TensorField) -> bool:
    rank = len(field.axes) + 2
    return axis % rank == field.channel_axis % rank


@_keras_rule("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
@_keras_rule("ops.Add", "ops.Subtract", "ops.Multiply", "ops.Divide", "ops.Maximum", "ops.Minimum")
def _elementwise_merge(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return merge(inputs)


@_keras_rule("Concatenate")
def _concatenation(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    if not inputs[0].is_whole and not _is_channel_axis(layer.axis, inputs[0]):
        raise ReceptiveFieldError("maps can only be joined along their channels", where=layer.name, received=layer.axis)
    return merge(inputs)


@_keras_rule("Flatten")
def _flatten(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return inputs[0].become_global("flatten")


@_keras_rule("Reshape")
def _reshape(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    if not inputs[0].is_whole and len(layer.target_shape) > 1:
        raise ReceptiveFieldError("only a reshape to one axis has a receptive-field rule", where=layer.name)
    return inputs[0].become_global("flatten")


@_keras_rule(*(f"Global{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3)))
def _global_pooling(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    return inputs[0].become_global("pooling")


@_keras_rule("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupedQueryAttention")
def _attention(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Every position reads all positions of what is attended to; a causal mask only takes some of them away."""
    return merge([field.become_global("attention") for field in inputs])


@_keras_rule("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional")
def _recurrence(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """The last step reads all steps, an earlier one all before it."""
    return inputs[0].become_global("recurrence")
