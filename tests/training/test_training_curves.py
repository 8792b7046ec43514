"""Light curves through the whole training: a dip in noise is learnt, stopped and gone on with, kept and scored."""

import json

import numpy as np
import pytest

from astrocnn.errors import MismatchError, StageFailed
from astrocnn.receptive_field.coverage import gate
from astrocnn.receptive_field.tables import field_of
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter
from astrocnn.training.augment import Augmentation
from astrocnn.training.fit import FitSettings, fit
from astrocnn.training.model_folder import load_model, refuse_mismatch
from astrocnn.training.normalise import Normalisation, fit_normalisation
from astrocnn.training.optimizer import Sgd
from astrocnn.training.parameters import NetworkTraining, Training
from astrocnn.training.predict import predict_set
from astrocnn.training.schedule import InverseTimeSchedule
from astrocnn.training.scores import score_table
from astrocnn.training.session import TrainingOrder, train_model

LENGTH, SIZE = 48, 40
PEARSON = {"optimizer": Sgd(momentum=0.25, nesterov=True), "learning_rate": 0.1,
           "schedule": InverseTimeSchedule(decay=1e-4), "normalise": "object"}  # fmt: skip


def silent(done, total, text):
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def dips(tmp_path_factory):
    """Curves of noise 1 about levels of their own; in every second a box of 8 samples, 3 deep, in the middle."""
    rng, number = np.random.default_rng(0), 160
    label = np.arange(number) % 2
    box = np.abs(np.arange(LENGTH) - (LENGTH - 1) / 2) < 4
    level = rng.uniform(100, 1000, (number, 1))
    data = level + rng.normal(size=(number, LENGTH)) - 3.0 * label[:, None] * box
    table = {
        "id": np.array([f"star-{row}" for row in range(number)], object), "label": label.astype(np.int8),
        "split": np.where(np.arange(number) < 112, "train", "validation").astype(object),
    }  # fmt: skip
    meta = SampleMeta(
        kind="curves", shape=(LENGTH, 1), bands=("flux",), scale=0.5, scale_unit="hour", classes=("quiet", "transit"),
        positive="transit",
    )  # fmt: skip
    path = tmp_path_factory.mktemp("dips") / "samples.h5"
    with ShardWriter(path, meta) as writer:
        writer.append(data[:, :, None].astype(np.float32), table)
    return SampleSet.open(path.parent)


@pytest.fixture(scope="module")
def train(dips, more_networks, tmp_path_factory):
    """Train the small network: train(scratch, progress) gives model and history."""
    root = tmp_path_factory.mktemp("trainings")
    training = Training(
        epochs=12, batch_size=16, augment=Augmentation(shift_samples=3, reverse=True, gain=(0.9, 1.1)), **PEARSON
    )

    def run(scratch, progress):
        model = more_networks("thread").build((SIZE, 1), seed=2)
        settings = FitSettings(training, (SIZE,), 5, "binary_crossentropy")
        sets = dips.split("train"), dips.split("validation")
        normalisation = fit_normalisation(sets[0], None, normalise="object")
        return model, fit(model, *sets, normalisation, settings, root / scratch, progress)

    return run


@pytest.fixture(scope="module")
def straight(train):
    return train("straight", silent)


def test_a_dip_in_noise_is_learnt(straight):
    """With the optimizer, schedule and normalisation of Pearson et al. 2018; the levels tell nothing."""
    history = straight[1]
    assert history[-1]["validation_auroc"] > 0.95
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]
    assert history[0]["learning_rate"] == pytest.approx(0.1 / (1 + 1e-4 * 6))  # in the seventh step
    assert history[-1]["learning_rate"] == pytest.approx(0.1 / (1 + 1e-4 * 83))


def test_a_training_by_momentum_that_was_stopped_ends_with_the_same_bits(train, straight):
    """Within the eighth epoch, and gone on with in a network built anew."""

    def killed(done, total, text):
        if done == 7 * 7 + 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("stopped", killed)
    model, history = train("stopped", silent)
    for got, expected in zip(model.variables, straight[0].variables, strict=True):
        np.testing.assert_array_equal(np.asarray(got), np.asarray(expected))
    told = [[{**row, "seconds": 0} for row in rows] for rows in (history, straight[1])]
    assert told[0] == told[1]


