"""`astrocnn field`: the receptive field of a network, layer by layer, in pixels and on the sky or in time."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from astrocnn.cli.options import runs_option

if TYPE_CHECKING:
    from astrocnn.cli.field_subject import Subject
    from astrocnn.receptive_field.confirm import Confirmation
    from astrocnn.receptive_field.coverage import Verdict


@click.command("field")
@click.argument("network", metavar="NETWORK|MODEL")
@click.option("--layer", help="Only this layer of the table; the layer that --confirm and --effective look at.")
@click.option("--size", type=click.IntRange(min=1), help="Side of the input in pixels; the network's usual by default.")
@click.option("--bands", type=click.IntRange(min=1), default=1, show_default=True, help="Bands of the input.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Option of the network; repeatable.")
@click.option("--scale", help="Size of a pixel on the sky or in time: 0.2arcsec, 29.4min, 0.02r90.")
@click.option("--binning", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True,
              help="Pixels or samples of that size that are joined to one of the network's.")  # fmt: skip
@click.option("--covers", help="Extent of the object that must be seen whole: 10arcsec.")
@click.option("--all-layers", is_flag=True, help="Also layers that change neither field nor map.")
@click.option("--costs", is_flag=True, help="Also parameters and multiply-adds, directly and by Fourier transform.")
@click.option("--confirm", "confirmed", is_flag=True, help="Compare with the gradient of a copy with positive weights.")
@click.option("--effective", is_flag=True, help="What the inputs really weigh, by the gradient (Luo et al. 2016).")
@click.option("--figure", type=click.Path(dir_okay=False, path_type=Path), help="Draw both fields into this PNG.")
@click.option("--over", type=click.Path(exists=True, path_type=Path),
              help="Samples or a FITS image: draw over it, and take its objects for the effective field.")  # fmt: skip
@click.option("--object", "identifier", help="The object of --over that is drawn; the first positive by default.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@runs_option
def command(
    network: str, layer: str | None, size: int | None, bands: int, options: tuple[str, ...], scale: str | None,
    binning: float, covers: str | None, all_layers: bool, costs: bool, confirmed: bool, effective: bool,
    figure: Path | None, over: Path | None, identifier: str | None, as_json: bool, runs: Path,
) -> int:  # fmt: skip
    """Show the receptive field of NETWORK, or of MODEL, the folder of a trained model.

    NETWORK is a name of the zoo, keras.applications.NAME, or a file that Keras wrote (.keras).

    Ends with exit code 1 when the network does not see the whole object, or the gradient does not agree.
    """
    from astrocnn.cli.field_looks import look
    from astrocnn.cli.field_subject import on_the_sky, subject_of
    from astrocnn.cli.field_text import confirmation_lines, effective_lines, layer_lines, table_lines, verdict_lines
    from astrocnn.receptive_field.coverage import gate

    subject = on_the_sky(subject_of(network, runs, size, bands, options), scale, covers, binning)
    verdict = gate(
        subject.field, scale=subject.scale or 1.0, unit=subject.unit, required=subject.extent, policy=subject.policy
    )
    row = subject.field.row(layer) if layer is not None else None
    outcome = _confirmation(subject, layer) if confirmed else None
    seen = look(subject, layer, over, identifier) if effective or figure else None
    if seen is not None and figure is not None:
        seen.draw(figure)
    if as_json:
        content: dict[str, Any] = {"title": subject.title, "verdict": verdict.to_json()}
        content |= {"field": subject.field.to_json()} if row is None else asdict(row)
        content |= {"confirmation": {**asdict(outcome), "agrees": outcome.agrees}} if outcome else {}
        content |= {"effective": seen.found.to_json()} if seen else {}
        click.echo(json.dumps(content, indent=1))
    else:
        lines = layer_lines(row, subject) if row else [
            subject.title, "", *table_lines(subject, verdict, all_layers, costs), "", *verdict_lines(subject, verdict)
        ]  # fmt: skip
        lines += confirmation_lines(outcome) if outcome else []
        lines += effective_lines(seen.found, subject, seen.inputs) if seen else []
        lines += [f"drawn      {figure}"] if figure else []
        click.echo("\n".join(lines))
    return 1 if _failed(verdict, outcome) else 0


def _confirmation(subject: Subject, layer: str | None) -> Confirmation:
    """The gradient test, at an input in which the middle feature sees no padding, where that can be had."""
    from astrocnn.receptive_field.confirm import confirm, roomy_shape
    from astrocnn.receptive_field.measure import receptive_field

    model = subject.model()
    field = subject.field.local or subject.field
    wanted = layer if layer is not None else field.measured_at
    if layer is not None:
        field = receptive_field(model, layer, subject.input_shape)
    shape = roomy_shape(model, field, subject.input_shape) or subject.input_shape
    return confirm(model, wanted, input_shape=shape)


def _failed(verdict: Verdict, outcome: Confirmation | None) -> bool:
    return verdict.level == "error" or (outcome is not None and not outcome.agrees)
