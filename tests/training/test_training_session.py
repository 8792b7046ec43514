"""One training from samples to model folder, and models that are taken over."""

import csv
import json

import numpy as np
import pytest

from astrocnn.errors import LeakError, MismatchError, StageFailed, StoreError
from astrocnn.receptive_field.coverage import gate
from astrocnn.receptive_field.tables import field_of
from astrocnn.scoring.calibration import fit_logistic, fit_temperature, tempered
from astrocnn.training.augment import Augmentation
from astrocnn.training.model_folder import load_model
from astrocnn.training.normalise import fit_normalisation
from astrocnn.training.parameters import NetworkTraining
from astrocnn.training.predict import predict_set
from astrocnn.training.predict_model import predict_model
from astrocnn.training.schedule import CosineSchedule
from astrocnn.training.scores import score_table
from astrocnn.training.session import TrainingOrder, import_model, train_model


def silent(done, total, text):
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def order(pocket, write_set):
    """order(**changes of the parameters, samples=...) to train the small network for two epochs."""
    verdict = gate(field_of(pocket(), (16, 16, 2)), scale=0.2, unit="arcsec", required=2.0)
    usual = write_set(48, 18)

    def make(samples=None, start_from=None, **changes):
        parameters = {
            "network": "pocket", "options": {"filters": 3}, "input_px": 16, "epochs": 2, "batch_size": 16,
            "learning_rate": 0.01, "schedule": CosineSchedule(), "clip_sigma": 250.0, "views": 4,
            "augment": Augmentation(rotate="quarter"), **changes,
        }  # fmt: skip
        samples = samples or usual
        return TrainingOrder(
            samples.shards[0].parent,
            "hash-of-samples",
            {"epochs": 2},
            NetworkTraining(**parameters),
            verdict,
            7,
            start_from,
        )

    make.samples = usual
    return make


