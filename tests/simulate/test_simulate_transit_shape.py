"""Transit shapes against the integral over the disc, batman, closed forms and one another."""

import numpy as np
import pytest
from scipy.special import ellipe, ellipk
from transit_reference import batman_module, blocked_by_integral

from astrocnn.simulate.elliptic import elliptic_trio
from astrocnn.simulate.transit_shape import transit_flux

# batman 2.5.3, _quadratic_ld: separation, radius ratio, u1, u2 -> flux
BATMAN = np.array(
    [
        (0.0001, 0.1, 0.4, 0.25, 0.9878909548),
        (0.5, 0.1, 0.4, 0.25, 0.9886044949),
        (0.85, 0.1, 0.4, 0.25, 0.9909636714),
        (0.95, 0.1, 0.4, 0.25, 0.9940014429),
        (1.02, 0.1, 0.4, 0.25, 0.9975828418),
        (1.09, 0.1, 0.4, 0.25, 0.9999083772),
        (0.3, 0.01, 0.5, 0, 0.9998827665),
        (0.995, 0.01, 0.5, 0, 0.9999465209),
        (0.7, 0.2, 0.1, 0.6, 0.9581905385),
        (0.81, 0.2, 0.1, 0.6, 0.9625648242),
        (1.15, 0.2, 0.1, 0.6, 0.9984079236),
        (0.2, 0.5, 0.7, 0.2, 0.6811711184),
        (0.9, 0.5, 0.7, 0.2, 0.8678339889),
        (0.6, 0.9, 0.3, 0.3, 0.4358809390),
    ]
)
PPM = 1e-6


def test_flux_agrees_with_stored_values_of_batman():
    separation, ratio, u1, u2, flux = BATMAN.T
    np.testing.assert_allclose(transit_flux(separation, ratio, u1, u2), flux, atol=2e-8)  # batman's own error


def test_flux_agrees_with_batman_on_a_fine_grid():
    batman_module()
    from batman import _quadratic_ld

    separation = np.linspace(1e-4, 1.2, 5000)
    for ratio in (0.01, 0.1, 0.3):
        theirs = _quadratic_ld._quadratic_ld(separation, ratio, 0.4, 0.25, 1)
        np.testing.assert_allclose(transit_flux(separation, ratio, 0.4, 0.25), theirs, atol=2e-8)


@pytest.mark.parametrize("ratio", [0.01, 0.1, 0.5, 0.9, 1.0, 1.7])
def test_flux_is_the_integral_over_the_disc(ratio):
    """To 0.001 ppm, at the contacts and where b = r too, for planets and for stars."""
    contacts = [
        0.0,
        ratio,
        abs(1 - ratio),
        abs(1 - ratio) + 1e-6,
        abs(1 - ratio) - 1e-6,
        ratio + 1e-7,
        1 + ratio - 1e-5,
    ]
    drawn = np.random.default_rng(1).uniform(0, 1 + ratio, 4)
    for separation in np.abs([*contacts, *drawn]):
        expected = 1 - blocked_by_integral(separation, ratio, 0.4, 0.25)
        assert transit_flux(separation, np.array(ratio), 0.4, 0.25) == pytest.approx(expected, abs=1e-3 * PPM)


def test_a_uniform_disc_loses_the_squared_radius_ratio():
    ratio = np.array([0.01, 0.1, 0.5])
    np.testing.assert_allclose(1 - transit_flux(np.full(3, 0.3), ratio, 0.0, 0.0), ratio**2, rtol=1e-9)


def test_the_middle_of_a_limb_darkened_star_has_a_closed_form():
    """Concentric: the integral of the intensity from the centre to r is elementary."""
    u1, u2, ratio = 0.5, 0.2, np.array([0.05, 0.2, 0.8])
    mu = np.sqrt(1 - ratio**2)
    inner = (1 - u1 - u2) * ratio**2 / 2 + (u1 + 2 * u2) * (1 - mu**3) / 3 - u2 * (1 - mu**4) / 4
    expected = 1 - 2 * inner / (1 - u1 / 3 - u2 / 6)
    np.testing.assert_allclose(transit_flux(np.zeros(3), ratio, u1, u2), expected, atol=1e-9)


def test_outside_of_the_transit_the_flux_is_one_exactly_and_behind_a_star_nothing_is_left():
    assert transit_flux(np.array([1.1, 1.2, np.inf]), np.array(0.1), 0.4, 0.2).tolist() == [1.0, 1.0, 1.0]
    assert transit_flux(np.array([0.0, 0.5]), np.array(0.0), 0.4, 0.2).tolist() == [1.0, 1.0]
    np.testing.assert_allclose(transit_flux(np.array([0.0, 0.3]), np.array(1.5), 0.4, 0.2), 0.0, atol=1e-12)


def test_the_sign_of_the_separation_does_not_matter_and_nan_goes_through():
    separation = np.array([-0.95, 0.95, np.nan])
    flux = transit_flux(separation, np.array(0.1), 0.4, 0.2)
    assert flux[0] == flux[1]
    assert np.isnan(flux[2])


def test_shapes_broadcast_and_pieces_change_nothing():
    """Rows of radius ratios against columns of separations; far more points than are worked on at once."""
    separation, ratio = np.linspace(0, 1.3, 9000), np.array([[0.02], [0.15]])
    both = transit_flux(separation, ratio, np.array([[0.3], [0.6]]), 0.1)
    assert both.shape == (2, 9000)
    np.testing.assert_allclose(both[1], transit_flux(separation, np.array(0.15), 0.6, 0.1), atol=1e-13)


def test_flux_falls_from_the_limb_to_the_middle_without_steps():
    separation = np.linspace(0, 1.1, 20001)
    flux = transit_flux(separation, np.array(0.1), 0.5, 0.2)
    steps = np.diff(flux)
    assert (steps >= -1e-10).all()
    assert steps.max() < 1e-5


def test_elliptic_integrals_are_those_of_scipy():
    m = np.array([1e-6, 0.1, 0.5, 0.9, 1 - 1e-9])
    kc = np.sqrt(1 - m)
    first, second, difference = elliptic_trio(kc, np.ones(5), 1.0, np.ones(5))
    np.testing.assert_allclose(first, ellipk(m), rtol=1e-9)  # of K(m) that rounding of 1 - m leaves
    np.testing.assert_allclose(second, ellipe(m), rtol=1e-12)
    np.testing.assert_allclose(difference[1:], (second - kc**2 * first)[1:] / m[1:], rtol=1e-9)
    assert difference[0] == pytest.approx(np.pi / 4, rel=1e-6), "where the difference itself would cancel"


@pytest.mark.parametrize("p", [0.01, 0.7, 5.0])
def test_the_general_integral_is_its_definition(p):
    from scipy.integrate import quad

    kc, a, b = 0.4, 0.3, 1.7

    def integrand(angle):
        c, s = np.cos(angle) ** 2, np.sin(angle) ** 2
        return (a * c + b * s) / (c + p * s) / np.sqrt(c + kc**2 * s)

    found, _, _ = elliptic_trio(np.array([kc]), np.array([p]), a, np.array([b]))
    assert found[0] == pytest.approx(quad(integrand, 0, np.pi / 2)[0], rel=1e-10)
