"""What a run would do: for each stage and part its content hash, and whether it is made or reused, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from astrocnn import backend
from astrocnn.errors import AstrocnnError, InputMissing, PipelineFileError, StageFailed
from astrocnn.pipeline.config import PipelineConfig, StageEntry
from astrocnn.pipeline.document import KeyPath
from astrocnn.pipeline.graph import Graph, build_graph
from astrocnn.pipeline.identity import FORMAT_VERSION, FileHashes, backend_identity, content_hash, differences
from astrocnn.pipeline.outside import outside_source
from astrocnn.pipeline.problems import Problem, raise_errors
from astrocnn.pipeline.release import other_products
from astrocnn.pipeline.stage import Finding, Forecast, Outside, Part, Reference, Scene, Source
from astrocnn.pipeline.store import Store
from astrocnn.plugins import Plugin, plugin_of
from astrocnn.spelling import suggestion

FILE_HASHES = "files.json"


@dataclass
class StagePlan:
    """What a run would do with one stage.

    Attributes
    ----------
    entry : StageEntry
        The stage and its parameters.
    state : str
        `run`, `reuse` or `skipped`.
    reason : str
        Why.
    hash : str
        Content hash of the product.
    identity : dict
        What the hash was made of.
    scene : Scene
        What the stage knows before compute.
    parts : tuple of Part or None
        Its parts with their hashes; None when it is made in one piece.
    forecast : Forecast
    again : frozenset of str
        Hashes of parts that are made although they are done.
    plugins : tuple of Plugin
        What from outside it is made with.
    """

    entry: StageEntry
    state: str
    reason: str
    hash: str = ""
    identity: dict[str, Any] = field(default_factory=dict)
    scene: Scene | None = None
    parts: tuple[Part, ...] | None = None
    forecast: Forecast = field(default_factory=Forecast)
    again: frozenset[str] = frozenset()
    plugins: tuple[Plugin, ...] = ()

    @property
    def name(self) -> str:
        """Name of the stage in the file."""
        return self.entry.name


@dataclass
class Plan:
    """A whole file's plan, stages in running order, with the problems found on the way."""

    config: PipelineConfig
    store: Store
    graph: Graph
    stages: dict[str, StagePlan]
    problems: list[Problem]

    def __getitem__(self, name: str) -> StagePlan:
        return self.stages[name]


def make_plan(config: PipelineConfig, store: Store, force: Sequence[str] = (), files: FileHashes | None = None) -> Plan:
    """Plan a run without making anything.

    Parameters
    ----------
    config : PipelineConfig
        The checked file.
    store : Store
        Where products stand.
    force : sequence of str
        Stages to make again although they are up to date.
    files : FileHashes, optional
        What is known of outside files; by default what the run folder keeps.

    Raises
    ------
    PipelineFileErrors
        When the graph cannot run. What the stages' own checks find, and inputs that are missing, stands in
        `problems`; a stage with such an input, and what follows it, is not in the plan.
    """
    check_stage_names(config, force, "--force")
    graph, problems = build_graph(config)
    raise_errors([*config.problems, *problems])
    backend.use_threads(config.threads)
    planner = _Planner(config, store, graph, set(force), files or FileHashes(store.root / FILE_HASHES))
    for name in graph.order:
        planner.add(name)
    planner.files.save()
    planner.compare_with_release()
    return Plan(config, store, graph, planner.stages, [*config.problems, *planner.problems])


def check_stage_names(config: PipelineConfig, names: Iterable[str], flag: str) -> None:
    """Refuse a flag that names a stage the file has not; raises PipelineFileError."""
    for name in names:
        if name not in config.stages:
            raise PipelineFileError(f"{flag}: no stage is called {name!r}", fix=suggestion(name, config.stages))


