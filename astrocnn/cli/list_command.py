"""`astrocnn list`: what there is of stages, networks, instruments, pipelines and samples, and what each takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from astrocnn.cli.columns import aligned, heading
from astrocnn.errors import PipelineFileError, UnknownName
from astrocnn.spelling import suggestion

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True)
class Entry:
    """A name and its one-line meaning."""

    name: str
    meaning: str


@click.command("list")
@click.argument("kind", type=click.Choice(["stages", "networks", "instruments", "pipelines", "samples"]))
@click.argument("name", required=False)
def command(kind: str, name: str | None) -> None:
    """List what there is, one line each; with NAME, what that one takes or holds."""
    entries, detail = _KINDS[kind]
    if name is None:
        lines = aligned([(entry.name, entry.meaning) for entry in entries()])
    elif name not in (known := [entry.name for entry in entries()]):
        raise UnknownName(f"there is no such {kind.removesuffix('s')}", where=name, fix=suggestion(name, known))
    else:
        lines = list(detail(name))
    click.echo("\n".join(lines))


def _stages() -> Iterable[Entry]:
    from astrocnn.pipeline.registry import stage_named, stage_names

    return [Entry(name, stage_named(name).summary) for name in stage_names()]


def _stage(name: str) -> Iterator[str]:
    from astrocnn.pipeline.registry import stage_named

    stage = stage_named(name)
    yield f"{name}: {stage.summary} Product: {stage.produces}."
    if remark := (stage.Parameters.__doc__ or "").partition("; ")[2]:  # after "Parameters of `train`; ..."
        yield remark[0].upper() + remark[1:]
    yield from _parameters(stage.Parameters)


def _networks() -> Iterable[Entry]:
    from astrocnn.networks import registry

    def summary(name: str) -> str:
        try:
            return registry.get(name).summary()
        except PipelineFileError as error:  # of a package from outside: the others are listed all the same
            return str(error)

    return [Entry(name, summary(name)) for name in registry.names()]


def _network(name: str) -> Iterator[str]:
    from astrocnn.networks import registry

    network = registry.get(name)
    axes = " and ".join(network.axis_names)
    yield f"{name}: {network.summary()}"
    yield f"From {network.paper}. Takes {network.sizes[0]} to {network.sizes[1]} samples in {axes}."
    yield from _parameters(network)


def _parameters(model: type[BaseModel]) -> Iterator[str]:
    from astrocnn.pipeline.parameter_table import parameter_rows

    rows = [(row.key, row.type, row.default, row.meaning) for row in parameter_rows(model)]
    yield ""
    yield from aligned([heading(("key", "takes", "default", "meaning")), *rows])


def _instruments() -> Iterable[Entry]:
    from astrocnn.instruments import instrument_names, load_instrument

    return [Entry(name, load_instrument(name).title) for name in instrument_names()]


def _instrument(name: str) -> Iterator[str]:
    from astrocnn.instruments import load_instrument

    instrument = load_instrument(name)
    yield f"{name}: {instrument.title}; {instrument.scale_arcsec:g} arcsec a pixel, fluxes in {instrument.flux_unit}"
    yield ""
    rows = [("number", "value", "unit", "source"), *(
        (key, f"{number.value:g}", number.unit, instrument.references[number.reference])
        for key, number in instrument.numbers()
    )]  # fmt: skip
    yield from aligned([heading(rows[0]), *rows[1:]], right=(1,))


def _pipelines() -> Iterable[Entry]:
    from astrocnn.resources import pipelines_folder

    files = sorted(pipelines_folder().glob("*.yaml"))
    return [Entry(file.stem, re.split(r"[.:] ", _preface(file))[0]) for file in files]


def _preface(file: Path) -> str:
    """Comment at the head of a pipeline file, as one line."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(lines)


def _pipeline(name: str) -> Iterator[str]:
    from astrocnn.pipeline.document import read_document
    from astrocnn.resources import pipelines_folder

    file = pipelines_folder() / f"{name}.yaml"
    data = read_document(file).data
    yield f"{name}: {_preface(file)}"
    yield ""
    yield from aligned([heading(("stage", "use")), *((stage, entry["use"]) for stage, entry in data["stages"].items())])
    if profiles := data.get("profiles"):
        yield f"\nprofiles: {', '.join(profiles)}"


def _samples() -> Iterable[Entry]:
    from astrocnn.ingest.sample_inputs import SAMPLES

    return [Entry(name, sample.description) for name, sample in SAMPLES.items()]


def _sample(name: str) -> Iterator[str]:
    from astrocnn.ingest.sample_inputs import find_sample

    sample = find_sample(name)
    yield f"{name}: {sample.description}"
    yield f"bands {', '.join(sample.bands)}; astrocnn sample {name} writes {sample.file_name}"


_KINDS = {
    "stages": (_stages, _stage), "networks": (_networks, _network), "instruments": (_instruments, _instrument),
    "pipelines": (_pipelines, _pipeline), "samples": (_samples, _sample),
}  # fmt: skip
