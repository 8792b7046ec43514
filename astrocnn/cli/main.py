"""The `astrocnn` command: finds subcommands by name, turns errors into one clear message and an exit code."""

from __future__ import annotations

import importlib
import logging
import signal
import sys
from types import FrameType
from typing import Any

import click

from astrocnn import __version__
from astrocnn.errors import AstrocnnError

COMMANDS = {
    "run": "run what is not done yet of a pipeline",
    "check": "check a pipeline file, with the receptive-field gate; no compute",
    "plan": "say for each stage whether it is made or reused, and why",
    "status": "stages of a run, counts from the ledger, failures with reasons",
    "clean": "remove products that are no longer current",
    "field": "receptive field of a network, layer by layer, in pixels and on the sky",
    "score": "apply a trained model to new images, without a pipeline file",
    "list": "list stages, networks, instruments, pipelines or samples",
    "new": "write a ready, commented pipeline to edit",
    "sample": "write real sample input as FITS",
    "show": "show what a product is, how it was made, its numbers",
    "doctor": "look for the usual troubles and name the next thing to do",
}
_INTERRUPTED, _TERMINATED = 130, 143


class Terminated(BaseException):
    """SIGTERM reached the process."""


class _Commands(click.Group):
    """A group whose commands are imported when they are called, so that `--help` is quick."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"astrocnn.cli.{name}_command")
        return module.command  # type: ignore[no-any-return]

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("-v", "--verbose", count=True, help="Log more; with an error, show where it arose.")
@click.pass_context
def cli(context: click.Context, verbose: int) -> None:
    """Find rare objects in survey images: simulate, train, score, and write candidate catalogs."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("astrocnn").setLevel(level)
    context.obj = {"verbose": verbose}


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the `astrocnn` command."""
    sys.exit(run_command(arguments))


def run_command(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code (see the README)."""
    signal.signal(signal.SIGTERM, _terminate)
    context_object: dict[str, Any] = {}
    try:
        result = cli.main(arguments, standalone_mode=False, obj=context_object)
    except AstrocnnError as error:
        click.echo(f"error: {error}", err=True)
        logging.getLogger("astrocnn").debug("where it arose", exc_info=error)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; run again to go on", err=True)
        return _INTERRUPTED
    except Terminated:
        click.echo("stopped by SIGTERM; run again to go on", err=True)
        return _TERMINATED
    return result if isinstance(result, int) else 0
