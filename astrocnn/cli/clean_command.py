"""`astrocnn clean`: removes products of a run that are no longer current."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from astrocnn.cli.columns import bytes_text
from astrocnn.cli.locate import run_folder
from astrocnn.cli.options import runs_option
from astrocnn.pipeline.clean import Removal, find_removals, freed_bytes, remove
from astrocnn.pipeline.lock import lock

_NAMES = {"product": "product", "part": "part", "unfinished": "piece of unfinished work"}
_MANY = {"product": "products", "part": "parts", "unfinished": "pieces of unfinished work"}


@click.command("clean")
@click.argument("run")
@runs_option
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Products of each stage to keep beside the current one, the most recent first.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
def command(run: str, runs: Path, keep: int, dry_run: bool) -> None:
    """Remove from RUN, a folder or a name below --runs, what is not current.

    Removed are products that are not current, parts that no kept product is made of, and what an interrupted run left
    unfinished, checkpoints too. Refused while a run is at work there.
    """
    root = run_folder(run, runs)
    with lock(root):
        removals = find_removals(root, keep)
        freed = freed_bytes(removals)
        for stage in dict.fromkeys(removal.stage for removal in removals):
            click.echo(f"{stage}: {_numbers([removal for removal in removals if removal.stage == stage])}")
        if not dry_run:
            remove(removals)
    if not removals:
        click.echo("nothing to remove: every product is current")
    else:
        click.echo(f"{'would free' if dry_run else 'freed'} {bytes_text(freed)}")


def _numbers(removals: list[Removal]) -> str:
    counts = Counter(removal.kind for removal in removals)
    return ", ".join(f"{number} {(_NAMES if number == 1 else _MANY)[kind]}" for kind, number in counts.items())
