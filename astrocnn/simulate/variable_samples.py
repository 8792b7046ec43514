"""Simulated light curves of variable stars: a block of stars drawn from a population, observed, with noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from astrocnn.samples.curve import POINT_ARRAYS, CurveBlock
from astrocnn.samples.seeds import BLOCK
from astrocnn.simulate.orbit import Orbits, a_over_rstar_of
from astrocnn.simulate.transit_population import limb_darkening_pair
from astrocnn.simulate.variable_population import (
    AMPLITUDE_OF_I,
    FOLLOW_LEAVITT,
    LEAVITT_SLOPE,
    VariablePopulation,
    redness,
)
from astrocnn.simulate.variable_sampling import Survey
from astrocnn.simulate.variable_shapes import (
    cepheid,
    cepheid_overtone,
    dwarf_nova,
    eclipsing_binary,
    mira,
    rr_lyrae_ab,
    rr_lyrae_c,
    supernova,
)  # fmt: skip

_STELLAR_DENSITY = (0.05, 1.0)
"""Of the stars of binaries, in that of the Sun, log-uniform; chosen here, as all below."""
_CLOSEST = 1.25
"""Least distance of two stars over the sum of their radii."""
_GRAZING = 0.8
"""Highest impact parameter over the sum of the radii."""
_CYCLE_SCATTER = 0.1
"""Standard deviation of the amplitude of a Mira's cycles over the mean amplitude, at most three of them."""
_RECURRENCE_SCATTER = 0.25
"""Times between outbursts over their mean are uniform, from 1 less twice this to 1 more."""
_CONJUNCTIONS_AND_QUADRATURE = np.array([0.0, 0.25, 0.5])
"""Phases of a circular orbit at which two stars are faintest, in either eclipse, and brightest."""
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
    population: VariablePopulation, generator: np.random.Generator, survey: Survey, templates: Sequence[str],
    classes: Mapping[str, Sequence[str]], fractions: Mapping[str, float],
) -> tuple[CurveBlock, dict[str, np.ndarray]]:  # fmt: skip
    """Draw one block of stars and observe them.

    Parameters
    ----------
    population : VariablePopulation
    generator : numpy.random.Generator
        That of the block.
    survey : Survey
        When and how precisely they are observed.
    templates : sequence of str
        For each band of the survey what it stands for, of `BAND_MICRON`.
    classes : mapping of str to sequence of str
        Kinds of each class, which have equal shares of it.
    fractions : mapping of str to float
        Share of each class, with the sum 1.

    Returns
    -------
    CurveBlock
        BLOCK curves in magnitudes, without ids; perhaps with few points, or none, where a star is too faint.
    dict
        `class`, `kind`, `period_day` (NaN without one), `amplitude` (V; from faintest to brightest, without noise).
    """
    label, stars = _draw_stars(population, generator, classes, fractions)
    seen = survey.draw(generator)
    change, amplitude = _changes(stars, generator, seen.time - survey.start_day, survey.span_day)
    reddened = np.array([redness(name) for name in templates])
    ratio = np.array([AMPLITUDE_OF_I.get(kind, 1.0) for kind in stars.kind.tolist()])
    mean = stars.mean[:, None] - stars.colour[:, None] * reddened
    row = np.arange(BLOCK)[:, None]
    value = mean[row, seen.band] + change * (ratio[:, None] ** reddened)[row, seen.band]
    faintest = survey.faintest[seen.band]
    error = survey.usual_error(value, seen.band) * seen.noise
    measured = value + error * generator.standard_normal(value.shape)
    # Noise in magnitudes means nothing far below the limit: neither the star nor what is measured may lie there.
    visible = (value <= faintest) & (measured <= faintest)
    block = _in_order(seen.time, measured, error, seen.band, visible, survey.meta.bands)
    # A dwarf nova's time between outbursts is none that its curve could be folded with.
    period = np.where(stars.kind == "dwarf_nova", np.nan, stars.period_day)
    return block, {"class": label, "kind": stars.kind, "period_day": period, "amplitude": amplitude}


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
    mean = linear("mean_mag", uniform[2])
    mean += np.where(np.isin(kind, FOLLOW_LEAVITT), LEAVITT_SLOPE * np.log10(period), 0.0)
    return label, Stars(
        kind, period, linear("amplitude_mag", uniform[1]), mean, linear("colour_mag", uniform[3]),
        np.stack(uniform[4:], axis=1),
    )  # fmt: skip


def _changes(
    stars: Stars, generator: np.random.Generator, time: np.ndarray, span_day: float
) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes of the change of each star in V (n, time), and its amplitude (n,)."""
    change, amplitude = np.where(np.isnan(time), np.nan, 0.0), np.nan_to_num(stars.amplitude)
    for kind in sorted({*stars.kind.tolist()} - {"constant"}):
        of, rows = stars.rows(kind), np.flatnonzero(stars.kind == kind)
        when, height, u = time[rows], of.amplitude[:, None], of.uniform
        cycle = when / of.period_day[:, None] + u[:, [0]]
        if kind == "rr_ab":
            change[rows] = height * rr_lyrae_ab(cycle, of.period_day, *(2.0 * u[:, 1:4].T - 1.0))
        elif kind == "rr_c":
            change[rows] = height * rr_lyrae_c(cycle, 2.0 * u[:, 1] - 1.0)
        elif kind == "cepheid":
            change[rows] = height * cepheid(cycle, of.period_day, *(2.0 * u[:, 1:3].T - 1.0))
        elif kind == "cepheid_overtone":
            change[rows] = height * cepheid_overtone(cycle, *(2.0 * u[:, 1:3].T - 1.0))
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
    extremes = stars.period_day[:, None] * (start[:, None] + _CONJUNCTIONS_AND_QUADRATURE)
    return eclipsing_binary(time, orbits, *light), np.ptp(eclipsing_binary(extremes, orbits, *light), axis=1)


def _in_order(
    time: np.ndarray, value: np.ndarray, error: np.ndarray, band: np.ndarray, visible: np.ndarray,
    bands: tuple[str, ...],
) -> CurveBlock:  # fmt: skip
    """The visible points (n, time) of each star in order of time."""
    order = np.argsort(np.where(visible, time, np.inf), axis=1, kind="stable")
    number = visible.sum(axis=1)
    kept = np.arange(time.shape[1]) < number[:, None]
    points = {
        name: np.take_along_axis(values, order, axis=1)[kept].astype(POINT_ARRAYS[name])
        for name, values in (("time", time), ("value", value), ("error", error), ("band", band))
    }
    return CurveBlock(
        np.arange(len(time)), np.full(len(time), "", object), np.concatenate([[0], np.cumsum(number)]), **points,
        quality=np.zeros(number.sum(), POINT_ARRAYS["quality"]), bands=bands,
    )  # fmt: skip
