"""What `astrocnn field` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from astrocnn.cli.columns import aligned, heading
from astrocnn.quantities import count_text

if TYPE_CHECKING:
    from astrocnn.cli.field_subject import Subject
    from astrocnn.receptive_field.confirm import Confirmation
    from astrocnn.receptive_field.coverage import Verdict
    from astrocnn.receptive_field.effective import EffectiveField
    from astrocnn.receptive_field.field import LayerRow, ReceptiveField

_COLUMNS = {
    "layer": "layer", "kind": "kind", "kernel": "kernel", "stride": "stride", "dilation": "dilation", "n": "map",
    "j": "jump", "r": "field", "size": "size", "parameters": "parameters", "multiply_adds": "mult-adds",
    "multiply_adds_fft": "by FFT",
}  # fmt: skip
_COSTS = ("parameters", "multiply_adds", "multiply_adds_fft")
_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


def table_lines(subject: Subject, verdict: Verdict, all_layers: bool, costs: bool) -> list[str]:
    """The layer table; bold where the field stops growing."""
    from astrocnn.receptive_field.rows import layer_rows

    rows = layer_rows(subject.field, scale=subject.scale, unit=subject.unit, every_layer=all_layers, costs=costs)
    plain = {"dilation": {"", "1"}, "size": {""}, "multiply_adds_fft": {""}}  # columns that would say nothing
    shown = {
        key: title
        for key, title in _COLUMNS.items()
        if {row[key] for row in rows} - plain.get(key, set()) and (costs or key not in _COSTS)
    }
    lines = aligned([heading(list(shown.values())), *([row[key] for key in shown] for row in rows)], right=range(2, 12))
    return [
        click.style(line, bold=True) if n and rows[n - 1]["layer"] == verdict.limiting_layer else line
        for n, line in enumerate(lines)
    ]


def layer_lines(row: LayerRow, subject: Subject) -> list[str]:
    """One layer of the table."""
    cost = [("cost", _cost(row.parameters, row.multiply_adds))] if row.parameters or row.multiply_adds else []
    if not row.size:
        return aligned([("layer", f"{row.layer} ({row.kind})"), ("field", "the whole input"), *cost])
    first = f"centred on {_axes(row.start)} px, where 0.5 is the centre of the first pixel"
    return aligned([
        ("layer", f"{row.layer} ({row.kind})"), ("field", subject.length(max(row.size))),
        ("jump", f"{_axes(row.jump)} px"), ("map", _axes(row.map_size)), ("first", first), *cost,
    ])  # fmt: skip


def verdict_lines(subject: Subject, verdict: Verdict) -> list[str]:
    """Field, input, cost, object, what the gate says, and the cures."""
    field = subject.field
    rows = [("field", _end(field, subject))]
    if field.local is not None:
        rows.append(("", f"{_end(field.local, subject)}: features go on beside {field.global_at}"))
    rows += [("", f"{other.source} to {other.output}: {_end(other, subject)}") for other in field.others]
    rows += [("input", subject.length(field.input_size[0]))]
    if field.parameters:  # tables of older models do not hold them
        rows += [("cost", _cost(field.parameters, field.multiply_adds))]
    if verdict.needed is not None:
        rows.append(("object", f"{verdict.needed:.4g} {verdict.unit}"))
    reasons = verdict.reasons or ("the field covers the object" if verdict.needed else "no object stated: --covers",)
    word = click.style(verdict.level, fg=_COLOURS[verdict.level], bold=True)
    rows += [(word if n == 0 else "", reason) for n, reason in enumerate(reasons)]
    rows += [("to fix" if n == 0 else "or", cure) for n, cure in enumerate(verdict.cures)]
    return aligned(rows)


def confirmation_lines(outcome: Confirmation) -> list[str]:
    """What the gradient says, beside the rules."""
    place, size = _axes(outcome.position, ", "), _axes(outcome.input_size)
    word = click.style("agrees", fg="green") if outcome.agrees else click.style("DIFFERS", fg="red", bold=True)
    return aligned([
        ("gradient", f"{word}: feature ({place}) of {outcome.layer}, positive weights, input of {size} px"),
        ("", f"by the rules it sees {_box(outcome.expected)}; by the gradient {_box(outcome.measured)}"),
    ])  # fmt: skip


def effective_lines(found: EffectiveField, subject: Subject, over: str) -> list[str]:
    """Radii, width and share of the effective field."""
    sigma = " x ".join(subject.length(width) for width in dict.fromkeys(round(width, 3) for width in found.sigma))
    return aligned([
        ("effective", f"50 % of the weight within {subject.length(found.radius_50)} of the centre, 95 % within "
                      f"{subject.length(found.radius_95)}"),
        ("", f"Gaussian width {sigma}; {100 * found.fraction:.3g} % of the theoretical field inside the input weigh "
             "more than 4.55 % of the peak"),
        ("", f"feature ({_axes(found.position, ', ')}) of {found.layer}, mean of {found.number} {over}"),
    ])  # fmt: skip


def _end(field: ReceptiveField, subject: Subject) -> str:
    ends = f"before {field.global_at} ({field.global_kind})" if field.global_at else "the output"
    smallest, largest = field.phases[0]
    range_ = "" if smallest == largest else f" to {largest} px, by the pixel,"
    return f"{subject.length(smallest)}{range_} at {field.measured_at}, {ends}"


def _cost(parameters: int, multiply_adds: int | None) -> str:
    spent = "an unknown number of" if multiply_adds is None else count_text(multiply_adds)
    return f"{count_text(parameters)} parameters, {spent} multiply-adds an object"


def _box(box: tuple[tuple[int, int], ...]) -> str:
    return " x ".join(f"{first}-{last}" if last >= first else "nothing" for first, last in box)


def _axes(values: tuple[float, ...], between: str = " x ") -> str:
    return between.join(f"{value:g}" for value in values)
