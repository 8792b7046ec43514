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

KINDS = ["Conv", "Conv", "DepthwiseConv", "MaxPooling", "AveragePooling", "ZeroPadding", "Cropping", "Transpose", "Up"]

layer_plan = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "kernel": st.integers(1, 4),
        "stride": st.integers(1, 3),
        "dilation": st.integers(1, 3),
        "padding": st.sampled_from(["same", "valid"]),
        "margin": st.tuples(st.integers(0, 3), st.integers(0, 3)),
        "residual_kernel": st.sampled_from([None, 1, 2, 5]),
    }
)
networks = st.tuples(
    st.one_of(st.tuples(st.integers(9, 24)), st.tuples(st.integers(9, 24), st.integers(9, 24))),
    st.lists(layer_plan, min_size=1, max_size=5),
    st.floats(0, 1, exclude_max=True),
)


def planned_layer(plan, rank):
    kernel, stride, padding = plan["kernel"], plan["stride"], plan["padding"]
    margin = plan["margin"] if rank == 1 else (plan["margin"],) * rank
    kind = plan["kind"]
    if kind == "Conv":
        dilation = plan["dilation"] if stride == 1 else 1
        return getattr(layers, f"Conv{rank}D")(2, kernel, stride, padding, dilation_rate=dilation)
    if kind == "Transpose":
        return getattr(layers, f"Conv{rank}DTranspose")(2, kernel, stride, padding)
    if kind == "Up":
        return getattr(layers, f"UpSampling{rank}D")(stride)
    layer = getattr(layers, f"{kind}{rank}D")
    return layer(margin) if kind in ("ZeroPadding", "Cropping") else layer(kernel, stride, padding)


def planned_network(sizes, plans):
    """A chain with residual branches; None where Keras finds a map used up or it grows large."""
    rank = len(sizes)
    x = inputs = keras.Input((*sizes, 1))
    for plan in plans:
        try:
            x = planned_layer(plan, rank)(x)
        except ValueError:
            return None
        if not all(1 <= size <= 60 for size in x.shape[1:-1]):
            return None
        if plan["residual_kernel"]:
            branch = getattr(layers, f"Conv{rank}D")(x.shape[-1], plan["residual_kernel"], padding="same")(x)
            x = layers.Add()([x, layers.Activation("relu")(branch)])
    return keras.Model(inputs, x)


def agrees(network):
    sizes, plans, place = network
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
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
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
