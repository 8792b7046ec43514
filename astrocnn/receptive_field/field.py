"""The receptive field of a network: the numbers, the layer table, and how they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from astrocnn.errors import ReceptiveFieldError, UnknownName

if TYPE_CHECKING:
    from astrocnn.receptive_field.coverage import Verdict

FORMAT = 2

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
    channels : int or None
        Channels of its output.
    parameters, multiply_adds, multiply_adds_fft : int or None
        As in `cost.Cost`.
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
    channels: int | None = None
    parameters: int = 0
    multiply_adds: int | None = 0
    multiply_adds_fft: int | None = None


@dataclass(frozen=True)
class ReceptiveField:
    """What one feature of a network sees of the input, per spatial axis, in input pixels (or samples).

    Attributes
    ----------
    network : str
        Name of the model.
    input_size : tuple of int
        Size of the input.
    source, output : str
        Input that is looked at, and layer whose output is asked for.
    measured_at : str
        Layer whose output is described: the last one, or the one before the first global operation.
    size, jump, start, padding : tuple
        As in `LayerRow`.
    map_size : tuple of int
        Number of features there.
    phases : tuple of (int, int)
        Smallest and largest size, where it depends on the position (after upsampling); else twice the size.
    offset : tuple of float
        Distance of the map's centre from the input's centre; of a map with turned copies around that, 0.
    global_at : str or None
        The first operation after which features see the whole input; None for a dense prediction.
    global_kind : str or None
        `flatten`, `pooling`, `attention` or `recurrence`.
    misaligned : tuple of Misalignment
        Merges of branches that look at different places.
    layers : tuple of LayerRow
        The layer table.
    local : ReceptiveField or None
        Where features go on beside the first global operation (squeeze-and-excite weighs them by averages over the
        whole input): the field of this local path, at the operation that ends it. None where there is no such path.
    others : tuple of ReceptiveField
        Of the further pairs of an input and an output, where a model has several.
    """

    network: str
    input_size: tuple[int, ...]
    source: str
    output: str
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
    local: ReceptiveField | None = None
    others: tuple[ReceptiveField, ...] = ()

    @property
    def parameters(self) -> int:
        """Trainable parameters of the layers of the table."""
        return sum(row.parameters for row in self.layers)

    @property
    def multiply_adds(self) -> int | None:
        """Multiply-adds of the layers of the table for one object; None where a size is open."""
        known = [row.multiply_adds for row in self.layers]
        return None if None in known else sum(count or 0 for count in known)

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
        raise unknown_layer(self.network, layer, [row.layer for row in self.layers])

    def covers(
        self, extent: Any, scale: Any = 1.0, *, binning: float = 1.0, unit: str | None = None, policy: str = "error"
    ) -> Verdict:
        """Verdict of the receptive-field gate (see `coverage.gate`).

        Parameters
        ----------
        extent : float, str or astropy Quantity
            Extent of the object: `1.5 * u.arcsec`, `"1.5arcsec"`, or a number in the unit of the scale.
        scale : float, str or astropy Quantity
            Size of one pixel, or time between samples, as observed.
        binning : float
            Pixels or samples that were joined to one of the network's: 3 for the 207 px that Dieleman et al. (2015)
            bring to 69.
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
        return gate(self, scale=per_pixel * binning, unit=unit, required=required, policy=policy)

    def to_json(self) -> dict[str, Any]:
        """Values for `json.dump`; the layer table is a list of columns' names and a list of rows."""
        columns = [column.name for column in fields(LayerRow)]
        values = {name: getattr(self, name) for name in (entry.name for entry in fields(self))}
        values["misaligned"] = [[finding.layer, finding.offset] for finding in self.misaligned]
        values["layers"] = [[getattr(row, column) for column in columns] for row in self.layers]
        values["local"] = None if self.local is None else {**self.local.to_json(), "layers": []}
        values["others"] = [other.to_json() for other in self.others]
        return _lists({"format": FORMAT, "columns": columns, **values})

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ReceptiveField:
        """Read what `to_json` gave.

        Raises
        ------
        ReceptiveFieldError
            When it is of another format.
        """
        if values.get("format") == 1:
            values = _of_format_1(values)
        if values.get("format") != FORMAT:
            raise ReceptiveFieldError("unknown table format", expected=FORMAT, received=values.get("format"))
        rows = [dict(zip(values["columns"], _tuples(row), strict=True)) for row in values["layers"]]
        own = {name: _tuples(value) for name, value in values.items() if name not in ("format", "columns")}
        own["misaligned"] = tuple(Misalignment(*finding) for finding in values["misaligned"])
        own["layers"] = tuple(LayerRow(**row) for row in rows)
        own["others"] = tuple(cls.from_json(other) for other in values["others"])
        own["local"] = None if values["local"] is None else cls.from_json(values["local"])
        if own["local"] is not None:
            own["local"] = replace(own["local"], layers=own["layers"])
        return cls(**own)


def _of_format_1(values: dict[str, Any]) -> dict[str, Any]:
    """The first format knew one input and one output, no costs and no path beside a global operation."""
    names = [row[values["columns"].index("layer")] for row in values["layers"]]
    return {**values, "format": FORMAT, "source": names[0], "output": names[-1], "local": None, "others": []}


def unknown_layer(network: str, layer: str, known: Sequence[str]) -> UnknownName:
    """Error for a layer that is not on the way."""
    from astrocnn.spelling import suggestion

    return UnknownName(f"there is no layer {layer!r} on the way", where=network, fix=suggestion(layer, known))


def _lists(value: Any) -> Any:
    """Tuples to lists, as JSON has them."""
    if isinstance(value, dict):
        return {name: _lists(item) for name, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, tuple | list) else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
