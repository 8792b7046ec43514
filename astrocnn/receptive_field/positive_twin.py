"""A copy of a network in which no contribution can cancel or be switched off.

Weights are positive, activations linear, normalisations and inhibition left out, the largest replaced by the average,
products by sums; branches that see the whole input are left out. The inputs with a gradient are then exactly those that
are seen. Where all layers are Keras's own, one channel is enough, which makes the copy of a large network small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.graph import Call, Slot, held_apart
from astrocnn.receptive_field.rules.merging import ELEMENTWISE
from astrocnn.receptive_field.rules.pointwise import UNCHANGED
from astrocnn.receptive_field.rules.registry import keras_kind
from astrocnn.receptive_field.walk import Step

ROUNDING = 1e-5
"""Share of the largest gradient at a layer below which it is rounding; the least real one is one tap of a kernel."""

_MIX_CHANNELS = frozenset({"Dense", "EinsumDense", "ops.Glu", "ops.Mean", "ops.Sum", "ops.Max", "ops.Min"})


class PositiveTwin:
    """Function from the input that is looked at to the output of the last step of a walk, channels last.

    Parameters
    ----------
    steps : sequence of Step
        From the input to what is looked at.
    slot : int
        Slot of the input.

    Attributes
    ----------
    input_shape : tuple of int
        Shape of one input.
    """

    def __init__(self, steps: Sequence[Step], slot: Slot) -> None:
        self._slot = slot
        self._steps = [step for step in steps[1:] if not step.field.is_whole]
        self._thin = all(step.call is not None and keras_kind(step.call.layer) for step in self._steps)
        self._layers: dict[str, Any] = {}
        entry = steps[0]
        self.input_shape: tuple[int, ...] = (*entry.field.map_size, 1 if self._thin else entry.channels or 1)
        self(np.zeros((1, *self.input_shape), "float32"))  # builds the layers
        for layer in self._layers.values():
            _make_positive(layer)

    def __call__(self, value: Any) -> Any:
        """Output for a batch of one, shape (1, *axes, channels)."""
        values: dict[Slot, Any] = {self._slot: _marked(value)}
        for step in self._steps:
            assert step.call is not None
            value = _marked(self._apply(step.call, values, step))
            values.update(dict.fromkeys(step.call.outputs, value))
        return value

    def _apply(self, call: Call, values: Mapping[Slot, Any], step: Step) -> Any:
        import keras

        known = [values[slot] for slot in call.inputs if slot in values]
        kind = keras_kind(call.layer)
        if kind in UNCHANGED or kind in ("Permute", "ops.Split", "ops.Transpose"):
            return known[0]
        if self._thin and kind in _MIX_CHANNELS:
            return known[0]
        if kind in ELEMENTWISE or (self._thin and kind in ("Concatenate", "ops.Concatenate")):
            return sum(known[1:], start=known[0])
        if kind in ("Concatenate", "ops.Concatenate"):
            return keras.ops.concatenate(known, axis=-1)
        if kind in ("Reshape", "ops.Reshape"):
            return keras.ops.reshape(known[0], (1, *step.field.shape, known[0].shape[-1]))
        if kind in ("ops.MaxPool", "ops.AveragePool"):
            windows = step.field.windows or ()
            sides, strides = (tuple(getattr(window, of) for window in windows) for of in ("kernel", "stride"))
            return keras.ops.average_pool(known[0], sides, strides, call.layer.padding)
        if kind == "ops.DepthToSpace" and self._thin:
            return call.layer(keras.ops.repeat(known[0], call.layer.block_size ** len(step.field.axes), axis=-1))
        if kind == "ops.SpaceToDepth" and self._thin:
            return keras.ops.sum(call.layer(known[0]), axis=-1, keepdims=True)
        if len(known) < len(call.inputs):
            raise ReceptiveFieldError("the layer also reads another input; its gradient is not taken", where=call.name)
        if not isinstance(call.layer, keras.Layer):
            return call.layer(*self._arguments(call, values))
        if call.name not in self._layers:
            self._layers[call.name] = _linear(call.layer, call.held, self._thin)
        return self._layers[call.name](*known)

    def _arguments(self, call: Call, values: Mapping[Slot, Any]) -> list[Any]:
        """Arguments of an operation; positive ones for its kernels, where it has some."""
        positional, keywords = call.filled(values)
        arguments = [*positional, *keywords.values()]
        if keras_kind(call.layer) not in ("ops.Conv", "ops.DepthwiseConv", "ops.SeparableConv"):
            return arguments
        shapes = [(*item.shape[:-2], 1, 1) if self._thin else item.shape for item in arguments[1:]]
        return [arguments[0], *(np.ones(shape, "float32") for shape in shapes)]


def _marked(value: Any) -> Any:
    """The same value, whose gradient goes on as a mask of where there is one.

    So contributions can neither fade over many layers nor be feigned by the rounding of fast convolutions.
    """
    import keras

    @keras.ops.custom_gradient
    def mark(x: Any) -> Any:
        def grad(*args: Any, upstream: Any = None) -> Any:
            size = keras.ops.abs(args[0] if upstream is None else upstream)
            return keras.ops.cast(size > ROUNDING * keras.ops.max(size), x.dtype)

        return x, grad

    return mark(value)


def _linear(layer: Any, held: int, thin: bool) -> Any:
    """Fresh copy of a layer: linear, channels last, averaging where it took the largest, with one filter if thin."""
    import keras

    name = type(layer).__name__
    if name == "SpectralNormalization":
        return _linear(layer.layer, held, thin)
    config = layer.get_config()
    changes: dict[str, Any] = {"activation": "linear", "data_format": "channels_last"}
    changes |= {"exponent": 1.0, "maximum_share": 0.0, "lateral_inhibition": False}  # of our own layers: averages
    if thin:
        changes |= {"filters": 1, "groups": 1, "depth_multiplier": 1}
    config.update({key: value for key, value in changes.items() if key in config})
    pooling = name.replace("MaxPooling", "AveragePooling")
    kind = type(layer) if pooling == name else getattr(keras.layers, pooling)
    return held_apart(kind.from_config(config), held)


def _make_positive(layer: Any) -> None:
    """Equal weights everywhere, and none for what inhibits."""
    for variable in layer.trainable_variables:
        if variable.name.endswith("kernel"):
            variable.assign(np.full(variable.shape, 1 / np.prod(variable.shape[:-1]), "float32"))
        elif variable.name == "inhibition":
            variable.assign(np.zeros(variable.shape, "float32"))
