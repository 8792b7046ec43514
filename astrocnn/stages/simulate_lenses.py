"""The `simulate-lenses` stage: adds simulated arcs to real galaxies, and makes negatives by the same code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from astrocnn import backend
from astrocnn.pipeline.publish import link_or_copy
from astrocnn.pipeline.source_samples import open_samples
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
from astrocnn.simulate.extent import largest_extent_arcsec
from astrocnn.simulate.injection import CLASSES, Injection, RowsPerGalaxy
from astrocnn.simulate.lens_population import LensPopulation

if TYPE_CHECKING:
    from astrocnn.samples.sample_set import SampleSet

SHARD = "samples.h5"


class Parameters(LensPopulation, StageParameters):
    """Parameters of `simulate-lenses`: those of the lens population, and how many rows are made of each galaxy."""

    galaxies: Annotated[References, Edge("SampleSet", splits=True)] = Field(description="real galaxies to put arcs on")
    lenses_per_galaxy: int = Field(3, ge=0, description="lenses made of each training and validation galaxy")
    nonlenses_per_galaxy: int = Field(3, ge=0, description="negatives made of each training and validation galaxy")
    test_lenses_per_galaxy: int = Field(5, ge=0, description="lenses made of each test galaxy")
    test_nonlenses_per_galaxy: int = Field(1, ge=0, description="negatives made of each test galaxy")
    companion_fraction: float = Field(0.5, ge=0, le=1, description="negatives that hold the same source, unlensed")
    flux_scale: float = Field(1.0, ge=0, description="factor of all injected flux; 0 makes the control set")
    supersampling: int = Field(3, ge=1, le=16, description="rays across a pixel")

    @property
    def population(self) -> LensPopulation:
        """The lens population alone."""
        return LensPopulation(**{name: getattr(self, name) for name in LensPopulation.model_fields})


class SimulateLenses(Stage[Parameters]):
    """Add ray-traced arcs to real galaxies, and make negatives by the same code (Petrillo et al. 2017)."""

    use = "simulate-lenses"
    produces = "SampleSet"
    uses_keras = True
    maps_over = "galaxies"

    def forecast(self, parameters: Parameters, scene: Scene) -> Forecast:
        """The galaxies' shape and scale; the extent of the largest lens, from the population alone."""
        galaxies = scene.source("galaxies")
        known = galaxies.forecast if galaxies else Forecast()
        extent = largest_extent_arcsec(parameters.population, _widest_psf(scene))
        return Forecast(
            shape=known.shape, bands=known.bands, scale=known.scale, unit=known.unit, extent=extent,
            extent_of="largest simulated lens, 95 % of the lensed flux",
            splits=galaxies.splits or known.splits if galaxies else None, labelled=True,
        )  # fmt: skip

    def check(self, parameters: Parameters, scene: Scene) -> Iterable[Finding]:
        """Photon noise and PSF come from the instrument."""
        if scene.instrument is None:
            yield Finding("use", "needs an instrument: for the file, for PSF, noise and stretch")

    def parts(self, parameters: Parameters, scene: Scene) -> Sequence[Part] | None:
        """One part per part of the galaxies; one piece for galaxies from outside."""
        galaxies = scene.source("galaxies")
        if galaxies is None or not galaxies.parts:
            return None
        return [Part(part.name, part.hash, number) for number, part in enumerate(galaxies.parts)]

    def run_part(self, task: Task[Parameters], part: Part) -> None:
        """Make the rows of one tile's galaxies."""
        self._simulate(task, open_samples(task.source("galaxies"), part.work), part.name)

    def run(self, task: Task[Parameters]) -> None:
        """Make the rows of all galaxies in one piece."""
        self._simulate(task, open_samples(task.source("galaxies")), "")

    def _simulate(self, task: Task[Parameters], galaxies: SampleSet, part: str) -> None:
        from astrocnn.simulate.injection import inject

        backend.prepare()
        parameters = task.parameters
        injection = Injection(
            population=parameters.population,
            rows=RowsPerGalaxy(
                parameters.lenses_per_galaxy, parameters.nonlenses_per_galaxy,
                parameters.test_lenses_per_galaxy, parameters.test_nonlenses_per_galaxy,
            ),
            companion_fraction=parameters.companion_fraction, flux_scale=parameters.flux_scale,
            supersampling=parameters.supersampling, instrument=task.instrument, seed=task.scene.seed,
            stage=task.name, part=part,
            extent_arcsec=largest_extent_arcsec(parameters.population, _widest_psf(task.scene)),
        )  # fmt: skip
        ids = inject(galaxies, injection, task.out / SHARD, task.progress)
        for label, name in enumerate(CLASSES):
            task.ledger.add(ids[label], "simulated", name)

    def finish(self, task: Task[Parameters], parts: Sequence[Path]) -> None:
        """Gather the shards of all parts."""
        for number, folder in enumerate(parts):
            link_or_copy(folder / SHARD, task.out / f"{number:05d}.h5")


def _widest_psf(scene: Scene) -> float:
    bands = scene.instrument.bands.values() if scene.instrument else ()
    return max((float(band.psf.fwhm.value) for band in bands), default=0.0)


STAGE = SimulateLenses()
