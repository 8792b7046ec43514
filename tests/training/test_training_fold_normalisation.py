"""Batch normalisation folded into the layer before it: the same outputs from fewer layers."""

import keras
import numpy as np
import pytest
from keras import layers

from astrocnn.networks import registry
from astrocnn.training.fold_normalisation import fold_normalisation


def normalisations(model):
    return [layer.name for layer in model.layers if isinstance(layer, layers.BatchNormalization)]


def unsettled(model, seed=1):
    """Statistics, scales and shifts as after a training."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([np.abs(rng.normal(1, 0.3, values.shape)) for values in layer.get_weights()])
    return model


def assert_same(model, folded, shape):
    inputs = np.random.default_rng(2).normal(size=(5, *shape)).astype("float32")
    expected, received = model.predict_on_batch(inputs), folded.predict_on_batch(inputs)
    assert np.ptp(expected) > 1e-4
    np.testing.assert_allclose(received, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("name", "size", "left"), [("deeplens", 45, 3), ("petrillo2017", 32, 0), ("petrillo2019", 32, 0), ("lastro", 69, 0)]
)
def test_networks_of_the_zoo(name, size, left):
    """Of a pre-activation unit the normalisation after the sum stays."""
    options = {**registry.get(name).smoke_options, **({"units_per_block": 2} if name == "deeplens" else {})}
    model = unsettled(registry.build(name, (size, size, 2), seed=3, **options))
    weights = model.get_weights()
    folded = fold_normalisation(model)
    assert len(normalisations(folded)) == left
    assert folded.count_params() <= model.count_params()
    assert_same(model, folded, (size, size, 2))
    assert all((before == after).all() for before, after in zip(weights, model.get_weights(), strict=True))


def test_what_cannot_be_folded_stays():
    """A convolution that another layer or the caller reads, or that is followed by an activation."""
    inputs = keras.Input((12, 12, 2))
    read_twice = layers.Conv2D(3, 3, name="read_twice")(inputs)
    first = layers.BatchNormalization(name="after_read_twice")(read_twice)
    active = layers.Conv2D(3, 1, activation="relu", name="active")(layers.Add()([first, read_twice]))
    second = layers.BatchNormalization(name="after_active")(active)
    folds = layers.Conv2D(4, 1, name="folds")(second)
    third = layers.BatchNormalization(center=False, scale=False, name="after_folds")(folds)
    model = unsettled(keras.Model(inputs, layers.GlobalAveragePooling2D()(third)))
    folded = fold_normalisation(model)
    assert normalisations(folded) == ["after_read_twice", "after_active"]
    assert_same(model, folded, (12, 12, 2))
    outside = keras.Model(inputs, [folds, third])
    assert "after_folds" in normalisations(fold_normalisation(outside))


def test_curves_and_dense_layers():
    inputs = keras.Input((20, 1))
    features = layers.BatchNormalization()(layers.Conv1D(4, 5, use_bias=False)(inputs))
    features = layers.BatchNormalization(epsilon=0.1)(layers.Dense(3)(layers.Flatten()(features)))
    model = unsettled(keras.Model(inputs, features))
    folded = fold_normalisation(model)
    assert normalisations(folded) == []
    assert_same(model, folded, (20, 1))


def test_models_without_a_graph_are_taken_as_they_are():
    model = keras.Sequential([keras.Input((8, 1)), layers.Conv1D(2, 3), layers.BatchNormalization()])
    assert fold_normalisation(model) is model
