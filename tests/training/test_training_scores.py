"""The Scores table: calibrated, flagged, and the same after a round trip through Parquet."""

import numpy as np
import pytest
from pyarrow import parquet

from astrocnn.errors import MismatchError
from astrocnn.scoring.calibration import Calibration
from astrocnn.scoring.flags import TRAINED_ON, UNCALIBRATED, flag_names
from astrocnn.training.model_folder import TrainedModel
from astrocnn.training.predict import predict_set
from astrocnn.training.scores import read_scores, score_table, write_scores
from astrocnn.training.trained_on import EVERY, TrainedOn

CALIBRATION = Calibration(kind="logistic", prevalence=0.5, slope=2.0, offset=-1.0)


@pytest.fixture(scope="module")
def network(pocket):
    from astrocnn import backend

    backend.prepare()
    return pocket().build((16, 16, 2), seed=3)


@pytest.fixture
def model(network, card):
    def make(groups=(), ids=(), **changes):
        number = len(groups) + len(ids)
        trained = TrainedOn(
            np.array([*[f"of-{group}" for group in groups], *ids], dtype=str),
            np.array([*groups, *[f"group-of-{one}" for one in ids]], dtype=str),
            np.full(number, "train"), np.full(number, EVERY),
        )  # fmt: skip
        return TrainedModel(card(**changes), (network,), trained)

    return make


def test_columns_are_the_network_s_outputs(model, network, write_set):
    samples, trained = write_set(12), model(views=4)
    mean, spread = predict_set(network, samples, trained.card.normalisation, 16, 4)
    table = score_table(trained, samples, "finder")
    np.testing.assert_array_equal(table["id"], samples.ids)
    np.testing.assert_allclose(table["score_finder"], mean[:, 0], rtol=1e-6)  # normalisations are folded
    np.testing.assert_array_equal(table["mean"], table["score_finder"])
    np.testing.assert_allclose(table["spread"], spread[:, 0], atol=1e-6)
    assert list(table) == ["id", "score_finder", "mean", "spread", "probability", "flags"]


def test_the_probability_is_calibrated_and_moved_to_the_prevalence(model, write_set):
    samples, trained = write_set(12), model(calibration=CALIBRATION)
    table = score_table(trained, samples, "finder")
    odds = (table["mean"] / (1 - table["mean"])) ** 2.0 * np.exp(-1.0)
    np.testing.assert_allclose(table["probability"], odds / (1 + odds), rtol=1e-6)
    rare = score_table(trained, samples, "finder", prevalence=0.001)["probability"]
    odds *= 0.001 / 0.999  # the prior odds were 1
    np.testing.assert_allclose(rare, odds / (1 + odds), rtol=1e-6)
    assert not table["flags"].any()


def test_without_a_calibration_the_probability_is_empty_and_that_is_flagged(model, write_set):
    table = score_table(model(), write_set(12), "finder")
    assert np.isnan(table["probability"]).all()
    assert set(table["flags"]) == {UNCALIBRATED}


def test_objects_trained_on_are_flagged_by_group_and_by_id(model, write_set):
    group = np.array([f"galaxy-{row // 2}" for row in range(12)], object)
    samples = write_set(12, name="object", columns={"group": group})
    table = score_table(model(groups=["galaxy-1"], ids=["object-9"], calibration=CALIBRATION), samples, "finder")
    assert np.flatnonzero(table["flags"] == TRAINED_ON).tolist() == [2, 3, 9]
    assert flag_names(table["flags"])[2] == "trained_on"


def test_flags_of_detection_are_kept(model, write_set):
    flags = (np.arange(12) % 4).astype(np.int32)
    table = score_table(model(groups=["set-3"]), write_set(12, columns={"flags": flags}), "finder")
    np.testing.assert_array_equal(table["flags"] & 0xFFFF, flags)
    assert table["flags"][3] == 3 | TRAINED_ON | UNCALIBRATED


def test_an_object_that_cannot_be_scored_has_no_number(model, write_set):
    samples = write_set(6)
    data = samples.read(np.arange(6))
    data[2, 8, 8, 0] = np.nan
    table = score_table(model(calibration=CALIBRATION), write_set(6, data=data, name="spoilt"), "finder")
    for name in ("score_finder", "mean", "spread", "probability"):
        assert np.flatnonzero(np.isnan(table[name])).tolist() == [2]


