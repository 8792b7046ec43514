"""What a report knows of the run it shows: its stages, where their products stand, and who made what from what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class StageView:
    """One stage of the run.

    Attributes
    ----------
    name, use : str
        Its name in the file, and the kind of stage.
    kind : str
        Kind of its product: `SampleSet`, `Model`, `Evaluation`, `Scores`, `Catalog`, `Report`, ...
    state : str
        `made`, `reuse`, `skipped`, `failed`, ...: any word; those that `run_sections` knows have a colour.
    folder : Path or None
        Where its product stands or would stand.
    hash : str
        Content hash of the product.
    seconds, peak_memory_mb : float or None
        Time its last making took, and the largest memory of a process meanwhile.
    parents : tuple of str
        Stages whose products it takes.
    """

    name: str
    use: str
    kind: str
    state: str
    folder: Path | None = None
    hash: str = ""
    seconds: float | None = None
    parents: tuple[str, ...] = ()
    peak_memory_mb: float | None = None

    @property
    def anchor(self) -> str:
        """Anchor of its section in the page."""
        return f"stage-{self.name}"

    @property
    def label(self) -> str:
        """Its name and use, as written above its section."""
        return f"{self.name} \N{MIDDLE DOT} {self.use}"

    @property
    def product(self) -> Path | None:
        """Its product's folder where that is there; None for what was skipped, failed or is being made."""
        return self.folder if self.folder is not None and self.folder.is_dir() else None


@dataclass(frozen=True)
class ReportRun:
    """The run that a page shows.

    Attributes
    ----------
    name : str
        Name of the run.
    title, description : str
        Heading of the page, the run's name by default, and a sentence below it.
    caveats : list of str
        What a reader must know before believing anything; stands first on the page.
    file_text : str
        The pipeline file, as it was read.
    stages : list of StageView
        In the order of the file.
    environment : dict
        Machine, versions, times: shown apart from the content, which depends on the products alone.
    seed : int or None
        The run's seed.
    warnings : list of str
        What the run's log warns of.
    """

    name: str
    title: str = ""
    description: str = ""
    caveats: list[str] = field(default_factory=list)
    file_text: str = ""
    stages: list[StageView] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    warnings: list[str] = field(default_factory=list)

    def stage(self, name: str) -> StageView | None:
        """The stage of this name, None where the report was not given it."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def ancestors(self, stage: StageView) -> Iterator[StageView]:
        """Stages that this one was made from, nearest first; each once."""
        seen = {stage.name}
        pending = list(stage.parents)
        while pending:
            name = pending.pop(0)
            if name in seen:
                continue
            seen.add(name)
            parent = self.stage(name)
            if parent is not None:
                yield parent
                pending.extend(parent.parents)

    def made_from(self, stage: StageView, kind: str) -> list[tuple[StageView, Path]]:
        """Ancestors of one kind whose product is there, nearest first, with its folder."""
        return [
            (parent, parent.product)
            for parent in self.ancestors(stage)
            if parent.kind == kind and parent.product is not None
        ]

    def of_kind(self, kind: str) -> list[tuple[StageView, Path]]:
        """Stages of one kind whose product is there, in the order of the file, with its folder."""
        return [(stage, stage.product) for stage in self.stages if stage.kind == kind and stage.product is not None]
