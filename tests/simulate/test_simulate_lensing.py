"""Lens maths against lenstronomy, numerical derivatives and closed forms."""

import numpy as np
import pytest

from astrocnn import backend
from astrocnn.simulate.lensing import (
    critical_curve,
    enclosed_area,
    inverse_magnification,
    rotate,
    shear_deflection,
    sie_deflection,
    source_position,
)

# lenstronomy 1.14.2, LensModel(["SIE", "SHEAR"]) with phi_q2_ellipticity(angle, q): ray_shooting and magnification, for
# einstein_radius, q, angle, shear, shear angle (radians), x, y -> source x, source y, magnification
LENSTRONOMY = np.array(
    [
        (1.2, 0.7, 0.6, 0.0, 0.0, 0.9, 0.3, -0.1978802, 0.0201922, -2.194035),
        (1.2, 0.7, 0.6, 0.0, 0.0, -0.4, 1.7, -0.0300797, 0.5108013, 2.46882),
        (1.2, 0.7, 0.6, 0.0, 0.0, 2.2, -1.1, 1.1517666, -0.4497287, 1.770529),
        (1.4, 0.35, 2.1, 0.05, 1.0, 0.9, 0.3, -0.4718612, -0.3535917, 8.533266),
        (1.4, 0.35, 2.1, 0.05, 1.0, -0.4, 1.7, -0.5412957, 0.5139014, -14.383541),
        (1.4, 0.35, 2.1, 0.05, 1.0, 2.2, -1.1, 0.9974212, -1.0125055, 2.337313),
        (0.8, 0.95, -0.4, 0.03, 0.3, 0.9, 0.3, 0.1189086, 0.0266172, 5.587666),
        (0.8, 0.95, -0.4, 0.03, 0.3, -0.4, 1.7, -0.2478325, 0.9652502, 1.882013),
        (0.8, 0.95, -0.4, 0.03, 0.3, 2.2, -1.1, 1.4556141, -0.8082579, 1.501699),
        (5.0, 0.5, 1.3, 0.02, 2.5, 0.9, 0.3, -4.2104947, -0.4009872, -0.304133),
        (5.0, 0.5, 1.3, 0.02, 2.5, -0.4, 1.7, 1.6768178, -2.5176036, -0.476159),
        (5.0, 0.5, 1.3, 0.02, 2.5, 2.2, -1.1, -2.7684075, 1.0124489, -2.321855),
    ]
)
AXIS_RATIOS = (0.2, 0.3, 0.5, 0.8, 0.99, 1.0)


def test_source_positions_agree_with_lenstronomy():
    einstein_radius, q, angle, shear, shear_angle, x, y, source_x, source_y, _ = LENSTRONOMY.T
    ours = source_position(x, y, einstein_radius, q, angle, shear, shear_angle)
    # our core of 1e-4" and theirs (1e-10 of another form) differ by core * einstein_radius / radius: a few 1e-4 at most
    np.testing.assert_allclose(ours, (source_x, source_y), atol=5e-4)


def test_source_positions_agree_with_lenstronomy_to_its_digits_without_a_core():
    einstein_radius, q, angle, shear, shear_angle, x, y, source_x, source_y, _ = LENSTRONOMY.T
    sie = np.array(sie_deflection(x, y, einstein_radius, q, angle, core=1e-10))
    ours = np.array([x, y]) - sie - np.array(shear_deflection(x, y, shear, shear_angle))
    np.testing.assert_allclose(ours, (source_x, source_y), atol=2e-7)


def test_magnification_agrees_with_lenstronomy():
    for einstein_radius, q, angle, shear, shear_angle, x, y, _, _, magnification in LENSTRONOMY:
        ours = 1.0 / inverse_magnification(x, y, einstein_radius, q, angle, shear, shear_angle)
        assert ours == pytest.approx(magnification, rel=5e-5)  # lenstronomy keeps a small core


