"""`astrocnn new`: a ready, commented pipeline to edit."""

from __future__ import annotations

from pathlib import Path

import click

from astrocnn.cli.new_files import new_file
from astrocnn.errors import UnknownName
from astrocnn.pipeline.store import write_atomically
from astrocnn.resources import pipelines_folder
from astrocnn.spelling import suggestion


@click.command("new")
@click.argument("pipeline")
@click.argument("dest", required=False, type=click.Path(path_type=Path))
def command(pipeline: str, dest: Path | None) -> None:
    """Copy the packaged PIPELINE to DEST, a file or folder; ./PIPELINE.yaml by default."""
    source = pipelines_folder() / f"{pipeline}.yaml"
    if not source.is_file():
        known = [path.stem for path in pipelines_folder().glob("*.yaml")]
        raise UnknownName("there is no such pipeline", where=pipeline, fix=suggestion(pipeline, known))
    path = new_file(dest, source.name)
    write_atomically(path, source.read_text(encoding="utf-8"))
    click.echo(f"wrote {path}; look at it, then: astrocnn check {path}")
