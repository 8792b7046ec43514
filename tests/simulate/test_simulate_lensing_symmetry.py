"""Symmetries every lens keeps, over random lenses, and the deflection as an integral over the convergence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrocnn.simulate.lensing import (
    critical_curve,
    enclosed_area,
    inverse_magnification,
    sie_deflection,
    source_position,
)

RADIUS = st.floats(0.2, 6.0)
AXIS_RATIO = st.floats(0.2, 1.0)
ANGLE = st.floats(-np.pi, np.pi)
SHEAR = st.floats(0.0, 0.3)
PLACE = st.floats(-8.0, 8.0).filter(lambda value: abs(value) > 0.05)


@given(radius=RADIUS, q=AXIS_RATIO, angle=ANGLE, shear=SHEAR, shear_angle=ANGLE, x=PLACE, y=PLACE, turn=ANGLE)
def test_turning_lens_and_position_turns_the_source(radius, q, angle, shear, shear_angle, x, y, turn):
    source = complex(*source_position(x, y, radius, q, angle, shear, shear_angle))
    turned = complex(x, y) * np.exp(1j * turn)
    other = complex(*source_position(turned.real, turned.imag, radius, q, angle + turn, shear, shear_angle + turn))
    assert other == pytest.approx(source * np.exp(1j * turn), abs=1e-9)


@given(radius=RADIUS, q=AXIS_RATIO, angle=ANGLE, x=PLACE, y=PLACE)
def test_opposite_positions_are_deflected_oppositely(radius, q, angle, x, y):
    here, there = sie_deflection(x, y, radius, q, angle), sie_deflection(-x, -y, radius, q, angle)
    np.testing.assert_allclose(here, -np.array(there), atol=1e-12)


@given(radius=RADIUS, q=AXIS_RATIO, angle=ANGLE, x=PLACE, y=PLACE, factor=st.floats(0.1, 10.0))
def test_an_isothermal_deflection_depends_on_direction_alone(radius, q, angle, x, y, factor):
    here = np.array(sie_deflection(x, y, radius, q, angle, core=1e-12))
    farther = np.array(sie_deflection(factor * x, factor * y, radius, q, angle, core=1e-12))
    np.testing.assert_allclose(here, farther, atol=1e-8 * radius)
    np.testing.assert_allclose(2.0 * here, sie_deflection(x, y, 2.0 * radius, q, angle, core=1e-12), atol=1e-12)


@given(radius=RADIUS, q=AXIS_RATIO, angle=ANGLE, x=PLACE, y=PLACE)
def test_half_a_turn_of_the_lens_changes_nothing(radius, q, angle, x, y):
    here, turned = sie_deflection(x, y, radius, q, angle), sie_deflection(x, y, radius, q, angle + np.pi)
    np.testing.assert_allclose(here, turned, atol=1e-9)


@given(radius=RADIUS, x=PLACE, y=PLACE, first=ANGLE, second=ANGLE)
def test_a_round_lens_has_no_angle(radius, x, y, first, second):
    # the ellipticity of the round limit is 5e-9
    here, there = sie_deflection(x, y, radius, 1.0, first), sie_deflection(x, y, radius, 1.0, second)
    np.testing.assert_allclose(here, there, atol=1e-7 * radius)


@given(radius=RADIUS, q=AXIS_RATIO, angle=ANGLE, shear=SHEAR, shear_angle=ANGLE)
def test_the_critical_curve_is_where_the_jacobian_vanishes(radius, q, angle, shear, shear_angle):
    x, y = critical_curve(radius, q, angle, shear, shear_angle, points=90)
    np.testing.assert_allclose(inverse_magnification(x, y, radius, q, angle, shear, shear_angle), 0.0, atol=1e-9)
    assert enclosed_area(x, y) > 0


@given(radius=RADIUS, q=AXIS_RATIO, angle=ANGLE, shear=st.floats(0.0, 0.05), shear_angle=ANGLE)
def test_weak_shear_changes_the_critical_area_by_its_own_size(radius, q, angle, shear, shear_angle):
    # to first order the area changes by -2 shear <cos 2(phi - angle)>, whose average is below 1 in modulus
    change = enclosed_area(*critical_curve(radius, q, angle, shear, shear_angle)) / (np.pi * radius**2) - 1.0
    assert abs(change) < 2.5 * shear + 2e-4


@pytest.mark.parametrize(("q", "x", "y"), [(0.4, 0.7, 0.2), (0.7, -0.3, 0.9), (1.0, 0.5, -0.5)])
def test_deflection_is_the_integral_of_the_convergence(q, x, y):
    """Schneider, Ehlers & Falco 1992, eq. 5.2: deflection = 1/pi integral of convergence (theta - theta') / |.|^2."""
    # polar grid around the position: the 1/distance of the kernel cancels the area element
    distance = np.geomspace(1e-4, 2e3, 4001)
    phi = (np.arange(720) + 0.5) * 2.0 * np.pi / 720
    px = x - distance[:, None] * np.cos(phi)
    py = y - distance[:, None] * np.sin(phi)
    convergence = 1.0 / (2.0 * np.sqrt(q * px**2 + py**2 / q))
    integrand = np.stack([convergence * np.cos(phi), convergence * np.sin(phi)]).mean(axis=-1) * 2.0 * np.pi
    deflection = np.trapezoid(integrand, distance, axis=-1) / np.pi
    # the grid passes the cusp of the convergence at some distance and is cut at 2000": both below 1 %
    np.testing.assert_allclose(deflection, sie_deflection(x, y, 1.0, q, 0.0), atol=0.01)


@settings(max_examples=20)
@given(q=AXIS_RATIO, source=st.floats(0.01, 0.9))
def test_a_source_on_the_axis_is_seen_where_the_lens_equation_says(q, source):
    # the image on the major axis solves x - deflection(x, 0) = source with a deflection that is constant along it
    deflection = float(sie_deflection(1.0, 0.0, 1.0, q, 0.0, core=1e-12)[0])
    seen = source_position(source + deflection, 0.0, 1.0, q, 0.0)[0]
    assert float(seen) == pytest.approx(source, abs=1e-3)