@pytest.fixture(scope="module")
def trained(order, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    used, _ = train_model(order(), folder, tmp_path_factory.mktemp("scratch"), silent)
    return folder, used


def test_the_card_says_what_was_done(trained, order):
    card = load_model(trained[0]).card
    assert (card.network, card.options, card.views, card.seed) == ("pocket", {"filters": 3}, 4, 7)
    assert (card.stamp_px, card.size_px, card.bands, card.scale, card.scale_unit) == (18, 16, ("g", "r"), 0.2, "arcsec")
    assert (card.classes, card.positive) == (("nonlens", "lens"), "lens")
    assert (card.samples_hash, card.recipe) == ("hash-of-samples", {"epochs": 2})
    assert card.receptive_field == json.loads(json.dumps(order().verdict.to_json()))
    assert {"keras", "numpy", "backend"} <= set(card.versions)


def test_constants_come_from_the_training_split_alone(trained, order):
    assert load_model(trained[0]).card.normalisation == fit_normalisation(order.samples.split("train"), 250.0)


def test_the_calibration_is_that_of_the_validation_split(trained, order):
    model = load_model(trained[0])
    validation = order.samples.split("validation")
    scores, _ = predict_set(model.network, validation, model.card.normalisation, 16, 4)
    expected = fit_logistic(scores[:, 0], validation.column("label"))
    assert model.card.calibration.slope == pytest.approx(expected.slope, rel=1e-6)
    assert model.card.calibration.offset == pytest.approx(expected.offset, rel=1e-6)


def test_what_was_used_is_told_and_remembered(trained, order):
    folder, used = trained
    splits = order.samples.column("split")
    assert used == {name: order.samples.ids[splits == name].tolist() for name in ("train", "validation")}
    assert load_model(folder).trained.ids.tolist() == used["train"] + used["validation"]


def test_the_history_has_a_row_for_each_epoch(trained):
    with (trained[0] / "history.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["epoch"]) for row in rows] == [1, 2]
    assert list(rows[0])[:3] == ["epoch", "loss", "learning_rate"]
    assert {"validation_loss", "validation_auroc", "seconds"} <= set(rows[0])
    card = load_model(trained[0]).card
    assert float(rows[-1]["validation_loss"]) == pytest.approx(card.metrics["validation_loss"], rel=1e-8)


def test_the_receptive_field_stands_beside_it(trained, order):
    content = json.loads((trained[0] / "receptive_field.json").read_text())
    assert content["verdict"]["needed"] == 2.0
    # 5, 5 + 4 * 2 and 13 + 4 * 4: the three convolutions of the network
    assert content["field"]["size"] == [29, 29]


def test_the_same_order_gives_the_same_weights(order, trained, tmp_path):
    train_model(order(), tmp_path, tmp_path / "scratch", silent)
    for again, first in zip(
        load_model(tmp_path).network.get_weights(), load_model(trained[0]).network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(again, first)


def test_no_epochs_leave_the_first_weights(order, pocket, tmp_path):
    train_model(order(epochs=0), tmp_path, tmp_path / "scratch", silent)
    fresh = pocket(filters=3).build((16, 16, 2), seed=7).get_weights()
    for got, expected in zip(load_model(tmp_path).network.get_weights(), fresh, strict=True):
        np.testing.assert_array_equal(got, expected)
    assert load_model(tmp_path).card.metrics == {}


def test_groups_on_both_sides_of_a_split_are_refused(order, write_set, tmp_path):
    group = np.array([f"galaxy-{row % 20}" for row in range(48)], object)
    torn = write_set(48, 18, columns={"group": group})
    with pytest.raises(LeakError, match="more than one split: galaxy-"):
        train_model(order(torn), tmp_path, tmp_path / "scratch", silent)


def test_a_set_without_a_training_split_is_refused(order, write_set, tmp_path):
    samples = write_set(12, 18, columns={"split": np.array(["test", "validation"] * 6, object)})
    with pytest.raises(Exception, match=r"no object is in the (train split|split 'train')") as caught:
        train_model(order(samples), tmp_path, tmp_path / "scratch", silent)
    assert type(caught.value).__module__ == "astrocnn.errors"


def test_objects_without_a_label_are_left_out_and_named(order, write_set, tmp_path):
    """Those of the splits that are trained on; constants and folds are of the labelled ones alone."""
    number = np.arange(48)
    label = np.where(number % 6 == 5, -1, number % 2).astype(np.int8)
    samples = write_set(48, 18, columns={"label": label})
    used, unlabelled = train_model(order(samples, epochs=1, folds=2), tmp_path, tmp_path / "scratch", silent)
    trainable = samples.column("split") != "test"
    assert unlabelled == samples.ids[(label < 0) & trainable].tolist()
    assert sorted(used["train"] + used["validation"]) == sorted(samples.ids[(label >= 0) & trainable].tolist())
    assert set(load_model(tmp_path).trained.ids) == set(used["train"] + used["validation"])


def test_a_set_without_any_label_is_refused(order, write_set, tmp_path):
    samples = write_set(12, 18, columns={"label": np.full(12, -1, np.int8)})
    with pytest.raises(StageFailed, match=r"no object has a label.*name their classes"):
        train_model(order(samples), tmp_path, tmp_path / "scratch", silent)


def test_one_class_in_the_validation_split_means_no_calibration(order, write_set, tmp_path):
    number = np.arange(48)
    split = np.where(number < 40, "train", np.where(number % 2, "validation", "test")).astype(object)
    train_model(order(write_set(48, 18, columns={"split": split}), epochs=1), tmp_path, tmp_path / "scratch", silent)
    assert load_model(tmp_path).card.calibration is None


def test_training_goes_on_from_a_model(order, trained, tmp_path):
    """Its weights and its constants; zero epochs leave both as they were."""
    train_model(order(start_from=trained[0], epochs=0), tmp_path, tmp_path / "scratch", silent)
    old, new = load_model(trained[0]), load_model(tmp_path)
    assert new.card.normalisation == old.card.normalisation
    for got, expected in zip(new.network.get_weights(), old.network.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_what_the_first_training_saw_stays_remembered(order, trained, write_set, tmp_path):
    """Else an evaluation on the first training set would pass for one on unseen objects."""
    more = write_set(24, 18, name="more")
    train_model(order(more, start_from=trained[0], epochs=0), tmp_path, tmp_path / "scratch", silent)
    ids = set(load_model(tmp_path).trained.ids)
    assert set(trained[1]["train"]) <= ids
    assert set(more.split("train").ids) <= ids


def test_one_network_for_each_fold_left_out(order, tmp_path):
    """Each object of train and validation is scored by the one network that has not seen it."""
    train_model(order(folds=3, epochs=2, views=1), tmp_path, tmp_path / "scratch", silent)
    model, samples = load_model(tmp_path), order.samples
    card, used = model.card, samples.select(samples.column("split") != "test")
    assert (card.networks, card.folds, len(model.networks)) == (3, 3, 3)
    assert sorted(path.name for path in tmp_path.glob("history*")) == [
        "history-1.csv", "history-2.csv", "history-3.csv", "history.csv",
    ]  # fmt: skip
    assert set(model.trained.ids) == set(used.ids)
    assert np.bincount(model.trained.folds).min() >= 12
    seen = model.seen(used.ids, used.column("group"))
    assert seen.sum(axis=0).tolist() == [2] * len(used)
    outputs = predict_model(model, used)
    alone = [predict_set(network, used, card.normalisation, 16)[0] for network in model.networks]
    rows = np.arange(len(used))
    np.testing.assert_allclose(outputs.mean, np.stack(alone)[np.argmin(seen, axis=0), rows], rtol=1e-5)
    assert outputs.out_of_fold.all()
    labels = (used.column("label") == 1).astype(int)
    expected = fit_logistic(outputs.mean[:, 0], labels)
    assert card.calibration.slope == pytest.approx(expected.slope, rel=1e-3)
    tested = samples.split("test")
    assert not model.seen(tested.ids, tested.column("group")).any()


def test_several_classes_are_calibrated_by_a_temperature(order, write_set, tmp_path):
    """On the validation set, at which the loss of the probabilities is then the least."""
    number = np.arange(60)
    columns = {"label": (number % 3).astype(np.int8), "split": np.where(number < 40, "train", "validation")}
    columns["split"] = columns["split"].astype(object)
    samples = write_set(60, 18, columns=columns, classes=("a", "b", "c"), positive=None)
    train_model(order(samples, epochs=1, views=1), tmp_path, tmp_path / "scratch", silent)
    model, watched = load_model(tmp_path), samples.split("validation")
    outputs = predict_model(model, watched).mean
    assert model.card.calibration is None
    assert model.card.temperature == pytest.approx(fit_temperature(outputs, watched.column("label")), rel=0.01)
    table = score_table(model, watched, "finder")
    np.testing.assert_allclose(table["mean_b"], tempered(outputs, model.card.temperature)[:, 1], rtol=1e-4)
    assert np.isfinite(table["probability"]).all()


def test_networks_of_an_ensemble_differ_in_their_seed_only(order, trained, tmp_path):
    train_model(order(ensemble=2), tmp_path, tmp_path / "scratch", silent)
    first, second = (network.get_weights() for network in load_model(tmp_path).networks)
    for got, expected in zip(first, load_model(trained[0]).network.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert any(not np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_a_stopped_training_of_folds_goes_on_where_it_was(order, tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total, text):
        if text.startswith("network 3 of 3 epoch 2"):
            raise Stop

    whole, again, scratch = tmp_path / "whole", tmp_path / "again", tmp_path / "scratch"
    whole.mkdir(), again.mkdir()
    train_model(order(folds=3), whole, tmp_path / "other", silent)
    with pytest.raises(Stop):
        train_model(order(folds=3), again, scratch, stop)
    told = []
    train_model(order(folds=3), again, scratch, lambda done, total, text: told.append(text))
    assert {text.partition(" loss")[0] for text in told} == {"network 3 of 3 epoch 2"}
    for one, other in zip(load_model(whole).networks, load_model(again).networks, strict=True):
        for got, expected in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_going_on_with_other_bands_is_refused(order, trained, write_set, tmp_path):
    other = write_set(12, 18, bands=("g", "i"))
    with pytest.raises(MismatchError, match="other bands"):
        train_model(order(other, start_from=trained[0]), tmp_path, tmp_path / "scratch", silent)


def test_an_imported_model_is_a_copy(trained, tmp_path):
    (trained[0] / "done.json").write_text("{}")
    import_model(trained[0], tmp_path)
    copied = {path.name for path in tmp_path.iterdir()}
    assert copied == {"network.keras", "model.yaml", "trained_on.csv", "history.csv", "receptive_field.json"}
    for name in copied:
        assert (tmp_path / name).read_bytes() == (trained[0] / name).read_bytes()


def test_what_is_no_model_is_not_imported(trained, tmp_path):
    with pytest.raises(StoreError, match="no model folder"):
        import_model(tmp_path, tmp_path / "out")
    half = tmp_path / "half"
    half.mkdir()
    (half / "model.yaml").write_bytes((trained[0] / "model.yaml").read_bytes())
    out = tmp_path / "copy"
    out.mkdir()
    with pytest.raises(StageFailed, match=r"not a whole model folder.*network\.keras"):
        import_model(half, out)
