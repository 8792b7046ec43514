"""Variability, red noise and flares against their formulas."""

import numpy as np
import pytest

from astrocnn.simulate.star_noise import damped_random_walk, flare, quasi_periodic


def test_variability_is_the_formula_of_the_paper():
    """By hand, at a time at which both drifts are at their maximum: A doubles and the period doubles."""
    flux = quasi_periodic(
        np.array([0.0, 0.25]), np.array([0.001]), np.array([0.5]), np.array([0.3]), np.array([1.0]), np.array([1.0])
    )
    assert flux[0, 0] == pytest.approx(1 + 0.001 * np.sin(0.3))
    assert flux[0, 1] == pytest.approx(1 + 0.002 * np.sin(2 * np.pi * 0.25 / 1.0 + 0.3))


def test_negative_drifts_fall_first_and_infinite_ones_stand_still():
    time = np.array([0.25])
    values = [np.array([one]) for one in (0.001, 0.5, 0.0)]
    falling = quasi_periodic(time, *values, np.array([-1.0]), np.array([np.inf]))
    steady = quasi_periodic(time, *values, np.array([np.inf]), np.array([-3.0]))
    assert falling[0, 0] == pytest.approx(1.0), "A (1 - sin 90) = 0"
    # w (1 - sin 30) = half the period: phase 2 pi 0.25 / 0.25
    assert steady[0, 0] == pytest.approx(1.0 + 0.001 * np.sin(2 * np.pi), abs=1e-12)


def test_red_noise_is_stationary_with_its_covariance():
    """Variance 1 at every time; correlation exp(-lag / timescale)."""
    number, steps, timescale = 4000, 40, 6.0
    walk = damped_random_walk(np.random.default_rng(1).standard_normal((number, steps)), np.full(number, timescale))
    assert walk.shape == (number, steps)
    error = 5 * np.sqrt(2 / number)
    np.testing.assert_allclose(walk.var(axis=0), 1.0, atol=error)
    for lag in (1, 6, 20):
        covariance = (walk[:, 10] * walk[:, 10 + lag]).mean()
        assert covariance == pytest.approx(np.exp(-lag / timescale), abs=error)


def test_each_curve_has_its_own_timescale_and_draws_are_not_changed():
    white = np.random.default_rng(2).standard_normal((2, 50))
    kept = white.copy()
    walk = damped_random_walk(white, np.array([1e-3, 1e9]))
    np.testing.assert_array_equal(white, kept)
    np.testing.assert_allclose(walk[0], white[0], atol=1e-12, err_msg="no memory: white noise")
    assert np.ptp(walk[1]) < 1e-2, "no change: a constant"


def test_flares_have_the_template_of_davenport():
    """Zero before, 1 at the peak, a half after the widths that make the full width at half maximum one."""
    time = np.linspace(-2, 8, 100001)
    light = flare(time, np.array(0.0), np.array(1.0))
    assert (light[time < -1.0] == 0).all()
    assert light[np.argmin(np.abs(time))] == pytest.approx(1.0, abs=0.01)  # 0.6890 + 0.3030 from the right
    assert light.max() <= 1.0 + 1e-9
    above = time[light > 0.5]
    assert np.ptp(above) == pytest.approx(1.0, abs=0.1)  # the published fit is of width 1 to its own rounding
    assert flare(np.array(3.0), np.array(0.0), np.array(1.0)) == pytest.approx(
        0.6890 * np.exp(-4.8) + 0.3030 * np.exp(-0.8349), rel=1e-12
    )


def test_flares_scale_with_their_width_and_shift_with_their_peak():
    time = np.linspace(0, 10, 101)
    np.testing.assert_allclose(
        flare(time, np.array(4.0), np.array(2.0)), flare((time - 4.0) / 2.0, np.array(0.0), np.array(1.0)), atol=1e-14
    )
