"""A run as its reader sees it: `open_run(DIR)["galaxies"]`, and what a report needs to know of the stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrocnn.errors import StoreError, UnknownName
from astrocnn.parquet import SCORES, read_parquet
from astrocnn.pipeline.release import read_release
from astrocnn.pipeline.store import ENVIRONMENT, PROVENANCE, Store, read_json
from astrocnn.spelling import suggestion

if TYPE_CHECKING:
    from astropy.nddata import NDData
    from astropy.table import Table
    from astropy.timeseries import TimeSeries

    from astrocnn.pipeline.plan import Plan
    from astrocnn.samples.light_curves import LightCurves
    from astrocnn.samples.sample_set import SampleSet

_TABLES = {"Catalog": "candidates.parquet", "Scores": SCORES, "Evaluation": SCORES}


@dataclass
class ProductView:
    """One stage of a run and its product.

    Attributes
    ----------
    name, use, kind, hash : str
    folder : Path
        Where the product stands.
    parents : tuple of str
        Stages it was made from.
    state : str
        `made`, `reuse`, `skipped`, `not asked for`; `done` for a run that is only looked at.
    reason : str
        Why, as the plan said.
    seconds : float
        What making it took in this run.
    """

    name: str
    use: str
    kind: str
    hash: str
    folder: Path
    parents: tuple[str, ...] = ()
    state: str = "done"
    reason: str = ""
    seconds: float = 0.0

    @property
    def provenance(self) -> dict[str, Any]:
        """What defines the product."""
        return read_json(self.folder / PROVENANCE) or {}

    @property
    def environment(self) -> dict[str, Any]:
        """Where and when it was made."""
        return read_json(self.folder / ENVIRONMENT) or {}

    @property
    def ledger(self) -> dict[str, dict[str, int]]:
        """Counts of objects by status and reason."""
        counts: dict[str, dict[str, int]] = (read_json(self.folder / "done.json") or {}).get("ledger", {})
        return counts

    @property
    def metrics(self) -> dict[str, float]:
        """The numbers of an Evaluation, by name."""
        return read_json(self.folder / "metrics.json") or {}

    @property
    def samples(self) -> SampleSet:
        """The product as a SampleSet.

        Raises
        ------
        StoreError
            When it is none.
        """
        from astrocnn.samples.sample_set import SampleSet

        if self.kind != "SampleSet":
            raise StoreError(f"is {self.kind}", where=self.name, expected="a SampleSet")
        return SampleSet.open(self.folder)

    @property
    def curves(self) -> LightCurves:
        """The product as LightCurves; StoreError when it is none."""
        from astrocnn.samples.light_curves import LightCurves

        if self.kind != "LightCurves":
            raise StoreError(f"is {self.kind}", where=self.name, expected="LightCurves")
        return LightCurves.open(self.folder)

    @property
    def table(self) -> Table:
        """The product's table: the catalog, the scores, the scored rows of an evaluation, the columns of objects."""
        if self.kind in ("SampleSet", "LightCurves"):
            return self.curves.table if self.kind == "LightCurves" else self.samples.table
        if self.kind not in _TABLES:
            raise StoreError(f"{self.kind} has no table", where=self.name, expected=", ".join(_TABLES))
        path = self.folder / _TABLES[self.kind]
        if self.kind == "Catalog":
            from astrocnn.catalog.readers import read_catalog

            return read_catalog(path)
        return _read_table(path)

    def __getitem__(self, identifier: str) -> NDData | TimeSeries:
        return self.curves[identifier] if self.kind == "LightCurves" else self.samples[identifier]


def _read_table(path: Path) -> Table:
    """Read a Parquet table; astropy's own reader has another name in each of its versions, and needs pandas in some."""
    from astropy.table import Table
    from pyarrow import types

    stored = read_parquet(path)
    texts = {field.name for field in stored.schema if types.is_string(field.type)}
    columns = {name: stored[name].to_numpy() for name in stored.column_names}
    return Table({name: values.astype(str) if name in texts else values for name, values in columns.items()})


@dataclass
class RunView:
    """The products of one run, by stage name."""

    name: str
    root: Path
    stages: dict[str, ProductView] = field(default_factory=dict)
    file_text: str = ""
    effective: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> ProductView:
        if name not in self.stages:
            raise UnknownName(
                f"this run has no stage {name!r}", where=str(self.root), fix=suggestion(name, self.stages)
            )
        return self.stages[name]

    def __iter__(self) -> Iterator[ProductView]:
        return iter(self.stages.values())

    def set_state(self, name: str, state: str, seconds: float) -> None:
        """Record what became of a stage."""
        self.stages[name].state, self.stages[name].seconds = state, seconds


def view_of_plan(plan: Plan) -> RunView:
    """View of the products a plan makes or reuses."""
    view = RunView(plan.config.name, plan.store.root, {}, _text(plan.config.file), plan.config.document.data)
    for name, stage in plan.stages.items():
        folder = plan.store.product(name, stage.hash) if stage.hash else plan.store.root / name
        view.stages[name] = ProductView(
            name, stage.entry.stage.use, stage.entry.stage.produces, stage.hash, folder,
            tuple(plan.graph.parents(name)), stage.state, stage.reason,
        )  # fmt: skip
    return view


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def open_run(folder: str | Path, release: str | None = None) -> RunView:
    """Open the folder of a run.

    Parameters
    ----------
    folder : str or Path
        `runs/<name>`.
    release : str, optional
        Name of a release; by default the products of the last run.

    Raises
    ------
    StoreError
        When no run has finished there.
    InputMissing
        When there is no such release.
    """
    store = Store(Path(folder))
    last = read_release(store.root, release) if release else store.last_run()
    if not last:
        raise StoreError("no finished run stands here", where=str(folder), expected="a folder with run.json")
    view = RunView(last["name"], store.root, {}, _text(Path(last["file"])), last["effective"])
    for name, stage in last["stages"].items():
        view.stages[name] = ProductView(
            name, stage["use"], stage["kind"], stage["hash"], store.product(name, stage["hash"]),
            tuple(last["parents"][name]),
        )  # fmt: skip
    return view
