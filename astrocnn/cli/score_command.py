"""`astrocnn score`: a trained model on new images, without writing a pipeline file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from astrocnn.cli.console import RunConsole
from astrocnn.cli.locate import product_folder
from astrocnn.cli.options import runs_option
from astrocnn.cli.run_command import exit_code
from astrocnn.parquet import SCORES

LINKS = {
    "scores": (SCORES,), "candidates": ("candidates.vot", "candidates.fits", "candidates.parquet"),
    "summary": ("index.html",),
}  # fmt: skip
"""Files of the run that stand in the folder itself, as links to the current ones."""


@click.command("score")
@click.argument("model")
@click.option("--images", required=True, metavar="PATTERN", help="FITS file, tiles/{tile}_{band}.fits, or sample:NAME.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the results.")
@click.option(
    "--positions",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="TABLE",
    help="Table with ra and dec in degrees, in any format astropy reads; else sources are detected.",
)
@click.option("--bands", help="Bands of the images, as g,r,i; the model's by default.")
@click.option("--instrument", help="Instrument of the images, a name or a file; for zero points.")
@click.option("--set", "settings", multiple=True, metavar="PATH=YAML", help="Change a key of apply-model; repeatable.")
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Processes for tiles.")
@runs_option
def command(
    model: str, images: str, out: Path, positions: Path | None, bands: str | None, instrument: str | None,
    settings: tuple[str, ...], workers: int, runs: Path,
) -> int:  # fmt: skip
    """Score the objects of new images with MODEL, the folder of a trained model or RUN/STAGE.

    DIR gets scores.parquet, the ranked candidates and index.html, and is a run of the pipeline apply-model: run it
    again with more tiles, and only those are worked on.
    """
    from astrocnn.apply_model import scoring_config
    from astrocnn.pipeline.run import Options, run_pipeline

    root = out.resolve()
    config = scoring_config(
        product_folder(model, runs), images, root.name, positions=positions,
        bands=bands.split(",") if bands else (), instrument=instrument, settings=settings,
    )  # fmt: skip
    with RunConsole(config.stages) as console:
        outcome = run_pipeline(config, Path(os.path.relpath(root.parent)), Options(workers), console)
    made = [out / name for stage, names in LINKS.items() for name in names if _link(root / name, stage)]
    click.echo("\n" + "\n".join(map(str, made)))
    return exit_code(outcome, config)


def _link(link: Path, stage: str) -> bool:
    """Let a name in the run's folder stand for the file in the stage's current product; tell whether there is one."""
    target = Path(stage, "current", link.name)
    if not (link.parent / target).is_file():
        return False
    if not link.is_symlink():
        link.symlink_to(target)
    return True
