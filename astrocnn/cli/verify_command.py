"""`astrocnn verify`: compares every file of a run with its checksum, and names what is damaged."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import click

from astrocnn.cli.locate import run_folder
from astrocnn.cli.options import runs_option
from astrocnn.pipeline.lock import lock
from astrocnn.pipeline.store import invalidate
from astrocnn.pipeline.verify import Verified, verify


@click.command("verify")
@click.argument("run")
@runs_option
def command(run: str, runs: Path) -> int:
    """Read all of RUN, a folder or a name below --runs, and compare it with its checksums.

    What is damaged loses its mark, so that the next run makes that again and nothing else. Ends with exit code 1 when
    there is damage. Refused while a run is at work there.
    """
    root = run_folder(run, runs)
    damaged: list[Verified] = []
    with lock(root):
        for stage, group in groupby(verify(root), lambda found: found.stage):
            found = list(group)
            bad = [one for one in found if one.damaged]
            click.echo(f"{stage}: {_numbers(found)}, {'all whole' if not bad else f'{len(bad)} damaged'}")
            for one in bad:
                click.echo(f"  {one.kind} {one.folder}: {', '.join(one.damaged)}")
                invalidate(one.folder, "damaged")
            damaged += bad
    if damaged:
        click.echo("damaged; the next `astrocnn run` makes these again, and nothing else")
    return 1 if damaged else 0


def _numbers(found: Iterable[Verified]) -> str:
    kinds = [one.kind for one in found]
    counts = ((kinds.count(kind), kind) for kind in ("product", "part"))
    return ", ".join(f"{number} {kind}{'s' * (number > 1)}" for number, kind in counts if number)