@pytest.mark.parametrize("axis_ratio", AXIS_RATIOS)
def test_magnification_is_the_jacobian_of_the_deflection(axis_ratio):
    x, y = np.meshgrid(np.linspace(-2.1, 2.2, 12), np.linspace(-1.9, 2.3, 12))
    step = 1e-4

    def beta(x, y):
        return np.array(source_position(x, y, 1.3, axis_ratio, 0.7, 0.04, 2.0))

    dx = (beta(x + step, y) - beta(x - step, y)) / (2 * step)
    dy = (beta(x, y + step) - beta(x, y - step)) / (2 * step)
    determinant = dx[0] * dy[1] - dx[1] * dy[0]
    expected = inverse_magnification(x, y, 1.3, axis_ratio, 0.7, 0.04, 2.0)
    # the core changes the convergence by core / radius, 7e-4 at the nearest grid point
    np.testing.assert_allclose(determinant, expected, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("axis_ratio", AXIS_RATIOS)
def test_divergence_of_the_deflection_is_twice_the_convergence(axis_ratio):
    x, y = np.meshgrid(np.linspace(0.31, 2.0, 9), np.linspace(-1.5, 1.6, 9))
    step = 1e-4
    right, left = sie_deflection(x + step, y, 1.0, axis_ratio, 0.0), sie_deflection(x - step, y, 1.0, axis_ratio, 0.0)
    up, down = sie_deflection(x, y + step, 1.0, axis_ratio, 0.0), sie_deflection(x, y - step, 1.0, axis_ratio, 0.0)
    divergence = (right[0] - left[0] + up[1] - down[1]) / (2 * step)
    convergence = 1.0 / (2.0 * np.sqrt(axis_ratio * x**2 + y**2 / axis_ratio))
    np.testing.assert_allclose(divergence, 2.0 * convergence, rtol=2e-3)


@pytest.mark.parametrize("axis_ratio", AXIS_RATIOS)
@pytest.mark.parametrize("einstein_radius", [0.5, 2.5])
def test_critical_curve_without_shear_encloses_the_area_that_defines_the_einstein_radius(axis_ratio, einstein_radius):
    area = enclosed_area(*critical_curve(einstein_radius, axis_ratio, 0.4))
    # a polygon of 720 points is smaller than the ellipse by 2 (pi / 720)^2 / 3 ~ 1e-5 times its elongation
    assert area == pytest.approx(np.pi * einstein_radius**2, rel=1e-3)


@pytest.mark.parametrize(("axis_ratio", "shear"), [(0.3, 0.0), (0.6, 0.05), (1.0, 0.2)])
def test_magnification_diverges_on_the_critical_curve_and_changes_sign_across_it(axis_ratio, shear):
    x, y = critical_curve(1.1, axis_ratio, 0.4, shear, 1.9)
    np.testing.assert_allclose(inverse_magnification(x, y, 1.1, axis_ratio, 0.4, shear, 1.9), 0.0, atol=1e-12)
    assert (inverse_magnification(0.99 * x, 0.99 * y, 1.1, axis_ratio, 0.4, shear, 1.9) < 0).all()
    assert (inverse_magnification(1.01 * x, 1.01 * y, 1.1, axis_ratio, 0.4, shear, 1.9) > 0).all()


def test_isothermal_sphere_has_two_images_one_einstein_radius_from_the_source():
    source = 0.37
    for image, side in ((source + 1.2, 1), (source - 1.2, -1)):
        x, y = source_position(np.array(image), np.array(0.0), 1.2, 1.0, 0.0)
        assert float(x) == pytest.approx(source, abs=2e-4)
        assert float(y) == 0.0
        # Narayan & Bartelmann 1996: magnification 1 + einstein_radius / source on one side, 1 - that on the other
        assert 1.0 / inverse_magnification(image, 0.0, 1.2, 1.0, 0.0) == pytest.approx(1.0 + side * 1.2 / source)


def test_round_limit_is_continuous():
    x, y = np.array([0.3, -1.0, 2.0]), np.array([0.8, 0.1, -0.5])
    round_lens = np.array(sie_deflection(x, y, 1.0, 1.0, 0.3))
    np.testing.assert_allclose(round_lens, np.array([x, y]) / np.hypot(x, y), atol=2e-4)
    np.testing.assert_allclose(sie_deflection(x, y, 1.0, 1.0 - 1e-6, 0.3), round_lens, atol=1e-5)


def test_centre_is_finite():
    assert np.isfinite(sie_deflection(np.zeros(1), np.zeros(1), 1.5, 0.5, 0.2)).all()


def test_float32_is_as_good_as_float64_for_pixels():
    generator = np.random.default_rng(0)
    x, y = generator.uniform(-6, 6, (2, 4000))
    q, angle, radius = (
        generator.uniform(0.2, 1.0, 4000),
        generator.uniform(0, np.pi, 4000),
        generator.uniform(0.3, 5, 4000),
    )
    double = np.array(source_position(x, y, radius, q, angle, 0.05, 1.0))
    columns = [array.astype(np.float32) for array in (x, y, radius, q, angle)]
    single = np.array(source_position(*columns, np.float32(0.05), np.float32(1.0)))
    assert single.dtype == np.float32
    # a hundredth of the finest sample in use (0.03"/4), and 24 bits of positions of 6" are 4e-7" each
    np.testing.assert_allclose(single, double, atol=7.5e-5)


def test_tensors_give_what_numpy_gives():
    keras = backend.prepare()
    x, y = np.meshgrid(np.linspace(-2, 2, 7, dtype=np.float32), np.linspace(-2, 2, 7, dtype=np.float32))
    arguments = (np.float32(1.2), np.float32(0.6), np.float32(0.5), np.float32(0.03), np.float32(1.0))
    tensors = source_position(*map(keras.ops.convert_to_tensor, (x, y, *arguments)), ops=keras.ops)
    np.testing.assert_allclose(np.array(tensors), np.array(source_position(x, y, *arguments)), atol=1e-5)


def test_shear_stretches_along_its_direction():
    # potential shear/2 r^2 cos 2(phi - angle): outward along the angle, inward across it
    along = shear_deflection(np.cos(0.6), np.sin(0.6), 0.1, 0.6)
    across = shear_deflection(-np.sin(0.6), np.cos(0.6), 0.1, 0.6)
    np.testing.assert_allclose(along, 0.1 * np.array([np.cos(0.6), np.sin(0.6)]), atol=1e-12)
    np.testing.assert_allclose(across, -0.1 * np.array([-np.sin(0.6), np.cos(0.6)]), atol=1e-12)


def test_rotation_there_and_back_changes_nothing():
    np.testing.assert_allclose(rotate(*rotate(1.3, -0.4, 0.9), -0.9), (1.3, -0.4), atol=1e-12)


def test_nan_position_gives_nan():
    assert np.isnan(source_position(np.array(np.nan), np.array(1.0), 1.0, 0.7, 0.0)).all()
