"""A population of transits and of what looks like them: the range of every parameter, and signals drawn from them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from astrocnn.ranges import FractionRange, PositiveFractionRange, PositiveRange, Range
from astrocnn.samples.seeds import BLOCK
from astrocnn.simulate.eclipse_curves import eclipsing_binary_curves, transit_curves
from astrocnn.simulate.orbit import Orbits, a_over_rstar_of, duration_day

KINDS = ("nothing", "transit", "eclipsing-binary", "inverted")
NOTHING, TRANSIT, ECLIPSING_BINARY, INVERTED = range(len(KINDS))

_ECCENTRICITY_BETA = (0.867, 3.03)
"""Shape parameters of the eccentricities of planets (Kipping 2013, MNRAS 434, L51)."""
_CLOSEST = 1.5
"""Least distance at periastron over the sum of the radii: closer stars are not spheres any more."""
_UNIFORMS = 14
_TYPICAL_RATIO = 0.05


class TransitPopulation(BaseModel):
    """Ranges of transits, eclipsing binaries and inverted dips; the defaults are choices of this package."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    transit_fraction: float = Field(0.5, ge=0, le=1, description="share of the curves that hold a transit")
    eclipsing_fraction: float = Field(
        0.25, ge=0, le=1, description="share of the other curves that hold a diluted eclipsing binary"
    )
    inverted_fraction: float = Field(
        0.15, ge=0, le=1, description="share of the other curves that hold a transit turned upside down"
    )
    total_snr: PositiveRange = Field(
        (6.0, 60.0),
        description="signal over white noise of all samples, log-uniform; less where a gap hides some",
    )
    depth_ppm: PositiveRange | None = Field(
        None, description="squared radius ratio, log-uniform and independent of the noise; replaces total_snr"
    )
    radius_ratio: PositiveFractionRange = Field((0.005, 0.25), description="limits of planet over star")
    period_day: PositiveRange = Field((1.0, 15.0), description="orbital period, log-uniform")
    stellar_density: PositiveRange = Field((0.3, 3.0), description="mean density in that of the Sun, log-uniform")
    impact_parameter: FractionRange = Field((0.0, 0.95), description="of transits, uniform")
    duration_hour: PositiveRange = Field(
        (0.5, 4.5), description="limits from first to last contact; where they are reached the star's density gives way"
    )
    highest_eccentricity: float = Field(
        0.6, ge=0, lt=0.95, description="where the beta distribution of Kipping (2013) is cut; 0: circular orbits"
    )
    limb_darkening_q1: FractionRange = Field((0.0, 1.0), description="(u1 + u2)^2, uniform (Kipping 2013)")
    limb_darkening_q2: FractionRange = Field((0.0, 1.0), description="u1 / (2 (u1 + u2)), uniform (Kipping 2013)")
    inside: float = Field(0.5, gt=0, le=1, description="least share of a transit's duration that lies in the window")
    farthest_hour: float | None = Field(
        None, ge=0, description="farthest mid-transit from the middle of the window; as far as inside allows by default"
    )
    binary_radius_ratio: PositiveFractionRange = Field((0.3, 1.0), description="smaller over larger star, uniform")
    binary_surface_brightness: Range = Field((0.0, 1.0), description="smaller over larger star, uniform")

    @model_validator(mode="after")
    def _check_fractions(self) -> Self:
        if self.eclipsing_fraction + self.inverted_fraction > 1.0:
            raise ValueError("expected eclipsing_fraction and inverted_fraction of at most 1 together")
        return self


