"""`astrocnn doctor`: looks for the usual troubles and names the next thing to do."""

from __future__ import annotations

from pathlib import Path

import click

from astrocnn.cli.doctor_checks import CHECKS
from astrocnn.cli.options import runs_option

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command("doctor")
@runs_option
def command(runs: Path) -> int:
    """Look at versions, memory, disk, locks, devices, and train for some seconds.

    Ends with exit code 1 when there is a problem.
    """
    problems = 0
    for check in CHECKS:
        for finding in check(runs):
            problems += finding.level == "problem"
            word = click.style(f"{finding.level:<8}", fg=_COLOURS[finding.level])
            click.echo(f"{word} {finding.subject:<12} {finding.text}")
            if finding.next_step:
                click.echo(f"{'':<21} -> {finding.next_step}")
    good = "all is well; next: astrocnn run quickstart --profile smoke"
    click.echo(good if not problems else f"{problems} problem{'s' * (problems > 1)}: see the arrows")
    return 1 if problems else 0
