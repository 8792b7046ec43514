"""Values of the tensors of an opened network, call by call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from astrocnn.receptive_field.graph import Call, Graph, Slot, held_apart


def evaluated(graph: Graph, values: Mapping[Slot, Any], wanted: Sequence[Slot]) -> list[Any]:
    """Compute some tensors of a network from others, with layers as they are when data are scored.

    Parameters
    ----------
    graph : Graph
        Of the network.
    values : mapping of int to tensor
        What is known by slot: the inputs, and any tensor inside that is to be taken as given instead of computed.
    wanted : sequence of int
        Slots to compute. No layer is called that they do not need, and what no later call needs is dropped on the way,
        so that memory does not grow with the depth.

    Returns
    -------
    list of tensor
        In the order of `wanted`.
    """
    import keras

    held = dict(values)
    calls = _needed(graph, held, wanted)
    uses = Counter(slot for call in calls for slot in call.inputs)
    for call in calls:
        positional, keywords = call.filled(held)
        outputs = keras.tree.flatten(held_apart(call.layer, call.held)(*positional, **keywords))
        held.update(zip(call.outputs, outputs, strict=True))
        for slot in call.inputs:
            uses[slot] -= 1
            if not uses[slot] and slot not in wanted:
                held.pop(slot, None)
    return [held[slot] for slot in wanted]


def _needed(graph: Graph, known: Mapping[Slot, Any], wanted: Sequence[Slot]) -> list[Call]:
    """Calls on the way from what is known to what is wanted, in the order of computation."""
    open_slots = set(wanted) - set(known)
    found = []
    for call in reversed(graph.calls):
        if not open_slots.isdisjoint(call.outputs):
            found.append(call)
            open_slots.update(slot for slot in call.inputs if slot not in known)
    return found[::-1]
