"""Optimizers against their formulas in numpy, and what cannot be one."""

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from astrocnn import backend
from astrocnn.training.optimizer import Adam, AdamW, Optimizer, Sgd, keras_optimizer

RATES = (0.1, 0.03, 0.05)


def gradient_of(weights):
    """Of the sum of w^2 / 2 + w: any function will do."""
    return weights + 1.0


def stepped(optimizer, start):
    """A kernel and a bias after a step at each rate, by Keras."""
    keras = backend.prepare()
    variables = [keras.Variable(start, name="kernel"), keras.Variable(start[0], name="bias")]
    made = keras_optimizer(optimizer, RATES[0], variables)
    for rate in RATES:
        made.learning_rate = rate
        made.apply([keras.ops.convert_to_tensor(gradient_of(np.asarray(one))) for one in variables])
    return [np.asarray(one) for one in variables]


def descent(weights, momentum, nesterov, decay):
    """Sutskever et al. 2013, equations 1 to 4: v <- m v - rate g, and the gradient's step again ahead of it."""
    velocity = np.zeros_like(weights)
    for rate in RATES:
        gradient = gradient_of(weights)
        weights = weights - rate * decay * weights
        velocity = momentum * velocity - rate * gradient
        weights = weights + (momentum * velocity - rate * gradient if nesterov else velocity)
    return weights


def moments(weights, decay):
    """Kingma & Ba 2015, algorithm 1, with Keras' place of epsilon; Loshchilov & Hutter 2019, algorithm 2."""
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step, rate in enumerate(RATES, start=1):
        gradient = gradient_of(weights)
        weights = weights - rate * decay * weights
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weights = weights - rate * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
    return weights


@pytest.mark.parametrize(
    "optimizer",
    [
        Sgd(),
        Sgd(momentum=0.25),
        Sgd(momentum=0.25, nesterov=True),
        Sgd(momentum=0.9, nesterov=True, weight_decay=0.2),
        Adam(),
        AdamW(weight_decay=0.2),
    ],
    ids=repr,
)
def test_steps_are_those_of_the_formulas(optimizer):
    """At a rate that changes; a bias does not decay."""
    start = np.array([[0.5, -2.0, 3.0], [1.0, 0.25, -0.5]], np.float32)
    decay = getattr(optimizer, "weight_decay", None) or 0.0
    kernel, bias = stepped(optimizer, start)
    for got, weights, share in ((kernel, start, decay), (bias, start[0], 0.0)):
        weights = weights.astype(float)
        if isinstance(optimizer, Sgd):
            expected = descent(weights, optimizer.momentum, optimizer.nesterov, share)
        else:
            expected = moments(weights, share)
        # 1 - 0.999^t in float32 has lost three digits: 3e-5 of each of the three steps of at most 0.1
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=6e-6)


def test_an_optimizer_is_told_by_its_name():
    adapter = TypeAdapter(Optimizer)
    assert adapter.validate_python({"name": "sgd", "momentum": 0.9}) == Sgd(momentum=0.9)
    assert adapter.validate_python({"name": "adamw"}).weight_decay == 0.01
    assert adapter.validate_python({"name": "adam"}) == Adam()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": "lion"},
        {"name": "adam", "momentum": 0.9},
        {"name": "adam", "weight_decay": 0.1},
        {"name": "adamw", "weight_decay": 0.0},
        {"name": "sgd", "momentum": 1.0},
        {"name": "sgd", "nesterov": True},
        {"name": "sgd", "nesterov": 1, "momentum": 0.5},
    ],
)
def test_optimizers_that_are_none_are_refused(wrong):
    with pytest.raises(ValidationError):
        TypeAdapter(Optimizer).validate_python(wrong)
