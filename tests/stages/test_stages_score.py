"""The `score` stage: a score for every object that can have one, the same whatever it is scored with, and flags."""

import numpy as np
import pytest
from pyarrow import parquet
from small_sky import copy_samples

from astrocnn.errors import MismatchError
from astrocnn.ingest.flags import SATURATED
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.scoring.flags import TRAINED_ON
from astrocnn.training.model_folder import load_model


@pytest.fixture
def scores(project, whole_run):
    """scores(samples=folder, **parameters): score samples from outside with the model of the whole run."""

    def run(samples, **parameters):
        project.data["inputs"] = {"model": str(whole_run[1]["finder"].folder), "samples": str(samples)}
        project.use("scores", scores={"model": "${inputs.model}", "samples": "${inputs.samples}", **parameters})
        return project.run()["scores"]

    return run


@pytest.fixture
def sky(project, whole_run):
    """The northern tile of the whole run, scored by its model."""
    project.add_tile("north", 1)
    project.data["inputs"]["model"] = str(whole_run[1]["finder"].folder)
    return project.use("galaxies", "scores", scores={"model": "${inputs.model}"})


def by_id(view):
    table = view.table
    return {name: dict(zip(table["id"].tolist(), table[name].tolist(), strict=True)) for name in table.colnames}


def test_every_object_has_a_row_in_the_order_of_the_objects(whole_run):
    run = whole_run[1]
    table = run["scores"].table
    np.testing.assert_array_equal(table["id"], run["galaxies"].samples.ids)
    assert table.colnames == ["id", "score_finder", "mean", "spread", "probability", "flags"]
    np.testing.assert_array_equal(table["score_finder"], table["mean"])
    assert ((table["mean"] > 0) & (table["mean"] < 1)).all()
    types = {field.name: str(field.type) for field in parquet.read_schema(run["scores"].folder / "scores.parquet")}
    assert types == {"id": "string", "flags": "int32"} | dict.fromkeys(
        ("score_finder", "mean", "spread", "probability"), "float"
    )
    assert run["scores"].ledger == {"scored": {"": 32}}


def test_the_score_is_the_output_of_the_network_for_the_middle_of_the_stamp(whole_run):
    run = whole_run[1]
    model, samples = load_model(run["finder"].folder), run["galaxies"].samples
    mean, sigma = model.card.normalisation.mean, model.card.normalisation.sigma
    images = (samples.read(np.arange(len(samples)))[:, 4:20, 4:20] - np.array(mean)) / np.array(sigma)
    expected = np.asarray(model.network(images.astype(np.float32), training=False))[:, 0]
    np.testing.assert_allclose(run["scores"].table["mean"], expected, atol=1e-6)


def test_objects_used_in_training_are_flagged_and_no_others(whole_run):
    """The network saw lenses made of the training and validation galaxies, not the galaxies themselves."""
    run = whole_run[1]
    used = set(run["lenses"].samples.split("train+validation").column("group"))
    table = run["scores"].table
    flagged = (np.asarray(table["flags"]) & TRAINED_ON) > 0
    np.testing.assert_array_equal(flagged, np.isin(table["id"], list(used)))
    np.testing.assert_array_equal(flagged, run["galaxies"].samples.column("split") != "test")
    assert 0 < flagged.sum() < len(flagged)


def test_an_object_has_the_same_score_whatever_is_scored_with_it(scores, whole_run, tmp_path):
    """Bit by bit: batches have one size, and what fills them up changes nothing."""
    galaxies, whole = whole_run[1]["galaxies"].samples, by_id(whole_run[1]["scores"])["mean"]
    order = np.random.default_rng(1).permutation(len(galaxies))
    for name, rows in (("turned", order), ("few", order[:3]), ("one", order[:1])):
        mean = by_id(scores(copy_samples(galaxies.select(rows), tmp_path / name)))["mean"]
        assert mean == {str(galaxies.ids[row]): whole[str(galaxies.ids[row])] for row in rows}


def test_one_more_tile_leaves_the_scores_of_the_others(sky):
    first = sky.run()["scores"]
    parts = first.folder.parent / "parts"
    before = {path.name: path.stat().st_ino for path in parts.iterdir()}
    sky.add_tile("middle", 3, galaxies=9)  # before it by name
    grown = sky.run()
    after = {path.name: path.stat().st_ino for path in parts.iterdir()}
    assert len(before) == 1
    assert before.items() < after.items(), "the tile that was there is not scored again"
    mean, old = by_id(grown["scores"])["mean"], by_id(first)["mean"]
    assert {name: mean[name] for name in old} == old
    assert len(mean) == len(old) + 9
    np.testing.assert_array_equal(grown["scores"].table["id"], grown["galaxies"].samples.ids)


