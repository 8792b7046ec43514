"""Orbits of companions: Kepler's equation, where the companion stands before its star, and how long a transit lasts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

_ANOMALY_STEP = 3e-3
"""After a step as short as this 1e-11 is missing at most: what is missing goes with the step's fourth power."""
_MOST_STEPS = 50
_SUN_DENSITY_SCALE = 4.2066
"""Semi-major axis over stellar radius at a period of one day round a star of the Sun's density (Winn 2010, eq. 30)."""


@dataclass(frozen=True)
class Orbits:
    """Companions on their orbits, one a row.

    Attributes
    ----------
    period_day : ndarray
        (n,), as all.
    mid_transit_day : ndarray
        Time at which the companion is in conjunction before the star, on the clock of the times asked for.
    a_over_rstar : ndarray
        Semi-major axis in stellar radii.
    impact_parameter : ndarray
        Projected distance at conjunction in stellar radii (Winn 2010, eq. 7).
    eccentricity : ndarray
    periastron_deg : ndarray
        Argument of periastron of the star's orbit, as published ones are: conjunction at a true anomaly of 90 degrees
        less this.
    radius_ratio : ndarray
        Radius of the companion in stellar radii.

    References
    ----------
    Winn 2010, "Transits and Occultations", arXiv:1001.2010.
    """

    period_day: np.ndarray
    mid_transit_day: np.ndarray
    a_over_rstar: np.ndarray
    impact_parameter: np.ndarray
    eccentricity: np.ndarray
    periastron_deg: np.ndarray
    radius_ratio: np.ndarray

    def __len__(self) -> int:
        return len(self.period_day)

    def rows(self, which: slice | np.ndarray) -> Self:
        """The orbits at these positions, or where a mask is true."""
        return type(self)(**{one.name: getattr(self, one.name)[which] for one in fields(self)})

    @property
    def conjunction_distance(self) -> np.ndarray:
        """Distance from the star at conjunction over the semi-major axis."""
        swing = 1.0 + self.eccentricity * np.sin(np.radians(self.periastron_deg))
        return (1.0 - self.eccentricity**2) / swing

    @property
    def cos_inclination(self) -> np.ndarray:
        """Cosine of the inclination."""
        return self.impact_parameter / (self.a_over_rstar * self.conjunction_distance)


def impact_parameter_of(a_over_rstar: np.ndarray, inclination_deg: np.ndarray) -> np.ndarray:
    """Impact parameter of circular orbits."""
    return a_over_rstar * np.cos(np.radians(inclination_deg))


def a_over_rstar_of(period_day: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Semi-major axis in stellar radii, for a mean density of the star in that of the Sun (Winn 2010, eq. 30)."""
    return _SUN_DENSITY_SCALE * np.cbrt(density * period_day**2)


def duration_day(orbits: Orbits) -> np.ndarray:
    """Time from first to last contact, (n,) days; 0 where there is no transit (Winn 2010, eqs. 14 and 16).

    Exact for circular orbits; with eccentricity the speed at conjunction is taken for the whole transit.
    """
    chord = np.sqrt(np.maximum((1.0 + orbits.radius_ratio) ** 2 - orbits.impact_parameter**2, 0.0))
    sin_inclination = np.sqrt(np.maximum(1.0 - orbits.cos_inclination**2, 0.0))
    angle = np.arcsin(np.minimum(chord / (orbits.a_over_rstar * sin_inclination), 1.0))
    return orbits.period_day / np.pi * angle * orbits.conjunction_distance / np.sqrt(1.0 - orbits.eccentricity**2)


def eccentric_anomaly(mean_anomaly: np.ndarray, eccentricity: np.ndarray) -> np.ndarray:
    """Solve Kepler's equation E - e sin E = M by Danby's quartic steps (Danby 1987, Celestial Mechanics 40, 303).

    Parameters
    ----------
    mean_anomaly : ndarray
        Radians, any shape.
    eccentricity : ndarray
        Below 1, of a shape that broadcasts.

    Returns
    -------
    ndarray
        Radians, on the same turn as the mean anomaly, to 1e-11.
    """
    turns = 2.0 * np.pi * np.round(mean_anomaly / (2.0 * np.pi))
    mean = mean_anomaly - turns
    anomaly = mean + 0.85 * eccentricity * np.sign(mean)
    for _ in range(_MOST_STEPS):
        sine, slope = eccentricity * np.sin(anomaly), 1.0 - eccentricity * np.cos(anomaly)
        missing = anomaly - sine - mean
        first = -missing / slope
        second = -missing / (slope + 0.5 * first * sine)
        step = -missing / (slope + 0.5 * second * sine + second**2 * (1.0 - slope) / 6.0)
        anomaly = anomaly + step
        if not np.any(np.abs(step) > _ANOMALY_STEP):
            break
    return anomaly + turns


def sky_elements(orbits: Orbits) -> np.ndarray:
    """What `projected_position` needs of each orbit, (8, n), worked out once for many times."""
    e = orbits.eccentricity
    periastron = np.radians(orbits.periastron_deg)
    half_true = 0.5 * (0.5 * np.pi - periastron)
    at_conjunction = 2.0 * np.arctan2(np.sqrt(1.0 - e) * np.sin(half_true), np.sqrt(1.0 + e) * np.cos(half_true))
    motion = 2.0 * np.pi / orbits.period_day
    return np.stack([
        motion, at_conjunction - e * np.sin(at_conjunction) - motion * orbits.mid_transit_day, e,
        orbits.a_over_rstar, orbits.a_over_rstar * np.sqrt(1.0 - e**2), np.sin(periastron), np.cos(periastron),
        orbits.cos_inclination,
    ])  # fmt: skip


def projected_position(time_day: np.ndarray, elements: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance of companion and star on the sky, and which of them is nearer.

    Parameters
    ----------
    time_day : ndarray
        (n, time): times of each row's orbit.
    elements : ndarray
        (8, n), from `sky_elements`.

    Returns
    -------
    tuple of ndarray
        Separation in stellar radii, and whether the companion is nearer than the star, both like `time_day`.
    """
    motion, phase, e, major, minor, sine, cosine, cos_inclination = elements[:, :, None]
    anomaly = motion * time_day + phase
    eccentric = np.flatnonzero(e[:, 0])
    if len(eccentric):
        anomaly[eccentric] = eccentric_anomaly(anomaly[eccentric], e[eccentric])
    along, across = major * (np.cos(anomaly) - e), minor * np.sin(anomaly)
    sideways, towards = along * cosine - across * sine, along * sine + across * cosine
    return np.sqrt(sideways**2 + (towards * cos_inclination) ** 2), towards > 0.0


def highest_speed(orbits: Orbits) -> np.ndarray:
    """Speed at periastron, stellar radii a day: no point of the orbit moves faster over the sky."""
    swing = np.sqrt((1.0 + orbits.eccentricity) / (1.0 - orbits.eccentricity))
    return 2.0 * np.pi * orbits.a_over_rstar / orbits.period_day * swing
