"""Learning-rate schedules against their formulas."""

import math

import pytest
from pydantic import TypeAdapter, ValidationError

from astrocnn.training.schedule import (
    ConstantSchedule,
    CosineSchedule,
    InverseTimeSchedule,
    PiecewiseSchedule,
    Schedule,
    StepSchedule,
)


@pytest.mark.parametrize(
    ("epoch", "factor"), [(0.0, 1.0), (0.5, 1.0), (39.999, 1.0), (40.0, 0.1), (79.5, 0.1), (80.0, 0.01), (119.9, 0.01)]
)
def test_steps_of_deeplens(epoch, factor):
    """Divided by ten every 40 of 120 epochs (Lanusse et al. 2018)."""
    assert StepSchedule(divide_by=10, every_epochs=40).factor(epoch, 120) == pytest.approx(factor)


def test_a_step_may_have_any_divisor():
    schedule = StepSchedule(divide_by=2.0, every_epochs=3)
    assert [schedule.factor(epoch, 10) for epoch in range(10)] == [2.0 ** -(epoch // 3) for epoch in range(10)]


def test_the_cosine_goes_from_one_to_its_end():
    schedule = CosineSchedule(end=0.02)
    assert schedule.factor(0, 4) == 1.0
    assert schedule.factor(2, 4) == pytest.approx(0.51)  # halfway: the mean of 1 and 0.02
    assert schedule.factor(4, 4) == pytest.approx(0.02)
    for epoch in (0.3, 1.7, 3.9):
        expected = 0.02 + 0.98 * math.cos(math.pi * epoch / 8) ** 2  # (1 + cos 2a) / 2 = cos^2 a
        assert schedule.factor(epoch, 4) == pytest.approx(expected)


def test_the_cosine_rises_linearly_first():
    schedule = CosineSchedule(warmup_epochs=0.5, end=0.0)
    assert schedule.factor(0.25, 4) == pytest.approx(0.5)
    assert schedule.factor(0.5, 4) == pytest.approx(1.0)
    assert schedule.factor(0.5 + 1.75, 4) == pytest.approx(0.5)
    assert schedule.factor(0.0, 4) > 0, "a first step without any rate would be lost"
    rates = [schedule.factor(step / 100, 4) for step in range(50, 401)]
    assert rates == sorted(rates, reverse=True)


def test_more_warmup_than_epochs_only_rises():
    schedule = CosineSchedule(warmup_epochs=3.0)
    assert [schedule.factor(epoch, 2) for epoch in (1.0, 2.0)] == pytest.approx([1 / 3, 2 / 3])


def test_a_schedule_is_told_by_its_kind():
    adapter = TypeAdapter(Schedule)
    assert adapter.validate_python({"kind": "step", "every_epochs": 7}) == StepSchedule(every_epochs=7)
    assert adapter.validate_python({"kind": "cosine", "end": 0.5}) == CosineSchedule(end=0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "step"},
        {"kind": "step", "every_epochs": 0},
        {"kind": "step", "every_epochs": 5, "divide_by": 1.0},
        {"kind": "cosine", "end": 2.0},
        {"kind": "cosine", "every_epochs": 5},
        {"kind": "constant", "end": 0.1},
        {"kind": "piecewise", "at_epochs": [3.0, 2.0], "factors": [0.1, 0.01]},
        {"kind": "piecewise", "at_epochs": [2.0, 3.0], "factors": [0.1]},
        {"kind": "piecewise", "at_epochs": [0.0], "factors": [0.1]},
        {"kind": "piecewise", "at_epochs": [2.0], "factors": [0.0]},
        {"kind": "piecewise", "at_epochs": [], "factors": []},
        {"kind": "inverse_time", "decay": 0.0},
        {"kind": "exponential"},
        {},
    ],
)
def test_schedules_that_are_none_are_refused(wrong):
    with pytest.raises(ValidationError):
        TypeAdapter(Schedule).validate_python(wrong)


def test_a_constant_rate_stays():
    assert {ConstantSchedule().factor(epoch, 10, 7) for epoch in (0.0, 3.3, 9.99)} == {1.0}


@pytest.mark.parametrize(
    ("epoch", "factor"), [(0.0, 1.0), (324.79, 1.0), (324.81, 0.1), (414.9, 0.1), (415.0, 0.01), (450.9, 0.01)]
)
def test_pieces_of_dieleman(epoch, factor):
    """0.04, then 0.004 and 0.0004 (Dieleman et al. 2015), also within an epoch."""
    schedule = PiecewiseSchedule(at_epochs=[324.8, 415.0], factors=[0.1, 0.01])
    assert schedule.factor(epoch, 451, 3464) == factor


def test_inverse_time_is_the_decay_of_keras_1():
    """Rate / (1 + decay * iterations), and iterations counts the steps done before this one."""
    schedule, steps = InverseTimeSchedule(decay=0.01), 6
    rates = [schedule.factor(epoch + (step + 0.5) / steps, 3, steps) for epoch in range(3) for step in range(steps)]
    assert rates == pytest.approx([1 / (1 + 0.01 * iterations) for iterations in range(18)], rel=1e-12)
