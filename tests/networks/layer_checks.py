"""What any layer of ours is tried with: written and loaded, in half precision, and its gradients on either backend."""

import keras
import numpy as np

from astrocnn.receptive_field.gradient import gradient


def numpy_of(values):
    return np.asarray(keras.ops.convert_to_numpy(values))


def slope(function, values):
    """Derivative of the sum of squares of a function's output by its input."""
    return gradient(lambda x: keras.ops.sum(function(x) ** 2))(np.asarray(values, "float32"))


def comes_back(layer, values, tmp_path):
    """Whether a network with the layer predicts the same after it was stored; and states the shape it has."""
    inputs = keras.Input(values.shape[1:])
    model = keras.Model(inputs, layer(inputs))
    before = model.predict_on_batch(values)
    assert layer.compute_output_shape((len(values), *values.shape[1:])) == before.shape
    model.save(tmp_path / "layer.keras")
    again = keras.saving.load_model(tmp_path / "layer.keras", safe_mode=True)
    kept = again.layers[-1].get_config()
    assert kept == layer.get_config()
    np.testing.assert_array_equal(again.predict_on_batch(values), before)


def in_half_precision(layer, values, tolerance=0.02):
    """The same layer with the same weights in mixed precision gives nearly the same, as half-precision numbers."""
    expected = numpy_of(layer(values))
    half = type(layer).from_config({**layer.get_config(), "dtype": "mixed_bfloat16"})
    half.build(values.shape)
    half.set_weights(layer.get_weights())
    found = half(values)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    found = numpy_of(keras.ops.cast(found, "float32"))
    np.testing.assert_allclose(found, expected, atol=tolerance * np.abs(expected).max())