class _Planner:
    def __init__(self, config: PipelineConfig, store: Store, graph: Graph, force: set[str], files: FileHashes) -> None:
        self.config, self.store, self.graph, self.force, self.files = config, store, graph, force, files
        self.stages: dict[str, StagePlan] = {}
        self.problems: list[Problem] = []
        self.unknown: set[str] = set()

    def add(self, name: str) -> None:
        """Plan a stage, or find why it cannot be planned; of what it would be the source of, nothing can be told."""
        entry = self.config.stages[name]
        if name in self.graph.skipped:
            self.stages[name] = StagePlan(entry, "skipped", self.graph.skipped[name])
        elif self.unknown.intersection(self.graph.parents(name)):
            self.unknown.add(name)
        else:
            try:
                self.stages[name] = self._plan(entry)
            except AstrocnnError as error:
                self.unknown.add(name)
                problem = self.config.document.problem(self._path_of(error, entry), str(error))
                if problem not in self.problems:  # another stage may take the same input
                    self.problems.append(problem)

    def _path_of(self, error: AstrocnnError, entry: StageEntry) -> KeyPath:
        """Key of the input that an error names, or of the stage."""
        given = [entry.parameters.value_of(key) for key in entry.parameters.marked(Outside)]
        given += [one.outside for references in self.graph.edges[entry.name].values() for one in references]
        values = {str(one.value): one.name for one in given if one is not None}
        named = [name for value, name in values.items() if value in str(error.where)]
        if len(values) == 1 and isinstance(error, InputMissing):  # a file that a pattern matches
            named = list(values.values())
        return ("inputs", named[0]) if named else ("stages", entry.name)

    def _plan(self, entry: StageEntry) -> StagePlan:
        name = entry.name
        sources = {
            key: tuple(self._source(reference, key, entry) for reference in references)
            for key, references in self.graph.edges[name].items()
        }
        config = self.config
        scene = Scene(name, config.seed, config.instrument, sources, tuple(config.stages), config.threads)
        forecast = entry.stage.forecast(entry.parameters, scene)
        self._check(entry, scene)
        parts = entry.stage.parts(entry.parameters, scene)
        outside = self._outside(entry) if parts is None else {}
        identity = self._identity(entry, scene, outside)
        numbered = self._hash_parts(entry, scene, parts)
        if numbered is not None:
            identity["parts"] = {part.name: part.hash for part in numbered}
        plan = StagePlan(entry, "run", "", content_hash(identity), identity, scene, numbered, forecast)
        plan.plugins = self._plugins(entry, plugin_of(type(entry.stage).__module__))
        self._decide(plan)
        return plan

    def compare_with_release(self) -> None:
        """Find what a run under the name of a release that stands would change."""
        name, root = self.config.release, self.store.root
        hashes = {stage.name: stage.hash for stage in self.stages.values() if stage.state != "skipped"}
        others = list(other_products(root, name, hashes)) if name else []
        if others:
            text = f"release {name} stands with other products of {', '.join(others)}; to fix, give this one a new name"
            self.problems.append(self.config.document.problem(("release",), text))

    def _check(self, entry: StageEntry, scene: Scene) -> None:
        for finding in (*_wrong_samples(entry, scene), *entry.stage.check(entry.parameters, scene)):
            path = ("stages", entry.name, finding.key) if finding.key else ("stages", entry.name)
            self.problems.append(self.config.document.problem(path, finding.text, finding.level))

    def _source(self, reference: Reference, key: str, entry: StageEntry) -> Source:
        if reference.outside is not None:
            kind = entry.parameters.marked_edge(key).kind
            return outside_source(reference.outside, kind, self.files)
        plan = self.stages[str(reference.stage)]
        return Source(
            plan.name,
            plan.entry.stage.produces,
            plan.hash,
            self.store.product(plan.name, plan.hash),
            reference.splits,
            plan.parts or (),
            plan.forecast,
            plan.scene.sources if plan.scene else {},
        )

    def _outside(self, entry: StageEntry) -> dict[str, Any]:
        values = {key: entry.parameters.value_of(key) for key in entry.parameters.marked(Outside)}
        given = {key: value for key, value in values.items() if value is not None and value.value is not None}
        return {key: self.files.of(value.path) for key, value in given.items()}

    def _common(self, entry: StageEntry, scene: Scene, leave_out: Sequence[str] = ()) -> dict[str, Any]:
        stage = entry.stage
        identity: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "stage": entry.name,
            "use": stage.use,
            "revision": stage.revision,
            "parameters": entry.parameters.effective(leave_out),
            "seed": self.config.seed,
            "instrument": self.config.instrument.content() if self.config.instrument else None,
        }
        if stage.calls_keras(entry.parameters, scene):
            identity["backend"] = {**backend_identity(), "threads": self.config.threads}
        if plugins := self._plugins(entry):
            identity["plugins"] = [plugin.sha256 for plugin in plugins]
        return identity

    def _plugins(self, entry: StageEntry, further: Plugin | None = None) -> tuple[Plugin, ...]:
        """Files that the pipeline names, which may reach into any stage, what defines this one's result, and more."""
        found = (*self.config.plugins, *entry.stage.plugins(entry.parameters), *((further,) if further else ()))
        return tuple({plugin.sha256: plugin for plugin in found}.values())

    def _identity(self, entry: StageEntry, scene: Scene, outside: dict[str, Any]) -> dict[str, Any]:
        identity = self._common(entry, scene)
        identity["sources"] = {
            key: [[source.name, source.hash, list(source.splits)] for source in sources]
            for key, sources in scene.sources.items()
        }
        identity["outside"] = outside
        return identity

    def _hash_parts(self, entry: StageEntry, scene: Scene, parts: Sequence[Part] | None) -> tuple[Part, ...] | None:
        if parts is None:
            return None
        common = self._common(entry, scene, entry.stage.extent_keys)
        names = [part.name for part in parts]
        if len(set(names)) < len(names):
            raise StageFailed("two parts have one name", received=", ".join(sorted(names)))
        # a source that is followed part by part stands in the parts' content, but which splits are taken does not
        common["sources"] = {
            key: [["" if key == entry.stage.maps_over else source.hash, list(source.splits)] for source in sources]
            for key, sources in scene.sources.items()
        }
        return tuple(
            replace(part, hash=content_hash({**common, "part": [part.name, self._plain(part.content)]}))
            for part in parts
        )

    def _plain(self, value: Any) -> Any:
        """Content of a part, files named in it replaced by their hashes."""
        if isinstance(value, dict):
            return {key: self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in value]
        return self.files.of(value) if isinstance(value, Path) else value

    def _decide(self, plan: StagePlan) -> None:
        if plan.name in self.force:
            plan.reason, plan.again = "forced", frozenset(part.hash for part in plan.parts or ())
        elif self.store.is_done(plan.name, plan.hash):
            plan.state, plan.reason = "reuse", "up to date"
        else:
            plan.reason = self._why(plan)

    def _why(self, plan: StagePlan) -> str:
        invalid = self.store.why_invalid(plan.name, plan.hash)
        if invalid is not None:
            return invalid
        old = self.store.current_identity(plan.name)
        if old is None:
            return "not made yet"
        changes = list(differences(old, plan.identity))
        return ", ".join(changes[:4]) + (f" and {len(changes) - 4} more" if len(changes) > 4 else "") or "not finished"


def _wrong_samples(entry: StageEntry, scene: Scene) -> Iterable[Finding]:
    """Samples without the split that is asked for, or without labels where they are needed."""
    for key, sources in scene.sources.items():
        needs_labels = entry.parameters.marked_edge(key).labelled
        for source in sources:
            known = source.forecast
            if needs_labels and known.labelled is False:
                yield Finding(key, f"{source.name} has no labels; expected a labelled SampleSet, as simulated ones are")
            there = source.splits if known.splits is None else known.splits
            for split in (split for split in source.splits if split not in there):
                yield Finding(
                    key, f"no object of {source.name} is in a split {split!r}; to fix, {suggestion(split, there)}"
                )
