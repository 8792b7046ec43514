"""The `simulate-transits` stage: curves with and without transits, of a population, a grid, or put into real curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator, model_validator

from astrocnn.errors import UnknownName
from astrocnn.pipeline.publish import link_or_copy
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
from astrocnn.samples.split_order import in_order, wrong_fractions
from astrocnn.simulate.cadences import load_cadence
from astrocnn.simulate.curve_population import CurvePopulation
from astrocnn.simulate.pearson_grid import Follows, Grid, GridName
from astrocnn.simulate.transit_population import TransitPopulation

if TYPE_CHECKING:
    from astrocnn.simulate.transit_samples import Recipe

SHARD = "samples.h5"
ROWS_OF_A_PART = 64 * 256
"""A multiple of a block of random numbers."""
_DEFAULT_NUMBER = 20_000
_BYTES_OF_A_ROW = 400
_OF_GRID = {"grid", "grid_follows", "number", "splits"}
_OF_STARS = {*CurvePopulation.model_fields} - {*TransitPopulation.model_fields}


class Parameters(CurvePopulation, StageParameters):
    """Parameters of `simulate-transits`: those of the curves' population, or a grid's name, and how many are made."""

    curves: Annotated[References, Edge("LightCurves", splits=True)] = Field(
        (), description="real light curves, in flux: windows of them, with signals put in, in place of simulated stars"
    )
    grid: GridName | None = Field(
        None,
        description="the grid of Pearson et al. 2018 instead: 311,040 curves, or the 933,120 of its test",
    )
    grid_follows: Follows = Field(
        "paper", description="where paper and code differ; the code's nulls vary in another way than its transits"
    )
    number: int | None = Field(
        None, ge=2, description="curves, with the others; 20,000 of a population and all of a grid by default"
    )
    cadence: str = Field("tess-2min", description="sampling, exposure and noise: a name in configs/cadences")
    samples: int = Field(180, ge=16, le=65536, description="samples of a curve")
    splits: dict[str, float] = Field(
        {"train": 0.8, "validation": 0.1, "test": 0.1}, description="fractions of the curves, by hash of the group"
    )

    @property
    def population(self) -> CurvePopulation:
        """The population alone."""
        return CurvePopulation(**{name: getattr(self, name) for name in CurvePopulation.model_fields})

    @property
    def rows(self) -> int:
        """Number of curves; of a grid always a transit and a null together."""
        if self.grid is None:
            return self.number or _DEFAULT_NUMBER
        points = Grid(self.grid, self.grid_follows).points
        return 2 * (points if self.number is None else min(self.number // 2, points))

    def recipe(self) -> Recipe:
        """Where the simulated curves come from."""
        from astrocnn.simulate.transit_samples import GridRecipe, PopulationRecipe

        if self.grid is not None:
            return GridRecipe(Grid(self.grid, self.grid_follows), self.rows // 2)
        return PopulationRecipe(self.population, load_cadence(self.cadence), self.samples)

    @model_validator(mode="after")
    def _one_origin(self) -> Parameters:
        if self.curves and self.grid is not None:
            raise ValueError("expected either curves: or grid:; the grid has stars of its own")
        return self

    @field_validator("cadence")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            load_cadence(name)
        except UnknownName as error:
            raise ValueError(str(error)) from error
        return name


class SimulateTransits(Stage[Parameters]):
    """Simulate light curves with transits and what looks like them, put these into real ones, or make the 2018 grid."""

    use = "simulate-transits"
    produces = "SampleSet"
    revision = 2
    extent_keys = ("number",)

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """All is known from the parameters; the extent is the duration of the longest transit."""
        recipe, curves = parameters.recipe(), scene.source("curves")
        return Forecast(
            objects=parameters.rows, bytes=parameters.rows * (5 * recipe.samples + _BYTES_OF_A_ROW),
            shape=(recipe.samples, 1), bands=("flux",), scale=recipe.interval_hour, unit="hour",
            extent=recipe.longest_duration_hour, extent_of="longest simulated transit",
            splits=(curves.splits or curves.forecast.splits) if curves else tuple(parameters.splits), labelled=True,
        )  # fmt: skip

    def needs(self, key: str, taken: dict[str, References]) -> bool:
        """Real curves that are stated and absent are not replaced by simulated ones."""
        return True

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Splits are fractions of one; what the grid makes needless is told."""
        if wrong := wrong_fractions(parameters.splits):
            yield Finding("splits", wrong)
        if parameters.curves:
            for key in sorted(parameters.model_fields_set & {*_OF_STARS, "splits", "grid_follows"}):
                yield Finding(key, "changes nothing: the curves have stars, noise and splits of their own", "warning")
        elif parameters.grid is not None:
            for key in sorted(parameters.model_fields_set - _OF_GRID):
                yield Finding(key, f"changes nothing: the grid {parameters.grid} has numbers of its own", "warning")
        elif "grid_follows" in parameters.model_fields_set:
            yield Finding("grid_follows", "changes nothing without grid", "warning")

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part]:
        """One part for every 64 blocks of random numbers."""
        rows = parameters.rows
        if parameters.grid is not None:  # which points of the grid are taken follows from how many
            content: dict[str, Any] = {"points": rows // 2}
        else:
            content = {"cadence": load_cadence(parameters.cadence).content()}
        ranges = [(start, min(start + ROWS_OF_A_PART, rows)) for start in range(0, rows, ROWS_OF_A_PART)]
        return [Part(f"rows-{start:08d}", {"rows": [start, stop], **content}, (start, stop)) for start, stop in ranges]

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Make the curves of one range of rows."""
        from astrocnn.simulate.transit_samples import CLASSES, write_curves

        made = write_curves(
            _recipe(task), range(*part.work), task.out / SHARD, seed=task.scene.seed, stage=task.name,
            splits=in_order(task.parameters.splits), progress=task.progress,
        )  # fmt: skip
        for label, ids in made.items():
            task.ledger.add(ids, "simulated", CLASSES[label])

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Gather the shards of all parts."""
        for number, folder in enumerate(parts):
            link_or_copy(folder / SHARD, task.out / f"{number:05d}.h5")


def _recipe(task: Task[Parameters]) -> Recipe:
    """Where the curves come from: from real ones, or simulated."""
    from astrocnn.simulate.real_windows import InjectionRecipe

    parameters, source = task.parameters, task.scene.source("curves")
    if source is None:
        return parameters.recipe()
    signals = TransitPopulation(**{name: getattr(parameters, name) for name in TransitPopulation.model_fields})
    cadence = load_cadence(parameters.cadence)
    return InjectionRecipe(signals, open_curves(source), cadence, parameters.samples)


STAGE = SimulateTransits()
