"""Signals in real curves: multiplied in, nothing else touched, and the truth is what a search would find."""

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.samples.seeds import block_generator
from astrocnn.simulate.transit_injection import inject_signals, white_noise
from astrocnn.simulate.transit_population import TransitPopulation

SAMPLING = {"interval_hour": 1 / 30, "exposure_day": 1 / 720}


def windows(number=120, seed=1):
    """Windows in electrons a second, with trends, gaps and noise of a thousandth."""
    rng = np.random.default_rng(seed)
    time = np.linspace(-1, 1, 180)
    flux = 4e4 * (1 + 0.02 * rng.normal(size=(number, 1)) * time + 1e-3 * rng.normal(size=(number, 180)))
    flux[::5, 40:60] = np.nan
    return flux


def inject(flux, **changes):
    return inject_signals(flux, TransitPopulation(**changes), block_generator(1, "injected", 0), **SAMPLING)


def test_windows_without_a_signal_come_back_bit_for_bit():
    flux = windows()
    injected, truth = inject(flux)
    nothing = truth["kind"] == "nothing"
    assert 20 < nothing.sum() < 60
    np.testing.assert_array_equal(injected[nothing], flux[nothing])
    np.testing.assert_array_equal(np.isnan(injected), np.isnan(flux))


def test_what_is_put_in_is_relative_to_the_star_and_as_deep_as_stated():
    flux = windows()
    injected, truth = inject(flux, depth_ppm=(1e4, 1e4), impact_parameter=(0.0, 0.3), inside=1.0)
    ratio = injected / flux
    transit = truth["kind"] == "transit"
    depth = 1 - np.nanmin(ratio[transit], axis=1)
    assert (depth > 0.009).all()
    assert (depth < 0.02).all()  # the middle of the star is up to twice as bright as its mean
    np.testing.assert_allclose(truth["depth_ppm"][transit], 1e4)
    seen = np.nan_to_num(1 - ratio)
    expected = np.sqrt((seen**2).sum(axis=1)) / (1e-6 * truth["noise_ppm"])
    np.testing.assert_allclose(truth["snr"], expected, atol=1e-6)


def test_the_depth_follows_the_noise_of_the_window_for_a_signal_to_noise():
    flux = windows()
    _, truth = inject(flux, total_snr=(20.0, 20.0), inside=1.0)
    transit = (truth["kind"] == "transit") & ~np.isnan(flux).any(axis=1)
    assert np.median(truth["snr"][transit]) == pytest.approx(20.0, rel=0.2)


def test_noise_is_that_of_neighbours_and_not_of_trends_or_transits():
    rng = np.random.default_rng(3)
    flux = 1 + 1e-3 * rng.normal(size=(200, 400)) + 0.01 * np.sin(np.linspace(0, 3, 400))
    flux[:, 150:250] -= 0.02
    flux[:, 10] = np.nan
    assert np.median(white_noise(flux)) == pytest.approx(1e-3, rel=0.05)


def test_fewer_windows_are_the_first_of_many():
    flux = windows()
    many, _ = inject(flux)
    few, truth = inject(flux[:7])
    assert len(truth["kind"]) == 7
    np.testing.assert_allclose(few, many[:7], rtol=1e-12)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda flux: flux * np.nan, "leave empty windows out"),
        (lambda flux: -flux, "turn magnitudes into flux"),
        (lambda flux: np.repeat(flux, 9, axis=0), "at most 256 windows"),
        (lambda flux: np.where(np.arange(180) % 2, np.nan, flux), "without two neighbouring samples: 0, 1"),
    ],
)
def test_windows_that_cannot_be_used_are_told(spoil, expected):
    with pytest.raises(DataError, match=expected):
        inject(spoil(windows(30)))
