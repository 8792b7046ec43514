"""The `evaluate` stage: never on what was trained on, on the first samples present, with every row accounted for."""

import json

import numpy as np
import pytest
from small_sky import copy_samples

from astrocnn.errors import DataError, LeakError, MismatchError, UnknownName
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.scoring.flags import OUT_OF_FOLD, TRAINED_ON
from astrocnn.training.model_folder import load_model
from astrocnn.training.predict import predict_set


@pytest.fixture
def unseen(whole_run):
    """The test set of the whole run under other names: ids and groups that no model has seen."""
    samples = whole_run[1]["lenses"].samples.split("test")
    renamed = {name: np.array([f"new-{one}" for one in samples.column(name)], object) for name in ("id", "group")}
    return samples, renamed


@pytest.fixture
def elsewhere(unseen, tmp_path):
    """elsewhere(data=..., columns=..., **meta): those samples as a folder from outside."""
    samples, renamed = unseen

    def make(name="elsewhere", data=None, columns=None, **meta):
        return copy_samples(samples, tmp_path / name, data, {**renamed, **(columns or {})}, **meta)

    return make


@pytest.fixture
def skill(project, whole_run):
    """skill(samples=folder, **parameters): evaluate the model of the whole run on samples from outside."""

    def run(samples, **parameters):
        project.data["inputs"] = {"model": str(whole_run[1]["finder"].folder), "samples": str(samples)}
        parameters = {"model": "${inputs.model}", "samples": "${inputs.samples}", "subsets": {}, **parameters}
        return project.use("skill", skill=parameters).run()["skill"]

    return run


def score_above(scores, labels, fpr):
    """Lowest score that at most a share `fpr` of the negatives exceeds."""
    return min(score for score in scores if np.mean(scores[labels == 0] > score) <= fpr)


def test_scores_of_a_table_are_measured_as_those_of_the_model(project, whole_run):
    """A model of folds is measured on its own samples, and so are its scores, alone or with those of others."""
    _, run = whole_run
    project.data["inputs"] = {"lenses": str(run["lenses"].folder)}
    project.stages = {
        "finder": {
            "use": "train", "samples": "${inputs.lenses}", "network": "pocket", "input_px": 16, "epochs": 1,
            "batch_size": 16, "learning_rate": 0.01, "schedule": {"kind": "cosine"}, "folds": 2,
        },
        "skill": {"use": "evaluate", "model": "finder", "samples": "${inputs.lenses}", "resamples": 100},
        "scores": {"use": "score", "model": "finder", "samples": "${inputs.lenses}"},
        "both": {"use": "combine", "scores": ["scores"]},
        "same": {"use": "evaluate", "scores": "both", "samples": "${inputs.lenses}", "resamples": 100},
    }  # fmt: skip
    measured = project.run()
    skill, same = measured["skill"].metrics, measured["same"].metrics
    assert skill.keys() == same.keys()
    assert {"auroc", "brier", "calibration_error_high"} <= skill.keys()
    for name, value in skill.items():
        assert same[name] == pytest.approx(value, abs=1e-5), name
    used = np.asarray(measured["scores"].table["flags"])
    assert (used & OUT_OF_FOLD > 0).any()
    assert not (used & TRAINED_ON).any()


def test_scores_of_what_was_trained_on_are_refused(project, whole_run):
    _, run = whole_run
    project.data["inputs"] = {"model": str(run["finder"].folder), "lenses": str(run["lenses"].folder)}
    project.stages = {
        "scores": {"use": "score", "model": "${inputs.model}", "samples": "${inputs.lenses}"},
        "skill": {"use": "evaluate", "scores": "scores", "samples": "${inputs.lenses}", "resamples": 100},
    }
    with pytest.raises(LeakError, match=r"objects to be evaluated were trained on.*train with folds"):
        project.run()
    project.stages["skill"]["model"] = "${inputs.model}"
    with pytest.raises(PipelineFileErrors, match="expected either model: or scores:"):
        project.run()


