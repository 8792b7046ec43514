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
def levels(write_set):
    """60 stamps of 14 x 12 px and no class; what is to be learnt of them is their level, and its double."""
    rng = np.random.default_rng(0)
    level = rng.uniform(-1, 1, 60)
    data = (level[:, None, None, None] + 0.1 * rng.normal(size=(60, 14, 12, 2))).astype(np.float32)
    columns = {
        "label": np.full(60, -1, np.int8), "level": level, "double": 2 * level,
        "split": np.where(np.arange(60) < 40, "train", "validation").astype(object),
    }  # fmt: skip
    return write_set(60, data=data, columns=columns, classes=(), positive=None)


@pytest.fixture(scope="module")
def train(levels, more_networks, tmp_path_factory):
    """Train a network on them: train(name) gives the model."""

    def run(name):
        verdict = gate(field_of(more_networks(name), (14, 12, 2)), scale=0.2, unit="arcsec", required=2.0)
        parameters = NetworkTraining(
            network=name, targets=("level", "double"), epochs=15, batch_size=10, learning_rate=0.02,
            schedule=CosineSchedule(), augment=Augmentation(rotate="none"),
        )  # fmt: skip
        order = TrainingOrder(levels.shards[0].parent, "hash", {}, parameters, verdict, 3)
        folder = tmp_path_factory.mktemp(name)
        train_model(order, folder, tmp_path_factory.mktemp("scratch"), silent)
        return load_model(folder)

    return run


@pytest.fixture(scope="module")
def gauge(train):
    return train("gauge")


def outputs_and_truth(model, samples):
    outputs, _ = predict_set(model.network, samples, model.card.normalisation, model.card.axes_px)
    return outputs, np.stack([samples.column("level"), samples.column("double")], axis=1)


def test_numbers_are_learnt(gauge):
    """Guessing the mean of both leaves sqrt((1/3 + 4/3) / 2) = 0.91."""
    assert gauge.card.metrics["validation_rmse"] < 0.2


def test_what_was_watched_is_the_formula(gauge, levels):
    outputs, truth = outputs_and_truth(gauge, levels.split("validation"))
    square = np.mean((outputs - truth) ** 2)
    assert gauge.card.metrics["validation_loss"] == pytest.approx(square, rel=1e-4)
    assert gauge.card.metrics["validation_rmse"] == pytest.approx(np.sqrt(square), rel=1e-4)


def test_values_bring_their_uncertainty_and_their_own_loss(train, levels):
    """Two outputs for each value; the error is that of the first of them, the means."""
    meter = train("meter")
    outputs, truth = outputs_and_truth(meter, levels.split("validation"))
    assert outputs.shape == (20, 4)
    mean, log_deviation = outputs[:, :2], outputs[:, 2:]
    metrics = meter.card.metrics
    assert metrics["validation_rmse"] == pytest.approx(np.sqrt(np.mean((mean - truth) ** 2)), rel=1e-4)
    loss = np.mean(0.5 * ((truth - mean) / np.exp(log_deviation)) ** 2 + log_deviation) + 0.5 * np.log(2 * np.pi)
    assert metrics["validation_loss"] == pytest.approx(loss, rel=1e-3)
    assert metrics["validation_rmse"] < 0.85  # 0.91 is what guessing the mean gives


def test_the_card_names_the_numbers_and_no_class(gauge):
    card = gauge.card
    assert (card.targets, card.classes, card.positive, card.calibration) == (("level", "double"), (), None, None)
    assert (card.input_size, card.size_px, card.axes_px) == ((14, 12), 12, (14, 12))


def test_it_is_no_finder(gauge, levels):
    with pytest.raises(MismatchError, match=r"gauge: the model gives numbers.*level, double.*predict_set"):
        score_table(gauge, levels, "finder")
