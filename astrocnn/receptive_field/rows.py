"""The layer table as plain rows of text, for the terminal, pages and JSON."""

from __future__ import annotations

from collections.abc import Sequence

from astrocnn.quantities import count_text
from astrocnn.receptive_field.field import LayerRow, ReceptiveField

COLUMNS = (
    "layer", "kind", "kernel", "stride", "dilation", "n", "channels", "j", "start", "padding", "r", "size",
    "parameters", "multiply_adds", "multiply_adds_fft",
)  # fmt: skip


def layer_rows(
    field: ReceptiveField,
    *,
    scale: float | None = None,
    unit: str = "px",
    every_layer: bool = False,
    costs: bool = False,
) -> list[dict[str, str]]:
    """Layer table with one dictionary of text per layer.

    Parameters
    ----------
    field : ReceptiveField
        Of the network.
    scale : float, optional
        Size of an input pixel in `unit`; fills the column `size`.
    unit : str
        Unit of `scale`.
    every_layer : bool
        Also list layers that neither change the field nor the map, such as activations.
    costs : bool
        Also list those of them that cost multiply-adds.

    Returns
    -------
    list of dict
        Keys as in `COLUMNS`; r, j, start and padding in pixels; unequal axes as `3 x 5`; empty where there is none.
    """
    rows: list[dict[str, str]] = []
    before: LayerRow | None = None
    for row in field.layers:
        spent = costs and row.multiply_adds
        shown = every_layer or spent or before is None or _differs(row, before) or row.layer == field.measured_at
        if shown:
            rows.append(_text(row, field, scale, unit))
        before = row
    return rows


def _differs(row: LayerRow, before: LayerRow) -> bool:
    return (row.size, row.jump, row.map_size, row.start) != (before.size, before.jump, before.map_size, before.start)


def _text(row: LayerRow, field: ReceptiveField, scale: float | None, unit: str) -> dict[str, str]:
    physical = tuple(pixels * scale for pixels in row.size) if scale is not None else ()
    whole = field.global_at is not None and not row.size
    return {
        "layer": row.layer,
        "kind": row.kind,
        "kernel": _axes(row.kernel),
        "stride": _axes(row.stride),
        "dilation": _axes(row.dilation),
        "n": _axes(row.map_size),
        "channels": "" if row.channels is None else str(row.channels),
        "j": _axes(row.jump),
        "start": _axes(row.start),
        "padding": _axes(row.padding),
        "r": "whole input" if whole else _axes(row.size),
        "size": f"{_axes(physical)} {unit}" if physical else "",
        "parameters": count_text(row.parameters) if row.parameters else "",
        "multiply_adds": count_text(row.multiply_adds) if row.multiply_adds else "",
        "multiply_adds_fft": count_text(row.multiply_adds_fft) if row.multiply_adds_fft else "",
    }


def _axes(values: Sequence[float]) -> str:
    """One number where all axes agree."""
    return " x ".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in _collapsed(values))


def _collapsed(values: Sequence[float]) -> Sequence[float]:
    return values[:1] if len(set(values)) == 1 else values