def test_scores_are_the_model_s_and_metrics_theirs(whole_run):
    run = whole_run[1]
    samples, model = run["lenses"].samples.split("test"), load_model(run["finder"].folder)
    outputs, _ = predict_set(model.network, samples, model.card.normalisation, model.card.size_px)
    table = run["skill"].table
    np.testing.assert_array_equal(table["id"], samples.ids)
    np.testing.assert_allclose(table["score"], outputs[:, 0], rtol=1e-6)  # normalisations are folded
    label, score = np.asarray(table["label"]), np.asarray(table["score"])
    lens, other = score[label == 1], score[label == 0]
    metrics = run["skill"].metrics
    assert metrics["auroc"] == pytest.approx(np.mean(lens[:, None] > other))
    assert metrics["completeness_at_10pct_fpr"] == np.mean(lens > score_above(score, label, 0.1))
    assert metrics["n_groups"] == len(set(samples.column("group"))) < len(samples) / 3, "groups are galaxies"
    assert metrics == json.loads((run["skill"].folder / "metrics.json").read_text())
    assert run["skill"].ledger == {"scored": {"": len(samples)}}


def test_a_subset_has_its_prefix_and_the_threshold_of_all_negatives(whole_run):
    table, metrics = whole_run[1]["skill"].table, whole_run[1]["skill"].metrics
    label, score = np.asarray(table["label"]), np.asarray(table["score"])
    wide = np.asarray(table["einstein_radius_arcsec"]) > 0.58
    assert 0 < wide.sum() < (label == 1).sum()
    assert not wide[label == 0].any(), "negatives have no Einstein radius, and give the threshold all the same"
    assert metrics["wide_n_positive"] == wide.sum()
    found = np.mean(score[wide] > score_above(score, label, 0.1))
    assert metrics["wide_completeness_at_10pct_fpr"] == pytest.approx(found)
    for name in ("wide_auroc", "auroc", "completeness_at_10pct_fpr"):
        assert metrics[f"{name}_low"] <= metrics[name] <= metrics[f"{name}_high"]


def test_figures_stand_beside_the_tables(skill, elsewhere):
    folder = skill(elsewhere(), false_positive_rate=0.1).folder
    names = {"roc", "completeness_einstein_radius_arcsec", "completeness_snr", "calibration"}
    assert {path.name for path in (folder / "figures").iterdir()} == {f"{name}.png" for name in names}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in (folder / "figures").iterdir())
    asked = skill("elsewhere", false_positive_rate=0.1, against=["shear"]).folder
    assert {path.name for path in (asked / "figures").iterdir()} == {
        "roc.png",
        "completeness_shear.png",
        "calibration.png",
    }


@pytest.mark.parametrize(("samples", "what"), [("lenses", "all of lenses"), ("lenses.test+train", "lenses.train")])
def test_splits_that_are_trained_on_are_refused_before_compute(project, samples, what):
    project.add_tile("north", 1)
    project.use("galaxies", "lenses", "finder", "skill", skill={"samples": samples})
    (error,) = [one.text for one in project.problems() if one.level == "error"]
    assert f"skill.samples: takes {what}, which the model trains on" in error
    assert "to fix, lenses.test" in error


def test_rows_that_were_trained_on_are_refused_wherever_they_come_from(skill, whole_run):
    with pytest.raises(LeakError, match=r"84 objects to be evaluated were trained on: J.*to fix, evaluate a split"):
        skill(whole_run[1]["lenses"].folder)


def test_other_rows_of_galaxies_that_were_trained_on_are_refused(skill, whole_run, tmp_path):
    lenses = whole_run[1]["lenses"].samples.split("train")
    renamed = np.array([f"new-{one}" for one in lenses.ids], object)
    with pytest.raises(LeakError, match=r"groups to be evaluated were trained on"):
        skill(copy_samples(lenses, tmp_path / "renamed", columns={"id": renamed}))


@pytest.fixture
def either(project, whole_run, elsewhere):
    """either(test=folder or None): samples from outside, else those of the file; the model is given."""

    def run(test, own="lenses.test"):
        project.add_tile("north", 1)
        project.data["inputs"].update(model=str(whole_run[1]["finder"].folder), test=test and str(test))
        finder = {"samples": "lenses", "from": "${inputs.model}"}
        skill = {"samples": ["${inputs.test}", own], "subsets": {}}
        project.use("galaxies", "lenses", "finder", "skill", finder=finder, skill=skill)
        return project

    return run


