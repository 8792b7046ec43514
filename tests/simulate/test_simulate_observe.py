"""Observation: flux conservation, noise variances and signal-to-noise ratios against formulas and scipy."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from astrocnn.simulate.observe import (
    bin_pixels,
    blur_and_bin,
    convolve,
    noise_sigma,
    photon_noise,
    snr,
    snr_matched,
)
from astrocnn.simulate.psf import pixel_response, psf_kernel


@pytest.fixture
def generator():
    return np.random.default_rng(5)


@pytest.fixture
def lopsided():
    """A PSF without symmetry, so that a flipped one is noticed."""
    kernel = np.zeros((5, 5), np.float32)
    kernel[2, 2], kernel[2, 3], kernel[1, 2], kernel[4, 0] = 0.5, 0.25, 0.15, 0.1
    return kernel


def test_convolution_agrees_with_scipy_band_by_band(generator, lopsided):
    images = generator.random((2, 16, 17, 2)).astype(np.float32)
    kernels = np.stack([psf_kernel(3.0, 1.0, lost_flux=0.2)[:5, :5], lopsided], axis=-1)
    blurred = np.array(convolve(images, kernels))
    for index in range(2):
        for band in range(2):
            expected = fftconvolve(images[index, ..., band], kernels[..., band], mode="same")
            np.testing.assert_allclose(blurred[index, ..., band], expected, atol=1e-5)


def test_convolution_keeps_the_flux_of_a_source_inside(generator, lopsided):
    images = np.zeros((1, 21, 21, 1), np.float32)
    images[0, 8:13, 8:13, 0] = generator.random((5, 5))
    assert np.array(convolve(images, lopsided[..., None])).sum() == pytest.approx(images.sum(), rel=1e-5)


def test_binning_keeps_the_flux_of_every_block(generator):
    images = generator.random((3, 12, 8, 2)).astype(np.float32)
    binned = np.array(bin_pixels(images, 4))
    assert binned.shape == (3, 3, 2, 2)
    assert binned[1, 2, 1, 0] == pytest.approx(images[1, 8:12, 4:8, 0].sum(), rel=1e-6)
    assert binned.sum() == pytest.approx(images.sum(), rel=1e-5)


@pytest.mark.parametrize("supersampling", [1, 3, 4])
def test_blur_and_bin_is_convolution_followed_by_binning(generator, lopsided, supersampling):
    size, reach = 6 * supersampling, lopsided.shape[0] // 2
    samples = generator.random((2, size + 2 * reach, size + 2 * reach)).astype(np.float32)
    response = pixel_response(lopsided, supersampling)[..., None]
    together = np.array(blur_and_bin(samples, response, supersampling))
    blurred = np.array(convolve(samples[..., None], lopsided[..., None]))[:, reach:-reach, reach:-reach]
    np.testing.assert_allclose(together, np.array(bin_pixels(blurred, supersampling)), rtol=1e-5)


def test_blur_and_bin_keeps_the_flux_of_a_source_inside(generator):
    kernel = psf_kernel(0.7, 0.05)
    samples = np.zeros(
        (
            1,
            120 + kernel.shape[0] - 1,
        )
        * 1
        + (120 + kernel.shape[0] - 1,),
        np.float32,
    )
    samples[0, 70:90, 70:90] = generator.random((20, 20))
    image = np.array(blur_and_bin(samples, pixel_response(kernel, 4)[..., None], 4))
    assert image.shape == (1, 30, 30, 1)
    assert image.sum() == pytest.approx(samples.sum(), rel=1e-4)


def test_photon_noise_has_the_variance_of_poisson_counts(generator):
    flux, gain = 3.0, 25.0
    noise = photon_noise(np.full(200_000, flux), gain, generator)
    # the standard error of a variance of m normal-like draws is variance * sqrt(2 / m): 0.3 %
    assert noise.var() == pytest.approx(flux / gain, rel=0.02)
    assert noise.mean() == pytest.approx(0.0, abs=5 * np.sqrt(flux / gain / 200_000))
    assert noise.dtype == np.float32


def test_photon_noise_knows_the_gain_of_each_band(generator):
    noise = photon_noise(np.ones((100_000, 2)), np.array([4.0, 100.0]), generator)
    np.testing.assert_allclose(noise.var(axis=0), [0.25, 0.01], rtol=0.03)


def test_no_light_has_no_photon_noise(generator):
    assert not photon_noise(np.zeros((4, 5, 5, 3)), 75.0, generator).any()


def test_empty_sky_has_its_own_noise_and_light_adds_to_it():
    assert noise_sigma(5.0, np.zeros(3), 75.0) == pytest.approx(5.0)
    assert noise_sigma(5.0, np.full(1, -4.0), 75.0) == pytest.approx(5.0)
    assert noise_sigma(3.0, np.array([64.0]), 4.0) == pytest.approx(5.0)
    assert noise_sigma(0.0, np.zeros(1), 2.0, read_noise=8.0) == pytest.approx(4.0)


def test_simulated_sky_and_photons_scatter_as_noise_sigma_says(generator):
    flux, gain, sky = 40.0, 2.0, 3.0
    pixels = generator.normal(0, sky, 100_000) + photon_noise(np.full(100_000, flux), gain, generator)
    assert pixels.std() == pytest.approx(float(noise_sigma(sky, np.array(flux), gain)), rel=0.02)


def brute_force_snr(source, sigma):
    """The definition, one pixel after the other."""
    order = np.argsort(-(source / sigma).ravel())
    s, v = source.ravel()[order], (sigma**2).ravel()[order]
    return max(s[: k + 1].sum() / np.sqrt(v[: k + 1].sum()) for k in range(s.size))


def test_snr_is_the_best_aperture(generator):
    source = generator.exponential(1.0, (4, 6, 7))
    sigma = generator.uniform(0.5, 2.0, (4, 6, 7))
    expected = [brute_force_snr(one, noise) for one, noise in zip(source, sigma, strict=True)]
    np.testing.assert_allclose(snr(source, sigma), expected, rtol=1e-6)  # pixels are float32


def test_snr_of_uniform_light_grows_with_the_root_of_its_area():
    source = np.zeros((1, 10, 10))
    source[0, 2:6, 2:6] = 3.0
    assert snr(source, 2.0 * np.ones_like(source))[0] == pytest.approx(3.0 / 2.0 * 4.0)
    assert snr_matched(source, 2.0 * np.ones_like(source))[0] == pytest.approx(3.0 / 2.0 * 4.0)


def test_matched_snr_is_never_below_the_aperture_one(generator):
    source, sigma = generator.exponential(1.0, (20, 8, 8)), generator.uniform(0.5, 2.0, (20, 8, 8))
    assert (snr_matched(source, sigma) >= snr(source, sigma) - 1e-9).all()


def test_masked_pixels_and_missing_sources_count_nothing():
    source = np.ones((2, 4, 4))
    source[1] = 0.0
    sigma = np.ones((2, 4, 4))
    sigma[0, 0] = np.inf
    sigma[0, 1, 0] = np.nan
    assert snr(source, sigma) == pytest.approx([np.sqrt(11.0), 0.0])
    assert snr_matched(source, sigma) == pytest.approx([np.sqrt(11.0), 0.0])
