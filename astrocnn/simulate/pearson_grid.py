"""The training and test grids of Pearson, Palafox & Griffith 2018 (MNRAS 474, 478), row by row.

Numbers are those of the authors' code, github.com/pearsonkyle/Exoplanet-Artificial-Intelligence, generate_data.py.
Paper and code differ in two things, and `follows` says which is meant. In the code the variability of transits has a
steady period and that of nulls a drifting one, which a network can learn instead of transits; in the paper's formula
both drift. And the code's 180 samples go from the first to the last instant of 6 hours, 6 h / 179 apart, where the
paper has 2 minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from astrocnn.samples.seeds import BLOCK
from astrocnn.simulate.eclipse_curves import transit_curves
from astrocnn.simulate.orbit import Orbits, duration_day, impact_parameter_of
from astrocnn.simulate.star_noise import quasi_periodic

GridName = Literal["pearson2018", "pearson2018-test"]
Follows = Literal["paper", "code"]

SAMPLES = 180
WINDOW_HOUR = 6.0
A_OVER_RSTAR = 12.0
U1, U2 = 0.5, 0.0
_WINDOW_DAY = WINDOW_HOUR / 24.0

AXES: dict[str, tuple[float, ...]] = {
    "depth_ppm": (200.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0),
    "period_day": (2.0, 2.5, 3.0, 3.5, 4.0),
    "inclination_deg": (86.0, 87.0, 90.0),
    "snr_per_point": (1.5, 2.5, 3.5, 4.5),
    "variability_phase": tuple(np.linspace(0.0, np.pi, 4).tolist()),
    "variability_ppm": (250.0, 500.0, 1000.0, 2000.0),
    "variability_period_day": (0.25, 0.5, 1.0),
    "amplitude_period_day": (-4.0 * _WINDOW_DAY, 4.0 * _WINDOW_DAY, 100.0),
    "period_period_day": (-12.0 * _WINDOW_DAY, 4.0 * _WINDOW_DAY, 100.0),
}
"""The axes of the training grid, the last one fastest. Depth is the squared radius ratio."""
TEST_SNR_PER_POINT = tuple(np.linspace(0.25, 3.0, 12).tolist())
"""What the test grid has instead, in steps of a quarter."""


@dataclass(frozen=True)
class Grid:
    """One of the two grids."""

    name: GridName
    follows: Follows = "paper"

    @property
    def axes(self) -> dict[str, tuple[float, ...]]:
        """Values along each axis."""
        return AXES if self.name == "pearson2018" else AXES | {"snr_per_point": TEST_SNR_PER_POINT}

    @property
    def points(self) -> int:
        """Number of points, of each of which one transit and one null are made: 155,520 or 466,560."""
        return int(np.prod([len(values) for values in self.axes.values()]))

    @property
    def interval_hour(self) -> float:
        """From one sample to the next."""
        return WINDOW_HOUR / (SAMPLES if self.follows == "paper" else SAMPLES - 1)

    @property
    def time_day(self) -> np.ndarray:
        """Times of the samples, (180,), from mid-transit on."""
        return (np.arange(SAMPLES) - (SAMPLES - 1) / 2.0) * self.interval_hour / 24.0

    def parameters(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Values on the axes of these points, (n,) each, by the name of the axis."""
        lengths = [len(values) for values in self.axes.values()]
        places = np.unravel_index(points, lengths)
        return {
            name: np.asarray(values)[place] for (name, values), place in zip(self.axes.items(), places, strict=True)
        }


def grid_orbits(parameters: dict[str, np.ndarray]) -> Orbits:
    """Orbits of points of a grid: circular, mid-transit at 0."""
    zeros = np.zeros(len(parameters["period_day"]))
    a_over_rstar = zeros + A_OVER_RSTAR
    return Orbits(
        period_day=parameters["period_day"], mid_transit_day=zeros, a_over_rstar=a_over_rstar,
        impact_parameter=impact_parameter_of(a_over_rstar, parameters["inclination_deg"]),
        eccentricity=zeros, periastron_deg=zeros, radius_ratio=np.sqrt(1e-6 * parameters["depth_ppm"]),
    )  # fmt: skip


def longest_duration_hour() -> float:
    """Duration of the longest transit of the grids: the longest period, seen edge-on, of the largest companion."""
    longest = {name: np.array([AXES[name][-1]]) for name in ("depth_ppm", "period_day", "inclination_deg")}
    return 24.0 * float(duration_day(grid_orbits(longest))[0])


def grid_curves(
    grid: Grid, points: np.ndarray, transit: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Curves of up to BLOCK rows of a grid.

    Parameters
    ----------
    grid : Grid
    points : ndarray
        (n,) of int: the grid's point of each row.
    transit : ndarray
        (n,) of bool: the transit or the null of the point, which have the same variability and as much noise.
    generator : numpy.random.Generator
        That of the block; used for the same number of draws whatever n.

    Returns
    -------
    tuple
        Flux (n, 180), relative to the star's mean, and columns (n,) of truth by name.
    """
    white = generator.standard_normal((BLOCK, SAMPLES))[: len(points)]
    values = grid.parameters(points)
    orbits, time = grid_orbits(values), grid.time_day
    model = transit_curves(time, orbits, np.full(len(points), U1), np.full(len(points), U2))
    noise = 1e-6 * values["depth_ppm"] / values["snr_per_point"]
    steady = np.where(transit & (grid.follows == "code"), np.inf, values["period_period_day"])
    variable = quasi_periodic(
        time - time[0], 1e-6 * values["variability_ppm"], values["variability_period_day"],
        values["variability_phase"], values["amplitude_period_day"], steady,
    )  # fmt: skip
    flux = np.where(transit[:, None], model, 1.0) * (1.0 + noise[:, None] * white) * variable
    truth = {
        **values,
        "impact_parameter": orbits.impact_parameter,
        "a_over_rstar": orbits.a_over_rstar,
        "radius_ratio": orbits.radius_ratio,
        "mid_transit_hour": orbits.mid_transit_day,
        "duration_hour": 24.0 * duration_day(orbits),
        "noise_ppm": 1e6 * noise,
        "snr": np.sqrt(((1.0 - model) ** 2).sum(axis=1)) / noise,
    }
    return flux, truth
