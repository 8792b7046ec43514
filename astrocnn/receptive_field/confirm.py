"""Confirm a receptive field by a gradient: which inputs one feature really depends on.

The network is copied with positive weights, linear activations and average instead of maximum pooling, so that no
contribution can cancel or be switched off; the inputs with a gradient are then exactly those that are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.errors import AstrocnnError, ReceptiveFieldError
from astrocnn.receptive_field import graph
from astrocnn.receptive_field.tensor_field import TensorField
from astrocnn.receptive_field.walk import walk

Box = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Confirmation:
    """Outcome of the gradient test at one feature.

    Attributes
    ----------
    layer : str
        Layer whose output was tested.
    position : tuple of int
        The feature, per spatial axis.
    expected, measured : tuple of (int, int)
        First and last input seen per axis, by the layers' rules and by the gradient; (0, -1) where nothing is.
    """

    layer: str
    position: tuple[int, ...]
    expected: Box
    measured: Box

    @property
    def agrees(self) -> bool:
        """Whether both boxes are the same."""
        return self.expected == self.measured


def confirm(
    model: Any, layer: str | None = None, position: Sequence[int] | None = None, *, source: str | None = None
) -> Confirmation:
    """Compare the field of one feature with the support of its gradient.

    Parameters
    ----------
    model : keras.Model
        A built Sequential or functional model of fixed input size.
    layer : str, optional
        The layer that is tested; by default the output, or what the first global operation reads.
    position : sequence of int, optional
        The feature, per spatial axis; by default the one in the middle of the map.
    source : str, optional
        Name of the input, where several have spatial axes.

    Returns
    -------
    Confirmation
        Both boxes, cut off at the edges of the input.

    Raises
    ------
    ReceptiveFieldError
        When the layer is not in the model's own graph (but inside a nested model), or a layer has no rule.
    """
    entry, field, tensor, name = _target(model, layer, source)
    place = tuple(position) if position is not None else tuple(size // 2 for size in field.map_size)
    expected = tuple(_box(axis.first[index], axis.last[index]) for axis, index in zip(field.axes, place, strict=True))
    inputs, _ = graph.ends(model)
    gradient = _gradient(_positive_twin(inputs, tensor), inputs.index(entry), place, field.channel_axis)
    measured = tuple(_support(gradient, axis) for axis in range(gradient.ndim))
    return Confirmation(name, place, expected, measured)


def _target(model: Any, layer: str | None, source: str | None) -> tuple[Any, TensorField, Any, str]:
    """Input tensor, and the field, tensor and name of what is tested."""
    steps = list(walk(model, source=source))
    last = next((step for step in steps if step.name == layer), None) if layer else steps[-1]
    operation = last.field.global_operation if last is not None else None
    if layer is None and operation is not None:
        last = next(step for step in steps if step.field is operation.source)
    if last is None or "/" in last.name or not last.field.axes or last.field.global_operation is not None:
        raise ReceptiveFieldError(
            "the gradient of this layer cannot be taken",
            where=layer or model.name,
            expected="a layer of the model itself that comes before any global operation",
        )
    return steps[0].tensor, last.field, last.tensor, last.name


def _positive_twin(inputs: Sequence[Any], tensor: Any) -> Any:
    """Copy of the graph up to a tensor in which every contribution is positive."""
    import keras

    twin = keras.models.clone_model(keras.Model(list(inputs), tensor), clone_function=_linear)
    for variable in twin.trainable_variables:
        if variable.name.endswith("kernel"):
            # One over the root of the taps keeps the gradients at the edges and in the middle within float32's range.
            taps, channels = np.prod(variable.shape[:-2]), variable.shape[-2]
            variable.assign(np.full(variable.shape, 1 / (np.sqrt(taps) * channels), "float32"))
    return twin


def _linear(layer: Any) -> Any:
    """Fresh copy of a layer, linear, and averaging or adding where it took the largest or a difference."""
    import keras

    config = layer.get_config()
    if "activation" in config:
        config["activation"] = "linear"
    name = type(layer).__name__
    if name.startswith("MaxPooling"):
        return getattr(keras.layers, name.replace("Max", "Average")).from_config(config)
    if name in ("Maximum", "Minimum", "Subtract"):
        return keras.layers.Add.from_config(config)
    return type(layer).from_config(config)


def _gradient(model: Any, entry: int, place: tuple[int, ...], channel_axis: int) -> NDArray[np.float64]:
    """Absolute gradient of one feature, summed over channels, with respect to every input position."""
    import keras

    values = [np.ones((1, *tensor.shape[1:]), "float32") for tensor in model.inputs]
    backend = keras.backend.backend()
    feature = (0, slice(None), *place) if channel_axis == 1 else (0, *place, slice(None))
    if backend == "tensorflow":
        from astrocnn.receptive_field.gradient_tensorflow import gradient
    elif backend == "jax":
        from astrocnn.receptive_field.gradient_jax import gradient
    else:
        raise AstrocnnError("no gradient for this backend", expected="tensorflow or jax", received=backend)
    return np.abs(gradient(model, values, entry, feature)[0]).sum(axis=channel_axis if channel_axis < 0 else 0)


def _support(gradient: NDArray[np.float64], axis: int) -> tuple[int, int]:
    others = tuple(other for other in range(gradient.ndim) if other != axis)
    seen = np.flatnonzero((gradient > 0).any(axis=others))
    return (int(seen[0]), int(seen[-1])) if len(seen) else (0, -1)


def _box(first: float, last: float) -> tuple[int, int]:
    return (int(first), int(last)) if np.isfinite(first) else (0, -1)
