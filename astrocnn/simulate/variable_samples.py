"""Simulated light curves of variable stars: a block of stars drawn from a population, observed, with noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from astrocnn.samples.curve import LightCurve
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.seeds import BLOCK
from astrocnn.simulate.orbit import Orbits, a_over_rstar_of
from astrocnn.simulate.transit_population import limb_darkening_pair
from astrocnn.simulate.variable_population import AMPLITUDE_OF_I, LEAVITT_SLOPE, VariablePopulation, redness
from astrocnn.simulate.variable_shapes import (
    cepheid,
    dwarf_nova,
    eclipsing_binary,
    mira,
    rr_lyrae_ab,
    rr_lyrae_c,
    supernova,
)  # fmt: skip

YEAR_DAY = 365.25
_NIGHT_DAY = 0.4
"""Part of a day in which a star is observed, round midnight; chosen here, as all below."""
_STELLAR_DENSITY = (0.05, 1.0)
"""Of the stars of binaries, in that of the Sun, log-uniform."""
_CLOSEST = 1.25
"""Least distance of two stars over the sum of their radii."""
_GRAZING = 0.8
"""Highest impact parameter over the sum of the radii."""
_CYCLE_SCATTER = 0.1
"""Standard deviation of the amplitude of a Mira's cycles over the mean amplitude, at most three of them."""
_RECURRENCE_SCATTER = 0.25
"""Times between outbursts over their mean are uniform, from 1 less twice this to 1 more."""
_PHASES = 512
_SHAPE_UNIFORMS = 8


@dataclass(frozen=True)
class Stars:
    """One block of stars: kind, truth, and uniform numbers (n, 8) that their shapes follow from."""

    kind: np.ndarray
    period_day: np.ndarray
    amplitude: np.ndarray
    mean: np.ndarray
    colour: np.ndarray
    uniform: np.ndarray

    def rows(self, kind: str) -> Stars:
        """Those of one kind."""
        return Stars(**{name: values[self.kind == kind] for name, values in vars(self).items()})


def sampled_variables(
    population: VariablePopulation, generator: np.random.Generator, bands: Sequence[str],
    classes: Mapping[str, Sequence[str]], fractions: Mapping[str, float],
) -> tuple[list[LightCurve], dict[str, np.ndarray]]:  # fmt: skip
    """Draw one block of stars and observe them.

    Parameters
    ----------
    population : VariablePopulation
    generator : numpy.random.Generator
        That of the block.
    bands : sequence of str
        Known to `BAND_MICRON`.
    classes : mapping of str to sequence of str
        Kinds of each class, which have equal shares of it.
    fractions : mapping of str to float
        Share of each class, with the sum 1.

    Returns
    -------
    list of LightCurve
        BLOCK curves in magnitudes, without ids; perhaps with few points, or none, where a star is too faint.
    dict
        `class`, `kind`, `period_day` (NaN without one), `amplitude` (V; from faintest to brightest, without noise).
    """
    label, stars = _draw_stars(population, generator, classes, fractions)
    most = population.points[1]
    number = _logarithmic(population.points, generator.random((BLOCK, len(bands)))).round()
    time = _nights(population, generator.random(BLOCK), generator.random((2, BLOCK, len(bands) * most)))
    unused = np.arange(most) >= number[:, :, None]
    time[unused.reshape(BLOCK, -1)] = np.nan
    change, amplitude = _changes(stars, generator, time, population.span_day)
    band = np.repeat(np.arange(len(bands)), most)
    reddened = np.array([redness(name) for name in bands])[band]
    ratio = np.array([AMPLITUDE_OF_I.get(kind, 1.0) for kind in stars.kind.tolist()])
    value = stars.mean[:, None] - stars.colour[:, None] * reddened + change * ratio[:, None] ** reddened
    fainter = value - population.faint_limit_mag
    error = np.hypot(population.error_floor_mag, population.error_at_limit_mag * 10.0 ** (0.4 * fainter))
    value += error * generator.standard_normal(value.shape)
    # Noise in magnitudes means nothing far below the limit: neither the star nor what is measured may lie there.
    seen = (fainter <= 0.0) & (value <= population.faint_limit_mag)
    curves = [_curve(time[k], value[k], error[k], band, seen[k], tuple(bands)) for k in range(BLOCK)]
    # A dwarf nova's time between outbursts is none that its curve could be folded with.
    period = np.where(stars.kind == "dwarf_nova", np.nan, stars.period_day)
    return curves, {"class": label, "kind": stars.kind, "period_day": period, "amplitude": amplitude}


def variables_meta(bands: Sequence[str], classes: Sequence[str]) -> CurveMeta:
    """What is true of all simulated variables."""
    return CurveMeta(
        time_system="HJD_UTC", time_reference_day=2450000.0, quantity="magnitude", unit="mag", bands=tuple(bands),
        classes=tuple(classes), notes={"simulated": "variable stars"},
    )  # fmt: skip


def _logarithmic(limits: Sequence[float] | np.ndarray, uniform: np.ndarray) -> np.ndarray:
    return np.asarray(limits[0] * (limits[1] / limits[0]) ** uniform)