def test_the_splits_asked_for_are_scored(sky, whole_run):
    sky.add_tile("lonely", 5, galaxies=1)
    sky.stages["scores"]["samples"] = "galaxies.test"
    run = sky.run()
    test = run["galaxies"].samples.split("test")
    assert set(run["galaxies"].samples.column("tile")) - set(test.column("tile")), "a tile without a test galaxy"
    np.testing.assert_array_equal(run["scores"].table["id"], test.ids)
    mean, whole = by_id(run["scores"])["mean"], by_id(whole_run[1]["scores"])["mean"]
    assert {name: mean[name] for name in mean.keys() & whole} == {name: whole[name] for name in mean.keys() & whole}
    assert run["scores"].ledger == {"scored": {"": len(test)}}


def test_a_tile_without_galaxies_has_no_scores(sky):
    sky.add_tile("empty", 4, galaxies=0)
    sky.stages["galaxies"]["minimum_snr"] = 30.0
    run = sky.run()
    assert len(list(run["galaxies"].folder.glob("*.h5"))) == 2
    assert len(run["scores"].table) == len(run["galaxies"].samples) == 16


def test_a_split_that_is_not_there_is_told(sky):
    sky.stages["scores"]["samples"] = "galaxies.tset"
    with pytest.raises(PipelineFileErrors, match=r"stages\.scores\.samples: no object .* 'tset'; .* mean test\?"):
        sky.run()


def test_objects_that_cannot_be_scored_have_no_number_and_a_ledger_row(scores, whole_run, tmp_path):
    galaxies = whole_run[1]["galaxies"].samples
    data = galaxies.read(np.arange(len(galaxies)))
    data[2, 12, 12, 0], data[7, 10, 10, 1] = np.nan, np.inf
    view = scores(copy_samples(galaxies, tmp_path / "spoilt", data))
    table = view.table
    for name in ("mean", "score_model", "spread", "probability"):
        assert np.flatnonzero(~np.isfinite(table[name])).tolist() == [2, 7]
    assert view.ledger == {"rejected": {"values that are not finite": 2}, "scored": {"": 30}}
    whole = whole_run[1]["scores"].table
    np.testing.assert_array_equal(np.delete(table["mean"], [2, 7]), np.delete(whole["mean"], [2, 7]))


def test_the_expected_share_of_positives_moves_the_probability_alone(scores, whole_run):
    folder = whole_run[1]["galaxies"].folder
    usual, rare = (scores(folder, **given).table for given in ({}, {"expected_prevalence": 0.01}))
    np.testing.assert_array_equal(rare["mean"], usual["mean"])
    # half of the training samples are lenses: the odds fall by those of 1 %, 99 times
    odds = [np.asarray(table["probability"]) / (1 - np.asarray(table["probability"])) for table in (usual, rare)]
    np.testing.assert_allclose(odds[1], odds[0] / 99, rtol=1e-4)


def test_probabilities_rise_with_the_score(whole_run):
    table = whole_run[1]["scores"].table
    order = np.argsort(table["mean"])
    assert (np.diff(table["probability"][order]) > 0).all()


def test_flags_of_detection_stay_beside_those_of_scoring(scores, whole_run, tmp_path):
    galaxies = whole_run[1]["galaxies"].samples
    flags = np.where(np.arange(len(galaxies)) % 2, SATURATED, 0).astype(np.int32)
    table = scores(copy_samples(galaxies, tmp_path / "flagged", columns={"flags": flags})).table
    trained = np.where(galaxies.column("split") != "test", TRAINED_ON, 0)
    np.testing.assert_array_equal(table["flags"], flags | trained)


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"bands": ("r", "g")}, r"model: the model was trained on other bands"),
        ({"scale": 0.25}, r"model: the model was trained at another pixel scale; expected 0\.2 arcsec"),
    ],
)
def test_objects_unlike_those_of_the_training_are_refused(scores, whole_run, tmp_path, meta, message):
    with pytest.raises(MismatchError, match=message):
        scores(copy_samples(whole_run[1]["galaxies"].samples, tmp_path / "other", **meta))


def test_another_model_under_another_name_scores_anew(sky, whole_run):
    """The table says which network gave the score."""
    first = sky.run()["scores"]
    finder = {"use": "train", "from": "${inputs.model}"}
    again = sky.use("galaxies", "scores", finder=finder, scores={"model": "finder"}).run()["scores"]
    assert first.hash != again.hash
    assert [name for name in again.table.colnames if name.startswith("score_")] == ["score_finder"]
    assert by_id(again)["mean"] == by_id(first)["mean"]
