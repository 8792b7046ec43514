"""The rules against gradients of real Keras networks: the exact box of a feature is the support of its gradient."""

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from keras import layers

from astrocnn.errors import ReceptiveFieldError
from astrocnn.networks import registry
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field

KINDS = (
    "Conv", "Conv", "DepthwiseConv", "SeparableConv", "MaxPooling", "AveragePooling", "ZeroPadding",
     "Cropping", "Transpose", "Up", "Resizing",
)  # fmt: skip
LARGEST = {1: 60, 2: 40, 3: 14}

layer_plan = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "kernel": st.integers(1, 4),
        "stride": st.integers(1, 3),
        "dilation": st.integers(1, 3),
        "padding": st.sampled_from(["same", "valid"]),
        "margin": st.tuples(st.integers(0, 3), st.integers(0, 3)),
        "branch_kernel": st.sampled_from([None, 1, 2, 5]),
        "branch_dilation": st.integers(1, 2),
        "join": st.sampled_from(["Add", "Concatenate", "Maximum"]),
        "size": st.integers(2, 20),
        "kernel_shape": st.sampled_from(["nearest", "bilinear", "bicubic"]),
    }
)
networks = st.tuples(
    st.one_of(
        st.tuples(st.integers(9, 24)),
        st.tuples(st.integers(9, 24), st.integers(9, 24)),
        st.tuples(st.integers(5, 9), st.integers(5, 9), st.integers(5, 9)),
    ),
    st.lists(layer_plan, min_size=1, max_size=5),
    st.floats(0, 1, exclude_max=True),
)


def planned_layer(plan, rank):
    """A layer; a convolution where the kind does not exist in this number of dimensions."""
    kernel, stride, padding, kind = (plan[name] for name in ("kernel", "stride", "padding", "kind"))
    if kind == "Transpose":
        return getattr(layers, f"Conv{rank}DTranspose")(2, kernel, stride, padding)
    if kind == "Up":
        return getattr(layers, f"UpSampling{rank}D")(stride)
    if kind == "Resizing" and rank == 2:
        return layers.Resizing(plan["size"], plan["size"] + stride, plan["kernel_shape"])
    if kind in ("ZeroPadding", "Cropping"):
        return getattr(layers, f"{kind}{rank}D")(plan["margin"] if rank == 1 else (plan["margin"],) * rank)
    if kind == "SeparableConv" and rank < 3:
        return getattr(layers, f"SeparableConv{rank}D")(2, kernel, stride, padding)
    if kind in ("MaxPooling", "AveragePooling") or (kind == "DepthwiseConv" and rank < 3):
        return getattr(layers, f"{kind}{rank}D")(kernel, stride, padding)
    dilation = plan["dilation"] if stride == 1 else 1
    return getattr(layers, f"Conv{rank}D")(2, kernel, stride, padding, dilation_rate=dilation)


def planned_network(sizes, plans):
    """A chain with branches beside it; None where Keras finds a map used up or it grows large."""
    rank = len(sizes)
    x = inputs = keras.Input((*sizes, 1))
    for plan in plans:
        try:
            x = planned_layer(plan, rank)(x)
        except ValueError:
            return None
        if not all(1 <= size <= LARGEST[rank] for size in x.shape[1:-1]):
            return None
        if plan["branch_kernel"]:
            convolve = getattr(layers, f"Conv{rank}D")
            dilation = plan["branch_dilation"]
            branch = convolve(x.shape[-1], plan["branch_kernel"], padding="same", dilation_rate=dilation)(x)
            x = getattr(layers, plan["join"])()([x, layers.Activation("relu")(branch)])
    return keras.Model(inputs, x)


def agrees(network):
    sizes, plans, place = network
    keras.backend.clear_session()
    model = planned_network(sizes, plans)
    assume(model is not None)
    position = [int(place * size) for size in model.output_shape[1:-1]]
    try:
        outcome = confirm(model, position=position)
    except ReceptiveFieldError as error:
        assert "no feature after this layer sees the input" in str(error)  # noqa: PT017
        return
    assert outcome.agrees, outcome


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks)
def test_random_networks(network):
    agrees(network)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks)
def test_many_random_networks(network):
    agrees(network)


def test_size_of_a_small_deeplens():
    """The field of the real architecture, read off a gradient: 13 and 25 pixels at the ends of blocks 1 and 2."""
    model = registry.build("deeplens", (45, 45, 2), widths=(4, 4))
    for layer, size in (("block1_unit3_add", 13), ("block2_unit3_add", 25)):
        outcome = confirm(model, layer)
        assert outcome.agrees
        assert [last - first + 1 for first, last in outcome.measured] == [size, size]
    assert confirm(model).layer == receptive_field(model).measured_at == "block2_unit3_add"


def test_rectified_differences_and_maxima_do_not_hide_inputs():
    inputs = keras.Input((12, 1))
    wide, narrow = layers.Conv1D(1, 5, padding="same")(inputs), layers.Conv1D(1, 3, padding="same")(inputs)
    x = layers.Maximum()([layers.Subtract()([narrow, wide]), narrow])
    outcome = confirm(keras.Model(inputs, layers.MaxPooling1D(2)(x)), position=(2,))
    assert (outcome.measured, outcome.agrees) == (((2, 7),), True)


def test_a_feature_that_sees_only_padding():
    inputs = keras.Input((5, 1))
    model = keras.Model(inputs, layers.ZeroPadding1D(2)(inputs))
    assert confirm(model, position=(0,)).measured == ((0, -1),)
    assert confirm(model, position=(0,)).agrees


def test_channels_of_several_inputs():
    image, other = keras.Input((9, 9, 2), name="image"), keras.Input((9, 9, 1), name="other")
    merged = layers.Concatenate()([layers.Conv2D(1, 3, padding="same")(image), other])
    model = keras.Model([other, image], merged)
    for source, size in (("image", 3), ("other", 1)):
        outcome = confirm(model, source=source)
        assert outcome.agrees
        assert np.ptp(outcome.measured[0]) + 1 == size


def test_a_layer_after_the_global_operation_is_refused():
    model = keras.Sequential([keras.Input((9, 9, 1)), layers.Conv2D(1, 3), layers.Flatten(), layers.Dense(1, name="d")])
    with pytest.raises(ReceptiveFieldError, match="before any global operation"):
        confirm(model, "d")
    assert confirm(model).agrees


def test_a_branch_that_sees_only_padding_along_one_axis_adds_nothing():
    """Two taps, two pixels apart, on either side of the one row there is."""
    inputs = keras.Input((1, 9, 1))
    aside = layers.Conv2D(1, 2, padding="same", dilation_rate=2)(inputs)
    model = keras.Model(inputs, layers.Conv2D(1, 1)(layers.Add()([inputs, aside])))
    outcome = confirm(model, position=(0, 4))
    assert (outcome.measured, outcome.agrees) == (((0, 0), (4, 4)), True)


def test_a_feature_that_is_blind_along_one_axis_sees_nothing_along_the_others():
    inputs = keras.Input((5, 5, 1))
    model = keras.Model(inputs, layers.ZeroPadding2D(2)(inputs))
    outcome = confirm(model, position=(0, 4))
    assert (outcome.expected, outcome.measured) == (((0, -1), (0, -1)),) * 2
