"""The `astrocnn` command: finds subcommands by name, turns errors into one clear message and an exit code.

Exit codes: 0 done; 1 a stage failed or the store cannot be written; 2 nothing could start; 3 finished, but more objects
were rejected than the failure budget allows; 130 stopped by Ctrl-C; 143 stopped by SIGTERM.
"""

from __future__ import annotations

import importlib
import logging
import signal
import sys
import traceback
from types import FrameType

import click

from astrocnn import __version__
from astrocnn.errors import AstrocnnError
from astrocnn.messages import tell_error, tell_what_is_logged
from astrocnn.spelling import suggestion

COMMANDS = {
    "run": "run what is not done yet of a pipeline",
    "check": "check a pipeline file, with the receptive-field gate; no compute",
    "plan": "say for each stage whether it is made or reused, and why",
    "status": "stages of a run, counts from the ledger, failures with reasons",
    "clean": "remove products that are no longer current",
    "verify": "compare every file of a run with its checksum",
    "show": "show what a product is, how it was made, its numbers",
    "field": "receptive field of a network, layer by layer, on the sky",
    "explain": "look inside a trained model at some objects, as pictures",
    "score": "apply a trained model to new images, without a pipeline file",
    "export": "write a trained model as ONNX, for other programs",
    "list": "list stages, networks, instruments, pipelines or samples",
    "new": "write a ready, commented pipeline to edit",
    "sample": "write real sample input as FITS",
    "doctor": "look for the usual troubles and name the next thing to do",
}
_FAILED, _INTERRUPTED, _TERMINATED = 1, 130, 143
_VERBOSE = "Log what is done, and with an error show where it arose; -vv logs all."


class Terminated(BaseException):
    """SIGTERM reached the process."""


def _be_verbose(context: click.Context, option: click.Parameter, times: int) -> None:
    """Turn up the log; the option stands before or after the name of the command."""
    settings = context.find_root().ensure_object(dict)
    settings["verbose"] = settings.get("verbose", 0) + times
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(settings["verbose"], 2)]
    for handler in logging.getLogger().handlers:
        handler.setLevel(level)
    logging.getLogger("astrocnn").setLevel(level)


def _verbose_option() -> click.Option:
    return click.Option(
        ["-v", "--verbose"], count=True, is_eager=True, expose_value=False, callback=_be_verbose, help=_VERBOSE
    )


class _Commands(click.Group):
    """A group whose commands are imported when they are called, so that `--help` is quick."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            if name.startswith("-"):
                return None
            raise click.UsageError(f"no command is called {name!r}; {suggestion(name, COMMANDS)}", context)
        command: click.Command = importlib.import_module(f"astrocnn.cli.{name}_command").command
        if not any(parameter.name == "verbose" for parameter in command.params):
            command.params.append(_verbose_option())
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


cli = _Commands(
    "astrocnn",
    help="Find rare objects in survey images: simulate, train, score, and write candidate catalogs.",
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[_verbose_option()],
)
cli = click.version_option(__version__, prog_name="astrocnn")(cli)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the `astrocnn` command."""
    signal.signal(signal.SIGTERM, _terminate)
    tell_what_is_logged()
    sys.exit(run_command(arguments))


def run_command(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Errors of this package and of the system end in one line; anything else is a bug and keeps its traceback.
    """
    settings: dict[str, int] = {"verbose": 0}
    try:
        result = cli.main(arguments, prog_name="astrocnn", standalone_mode=False, obj=settings)
    except AstrocnnError as error:
        return _refuse(str(error), error, error.exit_code, settings)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        see = f" See {context.command_path} --help" if context else ""
        return _refuse(error.format_message() + see, error, error.exit_code, settings)
    except OSError as error:
        return _refuse(f"{error.filename or 'system'}: {error.strerror or error}", error, _FAILED, settings)
    except MemoryError as error:
        what = f"not enough memory: {error}" if str(error) else "not enough memory"
        return _refuse(f"{what}; to fix, close other programs, or give a smaller batch_size", error, _FAILED, settings)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; run again to go on", err=True)
        return _INTERRUPTED
    except Terminated:
        click.echo("stopped by SIGTERM; run again to go on", err=True)
        return _TERMINATED
    return result if isinstance(result, int) else 0


def _refuse(message: str, error: Exception, code: int, settings: dict[str, int]) -> int:
    if settings["verbose"]:
        click.echo("".join(traceback.format_exception(error)), err=True)
    tell_error(message)
    return code
