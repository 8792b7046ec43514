"""A survey that grows: three tiles more are three tiles of work, no training, and the catalog of a run from scratch."""

import numpy as np
import pytest
from small_sky import STAGES

OLD, NEW = 100, 3


def marks(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.fixture
def survey(project):
    """A model trained on two tiles of their own, and a survey of many small tiles that it is applied to."""
    project.add_tile("north", 1)
    project.add_tile("south", 2)
    project.data["inputs"] = {"field": "tiles/{tile}_{band}.fits", "survey": "survey/{tile}_{band}.fits"}
    used = {name: {**STAGES[name]} for name in ("galaxies", "lenses", "finder", "scores", "candidates")}
    used["galaxies"]["images"] = "${inputs.field}"
    used["objects"] = {**STAGES["galaxies"], "images": "${inputs.survey}"}
    used["scores"]["samples"] = "objects"
    project.stages = used
    return project


def add_tiles(project, numbers):
    for number in numbers:
        project.add_tile(f"tile{number:03d}", 10 + number, folder="survey", galaxies=4, shape=(80, 80))


@pytest.mark.slow
def test_a_hundred_tiles_and_three_more(survey):
    add_tiles(survey, range(OLD))
    first = survey.run(workers=2)
    parts = {stage: marks(survey.runs / "small" / stage / "parts") for stage in ("objects", "scores")}
    assert {stage: len(found) for stage, found in parts.items()} == {"objects": OLD, "scores": OLD}

    add_tiles(survey, range(OLD, OLD + NEW))
    second = survey.run(workers=2)
    assert {view.name: view.state for view in second} == {
        "galaxies": "reuse", "lenses": "reuse", "finder": "reuse",
        "objects": "made", "scores": "made", "candidates": "made",
    }  # fmt: skip
    for stage, before in parts.items():
        now = marks(survey.runs / "small" / stage / "parts")
        assert len(now) == OLD + NEW
        assert before.items() <= now.items(), "no part that was there is made again"
    assert len(second["objects"].table) > len(first["objects"].table)

    scratch = survey.run(workers=2, runs=survey.root / "scratch")
    for stage in ("objects", "scores", "candidates"):
        grown, anew = second[stage].table, scratch[stage].table
        assert grown.colnames == anew.colnames
        for name in grown.colnames:
            np.testing.assert_array_equal(np.asarray(grown[name]), np.asarray(anew[name]), err_msg=f"{stage} {name}")
