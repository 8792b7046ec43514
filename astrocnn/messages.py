"""Words on stderr: errors and warnings, one line each, coloured on a terminal."""

from __future__ import annotations

import logging

import click


def tell_error(text: str) -> None:
    """Print each line of an error."""
    _tell("error", "red", text)


def tell_warning(text: str) -> None:
    """Print each line of a warning."""
    _tell("warning", "yellow", text)


def tell_what_is_logged(level: int = logging.WARNING) -> None:
    """Print what is logged in this process, too, in the same form."""
    handler = _Words(level)
    logging.getLogger().addHandler(handler)


class _Words(logging.Handler):
    """One line for each record. One with an exception is left to whoever catches that; the log of the run has it."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            return
        text = record.getMessage()
        if not record.name.startswith("astrocnn"):
            text = f"{record.name}: {text}"
        if record.levelno >= logging.WARNING:
            (tell_error if record.levelno >= logging.ERROR else tell_warning)(text)
        else:
            _tell(record.levelname.lower(), "bright_black", text)


def _tell(word: str, colour: str, text: str) -> None:
    for line in text.splitlines():
        click.echo(f"{click.style(f'{word}:', fg=colour, bold=True)} {line}", err=True)
