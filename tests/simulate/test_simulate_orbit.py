"""Orbits: Kepler's equation, positions on the sky, durations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from astrocnn.simulate.orbit import (
    Orbits,
    a_over_rstar_of,
    duration_day,
    eccentric_anomaly,
    highest_speed,
    impact_parameter_of,
    projected_position,
    sky_elements,
)


def orbits(**changes):
    """One orbit, or several where a change is a list."""
    values = {
        "period_day": 3.0, "mid_transit_day": 0.2, "a_over_rstar": 9.0, "impact_parameter": 0.3, "eccentricity": 0.0,
        "periastron_deg": 0.0, "radius_ratio": 0.1, **changes,
    }  # fmt: skip
    length = max(np.size(one) for one in values.values())
    return Orbits(**{name: np.broadcast_to(np.asarray(one, float), (length,)) for name, one in values.items()})


def position(time, one):
    separation, nearer = projected_position(np.broadcast_to(time, (len(one), len(time))), sky_elements(one))
    return separation[0], nearer[0]


@given(some.floats(-50, 50), some.floats(0, 0.95))
def test_keplers_equation_is_solved(mean, eccentricity):
    anomaly = eccentric_anomaly(np.array([mean]), np.array([eccentricity]))
    assert anomaly - eccentricity * np.sin(anomaly) == pytest.approx(mean, abs=1e-11)


def test_a_circular_orbit_is_a_circle():
    """In closed form: the distance is a sqrt(sin^2 + cos^2 i cos^2) of the orbital phase."""
    one = orbits()
    time = np.linspace(-2, 2, 301)
    phase = 2 * np.pi * (time - 0.2) / 3.0
    separation, nearer = position(time, one)
    expected = 9.0 * np.sqrt(np.sin(phase) ** 2 + (0.3 / 9.0) ** 2 * np.cos(phase) ** 2)
    np.testing.assert_allclose(separation, expected, rtol=1e-12)
    np.testing.assert_array_equal(nearer, np.cos(phase) > 0)


@pytest.mark.parametrize("periastron", [0.0, 70.0, 200.0, 330.0])
def test_conjunction_is_at_the_stated_time_and_impact_parameter(periastron):
    one = orbits(eccentricity=0.6, periastron_deg=periastron)
    separation, nearer = position(np.array([0.2, 0.2 + 3.0, 0.2 - 6.0]), one)
    np.testing.assert_allclose(separation, 0.3, rtol=1e-10)
    assert nearer.all()


def test_an_eccentric_orbit_obeys_the_equation_of_motion():
    """Seen from above: the acceleration is -(2 pi / P)^2 a^3 r / r^3, by differences of the position's square."""
    one = orbits(eccentricity=0.5, periastron_deg=40.0, impact_parameter=0.0)
    face_on = sky_elements(one)
    face_on[-1] = 1.0  # cosine of the inclination: the whole plane is seen
    time, step = np.linspace(0, 3, 40), 1e-4
    square = [projected_position((time + shift)[None], face_on)[0][0] ** 2 for shift in (-step, 0.0, step)]
    second = (square[0] - 2 * square[1] + square[2]) / step**2
    # d2(r^2)/dt2 = 2 (v^2 - GM / r) with v^2 = GM (2 / r - 1 / a), so that it is 2 GM (1 / r - 1 / a)
    mass = (2 * np.pi / 3.0) ** 2 * 9.0**3
    np.testing.assert_allclose(second, 2 * mass * (1 / np.sqrt(square[1]) - 1 / 9.0), rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("eccentricity", [0.0, 0.3, 0.8])
def test_no_point_moves_faster_than_the_highest_speed(eccentricity):
    one = orbits(eccentricity=eccentricity, periastron_deg=100.0)
    time = np.linspace(0, 3, 20001)
    separation, _ = position(time, one)
    assert np.abs(np.diff(separation)).max() <= highest_speed(one)[0] * (time[1] - time[0]) * (1 + 1e-9)


@pytest.mark.parametrize(("eccentricity", "within"), [(0.0, 3e-4), (0.3, 0.01), (0.6, 0.02)])
def test_the_duration_is_that_of_the_positions(eccentricity, within):
    """On circles to the step of the times; on ellipses to a hundredth, since the speed changes meanwhile."""
    for periastron in (0.0, 90.0, 180.0, 270.0):
        one = orbits(eccentricity=eccentricity, periastron_deg=periastron)
        time = np.linspace(-0.55, 0.95, 60001)
        separation, nearer = position(time, one)
        lasted = ((separation < 1.1) & nearer).sum() * (time[1] - time[0])
        assert duration_day(one)[0] == pytest.approx(lasted, rel=within)


def test_there_is_no_duration_without_a_transit():
    assert duration_day(orbits(impact_parameter=1.2)).tolist() == [0.0]


def test_the_earth_and_the_sun():
    """One year round the Sun: 215 solar radii, 13 hours."""
    distance = a_over_rstar_of(np.array([365.25]), np.array([1.0]))
    assert distance[0] == pytest.approx(149597870.7 / 695700.0, rel=1e-3)
    year = orbits(period_day=365.25, a_over_rstar=distance, impact_parameter=0.0, radius_ratio=0.00916)
    assert 24 * duration_day(year)[0] == pytest.approx(13.1, abs=0.1)


def test_impact_parameter_of_an_inclination():
    np.testing.assert_allclose(impact_parameter_of(np.array([12.0]), np.array([86.0])), 0.83708, atol=1e-5)


def test_rows_are_chosen_together():
    several = orbits(period_day=[1.0, 2.0, 3.0], radius_ratio=[0.1, 0.2, 0.3])
    chosen = several.rows(np.array([2, 0]))
    assert chosen.period_day.tolist() == [3.0, 1.0]
    assert chosen.radius_ratio.tolist() == [0.3, 0.1]
    assert len(chosen) == 2
