"""Receptive fields of published networks, built here with one filter a layer."""

import keras
import published_networks as published
import pytest
from keras import layers
from published_networks import conv

from astrocnn.receptive_field.arithmetic import closed_form
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field


def sequential(shape, *stack):
    return keras.Sequential([keras.Input(shape), *stack])


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


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: published.resnet_v1((3, 4, 6, 3)), (483, 32, 239)),
        (lambda: published.resnet_v1((3, 4, 23, 3)), (1027, 32, 511)),
        (lambda: published.resnet_v1((3, 8, 36, 3)), (1507, 32, 751)),
        (lambda: published.resnet_v1((3, 24, 36, 3)), (1763, 32, 879)),
        (published.inception_v2, (699, 32, 318)),
        (published.inception_v4, (2071, 32, 998)),
        (published.mobilenet_v1, (315, 32, 126)),
    ],
    ids=[
        "resnet_v1_50",
        "resnet_v1_101",
        "resnet_v1_152",
        "resnet_v1_200",
        "inception_v2",
        "inception_v4",
        "mobilenet",
    ],
)
def test_table_of_google_research(build, expected):
    """Size, stride and padding in the table of google-research/receptive_field."""
    field = receptive_field(build())
    assert (field.size, field.jump, field.padding) == tuple((value, value) for value in expected)


@pytest.mark.parametrize(("kernels", "first"), [((6, 5, 3, 3), 6), ((8, 4, 3, 3), 8)])
def test_dieleman_2015(kernels, first):
    """37 of the 45 pixels of a part in both variants; a network pixel is 3 of SDSS's 0.02 Petrosian radii."""
    field = receptive_field(published.dieleman(kernels, 2))
    assert sizes(field, "Conv2D", "MaxPooling2D") == [first, first + 1, 15, 17, 25, 33, 37]
    assert (field.size, field.jump, field.map_size, field.global_kind) == ((37, 37), (8, 8), (2, 2), "flatten")
    verdict = field.covers("2.22 r90", "0.02r90", binning=3)
    assert verdict.had == pytest.approx(37 * 3 * 0.02)
    assert field.covers("2.3 r90", "0.02r90", binning=3).level == "error"


@pytest.mark.parametrize("samples", [500, 1000, 2000])
def test_vernardos_2019(samples):
    field = receptive_field(published.vernardos(samples))
    assert [field.row(f"group{n}").size[0] for n in range(1, 6)] == [80, 238, 554, 1186, 2450]
    assert (field.size, field.jump, field.global_kind) == ((2450,), (32,), "flatten")
    assert field.misaligned  # even kernels: the branch looks half a sample or more past its shortcut


def test_light_curves_as_pictures():
    field = receptive_field(published.plot_image())
    assert sizes(field, "Conv2D", "MaxPooling2D") == [3, 4, 8, 10, 18, 22, 38, 46, 78, 94]
    assert (field.size, field.jump) == ((94, 94), (32, 32))


def test_dilations_of_a_context_network():
    """Yu & Koltun 2016: 3 x 3 with dilations 1, 1, 2, 4, 8, 16, 1."""
    dilations = (1, 1, 2, 4, 8, 16, 1)
    field = receptive_field(sequential((80, 80, 1), *(conv(3, dilation_rate=d) for d in dilations)))
    assert sizes(field, "Conv2D") == [3, 5, 9, 17, 33, 65, 67]


def test_a_chain_has_the_closed_form_of_araujo_2019():
    """Alexnet: kernels, strides and paddings give 195, 32 and 64 without any recursion."""
    kernels, strides = (11, 3, 5, 3, 3, 3, 3, 3), (4, 2, 1, 2, 1, 1, 1, 2)
    assert closed_form(kernels, strides, (0, 0, 2, 0, 1, 1, 1, 0)) == (195, 32, 64)


def test_costs_of_published_networks():
    """Multiply-adds of the papers: VGG-16 15.5 G (Simonyan & Zisserman 2015), MobileNet 569 M (Howard et al. 2017)."""
    for name, multiply_adds, parameters in (("VGG16", 15.47e9, 138_357_544), ("MobileNet", 569e6, 4_231_976)):
        field = receptive_field(getattr(keras.applications, name)(weights=None))
        assert field.multiply_adds == pytest.approx(multiply_adds, rel=0.002)
        assert field.parameters == parameters
