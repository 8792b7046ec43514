"""A network opened for looking inside: its tensors by layer, and its scores before the last activation.

A probability near 0 or 1 hardly changes whatever is done to the input, so that its gradient says nothing. All looks are
at the number that the last sigmoid or softmax is taken of, as Simonyan et al. (2014, arXiv:1312.6034) and Selvaraju et
al. (2017, ICCV) do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.errors import MismatchError
from astrocnn.receptive_field.evaluate import evaluated
from astrocnn.receptive_field.gradient import compiled, gradient
from astrocnn.receptive_field.graph import Call, Graph, Slot, graph_of
from astrocnn.receptive_field.measure import output_named
from astrocnn.receptive_field.rules import has_rule
from astrocnn.receptive_field.tensor_field import TensorField
from astrocnn.receptive_field.walk import Step, source_named, spatial_inputs, walk

BATCH, FEW = 64, 8
"""Objects that are computed together; so few that compiling a function for them would take longer."""

_SQUASHING = {"sigmoid": "log-odds", "softmax": "score before the softmax"}


@dataclass(eq=False)
class Opened:
    """A network with one input that has spatial axes.

    Attributes
    ----------
    graph : Graph
        As far as the scores.
    entry : int
        Slot of the input.
    steps : tuple of Step
        The walk from the input to the scores.
    score_is : str
        What a score is: `log-odds` of a probability, `score before the softmax`, or the network's `output`.
    """

    graph: Graph
    entry: Slot
    steps: tuple[Step, ...]
    score_is: str
    _functions: dict[tuple[Slot, ...], Any] = field(default_factory=dict, repr=False)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one object, channels last."""
        return (*self.steps[0].field.map_size, self.steps[0].channels or 1)

    @property
    def number_of_scores(self) -> int:
        """Scores an object gets."""
        return int(self.graph.calls[-1].tensors[0].shape[-1])

    @property
    def maps(self) -> tuple[Step, ...]:
        """The layers whose output still has spatial axes, in the order of computation, the input left out."""
        return tuple(step for step in self.steps[1:] if step.field.axes)

    @property
    def last_map(self) -> str:
        """The last layer with spatial axes before a global operation takes them away; of some networks the input."""
        return self.maps[-1].name if self.maps else self.steps[0].name

    def step(self, layer: str) -> Step:
        """One layer of the walk.

        Raises
        ------
        UnknownName
            When there is no such layer; the nearest name is given.
        """
        name, slot = output_named(self.graph, layer)
        entry = slot == self.entry
        return next(one for one in self.steps if one.name == name or (entry and one.call is None))

    def map_step(self, layer: str) -> Step:
        """One layer whose output has spatial axes.

        Raises
        ------
        UnknownName
            When there is no such layer.
        MismatchError
            When it comes after a global operation.
        """
        found = self.step(layer)
        if not found.field.axes:
            raise MismatchError(
                "the layer has no spatial axes", where=layer, expected="a layer before any global operation",
                fix=f"name {self.last_map}, the last of them",
            )  # fmt: skip
        return found

    def slot(self, step: Step) -> Slot:
        """Slot of what a layer gives."""
        return self.entry if step.call is None else step.call.outputs[0]

    def scores(self, value: Any) -> Any:
        """Scores (n, output) of prepared inputs (n, *axes, channels), as tensors."""
        return evaluated(self.graph, {self.entry: value}, self.graph.outputs)[0]

    @cached_property
    def score_slope(self) -> Callable[..., NDArray[np.float64]]:
        """Gradient of scores by the input: of (n, *axes, channels) and weights (n, output), in float32."""
        import keras

        return gradient(lambda value, which: keras.ops.sum(self.scores(value) * which))

    def one_hot(self, outputs: Sequence[int] | NDArray[Any]) -> NDArray[np.float32]:
        """Weights (n, output) that pick one score of each object."""
        return np.eye(self.number_of_scores, dtype=np.float32)[np.asarray(outputs, int)]

    def computed(self, steps: Sequence[Step | None], values: NDArray[Any]) -> list[NDArray[np.float32]]:
        """What layers give, or the scores where None stands for a layer, batch by batch.

        Parameters
        ----------
        steps : sequence of Step or None
            Of the walk.
        values : ndarray, shape (n, *axes, channels)
            Prepared inputs.

        Returns
        -------
        list of ndarray of float32
            (n, *axes of the map, channels), or (n, output).
        """
        slots = tuple(self.graph.outputs[0] if step is None else self.slot(step) for step in steps)
        parts = [self._batch(slots, values[start : start + BATCH]) for start in range(0, len(values), BATCH)]
        joined = [np.concatenate(found) for found in zip(*parts, strict=True)]
        return [one if step is None else as_map(one, step.field) for step, one in zip(steps, joined, strict=True)]

    def _batch(self, slots: tuple[Slot, ...], values: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Tensors of a few objects as they are; of more through a compiled function of padded batches."""
        import keras

        if len(values) <= FEW and slots not in self._functions:
            found = evaluated(self.graph, {self.entry: np.asarray(values, np.float32)}, slots)
            return [np.asarray(keras.ops.convert_to_numpy(tensor), np.float32) for tensor in found]
        if slots not in self._functions:
            self._functions[slots] = compiled(lambda value: evaluated(self.graph, {self.entry: value}, slots))
        padded = np.zeros((BATCH, *values.shape[1:]), np.float32)
        padded[: len(values)] = values
        return [np.asarray(one[: len(values)], np.float32) for one in self._functions[slots](padded)]


def open_network(model: Any) -> Opened:
    """Open a built Keras model.

    Parameters
    ----------
    model : keras.Model
        From (n, *axes, channels) to (n, output). Nested models are opened up.

    Raises
    ------
    MismatchError
        When it has several inputs, or does not give numbers for each object.
    ReceptiveFieldError
        When it has no graph, or a layer has no receptive-field rule.
    """
    graph = graph_of(model, None, has_rule)
    if len(graph.inputs) != 1 or len(graph.outputs) != 1 or len(model.output_shape) != 2:
        raise MismatchError(
            "only networks from one input to numbers for each object can be looked into", where=graph.name,
            expected="(n, y, x, band) or (n, time, channel) to (n, output)",
            received=f"{model.input_shape} to {model.output_shape}",
        )  # fmt: skip
    graph, score_is = before_activation(graph.towards(graph.outputs[0]))
    source = source_named(graph, None)
    entry = spatial_inputs(graph)[source][0]
    return Opened(graph, entry, tuple(walk(graph, source)), score_is)


def before_activation(graph: Graph) -> tuple[Graph, str]:
    """The same graph without a sigmoid or softmax at its end, and what its output then is."""
    last = next(call for call in reversed(graph.calls) if graph.outputs[0] in call.outputs)
    kind = type(last.layer).__name__
    if kind == "Softmax":
        return graph.towards(last.inputs[0]), _SQUASHING["softmax"]
    activation = getattr(getattr(last.layer, "activation", None), "__name__", "")
    if activation not in _SQUASHING:
        return graph, "output"
    if kind == "Activation":
        return graph.towards(last.inputs[0]), _SQUASHING[activation]
    calls = tuple(replace(call, layer=_linear(call)) if call is last else call for call in graph.calls)
    return replace(graph, calls=calls), _SQUASHING[activation]


def as_map(values: NDArray[Any], field: TensorField) -> NDArray[Any]:
    """Values of a layer as (n, *axes, channels), wherever its channels stand and if its positions stand in a list."""
    if field.channel_axis == 1:
        values = np.moveaxis(values, 1, -1)
    return values.reshape((len(values), *field.map_size, values.shape[-1]))


def _linear(call: Call) -> Any:
    """Copy of a layer with its weights and without its activation."""
    layer = call.layer
    copy = type(layer).from_config({**layer.get_config(), "activation": "linear"})
    copy.build(call.sources[0].shape)
    copy.set_weights(layer.get_weights())
    return copy
