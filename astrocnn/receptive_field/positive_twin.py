"""A copy of a network in which no contribution can cancel or be switched off.

Weights are positive, activations linear, normalisations left out, the largest replaced by the average, products by
sums; branches that see the whole input are left out. The inputs with a gradient are then exactly those that are seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.graph import Call, Slot
from astrocnn.receptive_field.rules.merging import ELEMENTWISE
from astrocnn.receptive_field.rules.pointwise import UNCHANGED
from astrocnn.receptive_field.rules.registry import keras_kind
from astrocnn.receptive_field.walk import Step


class PositiveTwin:
    """Function from the input that is looked at to the output of the last step of a walk, channels last.

    Parameters
    ----------
    steps : sequence of Step
        From the input to what is looked at.
    slot : int
        Slot of the input.
    """

    def __init__(self, steps: Sequence[Step], slot: Slot) -> None:
        self._slot = slot
        self._steps = [step for step in steps[1:] if not step.field.is_whole]
        self._layers: dict[str, Any] = {}
        entry = steps[0]
        self.input_shape: tuple[int, ...] = (*entry.field.map_size, entry.channels or 1)
        self(np.zeros((1, *self.input_shape), "float32"))  # builds the layers
        for layer in self._layers.values():
            _make_positive(layer)

    def __call__(self, value: Any) -> Any:
        """Output for a batch of one, shape (1, *axes, channels)."""
        values: dict[Slot, Any] = {self._slot: value}
        for step in self._steps:
            assert step.call is not None
            value = self._apply(step.call, values)
            values.update(dict.fromkeys(step.call.outputs, value))
        return value

    def _apply(self, call: Call, values: Mapping[Slot, Any]) -> Any:
        import keras

        known = [values[slot] for slot in call.inputs if slot in values]
        kind = keras_kind(call.layer)
        if kind in UNCHANGED or kind in ("Permute", "ops.Transpose"):
            return known[0]
        if kind in ELEMENTWISE:
            return sum(known[1:], start=known[0])
        if kind in ("Concatenate", "ops.Concatenate"):
            return keras.ops.concatenate(known, axis=-1)
        if kind == "ops.Split":
            return known[0]
        if kind == "ops.MaxPool":
            given = call.layer
            return keras.ops.average_pool(known[0], given.pool_size, given.strides, given.padding)
        if len(known) < len(call.inputs):
            raise ReceptiveFieldError("the layer also reads another input; its gradient is not taken", where=call.name)
        if not isinstance(call.layer, keras.Layer):
            return call.layer(*self._arguments(call, values))
        if call.name not in self._layers:
            self._layers[call.name] = _linear(call.layer, call.held)
        return self._layers[call.name](*known)

    @staticmethod
    def _arguments(call: Call, values: Mapping[Slot, Any]) -> list[Any]:
        """Arguments of an operation; its kernel, where it has one, without a sign."""
        import keras

        positional, keywords = call.filled(values)
        convolves = type(call.layer).__name__ in ("Conv", "DepthwiseConv", "SeparableConv")
        arguments = [*positional, *keywords.values()]
        return [arguments[0], *(keras.ops.abs(item) + 0.01 if convolves else item for item in arguments[1:])]


def _linear(layer: Any, held: int) -> Any:
    """Fresh copy of a layer: linear, channels last, averaging where it took the largest."""
    import keras

    config = layer.get_config()
    if "activation" in config:
        config["activation"] = "linear"
    if "data_format" in config:
        config["data_format"] = "channels_last"
    name = type(layer).__name__
    kind = type(layer)
    if "MaxPooling" in name:
        kind = getattr(keras.layers, name.replace("MaxPooling", "AveragePooling"))
    if name == "SpectralNormalization":
        return _linear(layer.layer, held)
    copy = kind.from_config(config)
    for _ in range(held):
        copy = keras.layers.TimeDistributed(copy)
    return copy


def _make_positive(layer: Any) -> None:
    """One over the root of the taps keeps gradients at the edges and in the middle within the range of float32."""
    for variable in layer.trainable_variables:
        if variable.name.endswith("kernel"):
            taps, channels = np.prod(variable.shape[:-2]), variable.shape[-2]
            variable.assign(np.full(variable.shape, 1 / (np.sqrt(taps) * channels), "float32"))
