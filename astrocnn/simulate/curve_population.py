"""Simulated light curves: signals of a transit population on stars that vary, in red and white noise, with gaps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from astrocnn.ranges import FractionRange, PositiveRange, Range
from astrocnn.samples.seeds import BLOCK
from astrocnn.simulate.eclipse_curves import exposure_nodes
from astrocnn.simulate.orbit import Orbits, duration_day
from astrocnn.simulate.star_noise import damped_random_walk, flare, quasi_periodic
from astrocnn.simulate.transit_population import KINDS, NOTHING, TRANSIT, Signals, TransitPopulation, draw_signals

_UNIFORMS = 17
_SLOWEST_DRIFT = 100.0
_FASTEST_AMPLITUDE_DRIFT, _FASTEST_PERIOD_DRIFT = 4.0, 12.0
"""Periods of the drifts of amplitude and period, in lengths of the window, as in the paper's grid."""


class CurvePopulation(TransitPopulation):
    """Ranges of a transit population and of the stars and noise it is seen in; all curves have these alike."""

    noise_ppm: PositiveRange | None = Field(
        None, description="white noise of a sample, log-uniform, the same for all classes; the cadence's by default"
    )
    red_noise: Range = Field((0.0, 1.0), description="damped random walk over white noise of a sample, uniform")
    red_noise_hour: PositiveRange = Field((1.0, 24.0), description="time scale of the red noise, log-uniform")
    variability_ppm: PositiveRange = Field((50.0, 2000.0), description="amplitude of the star, log-uniform")
    variability_hour: PositiveRange = Field((6.0, 240.0), description="period of the variability, log-uniform")
    flare_fraction: float = Field(0.1, ge=0, le=1, description="share of the curves, of all classes, with a flare")
    flare_peak: PositiveRange = Field((3.0, 50.0), description="peak of a flare over the noise, log-uniform")
    flare_minute: PositiveRange = Field((5.0, 60.0), description="full width of a flare at half maximum, log-uniform")
    gap_fraction: float = Field(
        0.2, ge=0, le=1, description="share of the curves with a gap, where it hides no transit"
    )
    gap_length: FractionRange = Field((0.02, 0.25), description="length of a gap over that of the window, uniform")
    missing_fraction: float = Field(0.01, ge=0, lt=1, description="share of single samples that are missing")


def sampled_curves(
    population: CurvePopulation, generator: np.random.Generator, *, samples: int, interval_hour: float,
    exposure_day: float, noise_ppm: tuple[float, float],
) -> tuple[np.ndarray, dict[str, np.ndarray]]:  # fmt: skip
    """Draw one block of curves.

    Parameters
    ----------
    population : CurvePopulation
        The ranges.
    generator : numpy.random.Generator
        That of the block; always used for the same number of draws.
    samples : int
        Samples of a curve.
    interval_hour, exposure_day : float
        From one sample to the next; time that a sample collects light.
    noise_ppm : tuple of float
        Range of the noise where the population has none.

    Returns
    -------
    tuple
        Flux (BLOCK, samples) relative to the star's mean, NaN where a sample is missing; and columns of truth, as
        `signal_truth` has them, with those of the star and its noise.
    """
    uniform = iter(generator.random((_UNIFORMS, BLOCK)))
    white, red = generator.standard_normal((2, BLOCK, samples))
    missing = generator.random((BLOCK, samples)) < population.missing_fraction

    def logarithmic(limits: tuple[float, float]) -> np.ndarray:
        return limits[0] * (limits[1] / limits[0]) ** next(uniform)

    window_hour = samples * interval_hour
    time_day = (np.arange(samples) - (samples - 1) / 2.0) * interval_hour / 24.0
    noise = 1e-6 * logarithmic(population.noise_ppm or noise_ppm)
    signals = draw_signals(population, generator, noise, window_hour, interval_hour)
    model = signals.curves(time_day, exposure_day)

    amplitude, period = 1e-6 * logarithmic(population.variability_ppm), logarithmic(population.variability_hour) / 24.0
    phase = 2.0 * np.pi * next(uniform)
    drifts = [
        logarithmic((fastest, _SLOWEST_DRIFT)) * np.where(next(uniform) < 0.5, -1.0, 1.0) * window_hour / 24.0
        for fastest in (_FASTEST_AMPLITUDE_DRIFT, _FASTEST_PERIOD_DRIFT)
    ]
    star = quasi_periodic(time_day - time_day[0], amplitude, period, phase, *drifts)
    star += _flares(population, uniform, noise, time_day, exposure_day)
    low, high = population.red_noise
    red_over_white = low + (high - low) * next(uniform)
    timescale = logarithmic(population.red_noise_hour)
    walk = damped_random_walk(red, timescale / interval_hour)
    flux = model * star + noise[:, None] * (white + red_over_white[:, None] * walk)
    missing |= _gaps(population, next(uniform), next(uniform), next(uniform), samples)
    missing[_hidden(signals.orbits, time_day, missing)] = False
    flux[missing] = np.nan
    truth = signal_truth(signals, model, noise, missing)
    truth |= {
        "variability_ppm": 1e6 * amplitude, "variability_period_day": period, "red_noise": red_over_white,
        "red_noise_hour": timescale,
    }  # fmt: skip
    return flux, truth