@dataclass(frozen=True)
class Signals:
    """What is put into curves, one a row: `kind` is a position in KINDS; rows of nothing have an orbit all the same."""

    kind: np.ndarray
    orbits: Orbits
    u1: np.ndarray
    u2: np.ndarray
    surface_brightness: np.ndarray
    depth: np.ndarray

    def rows(self, which: slice | np.ndarray) -> Self:
        """The signals at these positions."""
        arrays = {one.name: getattr(self, one.name)[which] for one in fields(self) if one.name != "orbits"}
        return type(self)(orbits=self.orbits.rows(which), **arrays)

    def curves(self, time_day: np.ndarray, exposure_day: float) -> np.ndarray:
        """Relative flux (n, time), 1 where nothing happens.

        Inverted dips are as high as a transit is deep. The light of eclipsing binaries is diluted by that of a star
        beside them until their deepest sample is as deep as a transit would be, where they are deeper.
        """
        flux = np.ones((len(self.kind), time_day.shape[-1]))
        single = np.flatnonzero((self.kind == TRANSIT) | (self.kind == INVERTED))
        flux[single] = transit_curves(
            time_day, self.orbits.rows(single), self.u1[single], self.u2[single], exposure_day=exposure_day
        )
        flux[self.kind == INVERTED] = 2.0 - flux[self.kind == INVERTED]
        pair = np.flatnonzero(self.kind == ECLIPSING_BINARY)
        eclipses = 1.0 - eclipsing_binary_curves(
            time_day, self.orbits.rows(pair), self.u1[pair], self.u2[pair], self.surface_brightness[pair],
            exposure_day=exposure_day,
        )  # fmt: skip
        deepest = eclipses.max(axis=1, initial=np.finfo(float).tiny)
        flux[pair] = 1.0 - eclipses * np.minimum(self.depth[pair] / deepest, 1.0)[:, None]
        return flux


def draw_signals(
    population: TransitPopulation, generator: np.random.Generator, noise: np.ndarray, window_hour: float,
    interval_hour: float,
) -> Signals:  # fmt: skip
    """Draw one block of signals for windows around time 0.

    Parameters
    ----------
    population : TransitPopulation
        The ranges.
    generator : numpy.random.Generator
        That of the block; always used for the same number of draws.
    noise : ndarray
        (BLOCK,): relative white noise of one sample, drawn or measured before and without regard to the signals.
    window_hour, interval_hour : float
        Length of a window, and time from one sample to the next.

    Returns
    -------
    Signals
        BLOCK rows.
    """
    from scipy.special import betainc, betaincinv

    uniform = iter(generator.random((_UNIFORMS, BLOCK)))

    def linear(limits: tuple[float, float]) -> np.ndarray:
        return limits[0] + (limits[1] - limits[0]) * next(uniform)

    def logarithmic(limits: tuple[float, float]) -> np.ndarray:
        return limits[0] * (limits[1] / limits[0]) ** next(uniform)

    kind = _draw_kind(population, next(uniform), next(uniform))
    binary = kind == ECLIPSING_BINARY
    period, density = logarithmic(population.period_day), logarithmic(population.stellar_density)
    below = betainc(*_ECCENTRICITY_BETA, population.highest_eccentricity)
    eccentricity = betaincinv(*_ECCENTRICITY_BETA, below * next(uniform))
    periastron = 360.0 * next(uniform)
    u1, u2 = limb_darkening_pair(linear(population.limb_darkening_q1), linear(population.limb_darkening_q2))
    impact, place = linear(population.impact_parameter), 2.0 * next(uniform) - 1.0
    wanted = logarithmic(population.depth_ppm or population.total_snr)
    pair_ratio, brightness = linear(population.binary_radius_ratio), linear(population.binary_surface_brightness)
    grazing = 1.0 - pair_ratio + 1.8 * pair_ratio * next(uniform)  # from inner contact on: V-shaped

    def orbits(ratio: np.ndarray) -> Orbits:
        free = Orbits(
            period_day=period, mid_transit_day=np.zeros(BLOCK), a_over_rstar=a_over_rstar_of(period, density),
            impact_parameter=np.where(binary, grazing, impact), eccentricity=eccentricity, periastron_deg=periastron,
            radius_ratio=np.where(binary, pair_ratio, ratio),
        )  # fmt: skip
        return _placed(_within_limits(free, population.duration_hour), place, population, window_hour)

    if population.depth_ppm is not None:
        depth = 1e-6 * wanted
    else:
        typical = orbits(np.full(BLOCK, _TYPICAL_RATIO))
        depth = wanted * noise / np.sqrt(_samples_inside(typical, window_hour, interval_hour))
    ratio = np.clip(np.sqrt(depth), *population.radius_ratio)
    return Signals(kind, orbits(ratio), u1, u2, brightness, ratio**2)


