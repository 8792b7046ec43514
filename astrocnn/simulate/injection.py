"""Simulated arcs on real galaxies (the way of Petrillo et al. 2017): lenses and negatives by one code path.

Every row is: picture -> linear flux -> plus light of a source, lensed or not, with its photon noise -> picture. A
negative differs in its numbers alone: zero flux, or the same source unlensed beside the galaxy. With zero flux the
picture comes back exactly, so nothing of the injection can be learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astrocnn.errors import DataError
from astrocnn.instruments import Instrument
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.seeds import BLOCK, block_generator
from astrocnn.samples.shards import ShardWriter
from astrocnn.simulate.arcs import peak_factor, render_arcs, snr_factor
from astrocnn.simulate.lens_population import LensPopulation, as_companion, draw_lenses
from astrocnn.simulate.observe import noise_sigma, photon_noise, snr, snr_matched
from astrocnn.simulate.psf import instrument_kernels
from astrocnn.stretch import to_flux, to_picture

CLASSES = ("nonlens", "lens")
_TRUTH = (
    "einstein_radius_arcsec", "lens_axis_ratio", "lens_angle_deg", "shear", "shear_angle_deg", "source_x_arcsec",
    "source_y_arcsec", "source_half_light_radius_arcsec", "source_sersic_index", "source_axis_ratio",
)  # fmt: skip


@dataclass(frozen=True)
class RowsPerGalaxy:
    """How many rows are made of a galaxy, by the split it is in."""

    lenses: int
    nonlenses: int
    test_lenses: int
    test_nonlenses: int

    def of(self, split: str) -> tuple[int, int]:
        """Lenses and negatives of one galaxy of a split."""
        return (self.test_lenses, self.test_nonlenses) if split == "test" else (self.lenses, self.nonlenses)


@dataclass(frozen=True)
class Injection:
    """What is injected, and the keys of its random numbers: run seed, stage, part."""

    population: LensPopulation
    rows: RowsPerGalaxy
    companion_fraction: float
    flux_scale: float
    supersampling: int
    instrument: Instrument
    seed: int
    stage: str
    part: str
    extent_arcsec: float


@dataclass(frozen=True)
class _Rows:
    """The rows to be made: the galaxy of each, whether it is a lens, and its id."""

    galaxy: np.ndarray
    lens: np.ndarray
    ids: np.ndarray


def inject(
    galaxies: SampleSet, injection: Injection, path: Path, progress: Callable[[int, int, str], None]
) -> dict[int, list[str]]:
    """Write a labelled SampleSet shard made of galaxies, in constant memory.

    Parameters
    ----------
    galaxies : SampleSet
        Stamps without labels; group and split are inherited.
    injection : Injection
    path : Path
        The shard.
    progress : callable
        Called as `progress(done, total, text)`.

    Returns
    -------
    dict
        Label to the ids of its rows.

    Raises
    ------
    DataError
        When a galaxy holds values that are not finite.
    """
    bands, scale = galaxies.meta.bands, galaxies.meta.scale
    if scale is None:
        raise DataError("the galaxies have no pixel scale", expected="a SampleSet with a scale in arcsec")
    rows = _plan_rows(galaxies, injection.rows)
    kernels = instrument_kernels(injection.instrument, bands, injection.supersampling)
    meta = _meta(galaxies.meta, injection)
    with ShardWriter(path, meta) as writer:
        for block, numbers in _blocks(len(rows.ids)):
            pictures, truth = _one_block(galaxies, injection, rows, block, numbers, kernels, scale)
            writer.append(pictures, _columns(galaxies, rows, numbers, truth))
            progress(int(numbers[-1]) + 1, len(rows.ids), "")
    return {label: rows.ids[rows.lens == bool(label)].tolist() for label in range(len(CLASSES))}


def _plan_rows(galaxies: SampleSet, counts: RowsPerGalaxy) -> _Rows:
    galaxy, lens, ids = [], [], []
    for number, (identifier, split) in enumerate(zip(galaxies.ids, galaxies.column("split"), strict=True)):
        for letter, is_lens, count in zip("LN", (True, False), counts.of(str(split)), strict=True):
            galaxy += [number] * count
            lens += [is_lens] * count
            ids += [f"{identifier}-{letter}{copy}" for copy in range(count)]
    return _Rows(np.array(galaxy, np.int64), np.array(lens, bool), np.array(ids, object))


def _blocks(number: int) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, number, BLOCK):
        yield start // BLOCK, np.arange(start, min(start + BLOCK, number))


def _one_block(
    galaxies: SampleSet, injection: Injection, rows: _Rows, block: int, numbers: np.ndarray,
    kernels: dict[str, np.ndarray], scale: float,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:  # fmt: skip
    bands, instrument = galaxies.meta.bands, injection.instrument
    generator = block_generator(injection.seed, injection.stage, block, injection.part)
    parameters = draw_lenses(injection.population, generator, bands)
    has_source = generator.random(BLOCK) < injection.companion_fraction
    parameters = {name: values[: len(numbers)] for name, values in parameters.items()}
    lens = rows.lens[numbers]
    beside = as_companion(parameters)
    placed = {name: np.where(lens, values, beside[name]) for name, values in parameters.items()}
    arcs = render_arcs(
        placed, size_px=galaxies.meta.shape[0], scale_arcsec=scale, bands=bands, psf=kernels,
        supersampling=injection.supersampling, lensed=lens,
    )  # fmt: skip
    stretches = [instrument.band(band).stretch for band in bands]
    flux = to_flux(galaxies.read(rows.galaxy[numbers]), stretches)
    if not np.isfinite(flux).all():
        raise DataError("galaxies hold values that are not finite", fix="reject them in cutouts")
    reference = _reference_band(bands)
    sky, gain = instrument.sky_sigma(bands[reference]), instrument.electrons_per_unit(bands[reference])
    light = arcs[..., reference]
    factor = _brightness(injection.population, placed, light, flux[..., reference], sky, gain)
    factor = factor * injection.flux_scale * np.where(lens, True, has_source[: len(numbers)])
    arcs = arcs * factor[:, None, None, None]
    gains = np.array([instrument.electrons_per_unit(band) for band in bands])
    noise = photon_noise(np.maximum(arcs, 0.0), gains, generator)
    sigma = noise_sigma(sky, np.maximum(flux[..., reference], 0.0) + arcs[..., reference], gain)
    truth = {name: placed[name] for name in _TRUTH}
    truth["snr"] = snr(arcs[..., reference], sigma).astype(np.float32)
    truth["snr_matched"] = snr_matched(arcs[..., reference], sigma).astype(np.float32)
    truth["injected_flux"] = arcs[..., reference].sum(axis=(1, 2)).astype(np.float32)
    return to_picture(flux + arcs + noise, stretches), truth


def _reference_band(bands: tuple[str, ...]) -> int:
    """The band that brightness and signal-to-noise are stated in: the one in the middle."""
    return len(bands) // 2


def _brightness(
    population: LensPopulation, placed: dict[str, np.ndarray], light: np.ndarray, galaxy: np.ndarray, sky: float,
    gain: float,
) -> np.ndarray:  # fmt: skip
    if population.snr is not None:
        return snr_factor(light, galaxy, placed["wanted_snr"], sky_sigma=sky, gain=gain)
    middle = galaxy.shape[1] // 2
    core = galaxy[:, middle - 2 : middle + 3, middle - 2 : middle + 3].max(axis=(1, 2))
    return peak_factor(light, core, placed["arc_to_galaxy_peak"])


def _meta(galaxies: SampleMeta, injection: Injection) -> SampleMeta:
    reference = galaxies.bands[_reference_band(galaxies.bands)]
    extent = {"value": injection.extent_arcsec, "unit": "arcsec", "what": "95 % of the flux of the largest lens"}
    notes = {**galaxies.notes, "reference_band": reference, "flux_scale": injection.flux_scale}
    data = galaxies.model_dump()
    data.update(classes=CLASSES, positive="lens", extent=extent, notes=notes)
    return SampleMeta.model_validate(data)


def _columns(galaxies: SampleSet, rows: _Rows, numbers: np.ndarray, truth: dict[str, np.ndarray]) -> dict[str, Any]:
    chosen = rows.galaxy[numbers]
    inherited = {name: galaxies.column(name)[chosen] for name in ("ra", "dec", "group", "split", "coverage")}
    label = rows.lens[numbers].astype(np.int8)
    nothing = np.where(label == 1, 1.0, np.nan).astype(np.float32)
    geometry = {name: truth[name] * nothing for name in _TRUTH}
    measured = {name: truth[name] for name in truth if name not in _TRUTH}
    return {"id": rows.ids[numbers], "label": label, **inherited, **geometry, **measured}
