"""Who made what from what."""

import pytest

from astrocnn.report.run_view import ReportRun, StageView


@pytest.fixture
def run(tmp_path):
    (tmp_path / "made").mkdir()

    def stage(name, kind, *parents, made=True):
        return StageView(name, "use", kind, "made", tmp_path / ("made" if made else "absent"), parents=parents)

    return ReportRun(
        "r",
        stages=[
            stage("image", "SampleSet"),
            stage("galaxies", "SampleSet", "image"),
            stage("lenses", "SampleSet", "galaxies", made=False),
            stage("finder", "Model", "lenses", "elsewhere"),
            stage("scores", "Scores", "finder", "galaxies"),
        ],
    )


def test_ancestors_come_nearest_first_and_once(run):
    assert [stage.name for stage in run.ancestors(run.stage("scores"))] == ["finder", "galaxies", "lenses", "image"]
    assert list(run.ancestors(run.stage("image"))) == []


def test_only_products_that_are_there_are_given(run):
    assert [stage.name for stage, _ in run.made_from(run.stage("scores"), "SampleSet")] == ["galaxies", "image"]
    assert [stage.name for stage, _ in run.of_kind("SampleSet")] == ["image", "galaxies"]
    assert all(folder.is_dir() for _, folder in run.of_kind("SampleSet"))
    assert run.stage("lenses").product is None


def test_stages_the_report_was_not_given_are_none(run):
    assert run.stage("elsewhere") is None


def test_a_circle_of_parents_ends():
    stages = [StageView(a, "u", "k", "s", parents=(b,)) for a, b in (("a", "b"), ("b", "a"))]
    run = ReportRun("r", stages=stages)
    assert [stage.name for stage in run.ancestors(stages[0])] == ["b"]