def limb_darkening_pair(q1: np.ndarray, q2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """u1 and u2 that keep a star positive and darker towards its limb (Kipping 2013, MNRAS 435, 2152, eqs. 15, 16)."""
    root = np.sqrt(q1)
    return 2.0 * root * q2, root * (1.0 - 2.0 * q2)


def longest_duration_hour(population: TransitPopulation) -> float:
    """Duration of the longest transit of a population, from its ranges alone.

    That of the longest period round the least dense star, slowest at conjunction, within `duration_hour`; on eccentric
    orbits transits last up to 2 % longer than `duration_day` has it.
    """
    period, density = np.array([population.period_day[1]]), np.array([population.stellar_density[0]])
    slowest = Orbits(
        period_day=period, mid_transit_day=np.zeros(1), a_over_rstar=a_over_rstar_of(period, density),
        impact_parameter=np.array([population.impact_parameter[0]]),
        eccentricity=np.array([population.highest_eccentricity]), periastron_deg=np.array([270.0]),
        radius_ratio=np.array([population.radius_ratio[1]]),
    )  # fmt: skip
    return float(np.clip(24.0 * duration_day(slowest)[0], *population.duration_hour))


def _draw_kind(population: TransitPopulation, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    other = np.where(second < population.eclipsing_fraction + population.inverted_fraction, INVERTED, NOTHING)
    other = np.where(second < population.eclipsing_fraction, ECLIPSING_BINARY, other)
    return np.where(first < population.transit_fraction, TRANSIT, other)


def _within_limits(orbits: Orbits, duration_hour: tuple[float, float]) -> Orbits:
    """The orbits round stars so dense that transits last as long as is allowed, and outside of the stars."""
    least = _CLOSEST * (1.0 + orbits.radius_ratio) / (1.0 - orbits.eccentricity)
    roomy = replace(orbits, a_over_rstar=np.maximum(orbits.a_over_rstar, least))
    lasting = duration_day(roomy)
    allowed = np.clip(lasting, duration_hour[0] / 24.0, duration_hour[1] / 24.0)
    # Solved from the formula of `duration_day` for a, at the same period and impact parameter.
    speed = orbits.conjunction_distance / np.sqrt(1.0 - orbits.eccentricity**2)
    angle = np.minimum(np.pi * allowed / (orbits.period_day * speed), 0.5 * np.pi)
    chord = np.sqrt(np.maximum((1.0 + orbits.radius_ratio) ** 2 - orbits.impact_parameter**2, 0.0))
    solved = np.hypot(chord / np.sin(angle), orbits.impact_parameter / orbits.conjunction_distance)
    return replace(roomy, a_over_rstar=np.where(allowed == lasting, roomy.a_over_rstar, np.maximum(solved, least)))


def _placed(orbits: Orbits, place: np.ndarray, population: TransitPopulation, window_hour: float) -> Orbits:
    """The orbits with mid-transits anywhere that leaves a share of the duration in the window; place is -1 to 1."""
    farthest = 0.5 * window_hour / 24.0 + (0.5 - population.inside) * duration_day(orbits)
    if population.farthest_hour is not None:
        farthest = np.minimum(farthest, population.farthest_hour / 24.0)
    return replace(orbits, mid_transit_day=place * np.maximum(farthest, 0.0))


def _samples_inside(orbits: Orbits, window_hour: float, interval_hour: float) -> np.ndarray:
    """Number of samples in transit, of all transits of the window; one at least."""
    half_window, half = 0.5 * window_hour / 24.0, 0.5 * duration_day(orbits)
    most = int(np.ceil(2.0 * half_window / orbits.period_day.min())) + 1
    number = np.arange(-most, most + 1)
    middle = orbits.mid_transit_day[:, None] + number * orbits.period_day[:, None]
    begin = np.maximum(middle - half[:, None], -half_window)
    end = np.minimum(middle + half[:, None], half_window)
    return np.maximum(np.maximum(end - begin, 0.0).sum(axis=1) * 24.0 / interval_hour, 1.0)
