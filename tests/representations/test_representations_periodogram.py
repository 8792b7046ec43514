"""Periodograms as curves: peaks where the periods are, on one scale for all, and nothing where nothing is known."""

import numpy as np
import pytest
from many_points import made

from astrocnn.representations.options import PeriodogramOptions, Representation
from astrocnn.representations.periodogram import periodograms
from astrocnn.representations.periods import periods
from astrocnn.representations.represent import represent
from astrocnn.time_series.period_options import PeriodOptions

OPTIONS = PeriodogramOptions(samples=60, shortest_day=0.5, longest_day=500.0)


def wave(period, number=80, seed=0):
    rng = np.random.default_rng(seed)
    time, band = np.sort(rng.uniform(0, 90, number)), rng.integers(2, size=number)
    turn = 2 * np.pi * time / period
    value = 15 + band + 0.5 * np.sin(turn + band) + 0.3 * np.cos(2 * turn) + rng.normal(0, 0.05, number)
    return list(zip(time, value, np.full(number, 0.05), band, strict=True))


def test_the_highest_power_stands_at_the_step_of_its_frequency():
    points = made(wave(3.21), wave(0.71, seed=1), bands=("g", "r"))
    found = periodograms(points, OPTIONS)
    assert found.shape == (2, 60, 3)
    assert found.dtype == np.float32
    step = np.floor(np.log(500 / np.array([3.21, 0.71])) / np.log(1000) * 60)
    np.testing.assert_array_equal(found[..., 1].argmax(axis=1), step)
    _, power = periods(points, PeriodOptions(shortest_day=0.5, harmonics=1))
    np.testing.assert_allclose(found[..., 0].max(axis=1), power, atol=5e-3)  # astropy's fast sums are interpolated
    assert (found[..., 1].max(axis=1) > found[..., 0].max(axis=1) + 0.1).all()
    assert (np.diff(found, axis=2) >= -1e-6).all()


def test_no_power_beyond_the_length_of_the_curve():
    found = periodograms(made(wave(3.21), bands=("g", "r")), OPTIONS)[0]
    below = int(np.log(500 / 90) / np.log(1000) * 60)  # steps of periods longer than the 90 days of the curve
    assert not found[:below].any()
    assert found[below + 1 :].max(axis=1).any()


def test_nothing_of_curves_that_tell_nothing():
    """Too few points; one value; no points; no longer than the shortest period."""
    short = [(0.001 * step, float(step % 3), 0.1, 0) for step in range(20)]
    points = made(wave(2.0)[:6], [(time, 3.0, 0.1, 0) for time in range(20)], [], short, bands=("g", "r"))
    assert not periodograms(points, OPTIONS).any()


def test_as_a_representation_with_numbers_beside():
    how = Representation(**{"as": "periodogram", "periodogram": {"samples": 16}, "numbers": {"colours": True}})
    assert how.channels(("g", "r")) == ("power_1", "power_2", "power_3", "g_r_colour")
    assert (how.kind(), how.scale(), how.needs_period) == ("curves", (None, None), False)
    assert represent(made(wave(2.0), bands=("g", "r")), None, how, "magnitude").shape == (1, *how.shape(("g", "r")))
    with pytest.raises(ValueError, match=r"longest_day above 3\.0, received 2\.0"):
        PeriodogramOptions(shortest_day=3.0, longest_day=2.0)
