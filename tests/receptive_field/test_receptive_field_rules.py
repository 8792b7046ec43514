"""Every layer that moves, skips or repeats positions, against the gradient of a network around it."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers, ops

from astrocnn.receptive_field.confirm import confirm, roomy_shape
from astrocnn.receptive_field.measure import receptive_field, spatial_shape


def conv(kernel, filters=1, **options):
    return layers.Conv2D(filters, kernel, padding="same", **options)


def agrees(shape, connect, sixths=(0, 2, 3)):
    """Compare at these sixths of the map and at its end, and return the field."""
    inputs = keras.Input(shape)
    model = keras.Model(inputs, connect(inputs))
    field = receptive_field(model)
    n = field.map_size
    for position in {tuple(k * part // 6 for k in n) for part in sixths} | {tuple(k - 1 for k in n)}:
        outcome = confirm(model, position=position)
        assert outcome.agrees, outcome
    return field


@pytest.mark.parametrize("kind", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("size", [(7, 9), (13, 20), (30, 26), (10, 13), (1, 1)])
def test_resizing(kind, size):
    for antialias in (False, True):
        resize = layers.Resizing(*size, interpolation=kind, antialias=antialias)
        field = agrees((10, 13, 1), lambda x, resize=resize: conv(2)(resize(conv(3)(x))))
        assert field.jump == pytest.approx((10 / size[0], 13 / size[1]))


def test_resizing_by_hand():
    """Bilinear to twice the size reads two neighbours, a quarter and three quarters; to half of it the middle two."""
    inputs = keras.Input((8, 8, 1))
    double = receptive_field(keras.Model(inputs, layers.Resizing(16, 16)(inputs)))
    half = receptive_field(keras.Model(inputs, layers.Resizing(4, 4)(inputs)))
    fine = receptive_field(keras.Model(inputs, layers.Resizing(4, 4, antialias=True)(inputs)))
    assert (double.size, double.jump, double.start) == ((2, 2), (0.5, 0.5), (0.0, 0.0))
    assert (half.size, half.jump, half.start) == ((2, 2), (2, 2), (1.0, 1.0))
    assert (fine.size, fine.start) == ((4, 4), (1.0, 1.0))


@pytest.mark.parametrize("kind", ["nearest", "bilinear", "bicubic"])
def test_upsampling(kind):
    agrees((10, 13, 1), lambda x: conv(3)(layers.UpSampling2D((2, 3), interpolation=kind)(conv(3)(x))))


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_transposed_convolution_with_output_padding(stride, padding):
    for kernel, surplus in itertools.product((1, 2, 3, 5), (None, *range(stride))):
        layer = layers.Conv1DTranspose(1, kernel, stride, padding=padding, output_padding=surplus)
        if padding == "same" and surplus == 0 and kernel % 2 == 0 and keras.backend.backend() == "tensorflow":
            with pytest.raises(Exception, match=r"doesn't match computed|could not create a primitive"):
                layer(np.ones((1, 7, 1), "float32"))  # TensorFlow builds such layers and does not run them
            continue
        agrees((7, 1), lambda x, layer=layer: layer(layers.Conv1D(1, 2, padding="same")(x)), (3,))


POSITIONS = {
    "adaptive average": lambda x: layers.AdaptiveAveragePooling2D((3, 5))(conv(3)(x)),
    "adaptive maximum": lambda x: layers.AdaptiveMaxPooling2D((7, 4))(conv(3)(x)),
    "slices": lambda x: conv(3)(conv(3)(x)[:, 1:-1:2, 3:]),
    "slices after an ellipsis": lambda x: conv(3)(conv(3)(x)[..., 2:9, :]),
    "depth to space": lambda x: conv(3)(ops.depth_to_space(conv(3, 4)(x), 2)),
    "space to depth": lambda x: ops.space_to_depth(conv(3)(x)[:, :, 1:], 2),
    "padding": lambda x: conv(3)(ops.pad(conv(3)(x), ((0, 0), (1, 2), (0, 3), (0, 0)))),
    "pooling": lambda x: ops.average_pool(ops.max_pool(conv(3)(x), 2), 3, strides=1),
    "convolution": lambda x: ops.conv(x, np.ones((3, 2, 1, 2), "float32"), strides=2, padding="same"),
    "separable": lambda x: layers.SeparableConv2D(4, (3, 2), strides=2, padding="same")(conv(3, 4)(x)),
    "depthwise": lambda x: layers.DepthwiseConv2D((3, 4), depth_multiplier=2, dilation_rate=2)(conv(3, 4)(x)),
    "group normalisation": lambda x: layers.GroupNormalization(2)(conv(3, 4)(x)),
    "normalisation of maps": lambda x: layers.LayerNormalization(axis=[1, 2, 3])(conv(3, 4)(x)),
    "centre crop": lambda x: layers.CenterCrop(7, 8)(conv(3)(x)),
    "spectral normalisation": lambda x: layers.SpectralNormalization(layers.Conv2D(1, 3))(x),
    "list": lambda x: layers.Reshape((12, 15, 4))(layers.Dense(4)(layers.Reshape((180, 4))(conv(3, 4)(x)))),
    "channels moved": lambda x: layers.Permute((2, 3, 1))(layers.Permute((3, 1, 2))(conv(3, 4)(x))),
    "choice": lambda x: ops.where(x > 0, conv(3)(x), conv(5)(x)),
    "split": lambda x: ops.split(conv(3, 4)(x), 2, axis=-1)[1],
    "mean of channels": lambda x: ops.mean(conv(3, 4)(x), axis=-1, keepdims=True),
    "constants": lambda x: ops.sqrt(2.0 * conv(3)(x) + 1.0),
    "gated unit": lambda x: ops.glu(conv(3, 4)(x)),
}  # fmt: skip


@pytest.mark.parametrize("name", POSITIONS)
def test_positions(name):
    if name.startswith("adaptive") and keras.backend.backend() == "jax":
        pytest.skip("Keras 3.15 on JAX rounds the ends of adaptive windows, some of them beyond the map")
    agrees((12, 15, 1), POSITIONS[name])


def test_time_distributed_holds_the_time_apart():
    field = agrees((6, 9, 9, 1), lambda x: layers.Conv3D(1, 3, padding="same")(layers.TimeDistributed(conv(5))(x)))
    assert field.size == (3, 7, 7)
    inner = keras.Sequential([keras.Input((9, 9, 1)), layers.Conv2D(2, 3), layers.MaxPooling2D(2)], name="frame")
    field = agrees((6, 9, 9, 1), lambda x: layers.Conv3D(1, (1, 2, 2))(layers.TimeDistributed(inner, name="each")(x)))
    assert field.layers[1].layer.startswith("each/conv2d")
    assert field.size == (1, 6, 6)


def test_a_whole_frame_and_then_the_curve():
    """Each frame is flattened: the field there is 1 x 3 x 3; along the time the network goes on."""

    def connect(x):
        frames = layers.TimeDistributed(layers.Flatten(), name="frames")(layers.TimeDistributed(conv(3, name="c"))(x))
        return layers.Conv1D(4, 5, name="curve")(frames)

    inputs = keras.Input((12, 9, 9, 1))
    field = receptive_field(keras.Model(inputs, connect(inputs)))
    assert (field.global_at, field.global_kind, field.size) == ("frames", "flatten", (1, 3, 3))
    assert (field.local.measured_at, field.local.size) == ("curve", (5,))
    field = receptive_field(keras.Model(inputs, layers.LSTM(3)(connect(inputs))))
    assert (field.global_at, field.local.global_kind, field.local.size) == ("frames", "recurrence", (5,))


def test_mean_of_one_axis():
    inputs = keras.Input((12, 9, 2))
    rows = ops.mean(conv(3)(inputs), axis=1)
    field = receptive_field(keras.Model(inputs, layers.Conv1D(1, 3)(rows)))
    assert (field.global_kind, field.size, field.local.size) == ("pooling", (3, 3), (5,))


def test_transformer_of_patches():
    """Patches of 4 pixels are what every feature sees before the first attention."""
    inputs = keras.Input((16, 16, 1))
    tokens = layers.Reshape((16, 8))(layers.Conv2D(8, 4, strides=4, name="patches")(inputs))
    attended = layers.Add()([tokens, layers.MultiHeadAttention(2, 4, name="attention")(tokens, tokens)])
    pooled = layers.GlobalAveragePooling1D(name="pool")(layers.LayerNormalization()(attended))
    field = receptive_field(keras.Model(inputs, layers.Dense(1)(pooled)))
    assert (field.global_at, field.global_kind, field.size, field.jump) == ("attention", "attention", (4, 4), (4, 4))


@pytest.mark.parametrize("shape", [(8, 12, 1), (8, 9, 9, 1), (5, 6, 7, 8, 1)])
def test_convolutional_recurrence_reads_all_steps(shape):
    rank = len(shape) - 2
    inputs = keras.Input(shape)
    layer = getattr(layers, f"ConvLSTM{rank}D")(2, 3, padding="same", name="reads")
    before = layers.TimeDistributed(getattr(layers, f"Conv{rank}D")(2, 3, padding="same"))(inputs)
    field = receptive_field(keras.Model(inputs, layer(before)))
    assert (field.global_at, field.global_kind, field.size) == ("reads", "recurrence", (1,) + (3,) * rank)


def test_channels_first_is_confirmed_as_well():
    inputs = keras.Input((1, 20, 24))
    x = layers.ZeroPadding2D((1, 2), data_format="channels_first")(inputs)
    x = layers.Conv2D(4, 3, strides=2, data_format="channels_first")(x)
    x = layers.Concatenate(axis=1)([x, x])
    x = layers.MaxPooling2D(2, data_format="channels_first")(x)
    assert confirm(keras.Model(inputs, x)).agrees
    inputs = keras.Input((3, 12, 10))
    moved = layers.Permute((2, 3, 1))(layers.Cropping2D(1, data_format="channels_first")(inputs))
    assert confirm(keras.Model(inputs, layers.Conv2D(2, 3)(moved))).agrees


def test_channels_first_inside_a_nested_model_are_found():
    inner = keras.Sequential([keras.Input((3, None, None)), layers.Conv2D(2, 9, data_format="channels_first")])
    inputs = keras.Input((3, None, None))
    model = keras.Model(inputs, inner(inputs))
    assert spatial_shape(model, 16, 5) == (3, 16, 16)
    shape = roomy_shape(model, receptive_field(model, input_shape=(3, 9, 12)), (3, 9, 12))
    assert shape == (3, 11, 12)
    assert confirm(model, input_shape=shape).agrees
