"""`astrocnn export`: a trained model as a file for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from astrocnn.cli.columns import aligned, bytes_text
from astrocnn.cli.locate import product_folder
from astrocnn.cli.options import runs_option


@click.command("export")
@click.argument("model")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", type=click.Choice(["onnx"]), default="onnx", show_default=True, help="Format of FILE.")
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Python file that the network comes from; repeatable.",
)
@runs_option
def command(model: str, file: Path, to: str, plugins: tuple[Path, ...], runs: Path) -> None:
    """Write MODEL, the folder of a trained model or RUN/STAGE, to FILE.

    The output of FILE is compared with that of the model first. FILE takes normalised objects; how to normalise them,
    bands, scale, classes and calibration stand in its metadata.
    """
    from astrocnn.plugins import load_plugin
    from astrocnn.training.onnx_file import TOLERANCE, export_onnx

    for plugin in plugins:
        load_plugin(plugin)
    made = export_onnx(product_folder(model, runs), file)
    shape = ", ".join(map(str, made.input_shape))
    rows = [
        ("input", f"{made.input}: normalised {made.input} ({shape})"),
        ("output", made.output),
        ("equal", f"to {made.difference:.1g} for {made.checked} random {made.input}; allowed {TOLERANCE:g}"),
        ("size", bytes_text(file.stat().st_size)),
    ]
    click.echo(f"{file}: {to.upper()}")
    click.echo("\n".join(aligned(rows)))
