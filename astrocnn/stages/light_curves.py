"""The `light-curves` stage: reads files of missions and surveys into one product of curves as observed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict

from astrocnn.errors import DataError, StoreError
from astrocnn.ingest.light_curves.files import CurveFiles, find_curve_files
from astrocnn.ingest.light_curves.placeholders import PLACEHOLDER_MAG
from astrocnn.pipeline.curve_stage import gather_shards
from astrocnn.pipeline.stage import Finding, Forecast, InputValue, Outside, Part, Scene, Stage, StageParameters, Task
from astrocnn.samples.curve_meta import TimeSystem
from astrocnn.samples.long_table import OBJECTS, POINTS
from astrocnn.samples.split_order import DEFAULT_SPLITS, in_order, wrong_fractions

if TYPE_CHECKING:
    from astrocnn.ingest.light_curves.objects import Objects
    from astrocnn.ingest.light_curves.observed import Observed, ReadOptions
    from astrocnn.samples.curve_merge import ShardFacts

log = logging.getLogger("astrocnn.stages.light_curves")

MANY_PARTS = 5000
"""Parts beyond which it is told how to gather objects: keeping a part takes longer than reading a file."""
_POINT_BYTES = 8
_OF_FITS = 0.1
"""What a point takes in the product, of 5 to 13 bytes measured, and what is left of mission files."""


class Parameters(StageParameters):
    """Parameters of `light-curves`."""

    curves: Annotated[InputValue, Outside()] = Field(
        description="files: a pattern with {id}, perhaps {part}; folders with light_curves.parquet; a .txt list"
    )
    objects: Annotated[InputValue | None, Outside()] = Field(
        None, description="CSV with id, and perhaps class, ra_deg, dec_deg, group, split and others"
    )
    flux: Literal["pdcsap", "sap"] = Field("pdcsap", description="flux of mission files")
    quality: Literal["none", "default", "hard", "hardest"] = Field(
        "default", description="mask of mission files: which flags drop a point"
    )
    images: Literal["bands", "curves"] = Field(
        "bands", description="images of a lensed quasar: bands of one object, or curves of their own"
    )
    columns: dict[Literal["time", "value", "error", "quality", "band", "id"], str] = Field(
        {}, description="names of the columns of tables, by role; found by name by default"
    )
    time_system: TimeSystem | None = Field(None, description="time system of tables; by the column's name by default")
    time_zero_day: float | None = Field(None, description="Julian date of time 0 in tables, beside time_system")
    reference_day: float = Field(2450000.0, ge=0, description="Julian date that absolute times are stored from")
    unit: str | None = Field(None, description="unit of the values; others are converted, or refused")
    bands: Annotated[tuple[str, ...], Strict(False)] | None = Field(
        None, description="bands wanted, in their order; all by default"
    )
    rename_bands: dict[str, str] = Field(
        {}, description="new names of bands by those in the files; several may become one, as {R: r}"
    )
    placeholder_mag: float = Field(
        PLACEHOLDER_MAG, gt=0, description="points with a magnitude or error at or beyond it, on either side of 0, are "
        "left out: 99.99 or -99 stand for nothing measured"
    )  # fmt: skip
    missing_values: Annotated[tuple[float, ...], Strict(False)] = Field(
        (), description="numbers that stand for nothing measured, beside NaN, as -9999: points with such a value or "
        "error are left out"
    )  # fmt: skip
    classes: dict[str, Annotated[tuple[str, ...], Strict(False)]] = Field(
        {}, description="classes by name, in order, each of those named in the files; other objects have no label"
    )
    minimum_points: int = Field(2, ge=1, description="objects with fewer points are rejected")
    splits: dict[str, float] = Field(
        DEFAULT_SPLITS, description="fractions of the objects without a split, by hash of the group"
    )

    @property
    def options(self) -> ReadOptions:
        """What the readers are told."""
        from astrocnn.ingest.light_curves.observed import ReadOptions

        return ReadOptions(
            flux=self.flux, quality=self.quality, images=self.images,
            columns={str(role): name for role, name in self.columns.items()}, time_system=self.time_system,
            time_zero_day=self.time_zero_day, unit=self.unit, bands=self.bands or (), rename_bands=self.rename_bands,
            placeholder_mag=self.placeholder_mag, missing_values=self.missing_values,
        )  # fmt: skip


class LightCurvesStage(Stage[Parameters]):
    """Read light curves of missions and surveys: sorted and unique times, units, bands, and a row for every object."""

    use = "light-curves"
    produces = "LightCurves"
    revision = 2

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """Number of objects and bytes, from the names and sizes of the files."""
        found = find_curve_files(str(parameters.curves.value), parameters.curves.base)
        files = [path for part in found for paths in part.files.values() for path in paths]
        objects = sum(len(part.objects) if part.folder is None else _lines(part.folder / OBJECTS) for part in found)
        labelled = False if parameters.objects is None and all(part.folder is None for part in found) else None
        return Forecast(
            objects=objects, bytes=round(sum(map(_stored_bytes, files))), bands=parameters.bands or (),
            splits=tuple(parameters.splits), labelled=labelled,
        )  # fmt: skip

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Splits must be fractions of one; a time system of dates needs its zero."""
        if wrong := wrong_fractions(parameters.splits):
            yield Finding("splits", wrong)
        named = Counter(name for names in parameters.classes.values() for name in names)
        if twice := [name for name, times in named.items() if times > 1]:
            yield Finding("classes", f"{', '.join(twice)} stands in several; expected each name in one class")
        number = len(find_curve_files(str(parameters.curves.value), parameters.curves.base))
        if number > MANY_PARTS:
            text = f"makes {number:,} parts, one an object: gather files in folders and name these {{part}}"
            yield Finding("curves", text, "warning")
        if parameters.time_zero_day is not None and parameters.time_system is None:
            yield Finding("time_zero_day", "changes nothing without time_system", "warning")

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part]:
        """One part an object, a folder of a long table, or a `{part}` of the pattern."""
        found = find_curve_files(str(parameters.curves.value), parameters.curves.base)
        beside = _beside(parameters)
        return [Part(part.name, _content(part, beside), part) for part in found]

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Read the files of one part; an object that cannot be used is a row in the ledger."""
        from astrocnn.ingest.light_curves.gather import CurveGatherer, Unreadable, read_files
        from astrocnn.ingest.light_curves.normalise import normalise

        parameters, files = task.parameters, part.work
        objects = _objects_of(files, parameters)
        with CurveGatherer(task.out) as gatherer:
            for found in read_files(files.objects, parameters.options):
                if isinstance(found, Unreadable):
                    _reject(task, found.id, found.error)
                    continue
                identifier, pieces = found
                try:
                    curve = normalise(pieces, parameters.options, parameters.minimum_points, parameters.reference_day)
                except DataError as error:
                    _reject(task, identifier, error)
                    continue
                curve = replace(curve, meta=curve.meta.model_copy(update={"classes": tuple(parameters.classes)}))
                gatherer.add(curve, {**_row(task, identifier, pieces, objects), "part": part.name})
                task.ledger.add([identifier], "read")
        known = set(task.ledger.ids)
        if objects is not None and files.folder is not None:
            task.ledger.add([one for one in objects.rows if one not in known], "rejected", f"no points in {POINTS}")

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Gather the shards of all parts; curves of another kind than most are set aside.

        Raises
        ------
        DataError
            When no object can be used.
        StoreError
            When two objects have one id.
        """
        from astrocnn.samples.curve_merge import shard_facts
        from astrocnn.samples.curve_shards import SUFFIX
        from astrocnn.samples.light_curves import LightCurves
        from astrocnn.samples.splits import check_unique_ids

        shards = [shard_facts(path) for folder in parts for path in sorted(folder.glob(f"*{SUFFIX}"))]
        counts: Counter[tuple[Any, ...]] = Counter()
        for shard in shards:
            counts[shard.meta.kind] += shard.number
        _refuse_nothing(task, sum(counts.values()))
        most = max(counts, key=lambda kind: (counts[kind], str(kind)))
        alike = [shard for shard in shards if shard.meta.kind == most and shard.number]
        for shard in shards:
            if shard.meta.kind != most and shard.number:
                _set_aside(task, shard, alike[0])
        gather_shards(alike, task.out)
        curves = LightCurves.open(task.out)
        check_unique_ids(curves.ids)
        curves.close()


