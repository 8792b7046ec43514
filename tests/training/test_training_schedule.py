"""Learning-rate schedules against their formulas, and the papers' recipes as defaults of the stage."""

import math

import pytest
from pydantic import TypeAdapter, ValidationError

from astrocnn.stages.train import Parameters
from astrocnn.training.recipe import recipe_defaults
from astrocnn.training.schedule import CosineSchedule, Schedule, StepSchedule


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
        {"kind": "exponential"},
        {},
    ],
)
def test_schedules_that_are_none_are_refused(wrong):
    with pytest.raises(ValidationError):
        TypeAdapter(Schedule).validate_python(wrong)


def parameters(**values):
    return Parameters.model_validate({"samples": (), **values})


def test_a_paper_s_recipe_fills_in_what_a_file_leaves_out():
    """Lanusse et al. 2018 and their code; the clipping from Metcalf et al. 2019: 250 sigma."""
    effective = parameters(network="deeplens").effective()
    assert effective["epochs"] == 120
    assert effective["batch_size"] == 128
    assert effective["learning_rate"] == 1e-3
    assert effective["schedule"] == {"kind": "step", "divide_by": 10.0, "every_epochs": 40}
    assert effective["clip_sigma"] == 250


def test_the_file_goes_before_the_recipe():
    effective = parameters(network="deeplens", epochs=3, schedule={"kind": "cosine"}, clip_sigma=None).effective()
    assert effective["epochs"] == 3
    assert effective["schedule"]["kind"] == "cosine"
    assert effective["clip_sigma"] is None
    assert effective["batch_size"] == 128


def test_a_network_without_a_recipe_needs_its_values_stated():
    assert recipe_defaults("pocket") == {}
    with pytest.raises(ValidationError) as caught:
        parameters(network="pocket")
    missing = {error["loc"][0] for error in caught.value.errors() if error["type"] == "missing"}
    assert missing == {"epochs", "batch_size", "learning_rate", "schedule"}
