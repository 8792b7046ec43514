"""The feature that a gradient is taken of: which layer, and the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.graph import Graph, Slot, graph_of
from astrocnn.receptive_field.measure import output_named
from astrocnn.receptive_field.rules import has_rule
from astrocnn.receptive_field.walk import Step, source_named, spatial_inputs, walk


@dataclass(frozen=True)
class Target:
    """A layer before any global operation.

    Attributes
    ----------
    name : str
        Its name.
    graph : Graph
        The model as far as the layer.
    slot : int
        Slot of the input that is looked at.
    steps : tuple of Step
        The walk from that input to the layer.
    """

    name: str
    graph: Graph
    slot: Slot
    steps: tuple[Step, ...]


def target_of(
    model: Any, layer: str | None = None, source: str | None = None, input_shape: Sequence[int] | None = None
) -> Target:
    """Find a layer, by default the output or what the first global operation reads.

    Raises
    ------
    ReceptiveFieldError
        When the layer comes after a global operation.
    UnknownName
        When there is no such layer or input.
    """
    graph = graph_of(model, input_shape, has_rule)
    name = source_named(graph, source)
    output, slot = output_named(graph, layer)
    graph = graph.towards(slot)
    steps = list(walk(graph, name, input_shape))
    last = steps[-1].field
    if layer is None and last.global_operation is not None:
        before = last.global_operation.source.trail
        output = before[1] if before else name
        steps = steps[: 1 + next(n for n, step in enumerate(steps) if step.name == output)]
    elif not last.axes:
        raise ReceptiveFieldError(
            "the gradient of this layer shows the whole input",
            where=output,
            expected="a layer that comes before any global operation",
        )
    entry = spatial_inputs(graph)[name][0]
    call = steps[-1].call
    end = entry if call is None else call.outputs[0]
    graph = graph.towards(end)
    kept = {entry, *(filled for call in graph.calls for filled in call.outputs)}
    needed = [step for step in steps if step.call is None or step.call.outputs[0] in kept]
    return Target(output, graph, entry, tuple(needed))
