"""The Gaussian likelihood against scipy, and what a network trained with it learns."""

import keras
import numpy as np
import pytest
from scipy.stats import norm

from astrocnn import backend
from astrocnn.networks.layers.gaussian_likelihood import GaussianNegativeLogLikelihood


def value(targets, answers):
    return float(GaussianNegativeLogLikelihood()(np.asarray(targets, "float32"), np.asarray(answers, "float32")))


def test_against_scipy():
    rng = np.random.default_rng(0)
    targets, means, logs = rng.normal(size=(3, 50, 2))
    expected = -norm.logpdf(targets, means, np.exp(logs)).mean()
    assert value(targets, np.concatenate([means, logs], axis=1)) == pytest.approx(expected, rel=1e-5)


def test_it_is_least_at_the_error_that_is_made():
    """Targets of deviation 3 around a mean that is known: log 3 + (1 + log 2 pi) / 2, and more to both sides."""
    targets = 3 * norm.ppf((np.arange(2000) + 0.5) / 2000)[:, None]
    targets *= 3 / targets.std()
    at = [value(targets, np.full((2000, 2), (0, np.log(3 * factor)))) for factor in (0.9, 1, 1.1)]
    assert at[1] == pytest.approx(np.log(3) + (1 + np.log(2 * np.pi)) / 2, abs=1e-4)
    assert at[0] > at[1] < at[2]


def test_a_missing_target_is_not_hidden():
    assert np.isnan(value([[np.nan], [0]], [[0, 0], [0, 0]]))


def test_it_comes_back_from_its_configuration():
    loss = GaussianNegativeLogLikelihood()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss)
    assert keras.saving.get_registered_name(type(loss)) == "astrocnn>GaussianNegativeLogLikelihood"


def test_deviations_of_each_object_are_learned():
    """Noise of 0.1 or 1 as the second input says: two linear units find the mean and both deviations."""
    rng = np.random.default_rng(1)
    loud = rng.integers(0, 2, 2000)
    truth = rng.normal(size=2000)
    inputs = np.stack([truth, loud], axis=1).astype("float32")
    targets = (2 * truth + rng.normal(size=2000) * np.where(loud, 1, 0.1))[:, None].astype("float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="zeros")])
    model.compile(keras.optimizers.Adam(0.1), GaussianNegativeLogLikelihood(), jit_compile=backend.compiles())
    for _ in range(200):
        model.train_on_batch(inputs, targets)
    mean, log_deviation = model.predict_on_batch(np.array([[1, 0], [1, 1]], "float32")).T
    assert mean[0] == pytest.approx(2, abs=0.05)
    assert np.exp(log_deviation) == pytest.approx([0.1, 1], rel=0.1)
