"""Convolution by Fourier transform against Keras's convolution of the same weights."""

import keras
import numpy as np
import pytest
from keras import ops
from layer_checks import comes_back, in_half_precision, numpy_of, slope
from scipy.signal import correlate

from astrocnn.errors import MismatchError, PipelineFileError
from astrocnn.networks.layers.fourier_convolution import FourierConv1D, FourierConv2D, fast_length
from astrocnn.receptive_field.gradient import gradient

RNG = np.random.default_rng(1)
IMAGES = RNG.normal(size=(2, 12, 15, 3)).astype("float32")
CURVES = RNG.normal(size=(2, 31, 3)).astype("float32")
CASES = [
    *((IMAGES, kernel, stride, padding) for kernel, stride in ((1, 1), (2, 1), (5, 1), (5, 2), ((4, 3), 3), (11, 2))
      for padding in ("valid", "same")),
    *((CURVES, kernel, stride, padding) for kernel, stride in ((6, 1), (7, 2), (21, 3))
      for padding in ("valid", "same", "causal")),
]  # fmt: skip


def pair(values, kernel, stride, padding, **options):
    """Both layers with the same weights, the bias not zero."""
    rank = values.ndim - 2
    kinds = {1: (FourierConv1D, keras.layers.Conv1D), 2: (FourierConv2D, keras.layers.Conv2D)}[rank]
    layers = [kind(4, kernel, strides=stride, padding=padding, **options) for kind in kinds]
    for layer in layers:
        layer.build(values.shape)
    rng = np.random.default_rng(2)
    weights = [rng.normal(size=weight.shape) for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def close(found, expected):
    """1e-4 of the largest: rounding of float32 (6e-8) times the square root of some thousand terms, with room."""
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(("values", "kernel", "stride", "padding"), CASES)
def test_same_as_direct(values, kernel, stride, padding):
    ours, direct = pair(values, kernel, stride, padding, activation="tanh")
    close(numpy_of(ours(values)), numpy_of(direct(values)))


@pytest.mark.parametrize(
    ("values", "kernel", "stride", "padding"), [CASES[2], CASES[9], CASES[10], CASES[16], CASES[20]]
)
def test_same_slopes_as_direct(values, kernel, stride, padding):
    """By the input and by the kernel; that of the bias is Keras's own."""
    ours, direct = pair(values, kernel, stride, padding)
    close(slope(ours, values), slope(direct, values))

    def by_kernel(layer):
        return gradient(lambda kernel, x: ops.sum(layer.stateless_call([kernel, layer.bias], [], x)[0] ** 2))(
            numpy_of(ours.kernel), values
        )

    close(by_kernel(ours), by_kernel(direct))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_kernels_larger_than_the_map(size):
    for kernel in (3, 4, 9, 12):
        for values in (CURVES[:, :size], IMAGES[:, :size, :3]):
            ours, direct = pair(values, kernel, 1, "same")
            close(numpy_of(ours(values)), numpy_of(direct(values)))


def test_is_a_correlation():
    """Against scipy, which turns no kernel here: the L-shaped kernel keeps its orientation."""
    kernel = np.zeros((3, 3), "float32")
    kernel[0], kernel[:, 0] = 1, 2
    layer = FourierConv2D(1, 3, padding="same", use_bias=False)
    layer.build((None, 12, 15, 1))
    layer.set_weights([kernel[..., None, None]])
    found = numpy_of(layer(IMAGES[..., :1]))
    np.testing.assert_allclose(found[0, ..., 0], correlate(IMAGES[0, ..., 0], kernel, "same"), atol=1e-5)


@pytest.mark.parametrize("values", [IMAGES, CURVES], ids=["images", "curves"])
def test_stored_and_in_half_precision(values, tmp_path):
    ours, _ = pair(values, 5, 2, "same", activation="relu")
    comes_back(ours, values, tmp_path)
    in_half_precision(ours, values)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX has no double precision unless the user asks for it")
def test_double_precision():
    ours, direct = pair(CURVES, 9, 1, "same", dtype="float64")
    np.testing.assert_allclose(numpy_of(ours(CURVES.astype(float))), numpy_of(direct(CURVES.astype(float))), rtol=1e-9)


def test_transform_lengths():
    """Even, long enough, and without prime factors above 5."""
    for places in (1, 2, 3, 7, 97, 1000, 4097):
        length = fast_length(places)
        assert length >= places
        assert length % 2 == 0
        for prime in (2, 3, 5):
            while length % prime == 0:
                length //= prime
        assert length == 1
    assert fast_length(97) == 100


def test_what_is_refused():
    for options in ({"groups": 3}, {"dilation_rate": 2}, {"data_format": "channels_first"}):
        with pytest.raises(PipelineFileError, match="use the layer of Keras"):
            FourierConv2D(3, 5, **options)(np.ones((1, 9, 9, 3), "float32"))
    with pytest.raises(MismatchError, match=r"received \(12, 15\)"):
        FourierConv2D(1, 13)(IMAGES)
    with pytest.raises(MismatchError, match=r"received \(None,\)"):
        FourierConv1D(1, 13)(keras.Input((None, 1)))
