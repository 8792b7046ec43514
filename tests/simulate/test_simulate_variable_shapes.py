"""Shapes of variable stars: range, mean, skewness, and what each kind is known by."""

import numpy as np
import pytest

from astrocnn.simulate.eclipse_curves import eclipsing_binary_curves
from astrocnn.simulate.orbit import Orbits
from astrocnn.simulate.variable_shapes import (
    cepheid,
    cepheid_overtone,
    dwarf_nova,
    eclipsing_binary,
    fourier_series,
    mira,
    rr_lyrae_ab,
    rr_lyrae_c,
    supernova,
)

PHASE = np.linspace(0, 1, 2000, endpoint=False)[None, :]


def rise_share(shape):
    """Part of the cycle from the faintest point to the brightest: half of it for a sine."""
    return (PHASE[0, shape.argmin()] - PHASE[0, shape.argmax()]) % 1.0


PULSATING = {
    "rr_ab": lambda phase: rr_lyrae_ab(phase, *(np.array([one]) for one in (0.55, 0.9, 0.3, -0.2))),
    "rr_c": lambda phase: rr_lyrae_c(phase, np.array([-0.5])),
    "cepheid": lambda phase: cepheid(phase, *(np.array([one]) for one in (4.0, 0.5, -0.5))),
    "cepheid_overtone": lambda phase: cepheid_overtone(phase, np.array([0.2]), np.array([0.5])),
    "mira": lambda phase: mira(phase, np.array([0.4]), np.ones((1, 3))),
}


@pytest.mark.parametrize("kind", PULSATING)
def test_periodic_shapes_range_over_one_magnitude(kind):
    shape = PULSATING[kind](PHASE)[0]
    assert np.ptp(shape) == pytest.approx(1, abs=1e-3)
    assert shape.mean() == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(PULSATING[kind](PHASE + 1)[0], shape, atol=1e-9)


def test_rr_lyrae_have_the_fourier_parameters_that_were_measured():
    middle = np.zeros(1)
    wave = np.fft.rfft(rr_lyrae_ab(PHASE, middle + 0.55, middle, middle, middle)[0])[1:6]
    order = np.arange(2, 6)
    np.testing.assert_allclose(np.abs(wave[1:] / wave[0]), [0.44, 0.29, 0.17, 0.10], atol=1e-6)
    phases = (np.angle(wave[1:]) - order * np.angle(wave[0])) % (2 * np.pi)
    np.testing.assert_allclose(phases, [3.75, 1.47, 5.62, 3.54], atol=0.01)  # medians of EROS-1, see the docstring


def test_a_series_is_the_sum_that_it_says():
    found = fourier_series(PHASE, np.array([[0.5]]), np.array([[1.0]]))[0]
    angle = 2 * np.pi * PHASE[0]
    expected = np.cos(angle) + 0.5 * np.cos(2 * angle + 1.0)
    np.testing.assert_allclose(found, expected / np.ptp(expected), atol=1e-4)


def test_stars_brighten_faster_than_they_fade():
    strength, middle = np.array([-1.0, 1.0]), np.zeros(2)
    changes = np.diff(rr_lyrae_ab(PHASE.repeat(2, 0), middle + 0.55, strength, middle, middle), axis=1)
    rise, fall = -changes.min(axis=1), changes.max(axis=1)
    assert (rise > 2 * fall).all()
    assert rise[1] > rise[0], "steeper where the harmonics are stronger"
    assert 0.4 < rise_share(PULSATING["rr_c"](PHASE)[0]) < 0.55
    assert rise_share(PULSATING["mira"](PHASE)[0]) == pytest.approx(0.4, abs=2e-3)


def test_cepheids_are_skewed_but_near_ten_days():
    middle = np.zeros(1)
    short, ten = (rise_share(cepheid(PHASE, middle + period, middle, middle)[0]) for period in (3.0, 10.0))
    overtone = rise_share(cepheid_overtone(PHASE, middle, middle)[0])
    assert short < 0.32
    assert ten > 0.4
    assert overtone > short + 0.05


def test_cycles_of_a_mira_differ_by_their_strengths():
    cycle = np.linspace(0, 3, 3000, endpoint=False)[None, :]
    changing = mira(cycle, np.array([0.4]), np.array([[1.0, 1.0, 2.0, 2.0]]))[0]
    assert -changing[:1000].min() == pytest.approx(0.5, abs=1e-3)
    assert -changing[2000:].min() == pytest.approx(1.0, abs=1e-3)
    assert np.abs(np.diff(changing)).max() < 0.01, "nothing jumps between cycles"


def orbits(a_over_rstar):
    zero = np.zeros(1)
    return Orbits(np.array([2.0]), zero, np.array([a_over_rstar]), zero + 0.1, zero, zero, zero + 0.6)


def test_depths_of_wide_binaries_are_those_of_the_eclipses_and_close_ones_have_tides():
    light = np.array([0.3]), np.array([0.2]), np.array([0.5])
    time = 2.0 * PHASE
    wide = eclipsing_binary(time, orbits(30.0), *light)
    flux = eclipsing_binary_curves(time, orbits(30.0), *light)
    np.testing.assert_allclose(wide, -2.5 * np.log10(flux), atol=2e-4)
    assert wide.max() == pytest.approx(-2.5 * np.log10(flux.min()), abs=2e-4)
    close = eclipsing_binary(time, orbits(3.0), *light)[0]
    assert close[500] < -0.03, "brighter where both are seen from the side"
    assert close[500] == pytest.approx(close[1500], abs=1e-6)


def test_outbursts_rise_fast_and_fade_exponentially():
    time = np.arange(0, 60, 0.01)[None, :]
    bright = dwarf_nova(time, np.array([[10.0, 40.0]]), *(np.array([one]) for one in (3.0, 1.0, 2.0)))[0]
    assert bright[time[0] < 9.99].max() == 0
    assert bright.max() == pytest.approx(3.0, abs=0.05)
    at = np.searchsorted(time[0], [11.5, 13.5, 41.0])
    assert bright[at[0]] - bright[at[1]] == pytest.approx(2.5 * np.log10(np.e), abs=0.02)
    assert bright[at[2]] == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize("decline", [0.8, 1.1, 1.8])
def test_a_supernova_peaks_and_has_declined_after_15_days(decline):
    time = np.array([[-18.1, -18.0, -9.0, 0.0, 15.0, 100.0, np.nan]])
    bright = supernova(time, *(np.array([one]) for one in (12.0, 18.0, decline)))[0]
    np.testing.assert_allclose(bright[:2], 0, atol=1e-9)
    assert bright[3] == pytest.approx(12.0)
    assert bright[3] - bright[4] == pytest.approx(decline, abs=1e-3), "the galaxy adds little at 12 mag"
    assert 2.5 < bright[3] - bright[5] < 4
    assert np.isnan(bright[6])
