"""Sersic profile against numerical integration and scipy's gamma functions."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaincinv, gammaln

from astrocnn import backend
from astrocnn.simulate.light import log_gamma, sersic, sersic_b

INDICES = (0.5, 1.0, 2.5, 4.0, 5.0)


@pytest.mark.parametrize(
    ("n", "error"), [(0.36, 2e-3), (0.5, 3e-4), (1.0, 5e-5), (2.5, 3e-6), (4.0, 1e-6), (8.0, 1e-6)]
)
def test_b_is_the_median_of_the_gamma_distribution(n, error):
    # Ciotti & Bertin's series is an expansion in 1/n: its error grows towards small n
    assert sersic_b(n) == pytest.approx(gammaincinv(2.0 * n, 0.5), abs=error)


def test_log_gamma_agrees_with_scipy():
    x = np.geomspace(0.3, 20.0, 200)
    np.testing.assert_allclose(log_gamma(x), gammaln(x), atol=1e-8)


@pytest.mark.parametrize("n", INDICES)
def test_total_flux_is_one_and_half_of_it_is_inside_the_half_light_radius(n):
    def ring(radius):
        return 2 * np.pi * radius * float(sersic(radius, 0.0, 0.7, n, 1.0, 0.0))

    inside = quad(ring, 0, 0.7, limit=200)[0]
    outside = quad(ring, 0.7, 7.0, limit=200)[0] + quad(ring, 7.0, np.inf, limit=200)[0]
    assert inside == pytest.approx(0.5, abs=2e-4)  # b_n is 3e-4 too large at n = 0.5
    assert inside + outside == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("axis_ratio", [0.3, 0.7, 1.0])
def test_flux_does_not_depend_on_shape(axis_ratio):
    axis = np.linspace(-12, 12, 1201)
    light = sersic(axis[None, :], axis[:, None], 1.0, 1.0, axis_ratio, 0.8)
    # an exponential leaves 1e-4 outside 12 semi-major... the grid of 0.02 resolves its peak to 1e-4
    assert light.sum() * 0.02**2 == pytest.approx(1.0, abs=2e-3)


def test_isophotes_have_the_axis_ratio_and_angle():
    angle, q = 0.7, 0.4
    along = sersic(2.0 * np.cos(angle), 2.0 * np.sin(angle), 1.0, 2.0, q, angle)
    across = sersic(-2.0 * q * np.sin(angle), 2.0 * q * np.cos(angle), 1.0, 2.0, q, angle)
    elsewhere = sersic(2.0, 0.0, 1.0, 2.0, q, angle)
    assert along == pytest.approx(across)
    assert elsewhere < 0.8 * along


def test_gaussian_and_exponential_have_their_closed_forms():
    radius = np.linspace(0.0, 3.0, 20)
    sigma = 1.0 / np.sqrt(2.0 * np.log(2.0))  # half the light of a 2-D Gaussian lies within sqrt(2 ln 2) sigma
    gaussian = np.exp(-0.5 * (radius / sigma) ** 2) / (2 * np.pi * sigma**2)
    np.testing.assert_allclose(
        sersic(radius, 0.0, 1.0, 0.5, 1.0, 0.0), gaussian, rtol=4e-3
    )  # 3e-4 of b_n, times radius^2 <= 9
    scale = 1.0 / 1.6783469900166605  # half the light of an exponential disc
    exponential = np.exp(-radius / scale) / (2 * np.pi * scale**2)
    np.testing.assert_allclose(sersic(radius, 0.0, 1.0, 1.0, 1.0, 0.0), exponential, rtol=1e-4)


@pytest.mark.parametrize(
    ("n", "samples_per_radius", "lost"), [(1.0, 2, 0.02), (3.0, 2, 0.08), (3.0, 4, 0.04), (1.0, 4, 0.005)]
)
def test_core_steadies_the_flux_of_a_sampled_cusp(n, samples_per_radius, lost):
    axis = np.arange(-30 * samples_per_radius, 30 * samples_per_radius + 1.0)
    fluxes = {core: [] for core in (0.0, 0.2)}
    for offset in np.linspace(0.02, 0.5, 9):
        for core, found in fluxes.items():
            x, y = axis[None, :] - offset, axis[:, None] - 0.6 * offset
            found.append(sersic(x, y, float(samples_per_radius), n, 0.8, 0.3, core=core).sum())
    assert np.std(fluxes[0.2]) < np.std(fluxes[0.0])
    assert abs(np.mean(fluxes[0.2]) - 1.0) < lost


def test_centre_is_finite_in_float32():
    keras = backend.prepare()
    arguments = (np.zeros(1, np.float32), np.zeros(1, np.float32), np.float32(0.3), np.float32(4.0), np.float32(0.5))
    assert np.isfinite(np.array(sersic(*arguments, np.float32(0.2), ops=keras.ops))).all()


def test_tensors_give_what_numpy_gives():
    keras = backend.prepare()
    n = np.linspace(0.5, 5.0, 10, dtype=np.float32)
    tensors = sersic(
        *map(keras.ops.convert_to_tensor, (0 * n + 0.2, 0 * n + 0.1, 0 * n + 0.3, n, 0 * n + 0.6, 0 * n)), ops=keras.ops
    )
    # float32 carries 6e-8 of a logarithm of up to 30
    np.testing.assert_allclose(np.array(tensors), sersic(0.2, 0.1, 0.3, n.astype(float), 0.6, 0.0), rtol=3e-5)
