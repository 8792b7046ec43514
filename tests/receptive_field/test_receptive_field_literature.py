"""Receptive fields of published networks, built here with one filter a layer."""

import keras
import pytest
from keras import layers

from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field


def sequential(shape, *stack):
    return keras.Sequential([keras.Input(shape), *stack])


def conv(kernel, stride=1, padding="same", **options):
    return layers.Conv2D(1, kernel, strides=stride, padding=padding, **options)


def sizes(field, *kinds):
    """Field after each layer of these kinds, along the first axis."""
    return [row.size[0] for row in field.layers if row.kind in kinds]


def test_petrillo_2017():
    """Conv 7, pool 2, conv 3, pool 2, two conv 3 on 60 x 60, then dense layers."""
    stack = [conv(7), layers.MaxPooling2D(2), conv(3), layers.MaxPooling2D(2), conv(3), conv(3)]
    field = receptive_field(sequential((60, 60, 1), *stack, layers.Flatten(), layers.Dense(1)))
    assert sizes(field, "Conv2D", "MaxPooling2D") == [7, 8, 12, 14, 22, 30]
    assert (field.size, field.jump, field.map_size) == ((30, 30), (4, 4), (15, 15))
    assert field.global_kind == "flatten"


def test_pearson_2018():
    shipped = [layers.Conv1D(1, 6, activation="relu"), layers.AveragePooling1D(3), layers.Flatten(), layers.Dense(1)]
    field = receptive_field(sequential((180, 1), *shipped))
    assert (field.size, field.jump, field.map_size, field.global_kind) == ((8,), (3,), (58,), "flatten")
    script = [layers.Conv1D(1, 5), layers.PReLU(), layers.AveragePooling1D(3)]
    script += [layers.Conv1D(1, 5), layers.PReLU(), layers.AveragePooling1D(3), layers.Flatten(), layers.Dense(1)]
    field = receptive_field(sequential((180, 1), *script))
    assert sizes(field, "Conv1D", "AveragePooling1D") == [5, 7, 19, 25]
    assert (field.size, field.jump, field.map_size) == ((25,), (9,), (18,))


def test_lastro_sees_exactly_its_image():
    stack = [conv(4, padding="valid"), conv(3, padding="valid"), layers.MaxPooling2D(2)]
    for _ in range(2):
        stack += [conv(3, padding="valid"), conv(3, padding="valid"), layers.MaxPooling2D(2)]
    stack += [conv(3, padding="valid"), conv(3, padding="valid"), conv(5, padding="valid")]
    field = receptive_field(sequential((101, 101, 1), *stack, layers.Flatten(), layers.Dense(1)))
    assert sizes(field, "Conv2D", "MaxPooling2D") == [4, 6, 7, 11, 15, 17, 25, 33, 37, 53, 69, 101]
    assert (field.size, field.jump, field.padding, field.map_size) == ((101, 101), (8, 8), (0, 0), (1, 1))


def test_vgg_16_and_alexnet():
    """Published with google-research/receptive_field: vgg_16 212/32/90, alexnet_v2 195/32/64."""
    stack = [layer for count in (2, 2, 3, 3, 3) for layer in [*[conv(3) for _ in range(count)], layers.MaxPooling2D(2)]]
    field = receptive_field(sequential((224, 224, 3), *stack))
    assert (field.size[0], field.jump[0], field.padding[0]) == (212, 32, 90)
    assert sizes(field, "MaxPooling2D") == [6, 16, 44, 100, 212]
    pool = [layers.MaxPooling2D(3, strides=2) for _ in range(3)]
    stack = [conv(11, 4, "valid"), pool[0], conv(5), pool[1], conv(3), conv(3), conv(3), pool[2]]
    field = receptive_field(sequential((224, 224, 3), *stack))
    assert (field.size[0], field.jump[0], field.padding[0]) == (195, 32, 64)
    assert sizes(field, "Conv2D")[:2] == [11, 51]


def basic_block(x, stride):
    """Two 3 x 3 convolutions, padded as PyTorch does, so that both branches stay aligned at any size."""
    y = conv(3, stride, "valid")(layers.ZeroPadding2D(1)(x))
    y = conv(3)(layers.ReLU()(layers.BatchNormalization()(y)))
    shortcut = conv(1, stride, "valid")(x) if stride > 1 else x
    return layers.ReLU()(layers.Add()([shortcut, y]))


def resnet_18(deep_stem):
    x = inputs = keras.Input((60, 60, 1))
    if deep_stem:
        x = conv(7, 2, "valid")(layers.ZeroPadding2D(3)(x))
        x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    else:
        x = conv(3)(x)
    for stage in range(4):
        for unit in range(2):
            x = basic_block(x, 2 if stage > 0 and unit == 0 else 1)
    return keras.Model(inputs, layers.Dense(1)(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize(
    ("deep_stem", "stage_ends", "stride"), [(True, [43, 99, 211, 435], 32), (False, [11, 25, 53, 109], 8)]
)
def test_resnet_18_stems(deep_stem, stage_ends, stride):
    field = receptive_field(resnet_18(deep_stem))
    assert sizes(field, "Add")[1::2] == stage_ends
    assert (field.size, field.jump) == ((stage_ends[-1],) * 2, (stride,) * 2)
    assert field.padding == ((stage_ends[-1] - 1) // 2,) * 2  # all paddings symmetric: the first field centres on 0.5
    assert field.misaligned == ()
    assert field.global_kind == "pooling"


def test_stride_in_a_3x3_same_convolution_misaligns_an_even_map():
    """Keras pads (0, 1) for 3 x 3 / 2 on an even map: the branch looks one pixel further than the 1 x 1 shortcut."""
    inputs = keras.Input((8, 8, 1))
    merged = layers.Add(name="merge")([conv(3, 2)(inputs), conv(1, 2)(inputs)])
    field = receptive_field(keras.Model(inputs, merged))
    assert [(finding.layer, finding.offset) for finding in field.misaligned] == [("merge", 1)]
    odd = keras.Input((9, 9, 1))
    assert receptive_field(keras.Model(odd, layers.Add()([conv(3, 2)(odd), conv(1, 2)(odd)]))).misaligned == ()


def test_dilations():
    field = receptive_field(sequential((50, 50, 1), *(conv(3, dilation_rate=d) for d in (1, 2, 4))))
    assert sizes(field, "Conv2D") == [3, 7, 15]
    assert field.global_at is None


def test_deepmoon_depends_on_the_pixel():
    """Silburt et al. 2019: 68 pixels at the bottleneck, 92 to 100 at the output."""
    x = inputs = keras.Input((64, 64, 1))
    levels = []
    for _ in range(3):
        x = conv(3)(conv(3)(x))
        levels.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = conv(3, name="bottleneck")(conv(3)(x))
    for level in reversed(levels):
        x = layers.Concatenate()([layers.UpSampling2D(2)(x), level])
        x = conv(3)(conv(3)(x))
    model = keras.Model(inputs, conv(1, activation="sigmoid")(x))
    field = receptive_field(model)
    assert receptive_field(model, "bottleneck").size == (68, 68)
    assert field.phases == ((92, 100), (92, 100))
    assert (field.size, field.jump) == ((100, 100), (1, 1))
    assert confirm(model, position=(30, 33)).agrees
