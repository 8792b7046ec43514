"""The `boosted-forest` stage: scores of features, out of fold or of a test set, that evaluate and combine take."""

import numpy as np
import pytest
from curve_files import write_long_folder

from astrocnn.errors import MismatchError
from astrocnn.scoring.flags import flag_names
from astrocnn.training.scores import read_scores

FOREST = {"use": "boosted-forest", "samples": "shapes", "folds": 2, "iterations": 5}


@pytest.fixture
def stars(project):
    """A project with 240 stars of three classes, or of none; the number beside their histograms tells the class."""
    pytest.importorskip("sklearn", reason="the extra forest is not installed")
    classes = {str(number): ("binary", "cepheid", "mira", "")[number % 4] for number in range(240)}
    rng = np.random.default_rng(0)
    rows = [
        (name, band, float(time), 15 + place % 4 + rng.normal(0, 0.1), 0.1)
        for place, name in enumerate(classes) for band in "gr" for time in range(6)
    ]  # fmt: skip
    write_long_folder(project.root / "stars", classes, rows)
    project.data.pop("instrument", None)
    project.data["inputs"] = {"stars": "stars"}

    def make(**stages):
        curves = {"use": "light-curves", "curves": "${inputs.stars}", "splits": {"train": 0.8, "test": 0.2}}
        shapes = {"use": "represent", "curves": "curves", "as": "dmdt", "numbers": {"of_bands": ["median"]}}
        return project.use(curves=curves, shapes=shapes, forest=FOREST, **stages)

    return make


def test_scores_out_of_fold_are_evaluated_and_combined(stars):
    run = stars(
        both={"use": "combine", "scores": ["forest"]},
        skill={"use": "evaluate", "scores": "both", "samples": "shapes", "resamples": 100},
    ).run()  # fmt: skip
    table = read_scores(run["forest"].folder / "scores.parquet")
    assert [name for name in table if name.startswith("mean_")] == ["mean_binary", "mean_cepheid", "mean_mira"]
    split = run["shapes"].samples.column("split")
    labelled = run["shapes"].samples.column("label") >= 0
    out_of_fold = np.array(["out_of_fold" in names for names in flag_names(table["flags"])])
    np.testing.assert_array_equal(out_of_fold, (split == "train") & labelled)
    assert run["skill"].metrics["accuracy"] > 0.9
    assert run["skill"].metrics["accuracy_n"] == labelled.sum()


def test_a_test_set_is_scored_in_place_of_the_samples(stars):
    run = stars(others={**FOREST, "test": "shapes.test"}).run()
    assert read_scores(run["others"].folder / "scores.parquet")["id"].tolist() == (
        run["shapes"].samples.split("test").ids.tolist()
    )
    other = {"use": "represent", "curves": "curves", "as": "dmdt"}
    with pytest.raises(MismatchError, match="the objects have other features"):
        stars(bare=other, others={**FOREST, "test": "bare"}).run()


def test_a_test_set_that_is_absent_is_not_replaced_by_the_samples(stars):
    project = stars(
        more={"use": "light-curves", "curves": "${inputs.more}"},
        drawn={"use": "represent", "curves": "more", "as": "dmdt"}, others={**FOREST, "test": "drawn"},
    )  # fmt: skip
    project.data["inputs"]["more"] = None
    run = project.run()
    assert (run["forest"].state, run["others"].state) == ("made", "skipped")


def test_samples_scored_by_the_trees_that_learnt_them_are_warned_of(stars):
    found = [one.text for one in stars(within={**FOREST, "folds": None}).problems()]
    assert any("stages.within.folds" in text or "by the trees that learnt them" in text for text in found), found
