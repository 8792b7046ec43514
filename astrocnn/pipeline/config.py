"""A pipeline file, read and checked: every single value is right; the graph is checked next."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from astrocnn.errors import AstrocnnError, InputMissing, PipelineFileError, UnknownName
from astrocnn.instruments import Instrument, load_instrument
from astrocnn.pipeline.document import Document, KeyPath, read_document
from astrocnn.pipeline.edges import parse_edge, substitute_inputs
from astrocnn.pipeline.overrides import apply_all, unknown_names
from astrocnn.pipeline.problems import PipelineFileErrors, Problem, raise_errors
from astrocnn.pipeline.registry import stage_named
from astrocnn.pipeline.stage import Edge, InputValue, Outside, Stage, StageParameters
from astrocnn.pipeline.validation import problems_of
from astrocnn.plugins import Plugin, load_plugin
from astrocnn.resources import pipelines_folder
from astrocnn.spelling import suggestion

_NAME = r"^[A-Za-z][A-Za-z0-9_-]*$"
Name = Annotated[str, Field(pattern=_NAME, max_length=80)]
_RESERVED = ("logs", "releases")
"""Folders of a run that are no stages."""


class _FileModel(BaseModel):
    """The keys at the root of a pipeline file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    name: Name
    seed: int = Field(ge=0, lt=2**63)
    instrument: str | None = None
    inputs: dict[Name, str | None] = {}
    stages: dict[Name, dict[str, Any]] = Field(min_length=1)
    profiles: dict[Name, dict[str, Any] | None] = {}
    plugins: list[str] = []
    failure_budget: float = Field(0.05, ge=0, le=1)
    threads: int = Field(2, ge=1, le=1024)
    release: Name | None = None


@dataclass(frozen=True)
class StageEntry:
    """One stage of a file: its name, its kind and its checked parameters."""

    name: str
    stage: Stage[Any]
    parameters: StageParameters


@dataclass
class PipelineConfig:
    """A checked pipeline file.

    Attributes
    ----------
    file : Path
        Where it was read from.
    name : str
        Name of the run: the file's, with `@profile` when one was laid over.
    seed : int
        Seed of everything random.
    instrument : Instrument or None
    stages : dict of str to StageEntry
        In the order of the file.
    failure_budget : float
        Largest fraction of rejected objects that still ends with exit code 0.
    threads : int
        Threads of the Keras backend; part of the identity of what it makes.
    release : str or None
        Name under which the products are frozen when the run is whole.
    document : Document
        The effective data and the place of each key.
    plugins : tuple of Plugin
    """

    file: Path
    name: str
    seed: int
    instrument: Instrument | None
    inputs: dict[str, InputValue]
    stages: dict[str, StageEntry]
    failure_budget: float
    threads: int
    release: str | None
    document: Document
    plugins: tuple[Plugin, ...] = ()
    problems: list[Problem] = field(default_factory=list)


def find_pipeline(name: str | Path) -> tuple[Path, Path]:
    """Find a pipeline by path, or by the name of a packaged one.

    Returns
    -------
    file : Path
    base : Path
        Folder its relative paths start from: its own, or the working folder for a packaged pipeline.

    Raises
    ------
    InputMissing
        When there is neither such a file nor such a packaged pipeline.
    """
    path = Path(name)
    if os.path.isfile(path):  # unlike Path.is_file, takes any text for a name
        return path, path.parent
    packaged = pipelines_folder() / f"{name}.yaml"
    if path.suffix == "" and os.path.isfile(packaged):
        return packaged, Path()
    known = sorted(found.stem for found in pipelines_folder().glob("*.yaml"))
    nearby = sorted(str(found) for found in path.parent.glob("*.y*ml")) if os.path.isdir(path.parent) else []
    raise InputMissing(
        "there is no such pipeline",
        where=str(name),
        expected="a file, or a packaged pipeline",
        fix=suggestion(str(name), [*known, *nearby]),
    )


def load_config(name: str | Path, profile: str | None = None, settings: Sequence[str] = ()) -> PipelineConfig:
    """Read and check a pipeline file.

    Parameters
    ----------
    name : str or Path
        The file, or the name of a packaged pipeline.
    profile : str, optional
        Profile of the file to lay over it.
    settings : sequence of str
        `PATH=YAML` pairs laid over both.

    Raises
    ------
    InputMissing
        When there is no such file.
    PipelineFileErrors
        With every problem of the file at once.
    """
    file, base = find_pipeline(name)
    document = apply_all(read_document(file), profile, settings)
    problems: list[Problem] = []
    plugins = _load_plugins(base, document, problems)
    try:
        model = _FileModel.model_validate(document.data)
    except ValidationError as error:
        problems += problems_of(error, _FileModel, document) + _StageReader(document, {}).salvage()
        raise PipelineFileErrors(problems) from error
    inputs = {key: InputValue(key, value, _base(base, document, "inputs", key)) for key, value in model.inputs.items()}
    instrument = _load_instrument(model.instrument, base, document, problems)
    reader = _StageReader(document, inputs)
    stages = reader.read(model.stages)
    problems += reader.problems + _unused_inputs(model, document)
    problems += [problem for one in model.profiles for problem in unknown_names(document, one)]
    raise_errors(problems)
    run_name = f"{model.name}@{profile}" if profile else model.name
    return PipelineConfig(
        file,
        run_name,
        model.seed,
        instrument,
        inputs,
        stages,
        model.failure_budget,
        model.threads,
        model.release,
        document,
        plugins,
        problems,
    )