def signal_truth(signals: Signals, model: np.ndarray, noise: np.ndarray, missing: np.ndarray) -> dict[str, np.ndarray]:
    """Columns that tell what signals are in curves.

    Returns
    -------
    dict of ndarray
        `kind` (text of KINDS) and `label` (1: transit); `noise_ppm`; `snr`, the signal over white noise of all samples
        that are there together, 0 for nothing; and, NaN unless it is a transit: period, mid-transit from the middle of
        the window, duration, squared radius ratio as `depth_ppm`, the same over the noise as `snr_per_point`, impact
        parameter, a/R*, eccentricity, argument of periastron, limb darkening.
    """
    orbits = signals.orbits
    transit = np.where(signals.kind == TRANSIT, 1.0, np.nan)
    depth = orbits.radius_ratio**2
    of_transits = {
        "period_day": orbits.period_day, "mid_transit_hour": 24.0 * orbits.mid_transit_day,
        "duration_hour": 24.0 * duration_day(orbits), "depth_ppm": 1e6 * depth, "radius_ratio": orbits.radius_ratio,
        "snr_per_point": depth / noise, "impact_parameter": orbits.impact_parameter,
        "a_over_rstar": orbits.a_over_rstar, "eccentricity": orbits.eccentricity,
        "periastron_deg": orbits.periastron_deg, "u1": signals.u1, "u2": signals.u2,
    }  # fmt: skip
    seen = np.where(missing, 0.0, 1.0 - model)
    return {
        "kind": np.array(KINDS, object)[signals.kind],
        "label": (signals.kind == TRANSIT).astype(np.int8),
        "noise_ppm": 1e6 * noise,
        "snr": np.where(signals.kind == NOTHING, 0.0, np.sqrt((seen**2).sum(axis=1)) / noise),
        **{name: values * transit for name, values in of_transits.items()},
    }


def _flares(
    population: CurvePopulation, uniform: Iterator[np.ndarray], noise: np.ndarray, time_day: np.ndarray,
    exposure_day: float,
) -> np.ndarray:  # fmt: skip
    """Light of one flare in some of the curves, averaged over each exposure."""
    flares, place, peak, width = (next(uniform) for _ in range(4))
    rows = np.flatnonzero(flares < population.flare_fraction)
    heights, widths = (
        limits[0] * (limits[1] / limits[0]) ** drawn[rows]
        for limits, drawn in ((population.flare_peak, peak), (population.flare_minute, width))
    )
    offsets, weights = exposure_nodes(exposure_day)
    instants = (time_day[:, None] + offsets)[None]
    peaks = time_day[0] + (time_day[-1] - time_day[0]) * place[rows]
    shape = flare(instants, peaks[:, None, None], (widths / 1440.0)[:, None, None]) @ weights
    light = np.zeros((len(noise), len(time_day)))
    light[rows] = (heights * noise[rows])[:, None] * shape
    return light


def _gaps(
    population: CurvePopulation, first: np.ndarray, second: np.ndarray, third: np.ndarray, samples: int
) -> np.ndarray:
    """Where the samples of one gap a curve are missing, in some of the curves; (BLOCK, samples) of bool."""
    shortest, longest = population.gap_length
    length = np.where(first < population.gap_fraction, shortest + (longest - shortest) * second, 0.0)
    begin = third * (1.0 - length)
    place = (np.arange(samples) + 0.5) / samples
    return (place >= begin[:, None]) & (place < (begin + length)[:, None])


def _hidden(orbits: Orbits, time_day: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Rows whose transits are mostly missing, so that nobody could tell that they hold one; (n,) of bool.

    Rows without a transit are judged by the one that they might have had: else gaps would tell of the class.
    """
    period = orbits.period_day[:, None]
    since = np.abs((time_day - orbits.mid_transit_day[:, None] + 0.5 * period) % period - 0.5 * period)
    inside = since < 0.5 * duration_day(orbits)[:, None]
    return (inside & missing).sum(axis=1) > 0.5 * inside.sum(axis=1)
