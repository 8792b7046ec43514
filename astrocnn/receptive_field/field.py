"""The receptive field of a network: the numbers, the layer table, and how they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from astrocnn.errors import ReceptiveFieldError, UnknownName

if TYPE_CHECKING:
    from astrocnn.receptive_field.coverage import Verdict
    from astrocnn.receptive_field.walk import Step

FORMAT = 1

Axes = tuple[float, ...]


@dataclass(frozen=True)
class Misalignment:
    """A layer that merges branches whose features look at different places.

    Attributes
    ----------
    layer : str
        The merging layer; filled in by the walk.
    offset : float
        How far apart the centres of the branches are, in input pixels.
    """

    layer: str
    offset: float


@dataclass(frozen=True)
class LayerRow:
    """One row of the layer table; tuples run over the spatial axes and are empty after a global operation.

    Attributes
    ----------
    layer, kind : str
        Name and class of the layer.
    kernel, stride, dilation : tuple
        How it reads its input, with a stride below one for upsampling; empty for merges and for layers that mix no
        positions.
    size, jump, start : tuple
        r, j and centre of the first feature (0.5 = centre of the first pixel), in input pixels.
    map_size : tuple
        Number of features n.
    padding : tuple
        By how many pixels the first feature's field begins before the input.
    critical : bool
        Whether the largest field came through this layer, so that widening it widens the field.
    """

    layer: str
    kind: str
    kernel: Axes = ()
    stride: Axes = ()
    dilation: Axes = ()
    size: Axes = ()
    jump: Axes = ()
    start: Axes = ()
    map_size: Axes = ()
    padding: Axes = ()
    critical: bool = False


@dataclass(frozen=True)
class ReceptiveField:
    """What one feature of a network sees of the input, per spatial axis, in input pixels (or samples).

    Attributes
    ----------
    network : str
        Name of the model.
    input_size : tuple of int
        Size of the input.
    measured_at : str
        Layer whose output is described: the last one, or the one before the first global operation.
    size, jump, start, padding : tuple
        As in `LayerRow`.
    map_size : tuple of int
        Number of features there.
    phases : tuple of (int, int)
        Smallest and largest size, where it depends on the position (after upsampling); else twice the size.
    offset : tuple of float
        Distance of the map's centre from the input's centre.
    global_at : str or None
        The first operation after which features see the whole input; None for a dense prediction.
    global_kind : str or None
        `flatten` or `pooling`.
    misaligned : tuple of Misalignment
        Merges of branches that look at different places.
    layers : tuple of LayerRow
        The layer table.
    """

    network: str
    input_size: tuple[int, ...]
    measured_at: str
    size: tuple[int, ...]
    jump: Axes
    start: Axes
    padding: tuple[int, ...]
    map_size: tuple[int, ...]
    phases: tuple[tuple[int, int], ...]
    offset: Axes
    global_at: str | None
    global_kind: str | None
    misaligned: tuple[Misalignment, ...]
    layers: tuple[LayerRow, ...]

    def row(self, layer: str) -> LayerRow:
        """Row of a layer in the table.

        Raises
        ------
        UnknownName
            When no such layer is on the way.
        """
        for row in self.layers:
            if row.layer == layer:
                return row
        raise _unknown_layer(self.network, layer, [row.layer for row in self.layers])

    def covers(self, extent: Any, scale: Any = 1.0, *, unit: str | None = None, policy: str = "error") -> Verdict:
        """Verdict of the receptive-field gate (see `coverage.gate`).

        Parameters
        ----------
        extent : float, str or astropy Quantity
            Extent of the object: `1.5 * u.arcsec`, `"1.5arcsec"`, or a number in the unit of the scale.
        scale : float, str or astropy Quantity
            Size of one input pixel, or time between samples.
        unit : str, optional
            Unit of plain numbers, for the message.
        policy : str
            `error` or `warn`.
        """
        from astrocnn.receptive_field.coverage import gate, plain_number

        required, extent_unit = plain_number(extent)
        per_pixel, scale_unit = plain_number(scale)
        if extent_unit and scale_unit and extent_unit != scale_unit:
            raise ReceptiveFieldError(
                "extent and scale have different units", expected=scale_unit, received=extent_unit
            )
        unit = unit or extent_unit or scale_unit or "px"
        return gate(self, scale=per_pixel, unit=unit, required=required, policy=policy)

    def to_json(self) -> dict[str, Any]:
        """Values for `json.dump`; the layer table is a list of columns' names and a list of rows."""
        columns = [column.name for column in fields(LayerRow)]
        values = {name: getattr(self, name) for name in (entry.name for entry in fields(self))}
        values["misaligned"] = [[finding.layer, finding.offset] for finding in self.misaligned]
        values["layers"] = [[getattr(row, column) for column in columns] for row in self.layers]
        return _lists({"format": FORMAT, "columns": columns, **values})

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ReceptiveField:
        """Read what `to_json` gave.

        Raises
        ------
        ReceptiveFieldError
            When it is of another format.
        """
        if values.get("format") != FORMAT:
            raise ReceptiveFieldError("unknown table format", expected=FORMAT, received=values.get("format"))
        rows = [dict(zip(values["columns"], _tuples(row), strict=True)) for row in values["layers"]]
        own = {name: _tuples(value) for name, value in values.items() if name not in ("format", "columns")}
        own["misaligned"] = tuple(Misalignment(*finding) for finding in values["misaligned"])
        own["layers"] = tuple(LayerRow(**row) for row in rows)
        return cls(**own)