def _set_aside(task: Task[Parameters], shard: ShardFacts, expected: ShardFacts) -> None:
    """Change the rows of curves whose kind is not that of most."""
    from astrocnn.samples.light_curves import LightCurves

    curves = LightCurves.open(shard.path)
    reason = f"expected {expected.meta.kind_text}, as most; received {shard.meta.kind_text}"
    text = f"another kind of curve: {reason}; to fix, read these in a stage of their own"
    task.ledger.change(curves.ids.tolist(), "rejected", text)
    curves.close()


def _content(part: CurveFiles, beside: Objects | None) -> dict[str, Any]:
    """What defines a part: its files by object, and what the table of objects says of these."""
    files = {
        name: [path if path.is_file() else f"no {path.name}" for path in paths] for name, paths in part.files.items()
    }
    content: dict[str, Any] = {"files": files}
    if beside is not None:
        rows = {name: beside.of(name) for name in part.objects if name in beside.rows} if part.folder is None else {
            name: beside.of(name) for name in beside.rows
        }  # fmt: skip
        content["objects"] = {name: {key: str(value) for key, value in row.items()} for name, row in rows.items()}
    return content


@cache
def _read_beside(path: Path, stamp: int) -> Objects:
    """The table of objects, read once for all parts; `stamp` is its time of modification."""
    from astrocnn.ingest.light_curves.objects import read_objects

    return read_objects(path)


