"""Labelled sets of simulated transit curves: a population's or a grid's rows, written in blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.seeds import BLOCK, block_generator
from astrocnn.samples.shards import ShardWriter
from astrocnn.samples.splits import assign_splits
from astrocnn.simulate.cadences import Cadence
from astrocnn.simulate.curve_population import CurvePopulation, sampled_curves
from astrocnn.simulate.pearson_grid import SAMPLES, Grid, grid_curves
from astrocnn.simulate.pearson_grid import longest_duration_hour as longest_of_grid
from astrocnn.simulate.transit_population import longest_duration_hour as longest_of_population

CLASSES = ("nothing", "transit")


class Recipe(Protocol):
    """Where the curves come from; rows are counted from 0."""

    groups_are_real: ClassVar[bool]
    """Whether groups are names of real stars; else they are numbers, which are only unique within a stage."""

    @property
    def samples(self) -> int:
        """Samples of a curve."""

    @property
    def interval_hour(self) -> float:
        """From one sample to the next."""

    @property
    def longest_duration_hour(self) -> float:
        """Duration of the longest transit, known before any is made."""

    def block(self, rows: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Flux (n, samples), NaN where missing, and columns with `id`, `group` and `label`, of rows of one block.

        A recipe whose objects have a split already gives it in the column `split`.
        """


@dataclass(frozen=True)
class PopulationRecipe:
    """Curves of a population; each is a star by itself, and its own group."""

    groups_are_real: ClassVar[bool] = False

    population: CurvePopulation
    cadence: Cadence
    samples: int

    @property
    def interval_hour(self) -> float:
        """From one sample to the next."""
        return self.cadence.interval_hour

    @property
    def longest_duration_hour(self) -> float:
        """Duration of the longest transit, from the ranges."""
        return longest_of_population(self.population)

    def block(self, rows: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Flux and columns of rows of one block."""
        flux, truth = sampled_curves(
            self.population, generator, samples=self.samples, interval_hour=self.interval_hour,
            exposure_day=self.cadence.exposure_day, noise_ppm=self.cadence.noise_ppm,
        )  # fmt: skip
        ids = np.array([f"{row:08d}" for row in rows.tolist()], object)
        return flux[: len(rows)], {name: values[: len(rows)] for name, values in truth.items()} | {
            "id": ids, "group": ids,
        }  # fmt: skip


@dataclass(frozen=True)
class GridRecipe:
    """Curves of a grid of Pearson et al. 2018: row 2 k is the transit, row 2 k + 1 the null of the k-th point taken.

    With fewer points than the grid has they are spread over it evenly. Both rows of a point are one group.
    """

    groups_are_real: ClassVar[bool] = False

    grid: Grid
    points: int
    samples: int = SAMPLES

    @property
    def interval_hour(self) -> float:
        """From one sample to the next."""
        return self.grid.interval_hour

    @property
    def longest_duration_hour(self) -> float:
        """Duration of the grid's longest transit."""
        return longest_of_grid()

    def block(self, rows: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Flux and columns of rows of one block."""
        point, transit = (rows // 2) * self.grid.points // self.points, rows % 2 == 0
        flux, truth = grid_curves(self.grid, point, transit, generator)
        group = np.array([f"{one:06d}" for one in point.tolist()], object)
        ids = np.array(
            [f"{one}-{letter}" for one, letter in zip(group, np.where(transit, "T", "N"), strict=True)], object
        )
        return flux, {**truth, "id": ids, "group": group, "label": transit.astype(np.int8)}


def write_curves(
    recipe: Recipe, rows: range, path: Path, *, seed: int, stage: str, splits: dict[str, float],
    progress: Callable[[int, int, str], None],
) -> dict[int, list[str]]:  # fmt: skip
    """Write rows of a recipe as one shard.

    Parameters
    ----------
    recipe : Recipe
    rows : range
        Row numbers, from a multiple of BLOCK on; a row is the same whatever the range.
    path : Path
        The shard.
    seed, stage
        Keys of the random numbers; the stage's name stands before the ids, and before groups that are not real.
    splits : dict
        Fraction of the groups in each split, where the recipe has none.
    progress : callable
        Called as `progress(done, total, text)`.

    Returns
    -------
    dict
        Label to the ids of its rows.
    """
    made: dict[int, list[str]] = {label: [] for label in range(len(CLASSES))}
    with ShardWriter(path, curve_meta(recipe)) as writer:
        for start in range(rows.start, rows.stop, BLOCK):
            numbers = np.arange(start, min(start + BLOCK, rows.stop))
            flux, columns = recipe.block(numbers, block_generator(seed, stage, start // BLOCK))
            for name in ("id",) if recipe.groups_are_real else ("id", "group"):
                columns[name] = np.array([f"{stage}-{one}" for one in columns[name].tolist()], object)
            if "split" not in columns:
                columns["split"] = assign_splits(columns["group"], seed, splits)
            data, missing = filled(flux)
            columns["coverage"] = 1.0 - missing.mean(axis=1)
            writer.append(data[:, :, None], _stored(columns), mask=missing[:, :, None])
            for label, ids in made.items():
                ids.extend(columns["id"][columns["label"] == label].tolist())
            progress(int(numbers[-1]) + 1 - rows.start, len(rows), "")
    return made


def filled(flux: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Curves (n, time) with their own mean where a sample is missing, so that scaling leaves 0 there; and where."""
    missing = np.isnan(flux)
    present = np.maximum((~missing).sum(axis=1), 1)
    mean = np.where(missing, 0.0, flux).sum(axis=1) / present
    return np.where(missing, mean[:, None], flux), missing


def curve_meta(recipe: Recipe) -> SampleMeta:
    """What is true of every curve of a recipe."""
    longest = recipe.longest_duration_hour
    return SampleMeta(
        kind="curves", shape=(recipe.samples, 1), bands=("flux",), scale=recipe.interval_hour, scale_unit="hour",
        flux_unit="relative", classes=CLASSES, positive="transit",
        extent={"value": longest, "unit": "hour", "what": "the longest transit"},
        notes={"missing_samples": "the curve's mean, and true in the mask"},
    )  # fmt: skip


def _stored(columns: dict[str, Any]) -> dict[str, Any]:
    """Truth as float32."""
    return {
        name: values.astype(np.float32) if values.dtype == np.float64 else values for name, values in columns.items()
    }
