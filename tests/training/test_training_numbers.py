"""Networks that give numbers: they learn columns of the table, say which, and are no finders."""

import numpy as np
import pytest

from astrocnn.errors import MismatchError
from astrocnn.receptive_field.coverage import gate
from astrocnn.receptive_field.tables import field_of
from astrocnn.training.augment import Augmentation
from astrocnn.training.model_folder import load_model
from astrocnn.training.parameters import NetworkTraining
from astrocnn.training.predict import predict_set
from astrocnn.training.schedule import CosineSchedule
from astrocnn.training.scores import score_table
from astrocnn.training.session import TrainingOrder, train_model


def silent(done, total, text):
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def trained(write_set, more_networks, tmp_path_factory):
    """The level of stamps of 14 x 12 px and its double, learnt from 40 of them without a class."""
    rng = np.random.default_rng(0)
    level = rng.uniform(-1, 1, 60)
    data = (level[:, None, None, None] + 0.1 * rng.normal(size=(60, 14, 12, 2))).astype(np.float32)
    columns = {
        "label": np.full(60, -1, np.int8), "level": level, "double": 2 * level,
        "split": np.where(np.arange(60) < 40, "train", "validation").astype(object),
    }  # fmt: skip
    samples = write_set(60, data=data, columns=columns, classes=(), positive=None)
    verdict = gate(field_of(more_networks("gauge"), (14, 12, 2)), scale=0.2, unit="arcsec", required=2.0)
    parameters = NetworkTraining(
        network="gauge", targets=("level", "double"), epochs=15, batch_size=10, learning_rate=0.02,
        schedule=CosineSchedule(), augment=Augmentation(rotate="none"),
    )  # fmt: skip
    order = TrainingOrder(samples.shards[0].parent, "hash", {}, parameters, verdict, 3)
    folder = tmp_path_factory.mktemp("gauge")
    train_model(order, folder, tmp_path_factory.mktemp("scratch"), silent)
    return load_model(folder), samples


def test_numbers_are_learnt(trained):
    """Guessing the mean of both leaves sqrt((1/3 + 4/3) / 2) = 0.91."""
    model, _ = trained
    assert model.card.metrics["validation_rmse"] < 0.2


def test_what_was_watched_is_the_formula(trained):
    model, samples = trained
    validation = samples.split("validation")
    outputs, _ = predict_set(model.network, validation, model.card.normalisation, model.card.axes_px)
    truth = np.stack([validation.column("level"), validation.column("double")], axis=1)
    square = np.mean((outputs - truth) ** 2)
    assert model.card.metrics["validation_loss"] == pytest.approx(square, rel=1e-4)
    assert model.card.metrics["validation_rmse"] == pytest.approx(np.sqrt(square), rel=1e-4)


def test_the_card_names_the_numbers_and_no_class(trained):
    card = trained[0].card
    assert (card.targets, card.classes, card.positive, card.calibration) == (("level", "double"), (), None, None)
    assert (card.input_size, card.size_px, card.axes_px) == ((14, 12), 12, (14, 12))


def test_it_is_no_finder(trained):
    model, samples = trained
    with pytest.raises(MismatchError, match=r"gauge: the model gives numbers.*level, double.*predict_set"):
        score_table(model, samples, "finder")
