"""Writes stages.md, networks.md and commands.md from the code they describe; a test tells when they are out of date.

Run: `python docs/make_reference.py`.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from pydantic import BaseModel

import astrocnn.stages
from astrocnn.cli.main import COMMANDS, cli
from astrocnn.networks import registry
from astrocnn.pipeline.parameter_table import parameter_rows
from astrocnn.pipeline.registry import stage_named
from astrocnn.quantities import count_text
from astrocnn.receptive_field.tables import field_of

STAGES = """\
# Stages

Every stage with its parameters, as `astrocnn list stages NAME` shows them too. A dotted key stands inside a mapping:
`keep.top` is written `keep: {top: 200}`. This page is written by `docs/make_reference.py`.
"""
NETWORKS = """\
# Networks

Each is the network of a paper, exact in its layers, parameters and receptive field, or a base line that one would
choose today. They stand under `network:` and `options:` of `train`, and are built in Python by
`astrocnn.build(name, input_shape, **options)`. How each was trained by its authors stands in `configs/recipes/`, and is
what `train` does where a file says nothing else. `astrocnn field NAME` shows the layers of any of them.

The numbers are for the input named, with the options of the paper; the field is that before the first global operation,
in pixels or samples. This page is written by `docs/make_reference.py`.
"""
COMMANDS_HEAD = """\
# Commands

Every command with its arguments and options, as `--help` after its name shows them too. This page is written by
`docs/make_reference.py`.

**FILE** is the path of a pipeline file or the name of a packaged one (`astrocnn list pipelines`). **RUN** is the folder
of a run or its name below `--runs`. **PRODUCT** is a product's folder or RUN/STAGE, which is its current one. A flag
`--set PATH=YAML` changes one key of the file: `--set stages.finder.epochs=2`.

Products and tables go to stdout, progress and warnings to stderr. Without a terminal there is no bar and no colour, and
a long stage says how far it is every 20 seconds. `-v` logs what is done and shows where an error arose, `-vv` logs all;
it may stand before or after the name of the command. Every command takes `--help`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | a stage failed, the disk is full or cannot be written; `field`, `verify`, `doctor`: what they see is not well |
| 2 | nothing could start: the file is wrong, or an input is missing |
| 3 | finished, but more objects or tiles were rejected than `failure_budget` allows |
| 130 | stopped by Ctrl-C |
| 143 | stopped by SIGTERM |

After each of them the same command goes on where it was.
"""


def stages_page() -> str:
    """Return the text of docs/stages.md: the stages of this package, in the order of their names."""
    own = sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(astrocnn.stages.__path__))
    return "\n".join([STAGES, *map(_stage, own)])


def networks_page() -> str:
    """Return the text of docs/networks.md: a table of the zoo, then every network with its options."""
    zoo = [name for name in registry.names() if registry.get(name).__module__.startswith("astrocnn.")]
    columns = ("network", "answers with", "input", "parameters", "multiply-adds", "field", "then")
    overview = "\n".join(_table(columns, map(_overview, zoo)))
    return "\n".join([NETWORKS, overview, "", *map(_network, zoo)])


def commands_page() -> str:
    """Return the text of docs/commands.md, in the order of `astrocnn --help`."""
    return "\n".join([COMMANDS_HEAD, *map(_command, COMMANDS)])


PAGES = {"stages.md": stages_page, "networks.md": networks_page, "commands.md": commands_page}


def _stage(use: str) -> str:
    stage = stage_named(use)
    remark = (stage.Parameters.__doc__ or "").partition("; ")[2]  # after "Parameters of `train`; ..."
    text = f"{stage.summary} Product: `{stage.produces}`."
    text += f" {remark[0].upper()}{remark[1:]}" if remark else ""
    return _section(f"## {use}", text, _parameters(stage.Parameters))


def _overview(name: str) -> tuple[str, ...]:
    network = registry.configure(name)
    shape = network.usual_shapes[0]
    field = field_of(network, shape)
    sizes = [f"{low} to {high}" if low != high else str(low) for low, high in field.phases]
    return (
        f"[{name}](#{name})",
        network.answer,
        " x ".join(map(str, shape)),
        f"{field.parameters:,}",
        count_text(field.multiply_adds or 0),
        " x ".join(sizes[:1] if len(set(sizes)) == 1 else sizes),
        field.global_kind or "",
    )


def _network(name: str) -> str:
    network = registry.get(name)
    smallest, largest = network.sizes
    step = f", multiples of {network.multiple_of}," if network.multiple_of > 1 else ""
    axes = " and ".join(network.axis_names)
    about = inspect.cleandoc(network.__doc__ or "").partition("\n\n")[2]
    source = f"From {network.paper}. Inputs from {smallest} to {largest}{step} along {axes}."
    text = "\n\n".join(filter(None, [network.summary(), about, source]))
    return _section(f"## {name}", text, _parameters(network))


def _command(name: str) -> str:
    context = click.Context(cli)
    command = cli.get_command(context, name)
    if command is None:
        raise LookupError(name)
    context = click.Context(command, info_name=name, parent=context)
    text = "\n\n".join(
        [f"    astrocnn {name} {' '.join(command.collect_usage_pieces(context))}", inspect.cleandoc(command.help or "")]
    )
    rows = [
        (f"`{option.opts[0]} {_metavar(option, context)}`".replace(" `", "`"), _default(option), option.help or "")
        for option in command.params
        if isinstance(option, click.Option) and option.name != "verbose"
    ]
    return _section(f"## {name}", text, _table(("option", "default", "meaning"), rows) if rows else ())


def _metavar(option: click.Option, context: click.Context) -> str:
    return "" if option.is_flag else option.make_metavar(context)


def _default(option: click.Option) -> str:
    return f"`{option.default}`" if option.show_default and option.default is not None else ""


def _parameters(model: type[BaseModel]) -> Iterator[str]:
    rows = [
        (
            f"`{row.key}`",
            row.type,
            row.default if row.default in ("", "needed") else f"`{row.default}`",
            row.meaning,
        )
        for row in parameter_rows(model)
    ]
    return _table(("key", "takes", "default", "meaning"), rows)


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _section(title: str, text: str, lines: Iterable[str]) -> str:
    return "\n".join([title, "", text, "", *lines, ""])


if __name__ == "__main__":
    for name, page in PAGES.items():
        Path(__file__).with_name(name).write_text(page(), encoding="utf-8")