def test_scores_are_those_of_the_middle_by_its_own_mean_and_deviation(dips, straight):
    own = Normalisation(mean=(0.0,), sigma=(1.0,), own=True)
    mean, spread = predict_set(straight[0], dips, own, SIZE, views=2)
    middle = dips.read(np.arange(len(dips)))[:, 4:44].astype(float)
    middle = (middle - middle.mean(axis=1, keepdims=True)) / middle.std(axis=1, keepdims=True)
    both = np.stack([np.asarray(straight[0](view, training=False)) for view in (middle, middle[:, ::-1])])
    np.testing.assert_allclose(mean, both.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(spread, both.std(axis=0), atol=1e-5)
    assert spread.max() > 1e-3


def test_an_own_mean_and_deviation_is_of_the_object_alone():
    rng = np.random.default_rng(0)
    curves = rng.normal(rng.uniform(1e4, 1e6, (5, 1, 2)), rng.uniform(1, 9, (5, 1, 2)), (5, 30, 2)).astype(np.float32)
    curves[3, :, 1] = 7.0
    own = Normalisation(mean=(0.0, 0.0), sigma=(1.0, 1.0), own=True)
    got = own.apply(curves)
    np.testing.assert_allclose(got.mean(axis=1), 0, atol=1e-6)
    deviation = np.ones((5, 2))
    deviation[3, 1] = 0  # a constant channel becomes zeros, not NaN
    np.testing.assert_allclose(got.std(axis=1), deviation, atol=1e-6)
    np.testing.assert_array_equal(own.apply(curves[2:3]), got[2:3])
    clipped = own.model_copy(update={"clip_sigma": 1.0}).apply(curves)
    np.testing.assert_array_equal(clipped, np.clip(got, -1, 1))


def test_values_can_be_left_as_they_are(dips):
    fitted = fit_normalisation(dips, None, normalise="none")
    data = dips.read(np.arange(3))
    np.testing.assert_array_equal(fitted.apply(data), data)


@pytest.fixture(scope="module")
def order(dips, more_networks):
    """order(**changes) of a training of two epochs."""
    verdict = gate(field_of(more_networks("thread"), (SIZE, 1)), scale=0.5, unit="hour", required=4.0)

    def make(**changes):
        parameters = {
            "network": "thread", "input_px": SIZE, "epochs": 2, "batch_size": 16, "views": 2,
            "augment": Augmentation(shift_samples=4), **PEARSON, **changes,
        }  # fmt: skip
        return TrainingOrder(dips.shards[0].parent, "hash", {}, NetworkTraining(**parameters), verdict, 1)

    return make


@pytest.fixture(scope="module")
def folder(order, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    train_model(order(), folder, tmp_path_factory.mktemp("scratch"), silent)
    return folder


def test_the_model_folder_is_that_of_curves(folder, dips):
    model = load_model(folder)
    card = model.card
    assert (card.kind, card.axes_px, card.size_px, card.stamp_px, card.scale_unit) == ("curves", (40,), 40, 48, "hour")
    assert (card.views, card.normalisation.own, card.calibration.kind) == (2, True, "logistic")
    field = json.loads((folder / "receptive_field.json").read_text())["field"]
    assert field["size"] == [3 + 4 * 2]  # a kernel of 3, then one of 5 at stride 2
    table = score_table(model, dips, "finder")
    expected, _ = predict_set(model.network, dips, card.normalisation, 40, 2)
    np.testing.assert_array_equal(table["mean"], expected[:, 0])
    assert np.isfinite(table["probability"]).all()


def test_images_are_no_curves(folder, dips):
    card = load_model(folder).card
    images = dips.meta.model_copy(update={"kind": "images", "shape": (48, 48, 1)})
    with pytest.raises(MismatchError, match=r"trained on other objects.*curves.*images"):
        refuse_mismatch(card, images, "field")
    short = dips.meta.model_copy(update={"shape": (39, 1)})
    with pytest.raises(MismatchError, match=r"curves are smaller.*at least 40 time steps"):
        refuse_mismatch(card, short, "field")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"augment": Augmentation(shift_samples=5)}, r"thread, input_px: curves of 48 samples are too small"),
        ({"augment": Augmentation(color_noise=(0.1, 0.2))}, r"color_noise has 2 numbers for 1 bands"),
        ({"views": 8}, r"1 or 2 exact views"),
        ({"targets": ("label",)}, r"it tells classes"),
    ],
)
def test_a_training_that_cannot_be_is_refused_from_python_too(order, tmp_path, changes, message):
    with pytest.raises(StageFailed, match=message):
        train_model(order(**changes), tmp_path, tmp_path / "scratch", silent)