def _beside(parameters: Parameters) -> Objects | None:
    given = parameters.objects
    if given is None or given.value is None:
        return None
    return _read_beside(given.path, given.path.stat().st_mtime_ns if given.path.is_file() else 0)


def _objects_of(files: CurveFiles, parameters: Parameters) -> Objects | None:
    """The table of objects that is given, else the one in the folder."""
    from astrocnn.ingest.light_curves.objects import read_objects

    beside = _beside(parameters)
    if beside is None and files.folder is not None and (files.folder / OBJECTS).is_file():
        return read_objects(files.folder / OBJECTS)
    return beside


def _row(task: Task[Parameters], identifier: str, pieces: list[Observed], objects: Objects | None) -> dict[str, Any]:
    """The object's row of the table: what the files say, then what the table of objects says; group and split."""
    import numpy as np

    from astrocnn.samples.splits import assign_splits

    row: dict[str, Any] = dict(pieces[0].columns)
    if len(pieces) > 1:
        seasons = [str(piece.columns.get("season", "")) for piece in pieces]
        row |= {"season": ", ".join(seasons)} if any(seasons) else {}
    row |= {"group": row.get("group") or identifier, "files": len(pieces)}
    for name, value in (objects.of(identifier) if objects else {}).items():
        if name not in row or (value != "" and value == value):  # an empty cell does not hide what a file says
            row[name] = value
    if task.parameters.classes:
        row["class_given"] = row.get("class", "")
        row["class"] = next((one for one, names in task.parameters.classes.items() if row["class_given"] in names), "")
    if not row.get("split"):
        fractions = in_order(task.parameters.splits)
        row["split"] = str(assign_splits(np.array([row["group"]]), task.scene.seed, fractions)[0])
    return row


def _reject(task: Task[Parameters], identifier: str, error: DataError) -> None:
    """Leave an object or file out: what was found goes to the log, what is wrong and its cure to the ledger."""
    log.warning("%s: %s is rejected: %s", task.name, identifier, error)
    reason = DataError(error.what, expected=error.expected, fix=error.fix)  # alike for all that have the same wrong
    task.ledger.add([identifier], "rejected", str(reason))


def _refuse_nothing(task: Task[Parameters], number: int) -> None:
    if number:
        return
    told = [(count, reason) for row in task.ledger.counts().values() for reason, count in row.items()]
    received = "; ".join(f"{count} rejected: {reason}" for count, reason in sorted(told, reverse=True)[:3])
    where = f"{task.name}, {task.parameters.curves.value}"
    raise DataError("no light curve can be used", where=where, received=received)


def _stored_bytes(path: Path) -> float:
    """About how many bytes the curves of a file take in the product."""
    from astrocnn.parquet import parquet_schema

    if not path.is_file():
        return 0.0
    if path.suffix == ".parquet":
        try:
            return _POINT_BYTES * parquet_schema(path)[1]
        except StoreError:
            return 0.0  # its part says what is wrong with it
    return path.stat().st_size * (_OF_FITS if ".fit" in path.name.lower() else 1.0)


def _lines(path: Path) -> int:
    """Rows of a CSV below its head; 0 where there is none."""
    if not path.is_file():
        return 0
    with path.open("rb") as stream:
        return max(0, sum(1 for line in stream if line.strip()) - 1)


STAGE = LightCurvesStage()