def _base(base: Path, document: Document, *path: str | int) -> Path:
    """Folder that a path in the file starts from; one given by a flag starts from the working folder."""
    return Path() if document.place(path).startswith("--set") else base


def _load_plugins(base: Path, document: Document, problems: list[Problem]) -> tuple[Plugin, ...]:
    """Load the plugins of a file not yet checked, so that their stages are known whatever else is wrong with it."""
    names = document.data.get("plugins")
    plugins = []
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if not isinstance(name, str):
            continue
        try:
            plugins.append(load_plugin(_base(base, document, "plugins", index) / name))
        except AstrocnnError as error:
            problems.append(document.problem(("plugins", index), str(error)))
    return tuple(plugins)


def _load_instrument(name: str | None, base: Path, document: Document, problems: list[Problem]) -> Instrument | None:
    if name is None:
        return None
    try:
        return load_instrument(name, _base(base, document, "instrument"))
    except (UnknownName, InputMissing, PipelineFileError) as error:
        problems.append(document.problem(("instrument",), str(error)))
        return None


def _unused_inputs(model: _FileModel, document: Document) -> list[Problem]:
    used = repr(model.stages)
    return [
        document.problem(("inputs", name), "no stage uses this input", level="warning")
        for name in model.inputs
        if f"${{inputs.{name}}}" not in used
    ]


class _StageReader:
    """Checks the stages one by one and gathers what is wrong with all of them."""

    def __init__(self, document: Document, inputs: dict[str, InputValue]) -> None:
        self.document = document
        self.inputs = inputs
        self.problems: list[Problem] = []

    def salvage(self) -> list[Problem]:
        """Problems of the stages of a file whose root is wrong, as far as they can be told."""
        stages = self.document.data.get("stages")
        inputs = self.document.data.get("inputs")
        if isinstance(inputs, dict):
            self.inputs = {str(key): InputValue(str(key), None, Path()) for key in inputs}
        if isinstance(stages, dict):
            self.read({str(name): entry for name, entry in stages.items() if isinstance(entry, dict)})
        return self.problems

    def read(self, stages: dict[str, dict[str, Any]]) -> dict[str, StageEntry]:
        known = {name: self._stage(("stages", name), data) for name, data in stages.items()}
        used = {name: stage for name, stage in known.items() if stage is not None}
        values = {name: self._values(("stages", name), stage, stages[name]) for name, stage in used.items()}
        entries = {}
        for name, stage in used.items():
            given = self._defaults(("stages", name), stage, values) | values[name]
            parameters = self._parameters(("stages", name), stage, given)
            if parameters is not None:
                entries[name] = StageEntry(name, stage, parameters)
        return entries

    def _stage(self, path: KeyPath, data: dict[str, Any]) -> Stage[Any] | None:
        if path[-1] in _RESERVED:
            text = f"is the name of a folder that every run has; expected a name other than {', '.join(_RESERVED)}"
            self.problems.append(self.document.problem(path, text))
        use = data.get("use")
        if not isinstance(use, str):
            self.problems.append(self.document.problem(path, "has no `use:`; expected the kind of stage"))
            return None
        try:
            return stage_named(use)
        except UnknownName as error:
            self.problems.append(self.document.problem((*path, "use"), str(error)))
            return None

    def _values(self, path: KeyPath, stage: Stage[Any], data: dict[str, Any]) -> dict[str, Any]:
        """Values of the keys that can be read."""
        values: dict[str, Any] = {}
        for key, raw in data.items():
            if key == "use":
                continue
            try:
                values[key] = _read_value(substitute_inputs(raw, self.inputs), key, stage.Parameters)
            except PipelineFileError as error:
                self.problems.append(self.document.problem((*path, key), str(error)))
        return values

    def _defaults(self, path: KeyPath, stage: Stage[Any], values: dict[str, dict[str, Any]]) -> dict[str, Any]:
        try:
            return stage.defaults(values[str(path[-1])], values)
        except AstrocnnError as error:
            self.problems.append(self.document.problem(path, str(error)))
            return {}

    def _parameters(self, path: KeyPath, stage: Stage[Any], values: dict[str, Any]) -> StageParameters | None:
        try:
            return stage.Parameters.model_validate(values)
        except ValidationError as error:
            faulty = {problem.key for problem in self.problems}
            found = problems_of(error, stage.Parameters, self.document, path)
            self.problems += [problem for problem in found if problem.key not in faulty]
            return None


def _read_value(value: Any, key: str, parameters: type[StageParameters]) -> Any:
    """Read what stands under a key of a stage: products, files from outside, or a plain value for pydantic to check."""
    edges, outside = parameters.marked(Edge), parameters.marked(Outside)
    if key not in edges and key not in outside:
        if _holds_input(value):
            raise PipelineFileError("takes a plain value, not an input")
        return value
    if value is None and parameters.requires(key):
        raise PipelineFileError("is needed; received null")
    if key in edges:
        return parse_edge(value, edges[key])
    if value is None or isinstance(value, InputValue):
        return value
    raise PipelineFileError(f"takes what comes from outside; expected ${{inputs.NAME}}, received {value!r}")


def _holds_input(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_input(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_input(item) for item in value)
    return isinstance(value, InputValue)
