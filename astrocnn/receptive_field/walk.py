"""Walk over a Keras model: what the features of every tensor see, call by call. No tensor is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from astrocnn.errors import ReceptiveFieldError, UnknownName
from astrocnn.receptive_field.arithmetic import AxisField
from astrocnn.receptive_field.cost import Cost, cost_of
from astrocnn.receptive_field.field import Misalignment
from astrocnn.receptive_field.graph import Call, Graph, Slot
from astrocnn.receptive_field.rules import apply_rule
from astrocnn.receptive_field.tensor_field import GlobalOperation, TensorField, merge
from astrocnn.spelling import suggestion


@dataclass(frozen=True)
class Step:
    """One call of a layer on the way through the model.

    Attributes
    ----------
    name : str
        Name of the layer; inside a nested model `model/layer`, at the second call of a shared layer `layer#2`.
    call : Call or None
        The call; None for the input.
    field : TensorField
        What its output sees.
    changed : bool
        Whether the output sees anything else than the input.
    channels : int or None
        Channels of its output.
    cost : Cost
        Parameters and multiply-adds.
    """

    name: str
    call: Call | None
    field: TensorField
    changed: bool
    channels: int | None
    cost: Cost


def walk(graph: Graph, source: str, input_shape: Sequence[int] | None = None) -> Iterator[Step]:
    """Walk from one input of a model towards its outputs.

    Parameters
    ----------
    graph : Graph
        Of the model.
    source : str
        Name of the input that is looked at.
    input_shape : sequence of int, optional
        Shape of one object, channels included, where the model leaves sizes open or for another size.

    Yields
    ------
    Step
        In the order of computation; only what depends on that input.

    Raises
    ------
    ReceptiveFieldError
        When a size is open, a layer has no rule, or branches do not fit together.
    """
    slot, entry = spatial_inputs(graph)[source]
    shape = tuple(input_shape) if input_shape is not None else tuple(entry.shape[1:])
    start = _input_field(graph, shape, entry)
    yield Step(source, None, start, True, shape[0 if start.channel_axis == 1 else -1], Cost())
    fields: dict[Slot, TensorField] = {slot: start}
    as_built = shape == tuple(entry.shape[1:])
    for call in graph.calls:
        known = [fields[read] for read in call.inputs if read in fields]
        if not known:
            continue  # depends on another input only
        field = _apply(call, known)
        if as_built:
            _compare_with_keras(call, field)
        fields.update(dict.fromkeys(call.outputs, field))
        changed = all(field.axes is not before.axes for before in known)
        channels = call.tensors[0].shape[field.channel_axis]
        yield Step(call.name, call, field, changed, channels, cost_of(call, known, field))


def spatial_inputs(graph: Graph) -> Mapping[str, tuple[Slot, Any]]:
    """Inputs with spatial axes, by name; of a plain list of samples what it is once it has got a channel.

    Raises
    ------
    ReceptiveFieldError
        When there is none.
    """
    ends = zip(graph.inputs, graph.input_tensors, strict=True)
    spatial = {tensor.name: (slot, tensor) for slot, tensor in ends if len(tensor.shape) > 2}
    spatial = spatial or _lists_of_samples(graph)
    if not spatial:
        raise ReceptiveFieldError(
            "the model has no input with spatial axes",
            where=graph.name,
            expected="an input (y, x, band) or (time, channel)",
            received=[tuple(tensor.shape) for tensor in graph.input_tensors],
        )
    return spatial


def _lists_of_samples(graph: Graph) -> dict[str, tuple[Slot, Any]]:
    """Inputs of shape (time,) that are first given a channel: where they have it, as (time, 1)."""
    names = {slot: tensor.name for slot, tensor in zip(graph.inputs, graph.input_tensors, strict=True)}
    return {
        names[call.inputs[0]]: (call.outputs[0], call.tensors[0])
        for call in graph.calls
        if call.inputs[0] in names and type(call.layer).__name__ in ("Reshape", "ExpandDims")
        if len(call.tensors[0].shape) == 3 and call.tensors[0].shape[-1] == 1
    }


def source_named(graph: Graph, source: str | None) -> str:
    """Name of the input that is looked at: the one that is asked for, else the first with spatial axes.

    Raises
    ------
    UnknownName
        When there is no such input.
    """
    names = list(spatial_inputs(graph))
    if source is None:
        return names[0]
    if source not in names:
        raise UnknownName(
            f"there is no input {source!r} with spatial axes", where=graph.name, fix=suggestion(source, names)
        )
    return source


def channel_axis_of(graph: Graph) -> int:
    """Axis of the input that holds the channels, as the first layer that says so has it: 1 (first) or -1 (last)."""
    formats = [getattr(call.layer, "data_format", None) for call in graph.calls]
    return 1 if next((name for name in formats if name), None) == "channels_first" else -1


def _input_field(graph: Graph, shape: tuple[Any, ...], entry: Any) -> TensorField:
    channel_axis = channel_axis_of(graph)
    spatial = shape[1:] if channel_axis == 1 else shape[:-1]
    if len(shape) != len(entry.shape) - 1 or any(not size for size in spatial):
        raise ReceptiveFieldError(
            "the size of the input is not known",
            where=graph.name,
            expected=f"input_shape of {len(entry.shape) - 1} sizes",
            received=shape,
            fix="give input_shape=",
        )
    return TensorField(tuple(AxisField.of_input(size) for size in spatial), channel_axis)


def _apply(call: Call, known: list[TensorField]) -> TensorField:
    """Apply a layer's rule and put its name where the rule could not know it."""
    if all(field.is_whole for field in known):
        return _named(merge(known), call.name)
    try:
        _check_channels(call, known)
        if call.held:
            held, inner = zip(*(field.hold_apart(call.held) for field in known), strict=True)
            field = apply_rule(call, inner).put_back(held[0])
        else:
            field = apply_rule(call, known)
    except ReceptiveFieldError as error:
        raise ReceptiveFieldError(
            error.what, where=call.name, expected=error.expected, received=error.received, fix=error.fix
        ) from error
    return _named(field, call.name)


def _named(field: TensorField, name: str) -> TensorField:
    def named(operation: GlobalOperation | None) -> GlobalOperation | None:
        return operation if operation is None or operation.layer else replace(operation, layer=name)

    misaligned = tuple(Misalignment(finding.layer or name, finding.offset) for finding in field.misaligned)
    return replace(
        field, global_operation=named(field.global_operation), last_operation=named(field.last_operation),
        misaligned=misaligned, trail=(field.trail, name),
    )  # fmt: skip


def _check_channels(call: Call, known: list[TensorField]) -> None:
    """Hold a layer's place of the channels against that of the tensor."""
    wanted = getattr(call.layer, "data_format", None)
    here = {"channels_first" if field.channel_axis == 1 else "channels_last" for field in known if field.axes}
    if isinstance(wanted, str) and here - {wanted}:
        raise ReceptiveFieldError("the channels stand elsewhere", expected=wanted, received=" and ".join(sorted(here)))


def _compare_with_keras(call: Call, field: TensorField) -> None:
    """Hold the map's size against Keras's: a wrong rule shows here."""
    shape = call.tensors[0].shape
    expected = tuple(shape[2:] if field.channel_axis == 1 else shape[1:-1])
    # Of what is inside TimeDistributed, Keras may know the tensor without the axes held apart.
    received = (field.shape, field.shape[call.held :])
    if field.axes and None not in expected and expected not in received:
        raise ReceptiveFieldError(
            "the layer's receptive-field rule disagrees with Keras on the size of the map",
            where=call.name,
            expected=expected,
            received=field.shape,
            fix="correct the rule",
        )
