"""The graph of a Keras 3 model: which layer was called on which tensors, nested models opened up.

The only file that knows Keras's own records.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from astrocnn.errors import ReceptiveFieldError

Slot = int
"""Number of one value in the graph; a nested model that is called twice has other values in each call."""


@dataclass(frozen=True)
class Call:
    """One call of a layer or operation.

    Attributes
    ----------
    name : str
        Name of the layer; inside a nested model `model/layer`, at the second call of a shared layer `layer#2`.
    layer : keras.Operation
        The layer or operation; what TimeDistributed wraps stands here itself.
    inputs, outputs : tuple of int
        Slots that it reads and fills.
    tensors : tuple of KerasTensor
        Symbolic outputs, as Keras built them.
    arguments : SymbolicArguments
        What it was called with.
    sources : tuple of KerasTensor
        The symbolic tensors among the arguments, in the order of `inputs`.
    held : int
        Leading axes over which TimeDistributed repeats the call.
    repeated : bool
        Whether the layer was called before, so that its parameters are counted already.
    """

    name: str
    layer: Any
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    tensors: tuple[Any, ...]
    arguments: Any
    sources: tuple[Any, ...]
    held: int = 0
    repeated: bool = False

    def filled(self, values: Mapping[Slot, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments with other tensors in place of the symbolic ones."""
        return _filled(self.arguments, self.sources, [values[slot] for slot in self.inputs])


@dataclass(frozen=True)
class Graph:
    """A model as one flat list of calls.

    Attributes
    ----------
    name : str
        Name of the model.
    inputs, outputs : tuple of int
        Slots of its ends.
    input_tensors : tuple of KerasTensor
        The inputs as symbolic tensors.
    calls : tuple of Call
        Each after those it needs.
    """

    name: str
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    input_tensors: tuple[Any, ...]
    calls: tuple[Call, ...]

    def towards(self, output: Slot) -> Graph:
        """The same graph with one output and only the calls that lead to it."""
        wanted, kept = {output}, []
        for call in reversed(self.calls):
            if not wanted.isdisjoint(call.outputs):
                wanted.update(call.inputs)
                kept.append(call)
        return replace(self, outputs=(output,), calls=tuple(reversed(kept)))


def graph_of(model: Any, input_shape: Sequence[int] | None = None, known: Any = lambda layer: True) -> Graph:
    """Graph of a built model.

    Parameters
    ----------
    model : keras.Model
        Sequential, functional, or a subclass with a `call` of its own that Keras can trace.
    input_shape : sequence of int, optional
        Shape of one object, for a subclass that has not been called yet.
    known : callable
        Tells of a layer that it needs no opening up; other layers that are made of layers are traced.

    Raises
    ------
    ReceptiveFieldError
        When it is no model, or no graph can be had.
    """
    if not is_model(model):
        raise ReceptiveFieldError("not a Keras model", expected="keras.Model", received=type(model).__name__)
    inputs, outputs = _recorded(model) or _traced_model(model, input_shape)
    numbers = count()
    slots: dict[int, Slot] = {id(tensor): next(numbers) for tensor in inputs}
    opened = _Opened(known, numbers)
    opened.level(inputs, outputs, slots, "", 0)
    return Graph(
        name=model.name,
        inputs=tuple(slots[id(tensor)] for tensor in inputs),
        outputs=tuple(slots[id(tensor)] for tensor in outputs),
        input_tensors=tuple(inputs),
        calls=tuple(opened.calls),
    )


def is_model(layer: Any) -> bool:
    """Whether a layer is itself a model of layers."""
    import keras

    return isinstance(layer, keras.Model)


def held_apart(layer: Any, count: int) -> Any:
    """A layer repeated over so many leading axes, as `Call.held` says; the layer itself where there are none."""
    import keras

    for _ in range(count):
        layer = keras.layers.TimeDistributed(layer)
    return layer


@dataclass
class _Opened:
    """Collects the calls of a graph level by level."""

    known: Any
    numbers: Any
    calls: list[Call] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    layers: set[int] = field(default_factory=set)

    def level(self, inputs: Any, outputs: Any, slots: dict[int, Slot], prefix: str, held: int) -> None:
        """Add the calls between two ends; `slots` maps symbolic tensors to values and grows on the way."""
        for node in _ordered(inputs, outputs):
            operation, sources, results = node.operation, node.input_tensors, node.output_tensors
            name = self._named(prefix + operation.name)
            deeper = held
            while type(operation).__name__ == "TimeDistributed" and hasattr(operation, "layer"):
                operation, deeper = operation.layer, deeper + 1
            inner = self._inner(operation, node.arguments, sources, name, deeper - held)
            if inner is None:
                slots.update({id(tensor): next(self.numbers) for tensor in results})
                self._add(name, operation, slots, node, deeper)
                continue
            inner_slots = {id(inside): slots[id(outside)] for inside, outside in zip(inner[0], sources, strict=True)}
            self.level(*inner, inner_slots, f"{name}/", deeper)
            leaving = zip(inner[1], results, strict=True)
            slots.update({id(outside): inner_slots[id(inside)] for inside, outside in leaving})

    def _named(self, path: str) -> str:
        self.seen[path] += 1
        return path if self.seen[path] == 1 else f"{path}#{self.seen[path]}"

    def _add(self, name: str, operation: Any, slots: dict[int, Slot], node: Any, held: int) -> None:
        self.calls.append(
            Call(
                name,
                operation,
                tuple(slots[id(tensor)] for tensor in node.input_tensors),
                tuple(slots[id(tensor)] for tensor in node.output_tensors),
                tuple(node.output_tensors),
                node.arguments,
                tuple(node.input_tensors),
                held,
                id(operation) in self.layers,
            )
        )
        self.layers.add(id(operation))

    def _inner(
        self, operation: Any, arguments: Any, sources: Sequence[Any], name: str, held: int
    ) -> tuple[Sequence[Any], Sequence[Any]] | None:
        """Ends of what a nested model or a layer made of layers does inside; None for a layer to be taken as one."""
        if is_model(operation):
            recorded = _recorded(operation)
            if recorded is not None and len(recorded[0]) == len(sources):
                return recorded
        elif self.known(operation) or not getattr(operation, "_layers", None):
            return None
        shapes = [tensor.shape[:1] + tensor.shape[1 + held :] for tensor in sources]
        inside = [_symbolic(shape, tensor.dtype) for shape, tensor in zip(shapes, sources, strict=True)]
        positional, keywords = _filled(arguments, sources, inside)
        return inside, _traced(operation, positional, keywords, name)