def receptive_field(
    model: Any, layer: Any = None, input_shape: Sequence[int] | None = None, *, source: str | None = None
) -> ReceptiveField:
    """Receptive field of a built Keras model, or of one of its layers.

    Parameters
    ----------
    model : keras.Model
        A Sequential or functional model.
    layer : str or keras.Layer, optional
        The layer whose output is described; the model's output by default.
    input_shape : sequence of int, optional
        Shape of one object, channels included, where the model leaves sizes open or for another size.
    source : str, optional
        Name of the input, where several have spatial axes.

    Returns
    -------
    ReceptiveField
        Of the output, or of the input of the first global operation on the way to it.

    Raises
    ------
    ReceptiveFieldError
        When the model has no graph, a size is open, a layer has no rule, or several outputs leave open which is meant.
    UnknownName
        When there is no such layer on the way.
    """
    from astrocnn.receptive_field.walk import walk

    wanted = layer if layer is None or isinstance(layer, str) else layer.name
    if wanted is None and len(getattr(model, "outputs", None) or ()) > 1:
        raise ReceptiveFieldError(
            "the model has several outputs", where=model.name, fix="name the layer that is meant with layer="
        )
    steps: list[Step] = []
    for step in walk(model, input_shape, source):
        steps.append(step)
        if step.name == wanted:
            break
    else:
        if wanted is not None:
            raise _unknown_layer(model.name, wanted, [step.name for step in steps])
    return _described(model.name, steps)


def _described(network: str, steps: Sequence[Step]) -> ReceptiveField:
    """Describe the output of the last step."""
    operation = steps[-1].field.global_operation
    field = operation.source if operation is not None else steps[-1].field
    trail, link = [], field.trail
    while link is not None:
        link, name = link
        trail.append(name)
    rows = [_row(step, critical=step.name in trail) for step in steps]
    return ReceptiveField(
        network=network,
        input_size=steps[0].field.map_size,
        measured_at=trail[0] if trail else steps[0].name,
        size=field.size,
        jump=tuple(axis.jump for axis in field.axes),
        start=tuple(axis.start for axis in field.axes),
        padding=tuple(axis.padding for axis in field.axes),
        map_size=field.map_size,
        phases=tuple(axis.phases for axis in field.axes),
        offset=tuple(axis.offset for axis in field.axes),
        global_at=operation.layer if operation is not None else None,
        global_kind=operation.kind if operation is not None else None,
        misaligned=field.misaligned,
        layers=tuple(rows),
    )


def _row(step: Step, critical: bool) -> LayerRow:
    windows = (step.field.windows or ()) if step.changed else ()
    axes = step.field.axes
    return LayerRow(
        layer=step.name,
        kind=type(step.layer).__name__ if step.layer is not None else "Input",
        kernel=tuple(window.kernel for window in windows),
        stride=tuple(_ratio(window.stride, window.spacing) for window in windows),
        dilation=tuple(window.dilation for window in windows),
        size=step.field.size,
        jump=tuple(axis.jump for axis in axes),
        start=tuple(axis.start for axis in axes),
        map_size=step.field.map_size,
        padding=tuple(axis.padding for axis in axes),
        critical=critical,
    )


def _ratio(number: int, divisor: int) -> float:
    """A whole number where it is one."""
    return number // divisor if number % divisor == 0 else number / divisor


def _unknown_layer(network: str, layer: str, known: Sequence[str]) -> UnknownName:
    from astrocnn.spelling import suggestion

    return UnknownName(f"there is no layer {layer!r} on the way", where=network, fix=suggestion(layer, known))


def _lists(value: Any) -> Any:
    """Tuples to lists, as JSON has them."""
    if isinstance(value, dict):
        return {name: _lists(item) for name, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, tuple | list) else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
