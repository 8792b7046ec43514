"""The receptive field of a Keras model or of one of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.field import LayerRow, ReceptiveField, unknown_layer
from astrocnn.receptive_field.graph import Call, Graph, Slot, graph_of
from astrocnn.receptive_field.rules import has_rule
from astrocnn.receptive_field.tensor_field import GlobalOperation, TensorField
from astrocnn.receptive_field.walk import Step, channel_axis_of, source_named, spatial_inputs, walk


def receptive_field(
    model: Any, layer: Any = None, input_shape: Sequence[int] | None = None, *, source: str | None = None
) -> ReceptiveField:
    """Receptive field of a built Keras model, or of one of its layers. No tensor is computed.

    Parameters
    ----------
    model : keras.Model
        Sequential, functional, or a subclass whose `call` Keras can trace; nested models and layers made of layers
        are opened up.
    layer : str or keras.Layer, optional
        The layer whose output is described; the model's output by default. Layers of nested models are called
        `model/layer`, the second call of a shared layer `layer#2`.
    input_shape : sequence of int, optional
        Shape of one object, channels included, where the model leaves sizes open or for another size.
    source : str, optional
        Name of the input, where several have spatial axes.

    Returns
    -------
    ReceptiveField
        Of the output, or of the input of the first global operation on the way to it. Of a model with several inputs
        or outputs it is that of the first of them, and the other pairs stand in `others`.

    Raises
    ------
    ReceptiveFieldError
        When the model has no graph, a size is open, or a layer has no rule.
    UnknownName
        When there is no such layer on the way, or no such input.
    """
    graph = graph_of(model, input_shape, has_rule)
    ends = outputs_of(graph) if layer is None else [output_named(graph, layer)]
    sources = [source_named(graph, source)] if source is not None else list(spatial_inputs(graph))
    found = [
        field
        for output, slot in ends
        for name in sources
        if (field := _of_pair(graph.towards(slot), name, output, _shape_for(graph, name, input_shape))) is not None
    ]
    if not found:
        raise ReceptiveFieldError("the output does not depend on an input with spatial axes", where=graph.name)
    return replace(found[0], others=tuple(found[1:]))


def spatial_shape(model: Any, size: int | None = None, channels: int = 1) -> tuple[int | None, ...]:
    """Shape of one object of the first input with spatial axes.

    Parameters
    ----------
    model : keras.Model
        As `receptive_field` takes it.
    size, channels : int
        Taken where the model leaves them open.

    Returns
    -------
    tuple of int or None
        The channels stand where the model takes them.
    """
    graph = graph_of(model, None, has_rule)
    shape = list(next(iter(spatial_inputs(graph).values()))[1].shape[1:])
    place = 0 if channel_axis_of(graph) == 1 else len(shape) - 1
    return tuple(n or (channels if number == place else size) for number, n in enumerate(shape))


def with_channels(model: Any, sizes: Sequence[int], like: Sequence[int]) -> tuple[int, ...]:
    """Shape of one object of other sizes, with the channels of `like` where the model takes them.

    Parameters
    ----------
    model : keras.Model
        As `receptive_field` takes it.
    sizes : sequence of int
        Along the spatial axes.
    like : sequence of int
        Shape of one object that the model takes, channels included.
    """
    first = channel_axis_of(graph_of(model, like, has_rule)) == 1
    return (like[0], *sizes) if first else (*sizes, like[-1])


def _described(graph: Graph, steps: Sequence[Step], output: str) -> ReceptiveField:
    """Describe what the output of the last step of a walk sees, and the path beside its first global operation."""
    last = steps[-1].field
    first, ended = last.global_operation, last.last_operation
    paths = [(last, None) if first is None else (first.source, first)]
    if first is not None and last.axes:
        paths.append((last, None))
    elif first is not None and ended is not None and ended.layer != first.layer:
        paths.append((ended.source, ended))
    critical = {name for field, _ in paths for name in _trail(field)}
    rows = tuple(_row(step, step.name in critical) for step in steps)
    field, *local = (_ended(graph, steps, output, seen, operation, rows) for seen, operation in paths)
    return replace(field, local=local[0]) if local else field


def output_named(graph: Graph, layer: Any = None) -> tuple[str, Slot]:
    """Name and slot of what a layer gives; of the first output where none is named.

    Raises
    ------
    UnknownName
        When there is no such layer.
    """
    if layer is None:
        return outputs_of(graph)[0]
    wanted = layer if isinstance(layer, str) else layer.name
    found = _call_named(graph, layer, wanted)
    if found is not None:
        return found.name, found.outputs[0]
    for slot, tensor in zip(graph.inputs, graph.input_tensors, strict=True):
        if tensor.name == wanted:
            return wanted, slot
    known = [*(tensor.name for tensor in graph.input_tensors), *(call.name for call in graph.calls)]
    raise unknown_layer(graph.name, wanted, known)


def _call_named(graph: Graph, layer: Any, name: str) -> Call | None:
    """The first call of a layer; of a nested model, or a layer made of layers, the last inside it.

    A layer inside a nested model may be given as itself, by its path, or by its name alone where that is the only one.
    """
    alone = [call for call in graph.calls if call.name.endswith(f"/{name}")]
    for matching in (
        [call for call in graph.calls if call.layer is layer],
        [call for call in graph.calls if call.name == name],
        [call for call in reversed(graph.calls) if call.name.startswith(f"{name}/")],
        alone if len(alone) == 1 else [],
    ):
        if matching:
            return matching[0]
    return None


def outputs_of(graph: Graph) -> list[tuple[str, Slot]]:
    """Name and slot of every output."""
    writers = {slot: call.name for call in graph.calls for slot in call.outputs}
    return [(writers.get(slot, graph.name), slot) for slot in graph.outputs]


def _shape_for(graph: Graph, source: str, input_shape: Sequence[int] | None) -> Sequence[int] | None:
    """The given shape where it can be of this input."""
    _, tensor = spatial_inputs(graph)[source]
    alone = len(spatial_inputs(graph)) == 1
    return input_shape if input_shape is None or alone or len(input_shape) == len(tensor.shape) - 1 else None


def _of_pair(graph: Graph, source: str, output: str, shape: Sequence[int] | None) -> ReceptiveField | None:
    """Field of one output by one input; None where it does not depend on it."""
    slot = spatial_inputs(graph)[source][0]
    steps = list(walk(graph, source, shape))
    last = steps[-1].call
    reached = (slot,) if last is None else last.outputs
    return _described(graph, steps, output) if graph.outputs[0] in reached else None


def _ended(
    graph: Graph, steps: Sequence[Step], output: str, field: TensorField, operation: GlobalOperation | None,
    rows: tuple[LayerRow, ...],
) -> ReceptiveField:  # fmt: skip
    trail = _trail(field)
    return ReceptiveField(
        network=graph.name,
        input_size=steps[0].field.map_size,
        source=steps[0].name,
        output=output,
        measured_at=trail[0] if trail else steps[0].name,
        size=field.size,
        jump=tuple(axis.jump for axis in field.axes),
        start=tuple(axis.start for axis in field.axes),
        padding=tuple(axis.padding for axis in field.axes),
        map_size=field.map_size,
        phases=tuple(axis.phases for axis in field.axes),
        offset=tuple(axis.offset if field.copies == 1 else 0.0 for axis in field.axes),
        global_at=operation.layer if operation is not None else None,
        global_kind=operation.kind if operation is not None else None,
        misaligned=field.misaligned,
        layers=rows,
    )


def _trail(field: TensorField) -> list[str]:
    """Names of the layers through which the largest field came, last first."""
    names, link = [], field.trail
    while link is not None:
        link, name = link
        names.append(name)
    return names


def _row(step: Step, critical: bool) -> LayerRow:
    windows = (step.field.windows or ()) if step.changed else ()
    axes, call = step.field.axes, step.call
    return LayerRow(
        layer=step.name,
        kind=type(call.layer).__name__ if call is not None else "Input",
        kernel=tuple(window.kernel for window in windows),
        stride=tuple(_ratio(window.stride, window.spacing) for window in windows),
        dilation=tuple(window.dilation for window in windows),
        size=step.field.size,
        jump=tuple(axis.jump for axis in axes),
        start=tuple(axis.start for axis in axes),
        map_size=step.field.map_size,
        padding=tuple(axis.padding for axis in axes),
        critical=critical,
        channels=step.channels,
        parameters=step.cost.parameters,
        multiply_adds=step.cost.multiply_adds,
        multiply_adds_fft=step.cost.multiply_adds_fft,
    )


def _ratio(number: int, divisor: int) -> float:
    """A whole number where it is one."""
    return number // divisor if number % divisor == 0 else number / divisor
