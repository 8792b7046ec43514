"""Trained-model folders and samples to explain, made by hand in a second: of stamps, and of light curves."""

from functools import cache

import keras
import numpy as np
from keras import layers

from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.shards import ShardWriter
from astrocnn.training.model_folder import ModelCard, TrainedModel, write_model
from astrocnn.training.normalise import Normalisation
from astrocnn.training.trained_on import TrainedOn

DIP = 9
"""Samples of the dip that curves of the class `transit` have."""


def card(**changes):
    content = {
        "network": "hand-made", "options": {}, "kind": "images", "bands": ("g", "r"), "scale": 0.2,
        "scale_unit": "arcsec", "stamp_px": 16, "size_px": 16,
        "normalisation": Normalisation(mean=(5, 5), sigma=(2, 2)),
        "views": 1, "receptive_field": {"level": "ok", "needed": 1.2, "unit": "arcsec"},
        "classes": ("nonlens", "lens"), "positive": "lens", "metrics": {}, "recipe": {}, "samples_hash": "0",
        "seed": 1, "versions": {},
    }  # fmt: skip
    return ModelCard(**{**content, **changes})


def with_weights(model, **weights):
    """The model with these weights, by layer: with_weights(model, conv=[kernel, bias])."""
    for name, values in weights.items():
        model.get_layer(name).set_weights([np.asarray(value, "float32") for value in values])
    return model


@cache
def spot_finder():
    """Finds a round spot: two convolutions with a Gaussian and a flat kernel, the largest of the map, a sigmoid."""
    inputs = keras.Input((16, 16, 2), name="input")
    x = layers.Conv2D(3, 5, padding="same", activation="relu", name="conv1")(inputs)
    x = layers.Conv2D(2, 3, strides=2, padding="same", activation="relu", name="conv2")(x)
    x = layers.GlobalMaxPooling2D(name="pool")(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(x), name="spot")
    axis = np.arange(5) - 2
    spot = np.exp(-(axis[:, None] ** 2 + axis**2) / 4)
    kernel = np.random.default_rng(0).normal(0, 0.05, (5, 5, 2, 3))
    kernel[..., 0] += spot[..., None] / spot.sum()
    second = np.zeros((3, 3, 3, 2))
    second[1, 1, 0, 0] = second[1, 1, 1, 1] = 1
    weights = {"conv1": [kernel, np.zeros(3)], "conv2": [second, np.zeros(2)], "probability": [[[3.0], [-0.5]], [-2.0]]}
    return TrainedModel(card(), (with_weights(model, **weights),))


@cache
def dip_finder():
    """Finds a dip of a light curve: a box with edges, the mean of its largest answers, a softmax of three classes."""
    inputs = keras.Input((120, 1), name="input")
    x = layers.Conv1D(4, DIP + 6, padding="same", activation="relu", name="conv1")(inputs)
    x = layers.MaxPooling1D(2, name="pool1")(x)
    x = layers.Conv1D(3, 5, padding="same", activation="relu", name="conv2")(x)
    x = layers.GlobalMaxPooling1D(name="pool")(x)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="classes")(x), name="dip")
    box = np.full(DIP + 6, 1 / 6)
    box[3:-3] = -1 / DIP
    kernel = np.random.default_rng(0).normal(0, 0.02, (DIP + 6, 1, 4))
    kernel[:, 0, 0] += box
    kernel[:, 0, 1] -= box
    second = np.zeros((5, 4, 3))
    second[2, 0, 0] = second[2, 1, 1] = second[1:4, 2, 2] = 1
    dense = np.array([[0, 4.0, 0], [0, 0, 4.0], [1, 0, 0]])
    weights = {"conv1": [kernel, np.zeros(4)], "conv2": [second, np.zeros(3)], "classes": [dense, [2.0, 0, 0]]}
    described = card(
        kind="curves", bands=("flux",), scale=0.5, scale_unit="hour", stamp_px=120, size_px=120,
        normalisation=Normalisation(mean=(1.0,), sigma=(0.01,)), classes=("constant", "transit", "flare"),
        positive=None, receptive_field={"level": "ok", "needed": 4.5, "unit": "hour"},
    )  # fmt: skip
    return TrainedModel(described, (with_weights(model, **weights),))


def stamps(folder, number=12, size=20):
    """Noise of 2 on a sky of 5, and in every second one a spot, up and right of the middle."""
    rng = np.random.default_rng(1)
    label = np.arange(number) % 2
    y, x = np.mgrid[:size, :size]
    spot = np.exp(-((y - 12) ** 2 + (x - 13) ** 2) / 5)
    data = rng.normal(5, 2, (number, size, size, 2)) + 8 * label[:, None, None, None] * spot[..., None]
    data += np.arange(number)[:, None, None, None] * 0.2 * label[:, None, None, None] * spot[..., None]
    meta = {"kind": "images", "bands": ("g", "r"), "scale": 0.2, "scale_unit": "arcsec", "positive": "lens"}
    wcs = np.tile([10.5, 10.5, 150.0, 2.0, -5e-5, 0.0, 0.0, 5e-5], (number, 1))
    return _written(folder, data, label, ("nonlens", "lens"), "stamp", {"wcs": wcs}, **meta)


def curves(folder, number=9):
    """Flat curves with noise of 1 %, in turn as they are, with a dip of 4 %, and with a brightening."""
    rng = np.random.default_rng(2)
    label = np.arange(number) % 3
    data = rng.normal(1, 0.01, (number, 120, 1))
    start = 40 + np.arange(number)
    for k in range(number):
        data[k, start[k] : start[k] + DIP, 0] += (0, -0.04, 0.04)[label[k]]
    meta = {"kind": "curves", "bands": ("flux",), "scale": 0.5, "scale_unit": "hour"}
    return _written(folder, data, label, ("constant", "transit", "flare"), "curve", {}, **meta)


def write_folder(folder, model):
    """The model's folder."""
    folder.mkdir()
    write_model(folder, model.card, model.networks, TrainedOn.nothing())
    return folder


def _written(folder, data, label, classes, name, planes, **meta):
    number = len(data)
    columns = {
        "id": np.array([f"{name}-{k}" for k in range(number)], object), "label": label.astype(np.int8),
        "split": np.where(np.arange(number) < 3 * number // 4, "test", "train").astype(object),
    }  # fmt: skip
    folder.mkdir()
    described = SampleMeta(shape=data.shape[1:], classes=classes, **meta)
    with ShardWriter(folder / "samples.h5", described) as writer:
        writer.append(data.astype(np.float32), columns, **planes)
    return SampleSet.open(folder)