def _recorded(model: Any) -> tuple[list[Any], list[Any]] | None:
    """Ends of a model whose graph Keras keeps."""
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs or not hasattr(outputs[0], "_keras_history"):
        return None
    return list(inputs), list(outputs)


def _traced_model(model: Any, input_shape: Sequence[int] | None) -> tuple[list[Any], list[Any]]:
    """Ends of a subclass with a `call` of its own, called on symbolic tensors."""
    import keras

    advice = "give input_shape=, or connect its layers with keras.Model(inputs, outputs)"
    if isinstance(model, keras.Sequential):
        raise ReceptiveFieldError("Keras knows no graph of this model", where=model.name, fix=f"build it: {advice}")
    shapes = _built_shapes(model) if input_shape is None else {"input": (None, *input_shape)}
    if not shapes:
        raise ReceptiveFieldError("the model has no graph and no input shape", where=model.name, fix=advice)
    inputs = {name: _symbolic_tree(shape, name) for name, shape in shapes.items()}
    positional, keywords = (tuple(inputs.values()), {}) if len(inputs) == 1 else ((), inputs)
    return keras.tree.flatten(inputs), _traced(model, positional, keywords, model.name)


def _built_shapes(model: Any) -> dict[str, Any]:
    """Shapes a subclassed model was last built with, by argument of its `call`."""
    recorded = getattr(model, "_build_shapes_dict", None) or {}
    return {name.removesuffix("_shape"): shape for name, shape in recorded.items()}


def _symbolic_tree(shape: Any, name: str) -> Any:
    """Symbolic tensors in the structure in which their shapes stand."""
    if isinstance(shape, Mapping):
        return {key: _symbolic_tree(inner, str(key)) for key, inner in shape.items()}
    if any(isinstance(inner, tuple | list | Mapping) for inner in shape):
        return [_symbolic_tree(inner, f"{name}{number}") for number, inner in enumerate(shape, start=1)]
    return _symbolic(shape, "float32", name)


def _symbolic(shape: Sequence[Any], dtype: Any, name: str | None = None) -> Any:
    import keras

    return keras.KerasTensor((None, *shape[1:]), dtype=dtype, name=name)


def _traced(layer: Any, positional: Sequence[Any], keywords: Mapping[str, Any], name: str) -> list[Any]:
    """Symbolic outputs of a layer's own `call`, as it is when data are scored."""
    import keras

    accepted = inspect.signature(layer.call).parameters
    given = {key: value for key, value in keywords.items() if key in accepted}
    if "training" in accepted:
        given["training"] = False
    try:
        outputs = keras.tree.flatten(layer.call(*positional, **given))
    except Exception as error:  # whatever the code of a stranger's model may raise
        raise ReceptiveFieldError(
            "Keras cannot trace what this model does",
            where=name,
            received=f"{type(error).__name__}: {error}",
            fix="let its call use keras.layers and keras.ops only, or register a rule for its class",
        ) from error
    if not all(isinstance(tensor, keras.KerasTensor) for tensor in outputs):
        raise ReceptiveFieldError("the model does not give tensors", where=name, received=type(outputs[0]).__name__)
    return outputs


def _filled(arguments: Any, sources: Sequence[Any], values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    positional, keywords = arguments.fill_in({id(old): new for old, new in zip(sources, values, strict=True)})
    return positional, keywords


def _ordered(inputs: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
    """Nodes of Keras's graph between two ends, each after those it needs."""
    done: set[int] = {id(tensor) for tensor in inputs}
    found: list[Any] = []
    pending: list[tuple[Any, bool]] = [(tensor, False) for tensor in reversed(outputs)]
    while pending:
        tensor, ready = pending.pop()
        if id(tensor) in done:
            continue
        history = tensor._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        if ready:
            found.append(node)
            done.update(id(output) for output in node.output_tensors)
        else:
            pending.append((tensor, True))
            pending.extend((source, False) for source in reversed(node.input_tensors))
    return found