def test_of_a_list_of_samples_the_first_present_is_taken(either, elsewhere):
    run = either(elsewhere()).run()
    assert all(str(one).startswith("new-") for one in run["skill"].table["id"])
    assert run["lenses"].state == "skipped", "nobody needs it"


def test_without_the_first_the_next_is_taken(either, whole_run):
    """The tile is one of the two that the model was trained on, and the splits are the same."""
    run = either(None).run()
    mine, whole = run["skill"].table, whole_run[1]["skill"].table
    north = np.isin(whole["id"], mine["id"])
    np.testing.assert_array_equal(mine["score"], whole["score"][north])
    assert set(run["lenses"].samples.split("test").ids) == set(mine["id"])


def test_without_any_samples_the_stage_is_skipped(either):
    project = either(None)
    project.data["inputs"]["other"] = None
    project.stages["skill"]["samples"] = ["${inputs.test}", "${inputs.other}"]
    assert project.run()["skill"].state == "skipped"


def test_rows_without_a_label_or_a_score_stand_in_the_ledger(skill, elsewhere, unseen, whole_run):
    samples, _ = unseen
    label, data = samples.column("label").copy(), samples.read(np.arange(len(samples)))
    label[[0, 5]] = -1
    data[3, 12, 12, 0] = np.nan
    view = skill(elsewhere(data=data, columns={"label": label}))
    assert view.ledger == {
        "excluded": {"no label": 2}, "rejected": {"values that are not finite": 1}, "scored": {"": len(samples) - 3},
    }  # fmt: skip
    left = np.delete(np.arange(len(samples)), [0, 3, 5])
    np.testing.assert_array_equal(view.table["score"], whole_run[1]["skill"].table["score"][left])


def test_the_class_searched_for_is_found_by_its_name(skill, elsewhere, unseen):
    """Whatever number it has in this set."""
    label = 1 - unseen[0].column("label")
    plain, turned = skill(elsewhere()), skill(elsewhere("turned", columns={"label": label}, classes=("lens", "no")))
    assert plain.metrics == turned.metrics
    np.testing.assert_array_equal(plain.table["label"], turned.table["label"])


def test_samples_that_do_not_say_what_is_searched_for_are_refused(skill, elsewhere):
    with pytest.raises(DataError, match="without a class to search for"):
        skill(elsewhere(positive=None))


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"bands": ("r", "g")}, r"other bands; expected .*g.*r.*received .*r.*g"),
        ({"scale": 0.25}, r"another pixel scale; expected 0\.2 arcsec a pixel; received 0\.25 arcsec"),
    ],
)
def test_samples_unlike_those_of_the_training_are_refused(skill, elsewhere, meta, message):
    with pytest.raises(MismatchError, match=message):
        skill(elsewhere(**meta))


def test_subsets_of_any_column_that_the_samples_have(skill, elsewhere, unseen):
    number = len(unseen[0])
    field = np.where(np.arange(number) % 8 < 4, "deep", "shallow").astype(object)
    blended = np.arange(number) % 3 == 0
    folder = elsewhere(columns={"field": field, "blended": blended, "score": np.zeros(number)})
    subsets = {"deep": {"field": {"equals": "deep"}}, "blends": {"blended": {"equals": True}, "snr": {"above": 0}}}
    view = skill(folder, subsets=subsets)
    lens = unseen[0].column("label") == 1
    assert view.metrics["deep_n_positive"] == (lens & (field == "deep")).sum()
    assert view.metrics["blends_n_positive"] == (lens & blended).sum()
    assert set(view.table["field"]) == {"deep", "shallow"}
    assert np.std(view.table["score"]) > 0.01, "the model's, not the column of that name"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"subsets": {"bright": {"snrr": {"above": 1}}}}, r"subsets\.bright.*'snrr'.*snr"),
        ({"against": ["einstein_radius"]}, r"against.*'einstein_radius'.*einstein_radius_arcsec"),
    ],
)
def test_columns_that_are_not_there_are_told(skill, elsewhere, parameters, message):
    with pytest.raises(UnknownName, match=message):
        skill(elsewhere(), **parameters)
