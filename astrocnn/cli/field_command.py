"""`astrocnn field`: the receptive field of a network, layer by layer, in pixels and on the sky or in time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from astrocnn.cli.columns import aligned, heading
from astrocnn.cli.locate import product_folder
from astrocnn.cli.options import runs_option
from astrocnn.errors import MismatchError, PipelineFileError, StoreError, UnknownName
from astrocnn.pipeline.document import parse_scalar
from astrocnn.spelling import suggestion

if TYPE_CHECKING:
    from astrocnn.receptive_field.coverage import Verdict
    from astrocnn.receptive_field.field import LayerRow, ReceptiveField

TABLE = "receptive_field.json"
_COLUMNS = {
    "layer": "layer", "kind": "kind", "kernel": "kernel", "stride": "stride", "dilation": "dilation", "n": "map",
    "j": "jump", "r": "field", "size": "size",
}  # fmt: skip
_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@dataclass(frozen=True)
class Subject:
    """What the field is of, and what is known of its pixels and of the object it must see."""

    title: str
    field: ReceptiveField
    scale: float | None = None
    unit: str = "px"
    extent: float | None = None
    policy: str = "error"

    def length(self, pixels: float) -> str:
        """Pixels, and what they are on the sky or in time."""
        return f"{pixels:g} px" if self.scale is None else f"{pixels:g} px = {pixels * self.scale:.4g} {self.unit}"


@click.command("field")
@click.argument("network", metavar="NETWORK|MODEL")
@click.option("--layer", help="Only this layer of the table.")
@click.option("--size", type=click.IntRange(min=1), help="Side of the input in pixels; the network's usual by default.")
@click.option("--bands", type=click.IntRange(min=1), default=1, show_default=True, help="Bands of the input.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Option of the network; repeatable.")
@click.option("--scale", help="Size of a pixel on the sky or in time: 0.2arcsec, 29.4min.")
@click.option("--covers", help="Extent of the object that must be seen whole: 10arcsec.")
@click.option("--all-layers", is_flag=True, help="Also layers that change neither field nor map.")
@click.option("--json", "as_json", is_flag=True, help="Print table and verdict as JSON.")
@runs_option
def command(
    network: str, layer: str | None, size: int | None, bands: int, options: tuple[str, ...], scale: str | None,
    covers: str | None, all_layers: bool, as_json: bool, runs: Path,
) -> int:  # fmt: skip
    """Show the receptive field of NETWORK, a name of the zoo, or of MODEL, the folder of a trained model.

    Ends with exit code 1 when the network does not see the whole object.
    """
    from astrocnn.networks.registry import names
    from astrocnn.receptive_field.coverage import gate

    subject = _zoo(network, size, bands, options) if network in names() else _model(network, runs)
    subject = _on_the_sky(subject, scale, covers)
    verdict = gate(
        subject.field, scale=subject.scale or 1.0, unit=subject.unit, required=subject.extent, policy=subject.policy
    )
    if layer is not None:
        row = subject.field.row(layer)
        click.echo(json.dumps(asdict(row), indent=1) if as_json else "\n".join(_layer_lines(row, subject)))
    elif as_json:
        content = {"title": subject.title, "verdict": verdict.to_json(), "field": subject.field.to_json()}
        click.echo(json.dumps(content, indent=1))
    else:
        lines = [subject.title, "", *_table_lines(subject, verdict, all_layers), "", *_verdict_lines(subject, verdict)]
        click.echo("\n".join(lines))
    return 1 if verdict.level == "error" else 0


def _zoo(name: str, size: int | None, bands: int, options: tuple[str, ...]) -> Subject:
    from astrocnn.networks.registry import configure
    from astrocnn.receptive_field.tables import field_of

    network = configure(name, dict(_option(option) for option in options))
    side = size or (network.usual_shapes[0][0] if network.usual_shapes else network.sizes[0])
    shape = (*(side for _ in network.axis_names), bands)
    title = f"{name} ({network.paper}), input {' x '.join(map(str, shape[:-1]))} px, {bands} band{'s' * (bands > 1)}"
    try:
        return Subject(title, field_of(network, shape))
    except MismatchError as error:  # of what was typed, not of data
        raise PipelineFileError(str(error)) from error


def _option(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise PipelineFileError(f"cannot read --option {text}", expected="KEY=VALUE, as units_per_block=2")
    return key, parse_scalar(value)


def _model(name: str, runs: Path) -> Subject:
    from astrocnn.networks.registry import names
    from astrocnn.pipeline.store import read_json
    from astrocnn.receptive_field.field import ReceptiveField
    from astrocnn.training.model_folder import read_card

    if len(Path(name).parts) == 1 and not Path(name).is_dir():
        raise UnknownName(f"there is no network {name!r}", fix=suggestion(name, names()))
    folder = product_folder(name, runs)
    card, stored = read_card(folder), read_json(folder / TABLE)
    if stored is None:
        raise StoreError("holds no layer table", where=str(folder), expected=TABLE)
    title = f"{name} ({card.network}), input {card.size_px} px, bands {', '.join(card.bands)}"
    verdict, unit = card.receptive_field, card.scale_unit or "px"
    field = ReceptiveField.from_json(stored["field"])
    return Subject(title, field, card.scale, unit, verdict.get("needed"), verdict.get("policy", "error"))


def _on_the_sky(subject: Subject, scale: str | None, covers: str | None) -> Subject:
    """Put in the scale and the extent that were given; those of a model hold where none is."""
    from astrocnn.quantities import parse_quantity

    if scale is not None:
        size, unit = parse_quantity(scale)
        subject = replace(subject, scale=size, unit=unit, extent=subject.extent if unit == subject.unit else None)
    if covers is not None:
        extent, unit = parse_quantity(covers)
        if unit != subject.unit:
            raise PipelineFileError(
                "--covers and the pixels have different units", expected=subject.unit, received=unit,
                fix=f"give --scale, the size of a pixel in {unit}",
            )  # fmt: skip
        subject = replace(subject, extent=extent)
    return subject


def _table_lines(subject: Subject, verdict: Verdict, all_layers: bool) -> list[str]:
    from astrocnn.receptive_field.rows import layer_rows

    rows = layer_rows(subject.field, scale=subject.scale, unit=subject.unit, every_layer=all_layers)
    plain = {"dilation": {"", "1"}, "size": {""}}  # columns that would say nothing
    shown = {key: title for key, title in _COLUMNS.items() if {row[key] for row in rows} - plain.get(key, set())}
    lines = aligned([heading(list(shown.values())), *([row[key] for key in shown] for row in rows)], right=range(2, 9))
    return [
        click.style(line, bold=True) if n and rows[n - 1]["layer"] == verdict.limiting_layer else line
        for n, line in enumerate(lines)
    ]


def _layer_lines(row: LayerRow, subject: Subject) -> list[str]:
    if not row.size:
        return aligned([("layer", f"{row.layer} ({row.kind})"), ("field", "the whole input")])
    first = f"centred on {_axes(row.start)} px, where 0.5 is the centre of the first pixel"
    return aligned([
        ("layer", f"{row.layer} ({row.kind})"), ("field", subject.length(max(row.size))),
        ("jump", f"{_axes(row.jump)} px"), ("map", _axes(row.map_size)), ("first", first),
    ])  # fmt: skip


def _verdict_lines(subject: Subject, verdict: Verdict) -> list[str]:
    field = subject.field
    ends = f"before {field.global_at} ({field.global_kind})" if field.global_at else "the output"
    rows = [
        ("field", f"{subject.length(field.phases[0][0])} at {field.measured_at}, {ends}"),
        ("input", subject.length(field.input_size[0])),
    ]
    if verdict.needed is not None:
        rows.append(("object", f"{verdict.needed:.4g} {verdict.unit}"))
    reasons = verdict.reasons or ("the field covers the object" if verdict.needed else "no object stated: --covers",)
    word = click.style(verdict.level, fg=_COLOURS[verdict.level], bold=True)
    rows += [(word if n == 0 else "", reason) for n, reason in enumerate(reasons)]
    rows += [("to fix" if n == 0 else "or", cure) for n, cure in enumerate(verdict.cures)]
    return aligned(rows)


def _axes(values: Sequence[float]) -> str:
    return " x ".join(f"{value:g}" for value in dict.fromkeys(values))
