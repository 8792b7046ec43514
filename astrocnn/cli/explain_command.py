"""`astrocnn explain`: looks inside a trained model at some objects, as pictures in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from astrocnn.cli.locate import product_folder, samples_folder
from astrocnn.cli.options import runs_option
from astrocnn.errors import PipelineFileError


@click.command("explain")
@click.argument("model")
@click.option("--samples", "source", required=True, metavar="S", help="Folder of samples, or RUN/STAGE.")
@click.option("--split", help="Only objects of this split: test, or train+validation.")
@click.option("--object", "identifiers", multiple=True, metavar="ID", help="An object to explain; repeatable.")
@click.option("--objects", type=click.IntRange(min=1), default=3, show_default=True,
              help="Without --object: so many, the highest-scoring of each class in turn.")  # fmt: skip
@click.option("--class", "wanted", help="Class whose score is explained; the one searched for by default.")
@click.option("--layer", "layers", multiple=True, help="A layer whose maps are shown; repeatable.")
@click.option("--unit", "named", multiple=True, metavar="LAYER:NUMBER", help="A channel to excite; repeatable.")
@click.option("--units", type=click.IntRange(min=0), default=4, show_default=True,
              help="Without --unit: so many channels of the last map.")  # fmt: skip
@click.option("--smooth", type=click.IntRange(min=0), default=0, help="Noisy copies to average saliency over.")
@click.option("--window", help="Side of what occlusion hides: 1arcsec, 2h, or 0.2 of the object.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the pictures.")
@runs_option
def command(
    model: str, source: str, split: str | None, identifiers: tuple[str, ...], objects: int, wanted: str | None,
    layers: tuple[str, ...], named: tuple[str, ...], units: int, smooth: int, window: str | None, out: Path | None,
    runs: Path,
) -> None:  # fmt: skip
    """Look inside MODEL, the folder of a trained model or RUN/STAGE.

    For each object saliency, Grad-CAM, occlusion, effective receptive field and feature maps; for the network its first
    filters and what excites its units most. Pictures go to --out, explain-MODEL by default, with pictures.json, which
    says what each shows and what it cannot show, explanation.json and maps.npz.
    """
    from rich.console import Console

    from astrocnn.explain.choose import Request
    from astrocnn.explain.explanation import explain
    from astrocnn.explain.files import write_explanation
    from astrocnn.report.explanation_pictures import object_line, write_pictures
    from astrocnn.samples.sample_set import SampleSet
    from astrocnn.training.model_folder import load_model

    request = Request(
        objects=identifiers or objects, wanted=wanted, layers=layers, units=named or units, copies=smooth,
        window=None if window is None else _window(window),
    )  # fmt: skip
    folder = product_folder(model, runs)
    samples = SampleSet.open(samples_folder(source, runs))
    samples = samples.split(split) if split else samples
    out = out or Path(f"explain-{'-'.join(Path(model).parts[-2:]).strip('/.') or 'model'}")
    name = source if split is None else f"{source}.{split}"
    with Console(stderr=True, highlight=False).status("loading the model") as status:  # on a terminal alone
        explanation = explain(
            load_model(folder), samples, request, name,
            lambda done, total, text: status.update(f"{text or 'scores'}: {done:,} of {total:,}"),
        )  # fmt: skip
        status.update("drawing")
        write_explanation(explanation, out)
        paths = write_pictures(explanation, out)
    lines = [object_line(row) for row in explanation.facts["objects"]]
    click.echo("\n".join([*lines, "", *map(str, [*paths, out / "pictures.json"])]))


def _window(text: str) -> tuple[float, str]:
    """A length with its unit, or a share of the object."""
    from astrocnn.quantities import parse_quantity

    try:
        share = float(text)
    except ValueError:
        return parse_quantity(text)
    if not 0 < share <= 1:
        raise PipelineFileError("no share of the object", expected="a number from 0 to 1, or a length", received=text)
    return share, "share"
