"""`astrocnn sample`: real sample input as FITS, from a package that ships it."""

from __future__ import annotations

from pathlib import Path

import click

from astrocnn.cli.new_files import new_file


@click.command("sample")
@click.argument("name")
@click.argument("dest", required=False, type=click.Path(path_type=Path))
def command(name: str, dest: Path | None) -> None:
    """Write the sample NAME to DEST, a file or folder; see `astrocnn list samples`."""
    from astrocnn.ingest.sample_inputs import find_sample

    sample = find_sample(name)
    path = sample.write(new_file(dest, sample.file_name))
    click.echo(f"wrote {path}: {sample.description}")
