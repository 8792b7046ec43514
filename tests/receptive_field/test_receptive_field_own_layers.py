"""Rules of this project's own layers against the gradient, and what they cost."""

import keras
import pytest
from keras import layers

from astrocnn.networks.base import Initialisers
from astrocnn.networks.blocks import dilated_stack
from astrocnn.networks.layers.fourier_convolution import FourierConv1D, FourierConv2D
from astrocnn.networks.layers.group_convolution import GroupConvolution, LiftingConvolution
from astrocnn.networks.layers.group_features import GroupBatchNormalization, GroupPooling
from astrocnn.networks.layers.learned_pooling import LearnedPNormPooling, MixedPooling
from astrocnn.networks.layers.p_norm_pooling import GlobalPNormPooling, PNormPooling
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field


def agrees(shape, connect):
    """Field of a network, confirmed by the gradient in the middle of its map and at its last position."""
    model = network(shape, connect)
    field = receptive_field(model)
    for position in (None, [n - 1 for n in field.map_size]):
        outcome = confirm(model, position=position)
        assert outcome.agrees, outcome
    return field


def network(shape, connect):
    inputs = keras.Input(shape)
    return keras.Model(inputs, connect(inputs))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 1), (5, 2), (4, 2), ((3, 6), (3, 1))])
def test_fourier_convolution(kernel, stride, padding):
    def connect(x, kind=FourierConv2D):
        return kind(2, 3)(kind(2, kernel, strides=stride, padding=padding)(x))

    ours = agrees((13, 16, 1), connect)
    direct = receptive_field(network((13, 16, 1), lambda x: connect(x, layers.Conv2D)))
    assert (ours.size, ours.jump, ours.start) == (direct.size, direct.jump, direct.start)
    for found, expected in zip(ours.layers, direct.layers, strict=True):
        assert found.multiply_adds == expected.multiply_adds
        assert found.multiply_adds_fft == expected.multiply_adds_fft


def test_fourier_convolution_of_curves():
    field = agrees((40, 1), lambda x: FourierConv1D(2, 9, padding="causal")(FourierConv1D(2, 6, strides=2)(x)))
    assert (field.size, field.jump) == ((6 + 8 * 2,), (2,))


@pytest.mark.parametrize("window", [(2, 2, "valid"), (3, 2, "same")])
@pytest.mark.parametrize("pool", [PNormPooling(1000), LearnedPNormPooling(50), MixedPooling(1)])
def test_pooling(pool, window):
    side, stride, padding = window
    layer = type(pool).from_config({**pool.get_config(), "pool_size": side, "strides": stride, "padding": padding})
    field = agrees((12, 15, 1), lambda x: layers.Conv2D(2, 3, padding="same")(layer(layers.Conv2D(2, 2)(x))))
    assert field.size == (2 + (side - 1) + 2 * stride,) * 2


def test_pooling_of_curves_and_of_the_whole():
    inputs = keras.Input((20, 2))
    local = PNormPooling(3, 4)(layers.Conv1D(3, 3)(inputs))
    field = receptive_field(keras.Model(inputs, layers.Dense(1)(GlobalPNormPooling(name="whole")(local))))
    assert (field.size, field.jump, field.global_at, field.global_kind) == ((6,), (4,), "whole", "pooling")


@pytest.mark.parametrize(("kernel", "padding"), [(3, "same"), (5, "valid"), (2, "valid")])
def test_group_convolution(kernel, padding):
    def connect(x):
        features = GroupBatchNormalization()(LiftingConvolution(1, kernel, padding)(x))
        features = layers.MaxPooling2D(3, 2, padding="same")(features)
        return GroupPooling()(GroupConvolution(2, kernel, padding)(features))

    field = agrees((15, 17, 1), connect)
    assert field.size == (kernel + 2 + 2 * (kernel - 1),) * 2
    rows = {row.kind: row for row in field.layers}
    lifting, group = rows["LiftingConvolution"], rows["GroupConvolution"]
    sizes = [row.map_size[0] * row.map_size[1] for row in (lifting, group)]
    assert lifting.multiply_adds == 8 * kernel**2 * sizes[0]
    assert group.multiply_adds == 8 * 2 * 8 * kernel**2 * sizes[1]
    assert (lifting.parameters, group.parameters) == (kernel**2 + 1, 2 * 8 * kernel**2 + 2)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("shape", [(70, 2), (40, 37, 1)])
def test_dilated_stack(shape, residual):
    """3, 7, 15, 31: 2^(i + 2) - 1 after layer i, and the map keeps its size."""

    def connect(x):
        return dilated_stack(x, "stack", 3, 4, Initialisers(1), residual=residual)

    field = agrees(shape, connect)
    fields = [field.row(f"stack_dilation{2**i}_relu").size[0] for i in range(4)]
    assert fields == [2 ** (i + 2) - 1 for i in range(4)] == [3, 7, 15, 31]
    assert field.size == (31,) * (len(shape) - 1)
    assert (field.map_size, field.jump[0], field.misaligned) == (shape[:-1], 1, ())


def test_layers_of_a_dilated_stack():
    """With shortcuts, a 1 x 1 convolution leads in where the channels change; weights by hand."""
    for channels, entry in ((4, 0), (2, 2 * 4 + 4)):
        inputs = keras.Input((30, channels))
        model = keras.Model(inputs, dilated_stack(inputs, "a", 4, 2, Initialisers(1), residual=True))
        assert sum(keras.ops.size(weight) for weight in model.trainable_weights) == entry + 2 * (3 * 4 * 4 + 2 * 4)
        dilations = {layer.name: layer.dilation_rate for layer in model.layers if hasattr(layer, "dilation_rate")}
        assert (dilations["a_dilation1_conv"], dilations["a_dilation2_conv"]) == ((1,), (2,))
        assert ("a_entry_conv" in dilations) == bool(entry)
