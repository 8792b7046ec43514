"""Stages that make light curves of light curves, one by one: parts, shards, tables and the ledger, the same for all."""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import Field

from astrocnn.errors import DataError
from astrocnn.pipeline.publish import link_or_copy
from astrocnn.pipeline.source_samples import open_curves
from astrocnn.pipeline.stage import Edge, Forecast, Part, References, Scene, Stage, StageParameters, Task

if TYPE_CHECKING:
    from astrocnn.samples.curve import LightCurve
    from astrocnn.samples.curve_merge import ShardFacts
    from astrocnn.samples.curve_meta import CurveMeta
    from astrocnn.samples.light_curves import LightCurves

log = logging.getLogger("astrocnn.pipeline.curve_stage")

STATED = "stated_"
"""Goes before the name of a column that the source has and the stage makes anew."""


class CurveParameters(StageParameters):
    """Parameters of every such stage."""

    curves: Annotated[References, Edge("LightCurves", splits=True)] = Field(description="light curves")


C = TypeVar("C", bound=CurveParameters)


@dataclass(frozen=True)
class Made:
    """What a stage makes of one curve: the curve, new columns of its row, and perhaps a remark for the ledger."""

    curve: LightCurve
    columns: Mapping[str, float] = field(default_factory=dict)
    remark: str = ""


class CurveStage(Stage[C], ABC):
    """Makes light curves of light curves; a subclass says what becomes of one.

    The parts are those of the source, or pieces of these where they hold many curves. Columns are carried over; one
    that is made anew keeps its old values as `stated_NAME`.

    Attributes
    ----------
    part_objects : int
        Curves of a part of the source beyond which it is made in several pieces.
    """

    produces = "LightCurves"
    maps_over = "curves"
    part_objects: ClassVar[int]

    @abstractmethod
    def make(self, task: Task[C], curves: LightCurves, curve: LightCurve, row: Mapping[str, Any]) -> Made:
        """Make one curve.

        Parameters
        ----------
        task : Task
        curves : LightCurves
            What it is one of.
        curve : LightCurve
        row : mapping
            Its row of the table.

        Raises
        ------
        DataError
            When it cannot be made; it is then rejected for this reason.
        """

    def meta(self, parameters: C, meta: CurveMeta) -> CurveMeta:
        """What is true of the curves that are made, from what is true of those of the source.

        Raises
        ------
        DataError
            When none of them can be used.
        """
        return meta

    def forecast(self, parameters: C, scene: Scene) -> Forecast:
        """As many curves in the same bands and splits as the source has."""
        source = scene.source("curves")
        if source is None:
            return Forecast()
        known = source.forecast
        return Forecast(
            objects=known.objects, bytes=known.bytes, bands=known.bands, splits=source.splits or known.splits,
            labelled=known.labelled,
        )  # fmt: skip

    def parts(self, parameters: C, scene: Scene) -> Sequence[Part] | None:
        """The parts of the source, or pieces of them; one piece for a source from outside."""
        source = scene.source("curves")
        if source is None or not source.parts:
            return None
        pieces = math.ceil((source.forecast.objects or 0) / (self.part_objects * len(source.parts))) or 1
        return [
            Part(_piece_name(part.name, piece, pieces), [part.hash, list(source.splits), piece, pieces],
                 (number, piece, pieces))
            for number, part in enumerate(source.parts) for piece in range(pieces)
        ]  # fmt: skip

    def run_part(self, task: Task[C], part: Part) -> None:
        """Make the curves of one part."""
        import numpy as np

        number, piece, pieces = part.work
        curves = open_curves(task.source("curves"), number)
        rows = np.array_split(np.arange(len(curves)), pieces)[piece]
        self._write(task, curves.select(rows), part.name)

    def run(self, task: Task[C]) -> None:
        """Make all curves in one piece."""
        self._write(task, open_curves(task.source("curves")), None)
        task.ledger.refuse_nothing("no light curve can be used", task.name)

    def finish(self, task: Task[C], parts: Sequence[Path]) -> None:
        """Gather the shards of all parts.

        Raises
        ------
        DataError
            When no curve can be used.
        """
        task.ledger.refuse_nothing("no light curve can be used", task.name)
        gather_parts(parts, task.out)

    def _write(self, task: Task[C], curves: LightCurves, part: str | None) -> None:
        """Write the shard of some curves, and a row of the ledger for each."""
        import numpy as np

        from astrocnn.samples.curve_merge import stored_columns
        from astrocnn.samples.curve_shards import SUFFIX, CurveWriter

        table = stored_columns(curves)
        if part is not None:
            table["part"] = np.full(len(curves), part, object)
        meta = self.meta(task.parameters, curves.meta.model_copy(update={"classes": curves.stated_classes}))
        with CurveWriter(task.out / f"0000{SUFFIX}", meta) as writer:
            for block in curves.blocks():
                made: list[tuple[int, Made]] = []
                for position, curve in zip(block.indices.tolist(), block, strict=True):
                    row = {name: values[position] for name, values in table.items()}
                    try:
                        found = self.make(task, curves, curve, row)
                    except DataError as error:
                        log.warning("%s: %s is rejected: %s", task.name, curve.id, error)
                        reason = DataError(error.what, expected=error.expected, fix=error.fix)  # alike for all such
                        task.ledger.add([curve.id], "rejected", str(reason))
                        continue
                    made.append((position, found))
                    task.ledger.add([curve.id], "read", found.remark)
                rows = np.array([position for position, _ in made], np.int64)
                writer.append([one.curve for _, one in made], _columns(table, rows, [one for _, one in made]))
                task.progress(int(block.indices[-1]) + 1, len(curves), "")


def gather_parts(parts: Sequence[Path], out: Path) -> None:
    """Put together parts of one shard each; those without curves are left out, but for the first where all are so."""
    from astrocnn.samples.curve_merge import shard_facts
    from astrocnn.samples.curve_shards import SUFFIX

    shards = [shard_facts(folder / f"0000{SUFFIX}") for folder in parts]
    gather_shards([one for one in shards if one.number] or shards[:1], out)


def gather_shards(shards: Sequence[ShardFacts], out: Path) -> None:
    """Put the shards of all parts into a product: large ones as they are, small ones together."""
    from astrocnn.samples.curve_merge import merge_shards, runs_to_merge
    from astrocnn.samples.curve_shards import SUFFIX

    for number, run in enumerate(runs_to_merge(shards)):
        target = out / f"{number:05d}{SUFFIX}"
        if len(run) == 1:
            link_or_copy(run[0].path, target)
        else:
            merge_shards([shard.path for shard in run], target)


def _piece_name(name: str, piece: int, pieces: int) -> str:
    return name if pieces == 1 else f"{name}-{piece:05d}"


def _columns(table: Mapping[str, Any], rows: Any, made: Sequence[Made]) -> dict[str, Any]:
    """Columns of the curves that were made: those of the source, and new ones."""
    import numpy as np

    found = {name: values[rows] for name, values in table.items()}
    for name in made[0].columns if made else ():
        if name in found:
            found[STATED + name] = found[name]
        found[name] = np.array([one.columns[name] for one in made])
    return found
