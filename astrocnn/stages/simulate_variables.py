"""The `simulate-variables` stage: labelled light curves of variable stars, to train on before real ones."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, Strict, model_validator

from astrocnn.pipeline.curve_stage import gather_parts
from astrocnn.pipeline.source_samples import open_curves
from astrocnn.pipeline.stage import (
    Edge,
    Finding,
    Forecast,
    Part,
    References,
    Scene,
    Stage,
    StageParameters,
    Task,
)
from astrocnn.samples.split_order import DEFAULT_SPLITS, in_order, wrong_fractions
from astrocnn.simulate.variable_population import BAND_MICRON, Kind, VariablePopulation
from astrocnn.spelling import suggestion

if TYPE_CHECKING:
    from astrocnn.simulate.variable_sampling import Survey

ROWS_OF_A_PART = 64 * 256
"""A multiple of a block of random numbers."""
_BYTES_OF_A_POINT = 11
_OF_NIGHTS = ("span_day", "season_day", "points", "faint_limit_mag", "error_at_limit_mag", "error_floor_mag")
"""Parameters of the made survey, which real times and errors replace."""


class Parameters(VariablePopulation, StageParameters):
    """Parameters of `simulate-variables`: those of the population, and what classes its kinds make."""

    number: int = Field(10_000, ge=2, description="stars")
    like: Annotated[References, Edge("LightCurves", splits=True)] = Field(
        (), description="real light curves in magnitudes whose times and errors the stars take, in place of made nights"
    )
    classes: dict[str, Annotated[tuple[Kind, ...], Strict(False)]] = Field(
        {"rr_lyrae": ("rr_ab", "rr_c"), "cepheid": ("cepheid", "cepheid_overtone"), "binary": ("eclipsing",),
         "mira": ("mira",)},
        min_length=1, description="classes by name, in order, each of kinds with equal shares of it",
    )  # fmt: skip
    fractions: dict[str, float] = Field({}, description="share of each class; equal ones by default")
    bands: Annotated[tuple[str, ...], Strict(False)] | dict[str, str] = Field(
        ("V", "I"), min_length=1,
        description=f"bands, in their order: {', '.join(BAND_MICRON)}; or a survey's names, and which of these each is "
        "about, as {B_E: B, R_E: R}",
    )  # fmt: skip
    splits: dict[str, float] = Field(DEFAULT_SPLITS, description="fractions of the stars, by hash of the id")

    @property
    def templates(self) -> dict[str, str]:
        """For each band, in order, what it is taken for."""
        return self.bands if isinstance(self.bands, dict) else {name: name for name in self.bands}

    @property
    def shares(self) -> dict[str, float]:
        """Share of each class, stated or equal."""
        return self.fractions or dict.fromkeys(self.classes, 1.0 / len(self.classes))

    @model_validator(mode="after")
    def _known(self) -> Parameters:
        for name in self.templates.values():
            if name not in BAND_MICRON:
                raise ValueError(f"bands: no band {name!r} is known; {suggestion(name, BAND_MICRON)}")
        if len(self.templates) < len(self.bands):
            raise ValueError(f"bands: expected each once, received {list(self.bands)}")
        kinds = Counter(kind for of in self.classes.values() for kind in of)
        if twice := [kind for kind, times in kinds.items() if times > 1]:
            raise ValueError(f"classes: {', '.join(twice)} stands in several; expected each kind in one class")
        if empty := [name for name, of in self.classes.items() if not of]:
            raise ValueError(f"classes: {', '.join(empty)} has no kind")
        if self.fractions and set(self.fractions) != set(self.classes):
            raise ValueError(f"fractions: expected one of each class, {', '.join(self.classes)}")
        return self


class SimulateVariables(Stage[Parameters]):
    """Simulate labelled light curves of pulsating, eclipsing and eruptive stars, as made or real nights show them."""

    use = "simulate-variables"
    produces = "LightCurves"
    revision = 2
    extent_keys = ("number",)

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """All is known from the parameters, but for the points of real curves."""
        fewest, most = parameters.points
        points = parameters.number * len(parameters.bands) * math.sqrt(fewest * most)
        return Forecast(
            objects=parameters.number, bytes=None if parameters.like else round(_BYTES_OF_A_POINT * points),
            bands=tuple(parameters.bands), splits=tuple(parameters.splits), labelled=True,
        )  # fmt: skip

    def needs(self, key: str, taken: dict[str, References]) -> bool:
        """Real times that are stated and absent are not replaced by made ones."""
        return True

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Splits and classes are fractions of one; what changes nothing is told."""
        for key, given in (("splits", parameters.splits), ("fractions", parameters.shares)):
            if wrong := wrong_fractions(given):
                yield Finding(key, wrong)
        used = {kind for of in parameters.classes.values() for kind in of}
        for kind in sorted(set(parameters.ranges) - used):
            yield Finding("ranges", f"{kind} changes nothing: it stands in no class", "warning")
        if parameters.like:
            for key in sorted(parameters.model_fields_set & {*_OF_NIGHTS}):
                yield Finding(key, "changes nothing: times, errors and limit are those of the real curves", "warning")

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part]:
        """One part for every 64 blocks of random numbers."""
        rows = parameters.number
        ranges = [(start, min(start + ROWS_OF_A_PART, rows)) for start in range(0, rows, ROWS_OF_A_PART)]
        # Which star is of which class, and which numbers are drawn for which band, follows from their order.
        order = {"classes": list(parameters.classes), "bands": list(parameters.bands)}
        return [Part(f"rows-{start:08d}", {"rows": [start, stop], **order}, (start, stop)) for start, stop in ranges]

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Make the stars of one range of rows; one too faint to be seen often enough is a row in the ledger."""
        from dataclasses import replace

        import numpy as np

        from astrocnn.samples.curve_shards import SUFFIX, CurveWriter
        from astrocnn.samples.seeds import BLOCK, block_generator
        from astrocnn.samples.splits import assign_splits
        from astrocnn.simulate.variable_samples import sampled_variables

        parameters, (start, stop) = task.parameters, part.work
        survey, templates = _survey(task), list(parameters.templates.values())
        few = f"fewer than minimum_points: {parameters.minimum_points} brighter than the faint limit"
        told = {"classes": tuple(parameters.classes), "notes": {"simulated": "variable stars"}}
        with CurveWriter(task.out / f"0000{SUFFIX}", survey.meta.model_copy(update=told)) as out:
            for first in range(start, stop, BLOCK):
                block, columns = sampled_variables(
                    parameters, block_generator(task.scene.seed, task.name, first // BLOCK), survey, templates,
                    parameters.classes, parameters.shares,
                )  # fmt: skip
                ids = np.array([f"{task.name}-{row:08d}" for row in range(first, first + BLOCK)], object)
                wanted = np.arange(BLOCK) < stop - first
                enough = np.diff(block.offsets) >= parameters.minimum_points
                kept = wanted & enough
                table = {name: values[kept] for name, values in columns.items()} | {"group": ids[kept]}
                table["split"] = assign_splits(ids[kept], task.scene.seed, in_order(parameters.splits)).astype(object)
                table["part"] = np.full(kept.sum(), part.name, object)
                out.append(replace(block, ids=ids).where(kept), table)
                for name in parameters.classes:
                    task.ledger.add(ids[kept & (columns["class"] == name)], "simulated", name)
                task.ledger.add(ids[wanted & ~enough], "rejected", few)
                task.progress(min(first + BLOCK, stop) - start, stop - start, "")

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Gather the shards of all parts.

        Raises
        ------
        DataError
            When all stars are too faint.
        """
        task.ledger.refuse_nothing("no star is bright enough", task.name)
        gather_parts(parts, task.out)


def _survey(task: Task[Parameters]) -> Survey:
    """How stars are observed: as real ones, or in made nights."""
    from astrocnn.simulate.variable_sampling import Nights, RealSampling

    source, bands = task.scene.source("like"), list(task.parameters.bands)
    return Nights(task.parameters, bands) if source is None else RealSampling(open_curves(source), bands)


STAGE = SimulateVariables()
