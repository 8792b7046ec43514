"""Simulated stars beside real ones: shapes and noise of EROS-1, found in both by the same fit.

The amplitude of Cepheids in R_E is not compared: those stars are bright, and it is half of what any template has.
"""

import numpy as np
import pytest
from astropy.timeseries import LombScargle
from curve_files import shared

import astrocnn
from astrocnn.samples.seeds import block_generator
from astrocnn.simulate.variable_population import VariablePopulation
from astrocnn.simulate.variable_samples import sampled_variables
from astrocnn.simulate.variable_sampling import RealSampling

HARMONICS = np.arange(1, 5)
FILE = """
version: 1
name: eros
seed: 1
inputs: {stars: null}
stages:
  curves: {use: light-curves, curves: "${inputs.stars}", bands: [B_E, R_E], splits: {train: 1.0}}
"""


def fourier(curve, period):
    """Amplitude ratios and phase differences of a fit of four harmonics, the amplitude, its error and chi."""
    angle = 2 * np.pi * HARMONICS[:, None] * (curve.time - curve.time[0]) / period
    waves = np.concatenate([np.ones((1, len(curve.time))), np.cos(angle), np.sin(angle)]).T / curve.error[:, None]
    measured = curve.value / curve.error
    found = np.linalg.lstsq(waves, measured, rcond=None)[0]
    wave = found[1:5] - 1j * found[5:]
    chi = np.sqrt(np.sum((measured - waves @ found) ** 2) / (len(measured) - 9))
    error = np.sqrt(np.linalg.inv(waves.T @ waves)[1, 1])
    phase = np.angle(wave / wave[0] ** HARMONICS)
    return {
        "r21": abs(wave[1] / wave[0]), "r31": abs(wave[2] / wave[0]), "r41": abs(wave[3] / wave[0]),
        "phi21": phase[1] % (2 * np.pi), "phi31": phase[2] % (2 * np.pi), "amplitude": abs(wave[0]),
        "error": error / abs(wave[0]), "chi": chi,
    }  # fmt: skip


def period_of(curve, shortest, longest):
    """By one wave, then near it by three."""
    step = 0.2 / np.ptp(curve.time)
    frequency = np.arange(1 / longest, 1 / shortest, step)
    for waves in (1, 3):
        power = LombScargle(curve.time, curve.value, curve.error, nterms=waves).power(frequency)
        best = frequency[power.argmax()]
        frequency = best + step * np.arange(-2, 2.01, 0.1)
    return 1 / best


def well_known(curves, shortest, longest, most, periods=None):
    """Medians over stars whose amplitude is known to 6 %, of at most so many stars."""
    found = []
    for number, curve in enumerate(curves):
        blue = curve.in_band("B_E")
        if len(blue) < 60 or not shortest < (periods[number] if periods is not None else shortest + 1e-9) < longest:
            continue
        period = periods[number] if periods is not None else period_of(blue, shortest, longest)
        fit = fourier(blue, period)
        if fit["error"] < 0.06 and shortest * 1.02 < period < longest * 0.98:
            found.append(fit | {"period": period, "ratio": fourier(curve.in_band("R_E"), period)["amplitude"]})
            found[-1]["ratio"] /= fit["amplitude"]
        if len(found) == most:
            break
    return len(found), {name: float(np.median([one[name] for one in found])) for name in found[0]}


@pytest.fixture(scope="module")
def eros(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eros")
    (folder / "eros.yaml").write_text(FILE)
    run = astrocnn.run(folder / "eros.yaml", settings=[f"inputs.stars={shared('eros')}"], runs=folder / "runs")
    return run["curves"].curves


def simulated(eros, kind, **ranges):
    population = VariablePopulation(ranges={kind: ranges})
    block, truth = sampled_variables(
        population, block_generator(1, "stars", 0), RealSampling(eros, ("B_E", "R_E")), ("B", "R"), {kind: [kind]},
        {kind: 1.0},
    )  # fmt: skip
    return list(block), truth["period_day"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "label", "period", "ranges", "within"),
    [
        ("rr_ab", "rr_lyrae", (0.45, 0.7), {"mean_mag": (18.3, 19.5)},
         {"r21": 0.05, "r31": 0.05, "r41": 0.05, "phi21": 0.15, "phi31": 0.25, "chi": 0.1, "ratio": 0.15}),
        ("cepheid", "cepheid", (2.6, 5.0), {"mean_mag": (17.0, 18.0)},
         {"r21": 0.06, "r31": 0.06, "r41": 0.06, "phi21": 0.2, "phi31": 0.45, "chi": 0.15}),
    ],
)  # fmt: skip
def test_shapes_are_those_of_real_stars(eros, kind, label, period, ranges, within):
    real = (eros.curve(row) for row in np.flatnonzero(eros.column("class") == label))
    number, seen = well_known(real, *period, most=60)
    curves, periods = simulated(eros, kind, period_day=period, **ranges)
    made_number, made = well_known(curves, *period, most=256, periods=periods)
    assert min(number, made_number) >= 50
    for name, tolerance in within.items():
        assert made[name] == pytest.approx(seen[name], abs=tolerance), name
