"""Point-spread functions against their closed forms."""

import numpy as np
import pytest

from astrocnn.errors import DataError, UnknownName
from astrocnn.instruments import load_instrument
from astrocnn.simulate.psf import check_psf, instrument_kernels, pixel_response, psf_kernel

PROFILES = (None, 2.5, 4.765)


def half_maximum_width(kernel):
    row = kernel[kernel.shape[0] // 2] / kernel.max()
    centre = kernel.shape[0] // 2
    return 2.0 * np.interp(-0.5, -row[centre:], np.arange(len(row) - centre))


@pytest.mark.parametrize("beta", PROFILES)
def test_kernel_is_odd_centred_and_of_sum_one(beta):
    kernel = psf_kernel(0.7, 0.1, moffat_beta=beta)
    assert kernel.shape[0] % 2 == 1
    assert kernel.sum(dtype=float) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-7)
    check_psf(kernel)


@pytest.mark.parametrize("beta", PROFILES)
def test_kernel_has_the_width_asked_for(beta):
    # 0.7" over 0.02" pixels: linear interpolation and the pixel's own width change 35 px by less than 1 %
    assert half_maximum_width(psf_kernel(0.7, 0.02, moffat_beta=beta)) == pytest.approx(35.0, rel=0.01)


@pytest.mark.parametrize("beta", PROFILES)
@pytest.mark.parametrize("lost_flux", [0.05, 0.01])
def test_kernel_reaches_to_the_wanted_flux(beta, lost_flux):
    radius = (psf_kernel(2.0, 0.1, moffat_beta=beta, lost_flux=lost_flux).shape[0]) * 0.1 / 2.0

    def outside(radius):
        if beta is None:
            return np.exp(-0.5 * (radius / (2.0 / 2.354820045)) ** 2)
        alpha = 2.0 / (2.0 * np.sqrt(2.0 ** (1.0 / beta) - 1.0))
        return (1.0 + (radius / alpha) ** 2) ** (1.0 - beta)

    assert outside(radius) <= lost_flux < outside(radius - 0.2)


@pytest.mark.parametrize(
    "arguments", [{"fwhm_arcsec": 0.0}, {"scale_arcsec": -1.0}, {"moffat_beta": 1.0}, {"lost_flux": 0.0}]
)
def test_kernel_refuses_what_cannot_be_drawn(arguments):
    with pytest.raises(DataError, match="cannot be drawn"):
        psf_kernel(**{"fwhm_arcsec": 0.7, "scale_arcsec": 0.1, **arguments})


def shifted(kernel):
    return np.roll(kernel, 1, axis=1)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda kernel: kernel[:-1, :-1], "central pixel"),
        (lambda kernel: kernel[:, 1:-1], "central pixel"),
        (lambda kernel: kernel * 1.01, "changes the flux"),
        (lambda kernel: kernel * np.nan, "not finite"),
        (shifted, "moves sources"),
    ],
)
def test_check_refuses_a_psf_that_changes_sources(spoil, message):
    with pytest.raises(DataError, match=message):
        check_psf(spoil(psf_kernel(0.7, 0.1)), where="PSF of band g")


@pytest.mark.parametrize("supersampling", [1, 2, 5])
def test_pixel_response_is_the_psf_blurred_by_the_pixel(supersampling):
    from scipy.signal import convolve2d

    kernel = psf_kernel(0.5, 0.1)
    expected = convolve2d(kernel, np.ones((supersampling, supersampling)))
    np.testing.assert_allclose(pixel_response(kernel, supersampling), expected, atol=1e-6)


def test_instrument_kernels_are_named_by_band_and_as_wide_as_the_instrument_says():
    lsst = load_instrument("lsst")
    kernels = instrument_kernels(lsst, ("r", "g"), 4)
    assert list(kernels) == ["r", "g"]
    assert half_maximum_width(kernels["g"]) == pytest.approx(0.86 / 0.05, rel=0.02)
    with pytest.raises(UnknownName, match="lsst"):
        instrument_kernels(lsst, ("f814w",), 4)
