"""Words on stderr: errors and warnings, one line each, coloured on a terminal."""

from __future__ import annotations

import click


def tell_error(text: str) -> None:
    """Print each line of an error."""
    _tell("error", "red", text)


def tell_warning(text: str) -> None:
    """Print each line of a warning."""
    _tell("warning", "yellow", text)


def _tell(word: str, colour: str, text: str) -> None:
    for line in text.splitlines():
        click.echo(f"{click.style(f'{word}:', fg=colour, bold=True)} {line}", err=True)
