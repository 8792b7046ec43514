"""Walk over a Keras model: what the features of every tensor see, call by call. No tensor is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field import graph
from astrocnn.receptive_field.arithmetic import AxisField
from astrocnn.receptive_field.field import Misalignment
from astrocnn.receptive_field.rules import rule_of
from astrocnn.receptive_field.tensor_field import TensorField


@dataclass(frozen=True)
class Step:
    """One call of a layer on the way through the model.

    Attributes
    ----------
    name : str
        Name of the layer; inside a nested model `model/layer`, at the second call of a shared layer `layer#2`.
    layer : keras.Layer
        The layer.
    field : TensorField
        What its output sees.
    changed : bool
        Whether the output sees anything else than the input.
    tensor : KerasTensor
        Its output.
    """

    name: str
    layer: Any
    field: TensorField
    changed: bool
    tensor: Any


def walk(model: Any, input_shape: Sequence[int] | None = None, source: str | None = None) -> Iterator[Step]:
    """Walk from one input of a model towards its outputs.

    Parameters
    ----------
    model : keras.Model
        A built Sequential or functional model.
    input_shape : sequence of int, optional
        Shape of one object, channels included, where the model leaves sizes open or for another size.
    source : str, optional
        Name of the input that is looked at, where several have spatial axes.

    Yields
    ------
    Step
        In the order of computation; only what depends on that input.

    Raises
    ------
    ReceptiveFieldError
        When the model has no graph, a size is open, a layer has no rule, or branches do not fit together.
    """
    inputs, outputs = graph.ends(model)
    entry = _entry(model, inputs, source)
    shape = tuple(input_shape) if input_shape is not None else tuple(entry.shape[1:])
    start = _input_field(model, shape, entry)
    fields: dict[int, TensorField] = {id(entry): start}
    yield Step(entry.name, None, start, True, entry)
    as_built = shape == tuple(entry.shape[1:])
    yield from _through(inputs, outputs, fields, "", Counter(), as_built)


def _entry(model: Any, inputs: list[Any], source: str | None) -> Any:
    """Input tensor that is looked at."""
    spatial = {tensor.name: tensor for tensor in inputs if len(tensor.shape) > 2}
    if source is None and len(spatial) == 1:
        return next(iter(spatial.values()))
    if source in spatial:
        return spatial[source]
    raise ReceptiveFieldError(
        "the model has no input with spatial axes" if not spatial else "which input is looked at is not clear",
        where=model.name,
        expected=f"source as one of {', '.join(spatial)}" if spatial else "an input (y, x, band) or (time, channel)",
        received=source or [tuple(tensor.shape) for tensor in inputs],
    )


def _input_field(model: Any, shape: tuple[Any, ...], entry: Any) -> TensorField:
    formats = {getattr(layer, "data_format", None) for layer in graph.every_layer(model)} - {None}
    if len(formats) > 1:
        raise ReceptiveFieldError("layers differ in the place of their channels", where=model.name, received=formats)
    channel_axis = 1 if formats == {"channels_first"} else -1
    spatial = shape[1:] if channel_axis == 1 else shape[:-1]
    if len(shape) != len(entry.shape) - 1 or any(not size for size in spatial):
        raise ReceptiveFieldError(
            "the size of the input is not known",
            where=model.name,
            expected=f"input_shape of {len(entry.shape) - 1} sizes",
            received=shape,
            fix="give input_shape=",
        )
    return TensorField(tuple(AxisField.of_input(size) for size in spatial), channel_axis)


def _through(
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    fields: dict[int, TensorField],
    prefix: str,
    seen: Counter[str],
    as_built: bool,
) -> Iterator[Step]:
    """Walk one level of the graph; `fields` maps tensors to what they see and grows on the way."""
    for call in graph.calls(inputs, outputs):
        known = [fields[id(tensor)] for tensor in call.inputs if id(tensor) in fields]
        if not known:
            continue  # depends on another input only
        seen[prefix + call.layer.name] += 1
        count = seen[prefix + call.layer.name]
        name = prefix + call.layer.name + (f"#{count}" if count > 1 else "")
        if graph.is_model(call.layer):
            inner_inputs, inner_outputs = graph.ends(call.layer)
            passed = zip(inner_inputs, call.inputs, strict=True)
            inner = {id(inside): fields[id(outside)] for inside, outside in passed if id(outside) in fields}
            yield from _through(inner_inputs, inner_outputs, inner, f"{name}/", seen, as_built)
            leaving = zip(inner_outputs, call.outputs, strict=True)
            fields.update({id(outside): inner[id(inside)] for inside, outside in leaving if id(inside) in inner})
            continue
        field = _apply(call, name, known)
        if as_built:
            _compare_with_keras(name, field, call.outputs[0])
        fields.update({id(tensor): field for tensor in call.outputs})
        yield Step(name, call.layer, field, all(field.axes is not before.axes for before in known), call.outputs[0])


def _apply(call: graph.Call, name: str, known: list[TensorField]) -> TensorField:
    """Apply a layer's rule and put its name where the rule could not know it."""
    try:
        field = rule_of(call.layer)(call.layer, known)
    except ReceptiveFieldError as error:
        if error.where is not None:
            raise
        raise ReceptiveFieldError(
            error.what, where=name, expected=error.expected, received=error.received, fix=error.fix
        ) from error
    if field.global_operation is not None and not field.global_operation.layer:
        field = replace(field, global_operation=replace(field.global_operation, layer=name))
    named = tuple(Misalignment(finding.layer or name, finding.offset) for finding in field.misaligned)
    return replace(field, misaligned=named, trail=(field.trail, name))


def _compare_with_keras(name: str, field: TensorField, tensor: Any) -> None:
    """Hold the map's size against Keras's: a wrong rule shows here."""
    expected = tuple(tensor.shape[2:] if field.channel_axis == 1 else tensor.shape[1:-1])
    if field.axes and None not in expected and expected != field.map_size:
        raise ReceptiveFieldError(
            "the layer's receptive-field rule disagrees with Keras on the size of the map",
            where=name,
            expected=expected,
            received=field.map_size,
            fix="correct the rule",
        )
