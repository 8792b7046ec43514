"""The grids of Pearson et al. 2018: counted, and rows made by hand."""

from itertools import product

import numpy as np
import pytest
from transit_reference import batman_curve

from astrocnn.samples.seeds import block_generator
from astrocnn.simulate.pearson_grid import AXES, Grid, grid_curves, grid_orbits, longest_duration_hour

TRAIN, TEST = Grid("pearson2018"), Grid("pearson2018-test")
LAST = 155_519


def curves(grid, points, transit, block=0):
    return grid_curves(grid, np.asarray(points), np.asarray(transit), block_generator(1, "grid", block))


def test_the_grids_have_as_many_points_as_the_paper():
    assert TRAIN.points == 6 * 5 * 3 * 4 * 4 * 4 * 3 * 3 * 3 == 155_520
    assert TEST.points == 3 * 155_520 == 466_560


def test_the_axes_are_those_of_the_paper():
    assert AXES["depth_ppm"] == (200, 500, 1000, 2500, 5000, 10000)
    assert AXES["period_day"] == tuple(np.linspace(2, 4, 5))
    assert AXES["inclination_deg"] == (86, 87, 90)
    assert AXES["snr_per_point"] == tuple(np.linspace(1.5, 4.5, 4))
    assert AXES["variability_phase"] == pytest.approx((0, np.pi / 3, 2 * np.pi / 3, np.pi))
    assert AXES["variability_ppm"] == (250, 500, 1000, 2000)
    assert tuple(24 * day for day in AXES["variability_period_day"]) == (6, 12, 24)
    assert AXES["amplitude_period_day"] == (-1, 1, 100)
    assert AXES["period_period_day"] == (-3, 1, 100)
    assert TEST.axes == AXES | {"snr_per_point": tuple(np.arange(1, 13) / 4)}


def test_points_are_the_cartesian_product_in_its_order():
    """The first, the last, and some thousand between, against itertools."""
    chosen = np.array([0, 1, 4321, 77_777, LAST])
    values = TRAIN.parameters(chosen)
    wanted = set(chosen.tolist())
    expected = [point for number, point in enumerate(product(*AXES.values())) if number in wanted]
    np.testing.assert_array_equal(np.column_stack([values[name] for name in AXES]), expected)


def test_times_are_of_two_minutes_round_the_middle():
    time = TRAIN.time_day * 1440
    assert len(time) == 180
    np.testing.assert_allclose(np.diff(time), 2.0)
    np.testing.assert_allclose(time, -time[::-1], atol=1e-12)
    code = Grid("pearson2018", "code").time_day * 1440
    assert (code[0], code[-1]) == (pytest.approx(-180.0), pytest.approx(180.0)), "linspace with both ends"


def test_a_row_made_by_hand():
    """The last point: 1 %, 4 days, edge-on, 4.5; the transit by batman, the variability by its formula."""
    flux, truth = curves(TRAIN, [LAST], [True])
    noise = 0.01 / 4.5
    white = block_generator(1, "grid", 0).standard_normal((256, 180))[0]
    time = (np.arange(180) - 89.5) * 2 / 1440
    since = time + 89.5 * 2 / 1440
    amplitude, period = (
        value * (1 + np.sin(2 * np.pi * since / drift)) for value, drift in ((0.002, 100.0), (1.0, 100.0))
    )
    variable = 1 + amplitude * np.sin(2 * np.pi * since / period + np.pi)
    orbits = grid_orbits(TRAIN.parameters(np.array([LAST])))
    model = batman_curve(time, orbits, [0.5], [0.0], 0)
    np.testing.assert_allclose(flux[0], model * (1 + noise * white) * variable, atol=1e-7)
    assert truth["noise_ppm"][0] == pytest.approx(1e6 * noise)
    assert truth["radius_ratio"][0] == pytest.approx(0.1)
    assert truth["a_over_rstar"][0] == 12.0
    assert truth["snr"][0] == pytest.approx(np.sqrt(((1 - model) ** 2).sum()) / noise, rel=1e-5)


def test_nulls_have_the_variability_and_noise_of_their_transits_and_fresh_deviates():
    """Without noise a pair differs by the transit alone; with it, by other deviates of the same size."""
    point = np.full(2, 100_000)
    flux, truth = curves(TRAIN, point, [True, False])
    assert truth["noise_ppm"][0] == truth["noise_ppm"][1]
    outside = np.abs(TRAIN.time_day * 24) > truth["duration_hour"][0] / 2
    difference = (flux[0] - flux[1])[outside] / (1e-6 * truth["noise_ppm"][0])
    assert difference.std() == pytest.approx(np.sqrt(2), rel=0.25)
    assert (difference != 0).all()


def test_in_the_code_alone_nulls_drift_where_transits_do_not():
    """The point of the last axis of 100 days and that of 1 day: in the code a transit is the same in both."""
    points = np.array([LAST, LAST - 1])  # P_w of 100 and of 1 day
    kept = {}
    for follows in ("paper", "code"):
        flux, truth = curves(Grid("pearson2018", follows), points, [True, True])
        white = block_generator(1, "grid", 0).standard_normal((256, 180))[:2]
        kept[follows] = flux / (1 + 1e-6 * truth["noise_ppm"][:, None] * white)
    assert np.abs(kept["paper"][0] - kept["paper"][1]).max() > 1e-4
    np.testing.assert_allclose(kept["code"][0], kept["code"][1], atol=1e-12)


def test_the_longest_transit_is_that_of_the_grid():
    """2.8 hours: 1.1 stellar radii either side at 12 radii, in 4 days."""
    assert longest_duration_hour() == pytest.approx(2 * 96 / (2 * np.pi) * np.arcsin(1.1 / 12), rel=1e-9)
    spread = np.linspace(0, LAST, 256).astype(int)
    _, truth = curves(TRAIN, spread, np.ones(256, bool))
    assert truth["duration_hour"].max() <= longest_duration_hour() + 1e-12
    assert truth["duration_hour"].min() > 0.7


def test_a_row_does_not_depend_on_how_many_are_made():
    many, _ = curves(TRAIN, np.arange(20), np.arange(20) % 2 == 0)
    few, _ = curves(TRAIN, np.arange(5), np.arange(5) % 2 == 0)
    np.testing.assert_allclose(few, many[:5], atol=1e-13)
