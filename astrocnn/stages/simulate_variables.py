"""The `simulate-variables` stage: labelled light curves of variable stars, to train on before real ones."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, Strict, model_validator

from astrocnn.pipeline.curve_stage import gather_parts
from astrocnn.pipeline.stage import Finding, Forecast, Part, Scene, Stage, StageParameters, Task
from astrocnn.samples.split_order import DEFAULT_SPLITS, in_order, wrong_fractions
from astrocnn.simulate.variable_population import BAND_MICRON, Kind, VariablePopulation
from astrocnn.spelling import suggestion

ROWS_OF_A_PART = 16 * 256
"""A multiple of a block of random numbers."""
_BYTES_OF_A_POINT = 11


class Parameters(VariablePopulation, StageParameters):
    """Parameters of `simulate-variables`: those of the population, and what classes its kinds make."""

    number: int = Field(10_000, ge=2, description="stars")
    classes: dict[str, Annotated[tuple[Kind, ...], Strict(False)]] = Field(
        {"rr_lyrae": ("rr_ab", "rr_c"), "cepheid": ("cepheid",), "binary": ("eclipsing",), "mira": ("mira",)},
        min_length=1, description="classes by name, in order, each of kinds with equal shares of it",
    )  # fmt: skip
    fractions: dict[str, float] = Field({}, description="share of each class; equal ones by default")
    bands: Annotated[tuple[str, ...], Strict(False)] = Field(
        ("V", "I"), min_length=1, description=f"bands, in their order: {', '.join(BAND_MICRON)}"
    )
    splits: dict[str, float] = Field(DEFAULT_SPLITS, description="fractions of the stars, by hash of the id")

    @property
    def shares(self) -> dict[str, float]:
        """Share of each class, stated or equal."""
        return self.fractions or dict.fromkeys(self.classes, 1.0 / len(self.classes))

    @model_validator(mode="after")
    def _known(self) -> Parameters:
        for name in self.bands:
            if name not in BAND_MICRON:
                raise ValueError(f"bands: no band {name!r} is known; {suggestion(name, BAND_MICRON)}")
        if len(set(self.bands)) < len(self.bands):
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
    """Simulate labelled light curves of pulsating, eclipsing and eruptive stars, as a survey of nights sees them."""

    use = "simulate-variables"
    produces = "LightCurves"
    extent_keys = ("number",)

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """All is known from the parameters."""
        fewest, most = parameters.points
        points = parameters.number * len(parameters.bands) * math.sqrt(fewest * most)
        return Forecast(
            objects=parameters.number, bytes=round(_BYTES_OF_A_POINT * points), bands=parameters.bands,
            splits=tuple(parameters.splits), labelled=True,
        )  # fmt: skip

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Splits and classes are fractions of one; ranges of kinds that no class has are told."""
        for key, given in (("splits", parameters.splits), ("fractions", parameters.shares)):
            if wrong := wrong_fractions(given):
                yield Finding(key, wrong)
        used = {kind for of in parameters.classes.values() for kind in of}
        for kind in sorted(set(parameters.ranges) - used):
            yield Finding("ranges", f"{kind} changes nothing: it stands in no class", "warning")

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part]:
        """One part for every 16 blocks of random numbers."""
        rows = parameters.number
        ranges = [(start, min(start + ROWS_OF_A_PART, rows)) for start in range(0, rows, ROWS_OF_A_PART)]
        order = list(parameters.classes)  # which star is of which class follows from it
        return [
            Part(f"rows-{start:08d}", {"rows": [start, stop], "classes": order}, (start, stop))
            for start, stop in ranges
        ]

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Make the stars of one range of rows; one too faint to be seen often enough is a row in the ledger."""
        from dataclasses import replace

        import numpy as np

        from astrocnn.samples.curve_shards import SUFFIX, CurveWriter
        from astrocnn.samples.seeds import BLOCK, block_generator
        from astrocnn.samples.splits import assign_splits
        from astrocnn.simulate.variable_samples import sampled_variables, variables_meta

        parameters, (start, stop) = task.parameters, part.work
        few = f"fewer than minimum_points: {parameters.minimum_points} brighter than the faint limit"
        with CurveWriter(task.out / f"0000{SUFFIX}", variables_meta(parameters.bands, list(parameters.classes))) as out:
            for first in range(start, stop, BLOCK):
                curves, columns = sampled_variables(
                    parameters, block_generator(task.scene.seed, task.name, first // BLOCK), parameters.bands,
                    parameters.classes, parameters.shares,
                )  # fmt: skip
                named = [replace(curve, id=f"star-{first + row:08d}") for row, curve in enumerate(curves)]
                named = named[: stop - first]
                enough = np.array([len(curve) >= parameters.minimum_points for curve in named])
                rows = np.flatnonzero(enough)
                table = {name: values[rows] for name, values in columns.items()}
                ids = np.array([named[row].id for row in rows], object)
                splits = in_order(parameters.splits)
                table |= {"group": ids, "split": assign_splits(ids, task.scene.seed, splits).astype(object)}
                table["part"] = np.full(len(rows), part.name, object)
                out.append([named[row] for row in rows], table)
                for row, kept in enumerate(enough.tolist()):
                    status = ("simulated", str(columns["class"][row])) if kept else ("rejected", few)
                    task.ledger.add([named[row].id], *status)
                task.progress(first - start + len(named), stop - start, "")

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Gather the shards of all parts.

        Raises
        ------
        DataError
            When all stars are too faint.
        """
        task.ledger.refuse_nothing("no star is bright enough", task.name)
        gather_parts(parts, task.out)


STAGE = SimulateVariables()
