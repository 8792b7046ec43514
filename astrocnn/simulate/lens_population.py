"""A population of galaxy-scale lenses: the range of every parameter, and rows drawn from them."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from astrocnn.ranges import FractionRange, Pair, PositiveFractionRange, PositiveRange, Range
from astrocnn.samples.seeds import BLOCK


class LensPopulation(BaseModel):
    """Ranges the lenses are drawn from.

    The defaults are those of the mock lenses of Petrillo et al. 2017 (MNRAS 472, 1129) for ground-based seeing, quoted
    from memory and not verified; offsets are a choice of this package. For a sharper image scale the angles.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    einstein_radius_arcsec: PositiveRange = Field((1.4, 5.0), description="Einstein radius, log-uniform")
    lens_axis_ratio: PositiveFractionRange = Field(
        (0.3, 1.0), description="minor over major axis of the deflector, uniform"
    )
    lens_offset_arcsec: float = Field(
        0.0, ge=0.0, description="radius of the disc around the stamp's centre in which the deflector's centre lies"
    )
    shear: FractionRange = Field((0.0, 0.05), description="external shear, uniform")
    source_half_light_radius_arcsec: PositiveRange = Field(
        (0.2, 0.6), description="half-light radius of the source before lensing, log-uniform"
    )
    source_sersic_index: PositiveRange = Field((0.5, 5.0), description="Sersic index of the source, uniform")
    source_axis_ratio: PositiveFractionRange = Field(
        (0.3, 1.0), description="minor over major axis of the source, uniform"
    )
    source_offset: Range = Field(
        (0.0, 0.5), description="distance of the source behind the lens in Einstein radii, uniform in area"
    )
    companion_offset: Range = Field(
        (0.5, 1.5), description="distance of an unlensed source from the galaxy in Einstein radii, uniform in area"
    )
    arc_to_galaxy_peak: PositiveRange = Field(
        (0.02, 0.30), description="peak of the arcs over the peak of the lens galaxy, log-uniform"
    )
    snr: PositiveRange | None = Field(
        None, description="signal-to-noise ratio of the lensed source, log-uniform; replaces arc_to_galaxy_peak"
    )
    source_color: dict[str, Pair] = Field(
        default_factory=dict,
        description="band: flux of the reddest and of the bluest source relative to the reference band; else 1",
    )

    @model_validator(mode="after")
    def _check_sersic_index(self) -> Self:
        if self.source_sersic_index[0] < 0.36:
            raise ValueError("source_sersic_index: expected at least 0.36, below which b_n has no series")
        if any(flux < 0 or not np.isfinite(flux) for pair in self.source_color.values() for flux in pair):
            raise ValueError("source_color: expected fluxes that are finite and not negative")
        return self


def draw_lenses(
    population: LensPopulation, generator: np.random.Generator, bands: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Draw one block of lenses.

    Parameters
    ----------
    population : LensPopulation
        The ranges.
    generator : numpy.random.Generator
        That of the block; always used for the same number of draws, whatever the ranges and bands.
    bands : tuple of str
        Bands, for the colours.

    Returns
    -------
    dict of ndarray
        BLOCK rows each, float32: the columns `render_arcs` reads (angles in degrees counter-clockwise from +x,
        positions in arcsec from the stamp's centre), `companion_x_arcsec` and `companion_y_arcsec` for `as_companion`,
        and the wanted brightness: `arc_to_galaxy_peak`, and `wanted_snr` (NaN where the population has none).
    """
    uniform = iter(generator.random((20, BLOCK)))

    def linear(limits: tuple[float, float]) -> np.ndarray:
        return limits[0] + (limits[1] - limits[0]) * next(uniform)

    def logarithmic(limits: tuple[float, float]) -> np.ndarray:
        return limits[0] * (limits[1] / limits[0]) ** next(uniform)

    def in_ring(limits: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        radius = np.sqrt(linear((limits[0] ** 2, limits[1] ** 2)))
        angle = 2.0 * np.pi * next(uniform)
        return radius * np.cos(angle), radius * np.sin(angle)

    einstein_radius = logarithmic(population.einstein_radius_arcsec)
    lens_x, lens_y = in_ring((0.0, population.lens_offset_arcsec))
    source_x, source_y = in_ring(population.source_offset)
    companion_x, companion_y = in_ring(population.companion_offset)
    columns = {
        "einstein_radius_arcsec": einstein_radius,
        "lens_x_arcsec": lens_x,
        "lens_y_arcsec": lens_y,
        "source_x_arcsec": lens_x + source_x * einstein_radius,
        "source_y_arcsec": lens_y + source_y * einstein_radius,
        "companion_x_arcsec": companion_x * einstein_radius,
        "companion_y_arcsec": companion_y * einstein_radius,
        "lens_axis_ratio": linear(population.lens_axis_ratio),
        "lens_angle_deg": linear((0.0, 180.0)),
        "shear": linear(population.shear),
        "shear_angle_deg": linear((0.0, 180.0)),
        "source_half_light_radius_arcsec": logarithmic(population.source_half_light_radius_arcsec),
        "source_sersic_index": linear(population.source_sersic_index),
        "source_axis_ratio": linear(population.source_axis_ratio),
        "source_angle_deg": linear((0.0, 180.0)),
        "arc_to_galaxy_peak": logarithmic(population.arc_to_galaxy_peak),
        "wanted_snr": logarithmic(population.snr or (1.0, 1.0)) * (1.0 if population.snr else np.nan),
    }
    blueness = next(uniform)
    for band in bands:
        red, blue = population.source_color.get(band, (1.0, 1.0))
        columns[f"source_flux_{band}"] = red + (blue - red) * blueness
    return {name: values.astype(np.float32) for name, values in columns.items()}


def as_companion(parameters: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same sources beside the galaxy instead of behind it, for negatives that hold an unlensed source.

    Parameters
    ----------
    parameters : dict of ndarray
        Columns of `draw_lenses`.

    Returns
    -------
    dict of ndarray
        The columns with the source at the companion's position.
    """
    moved = {
        "source_x_arcsec": parameters["companion_x_arcsec"],
        "source_y_arcsec": parameters["companion_y_arcsec"],
    }
    return {**parameters, **moved}