def test_other_data_are_refused(model, write_set):
    with pytest.raises(MismatchError, match=r"finder.*another pixel scale"):
        score_table(model(), write_set(6, scale=0.5), "finder")


def test_one_of_several_classes_is_the_one_searched_for(pocket, card, write_set):
    network = pocket().build((16, 16, 2), outputs=3, seed=3)
    classes = {"classes": ("spiral", "lens", "merger"), "positive": "lens"}
    samples = write_set(6, **classes)
    table = score_table(TrainedModel(card(**classes), (network,)), samples, "finder")
    outputs, _ = predict_set(network, samples, card().normalisation, 16)
    np.testing.assert_allclose(table["mean"], outputs[:, 1], rtol=1e-6)
    assert [name for name in table if name.startswith("mean_")] == ["mean_spiral", "mean_lens", "mean_merger"]
    np.testing.assert_array_equal(table["mean_lens"], table["mean"])


def test_where_no_class_is_searched_for_the_score_is_of_the_most_probable(pocket, card, write_set, tmp_path):
    network = pocket().build((16, 16, 2), outputs=3, seed=3)
    classes = {"classes": ("spiral", "lens", "merger"), "positive": None}
    table = score_table(TrainedModel(card(**classes), (network,)), write_set(6, **classes), "finder")
    each = np.stack([table[f"mean_{name}"] for name in classes["classes"]], axis=1)
    np.testing.assert_array_equal(table["mean"], each.max(axis=1))
    assert table["class"].tolist() == [classes["classes"][best] for best in each.argmax(axis=1)]
    write_scores(table, tmp_path / "scores.parquet")
    assert read_scores(tmp_path / "scores.parquet")["class"].tolist() == table["class"].tolist()


def test_objects_of_the_training_are_scored_by_networks_that_left_them_out(pocket, card, write_set):
    networks = tuple(pocket().build((16, 16, 2), seed=seed) for seed in (1, 2, 3))
    samples = write_set(12)
    folds = np.arange(9) % 3
    trained = TrainedOn(samples.ids[:9].astype(str), samples.ids[:9].astype(str), np.full(9, "train"), folds)
    table = score_table(TrainedModel(card(networks=3, folds=3), networks, trained), samples, "finder")
    alone = np.stack([predict_set(one, samples, card().normalisation, 16)[0][:, 0] for one in networks])
    np.testing.assert_allclose(table["mean"][:9], alone[folds, np.arange(9)], rtol=1e-5)
    np.testing.assert_allclose(table["mean"][9:], alone[:, 9:].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(table["spread"][9:], alone[:, 9:].std(axis=0), atol=1e-6)
    names = [f"score_finder_{number}" for number in (1, 2, 3)]
    assert np.isfinite(np.stack([table[name] for name in names])[:, :9]).sum(axis=0).tolist() == [1] * 9
    assert flag_names(table["flags"]).tolist() == ["out_of_fold,uncalibrated"] * 9 + ["uncalibrated"] * 3


def test_a_written_table_comes_back(model, write_set, tmp_path):
    table = score_table(model(calibration=CALIBRATION), write_set(12), "finder")
    table["mean"][3] = np.nan
    write_scores(table, tmp_path / "scores.parquet")
    back = read_scores(tmp_path / "scores.parquet")
    assert list(back) == list(table)
    np.testing.assert_array_equal(back["id"], table["id"])
    np.testing.assert_array_equal(back["flags"], table["flags"])
    np.testing.assert_array_equal(back["mean"], table["mean"].astype(np.float32))
    types = {field.name: str(field.type) for field in parquet.read_schema(tmp_path / "scores.parquet")}
    assert types == {
        "id": "string", "score_finder": "float", "mean": "float", "spread": "float", "probability": "float",
        "flags": "int32",
    }  # fmt: skip


def test_an_empty_table_can_be_written(model, write_set, tmp_path):
    """The scores of a tile without galaxies."""
    table = score_table(model(), write_set(6).select(np.zeros(6, bool)), "finder")
    write_scores(table, tmp_path / "scores.parquet")
    types = [str(field.type) for field in parquet.read_schema(tmp_path / "scores.parquet")]
    assert types == ["string", "float", "float", "float", "float", "int32"], "it is put together with those of others"
    assert {name: len(values) for name, values in read_scores(tmp_path / "scores.parquet").items()} == dict.fromkeys(
        table, 0
    )
