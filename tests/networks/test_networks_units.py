"""Untied biases and maxout units against numpy."""

import keras
import numpy as np
import pytest

from astrocnn.errors import MismatchError
from astrocnn.networks.layers.maxout import Maxout
from astrocnn.networks.layers.untied_bias import UntiedBias


def values(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


def numbers(tensor):
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


@pytest.mark.parametrize("shape", [(4, 5, 6, 3), (4, 7, 2), (4, 9)])
def test_untied_bias(shape):
    layer = UntiedBias(keras.initializers.Constant(0.1))
    inputs = values(*shape)
    np.testing.assert_allclose(numbers(layer(inputs)), inputs + np.float32(0.1), rtol=1e-6)
    biases = values(*shape[1:])
    layer.set_weights([biases])
    np.testing.assert_array_equal(numbers(layer(inputs)), inputs + biases[None])
    assert layer.count_params() == np.prod(shape[1:])


def test_a_convolution_with_equal_untied_biases_is_a_tied_one():
    tied = keras.layers.Conv2D(4, 3)
    inputs = values(2, 8, 8, 3)
    expected = tied(inputs)
    biases = values(4)
    tied.set_weights([tied.get_weights()[0], biases])
    expected = numbers(tied(inputs))
    plain = keras.layers.Conv2D(4, 3, use_bias=False)
    untied = UntiedBias()
    untied(plain(inputs))
    plain.set_weights(tied.get_weights()[:1])
    untied.set_weights([np.broadcast_to(biases, (6, 6, 4))])
    np.testing.assert_allclose(numbers(untied(plain(inputs))), expected, atol=1e-6)


@pytest.mark.parametrize("pieces", [1, 2, 3])
@pytest.mark.parametrize("shape", [(4, 6), (2, 5, 12), (2, 3, 4, 6)])
def test_maxout(shape, pieces):
    inputs = values(*shape)
    expected = np.stack([inputs[..., piece::pieces] for piece in range(pieces)]).max(axis=0)
    layer = Maxout(pieces)
    np.testing.assert_array_equal(numbers(layer(inputs)), expected)
    assert layer.compute_output_shape(shape) == expected.shape
    assert layer(keras.Input(shape[1:])).shape == (None, *expected.shape[1:])


def test_maxout_by_hand_and_with_nan():
    np.testing.assert_array_equal(numbers(Maxout()(np.array([[1.0, 2.0, -5.0, -7.0]], "float32"))), [[2, -5]])
    outcome = numbers(Maxout()(np.array([[np.nan, 2.0, -5.0, -7.0]], "float32")))
    np.testing.assert_array_equal(outcome, [[np.nan, -5]])


def test_maxout_of_channels_that_cannot_be_grouped():
    with pytest.raises(MismatchError, match="expected a multiple of 2; received 5"):
        Maxout()(values(3, 5))


@pytest.mark.parametrize("layer", [Maxout(3), UntiedBias("ones")])
@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_any_precision_and_back_from_the_configuration(layer, policy):
    inputs = values(2, 4, 6)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    rounded = type(layer).from_config({**layer.get_config(), "dtype": policy})
    outcome = rounded(inputs)
    assert keras.backend.standardize_dtype(outcome.dtype) == rounded.compute_dtype
    np.testing.assert_allclose(numbers(outcome), numbers(again(inputs)), atol=0.03)