def _draw_stars(
    population: VariablePopulation, generator: np.random.Generator, classes: Mapping[str, Sequence[str]],
    fractions: Mapping[str, float],
) -> tuple[np.ndarray, Stars]:  # fmt: skip
    """Class and star of each row."""
    first, second, *uniform = generator.random((6 + _SHAPE_UNIFORMS, BLOCK))
    names = list(classes)
    chosen = np.searchsorted(np.cumsum([fractions[name] for name in names])[:-1], first, side="right")
    label = np.array(names, object)[chosen]
    kinds = [classes[name] for name in label]
    kind = np.array([of[int(u * len(of))] for of, u in zip(kinds, second, strict=True)], object)
    ranges = {one: population.of(one) for one in {*kind.tolist()}}

    def limits(quantity: str) -> np.ndarray:
        pairs = {one: getattr(of, quantity) or (np.nan, np.nan) for one, of in ranges.items()}
        return np.array([pairs[one] for one in kind.tolist()]).T

    def linear(quantity: str, u: np.ndarray) -> np.ndarray:
        low, high = limits(quantity)
        return np.asarray(low + (high - low) * u)

    period = _logarithmic(limits("period_day"), uniform[0])
    mean = linear("mean_mag", uniform[2]) + np.where(kind == "cepheid", LEAVITT_SLOPE * np.log10(period), 0.0)
    return label, Stars(
        kind, period, linear("amplitude_mag", uniform[1]), mean, linear("colour_mag", uniform[3]),
        np.stack(uniform[4:], axis=1),
    )  # fmt: skip


def _nights(population: VariablePopulation, start: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Times (n, time), days: in nights of each star's seasons, the first of which has begun at 0."""
    night = np.arange(max(int(population.span_day), 1))
    time = np.empty(uniform.shape[1:])
    for row, begun in enumerate(start * population.season_day):
        visible = night[(night + begun) % YEAR_DAY < population.season_day]
        time[row] = visible[(uniform[0, row] * len(visible)).astype(np.int64)]
    return time + 0.5 + _NIGHT_DAY * (uniform[1] - 0.5)


def _changes(
    stars: Stars, generator: np.random.Generator, time: np.ndarray, span_day: float
) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes of the change of each star in V (n, time), and its amplitude (n,)."""
    change, amplitude = np.where(np.isnan(time), np.nan, 0.0), np.nan_to_num(stars.amplitude)
    for kind in ("rr_ab", "rr_c", "cepheid", "eclipsing", "mira", "dwarf_nova", "supernova"):
        of, rows = stars.rows(kind), np.flatnonzero(stars.kind == kind)
        if not len(rows):
            continue
        when, height, u = time[rows], of.amplitude[:, None], of.uniform
        cycle = when / of.period_day[:, None] + u[:, [0]]
        if kind == "rr_ab":
            change[rows] = height * rr_lyrae_ab(cycle, of.amplitude, 2.0 * u[:, 1] - 1.0)
        elif kind == "rr_c":
            change[rows] = height * rr_lyrae_c(cycle, 2.0 * u[:, 1] - 1.0)
        elif kind == "cepheid":
            change[rows] = height * cepheid(cycle, of.period_day)
        elif kind == "mira":
            cycles = int(span_day / of.period_day.min()) + 3
            scatter = np.clip(generator.standard_normal((len(rows), cycles)), -3.0, 3.0)
            change[rows] = height * mira(cycle, 0.35 + 0.15 * u[:, 1], 1.0 + _CYCLE_SCATTER * scatter)
        elif kind == "dwarf_nova":
            number = int(span_day / of.period_day.min() / (1.0 - 2.0 * _RECURRENCE_SCATTER)) + 2
            waits = 1.0 + 2.0 * _RECURRENCE_SCATTER * (2.0 * generator.random((len(rows), number)) - 1.0)
            onsets = of.period_day[:, None] * (np.cumsum(waits, axis=1) - 1.0 - u[:, [0]])
            change[rows] = -dwarf_nova(when, onsets, of.amplitude, 0.5 + 1.5 * u[:, 1], 1.5 + 2.5 * u[:, 2])
        elif kind == "supernova":
            since = when - span_day * u[:, [0]]
            change[rows] = -supernova(since, of.amplitude, 16.0 + 4.0 * u[:, 1], 0.8 + 1.0 * u[:, 2])
        else:
            change[rows], amplitude[rows] = _binaries(of, when)
    return change, amplitude


def _binaries(stars: Stars, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Changes (n, time) of eclipsing binaries, and from brightest to faintest of a whole orbit."""
    start, density, ratio, brightness, impact, q1, q2, _ = stars.uniform.T
    ratio = 0.3 + 0.7 * ratio
    apart = np.cbrt(2.0) * a_over_rstar_of(stars.period_day, _logarithmic(_STELLAR_DENSITY, density))
    nothing = np.zeros(len(ratio))
    orbits = Orbits(
        period_day=stars.period_day, mid_transit_day=start * stars.period_day,
        a_over_rstar=np.maximum(apart, _CLOSEST * (1.0 + ratio)), impact_parameter=_GRAZING * impact * (1.0 + ratio),
        eccentricity=nothing, periastron_deg=nothing, radius_ratio=ratio,
    )  # fmt: skip
    light = (*limb_darkening_pair(q1, q2), 0.1 + 0.9 * brightness)
    whole = stars.period_day[:, None] * (start[:, None] + np.arange(_PHASES) / _PHASES)
    return eclipsing_binary(time, orbits, *light), np.ptp(eclipsing_binary(whole, orbits, *light), axis=1)


def _curve(
    time: np.ndarray, value: np.ndarray, error: np.ndarray, band: np.ndarray, seen: np.ndarray, bands: tuple[str, ...]
) -> LightCurve:
    rows = np.flatnonzero(seen)
    rows = rows[np.argsort(time[rows], kind="stable")]
    return LightCurve(
        "", time[rows], value[rows].astype(np.float32), error[rows].astype(np.float32),
        np.zeros(len(rows), np.int32), band[rows].astype(np.int16), bands,
    )  # fmt: skip
