"""The graph of a Keras 3 model: which layer was called on which tensors.

The only file that knows Keras's own records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from astrocnn.errors import ReceptiveFieldError


@dataclass(frozen=True)
class Call:
    """One call of a layer, operation or nested model on symbolic tensors."""

    layer: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]


def calls(inputs: Sequence[Any], outputs: Sequence[Any]) -> list[Call]:
    """Calls that lead from the input tensors to the output tensors, each after those it needs.

    Parameters
    ----------
    inputs, outputs : sequence of KerasTensor
        Ends of the graph.
    """
    done: set[int] = {id(tensor) for tensor in inputs}
    found: list[Call] = []
    pending: list[tuple[Any, bool]] = [(tensor, False) for tensor in reversed(outputs)]
    while pending:
        tensor, ready = pending.pop()
        if id(tensor) in done:
            continue
        history = tensor._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        if ready:
            found.append(Call(node.operation, tuple(node.input_tensors), tuple(node.output_tensors)))
            done.update(id(output) for output in node.output_tensors)
        else:
            pending.append((tensor, True))
            pending.extend((source, False) for source in reversed(node.input_tensors))
    return found


def ends(model: Any) -> tuple[list[Any], list[Any]]:
    """Input and output tensors of a built Sequential or functional model.

    Raises
    ------
    ReceptiveFieldError
        When Keras knows no graph of the model: a subclass with its own `call`, or a Sequential not yet built.
    """
    if not is_model(model):
        raise ReceptiveFieldError("not a Keras model", expected="keras.Model", received=type(model).__name__)
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise ReceptiveFieldError(
            "Keras knows no graph of this model",
            where=model.name,
            expected="a built Sequential or functional model",
            fix="build it with an input shape, or connect its layers with keras.Model(inputs, outputs)",
        )
    return list(inputs), list(outputs)


def is_model(layer: Any) -> bool:
    """Whether a layer is itself a model of layers."""
    import keras

    return isinstance(layer, keras.Model)


def every_layer(model: Any) -> list[Any]:
    """Layers of a model and of the models nested in it."""
    return [inner for layer in model.layers for inner in (every_layer(layer) if is_model(layer) else [layer])]
