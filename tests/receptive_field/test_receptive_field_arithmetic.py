"""The arithmetic along one axis, held against closed forms, published numbers and a brute-force reach matrix."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.arithmetic import AxisField, closed_form, union
from astrocnn.windows import Window, padding_of

windows = st.builds(
    Window,
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    before=st.integers(-2, 4),
    after=st.integers(-2, 4),
    spacing=st.integers(1, 3),
)


def chain(size, layers):
    """Field after windows, one after the other; an 'n' dependent padding is a callable."""
    field = AxisField.of_input(size)
    for layer in layers:
        field = field.through(layer(field.map_size) if callable(layer) else layer)
    return field


def same(kernel, stride=1, dilation=1):
    return lambda n: Window(kernel, stride, dilation, *padding_of("same", n, kernel, stride, dilation))


def test_the_input_sees_itself():
    field = AxisField.of_input(7)
    assert (field.size, field.jump, field.start, field.padding, field.map_size) == (1, 1, 0.5, 0, 7)


@given(st.lists(st.tuples(st.integers(1, 7), st.integers(1, 3), st.integers(0, 4)), max_size=8))
def test_recursion_equals_closed_form_of_araujo(layers):
    kernels, strides, paddings = zip(*layers, strict=True) if layers else ((), (), ())
    field = chain(20000, [Window(k, s, 1, p, p) for k, s, p in layers])
    size, stride, padding = closed_form(kernels, strides, paddings)
    assert (field.size, field.jump, field.padding) == (size, stride, padding)
    # The lecture's recursion for the centre of the first feature: start += ((k - 1) / 2 - p) * jump.
    start, jump = 0.5, 1
    for k, s, p in layers:
        start, jump = start + ((k - 1) / 2 - p) * jump, jump * s
    assert field.start == start


def test_published_chains():
    """Sizes, strides and paddings of the table that goes with Araujo et al. 2019 (google-research/receptive_field)."""
    block = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
    vgg = [w for convolutions, _ in block for w in [same(3)] * convolutions + [Window(2, 2)]]
    field = chain(224, vgg)
    assert (field.size, field.jump, field.padding, field.map_size) == (212, 32, 90, 7)
    pool = Window(3, 2)
    field = chain(224, [Window(11, 4), pool, same(5), pool, same(3), same(3), same(3), pool])
    assert (field.size, field.jump, field.padding) == (195, 32, 64)


@pytest.mark.parametrize(
    ("dilations", "sizes"),
    # Yu & Koltun 2016, table 1: 2^(i+2) - 1 for doubling dilations, and the context module's stack.
    [([1, 2, 4], [3, 7, 15]), ([1, 1, 2, 4, 8, 16, 1], [3, 5, 9, 17, 33, 65, 67])],
)
def test_dilations(dilations, sizes):
    fields = [chain(100, [same(3, dilation=d) for d in dilations[: i + 1]]) for i in range(len(dilations))]
    assert [field.size for field in fields] == sizes
    assert {field.jump for field in fields} == {1}


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 5))
def test_same_padding_keeps_ceil_of_n_over_s_and_puts_the_odd_one_after(n, kernel, stride):
    before, after = padding_of("same", n, kernel, stride)
    assert Window(kernel, stride, 1, before, after).size(n) >= math.ceil(n / stride)
    if before + after > 0:
        assert Window(kernel, stride, 1, before, after).size(n) == math.ceil(n / stride)
    assert after - before in (0, 1)


def test_causal_and_unknown_padding():
    assert padding_of("causal", 10, 3, 1, 4) == (8, 0)
    with pytest.raises(ReceptiveFieldError, match="unknown padding"):
        padding_of("reflect", 10, 3)


@given(st.integers(1, 20), st.lists(windows, min_size=1, max_size=4))
def test_boxes_equal_a_reach_matrix(size, layers):
    """Independent reference: a boolean matrix (feature, input), zero-stuffed, padded and strided with numpy."""
    reach = np.eye(size, dtype=bool)
    try:
        field = chain(size, layers)
    except ReceptiveFieldError:
        assume(False)
    for layer in layers:
        stuffed = np.zeros(((len(reach) - 1) * layer.spacing + 1, size), bool)
        stuffed[:: layer.spacing] = reach
        padded = np.pad(stuffed, ((max(layer.before, 0), max(layer.after, 0)), (0, 0)))
        padded = padded[max(-layer.before, 0) : len(padded) - max(-layer.after, 0)]
        span = layer.dilation * (layer.kernel - 1) + 1
        count = (len(padded) - span) // layer.stride + 1
        reach = np.array(
            [padded[i * layer.stride : i * layer.stride + span : layer.dilation].any(axis=0) for i in range(count)]
        )
    assert field.map_size == len(reach)
    for row, first, last in zip(reach, field.first, field.last, strict=True):
        seen = np.flatnonzero(row)
        assert (first, last) == ((seen[0], seen[-1]) if len(seen) else (np.inf, -np.inf))


@given(st.lists(windows.filter(lambda w: w.before >= 0 and w.after >= 0), max_size=4), st.integers(0, 30))
def test_far_from_the_borders_both_pictures_agree(layers, feature):
    try:
        field = chain(4000, layers)
    except ReceptiveFieldError:
        assume(False)
    middle = field.map_size // 2 + feature
    assume(middle < field.map_size)
    low, high = field.unbounded(np.array([middle]))
    assert (low[0], high[0]) == (field.first[middle], field.last[middle])


def test_upsampling_has_phases():
    """Pool by 2, convolve, repeat by 2: worked out by hand, neighbours see the same 6 pixels, or 6 two pixels on."""
    repeat = Window(2, before=1, after=1, spacing=2)
    field = chain(16, [Window(2, 2), same(3), repeat])
    assert (field.period, field.advance, field.jump, field.phases, field.map_size) == (2, 2, 1, (6, 6), 16)
    low, high = field.unbounded(np.arange(4))
    assert low.tolist() == [-2, -2, 0, 0]
    assert high.tolist() == [3, 3, 5, 5]
    field = field.through(Window(2))  # one of two neighbours crosses the step
    assert field.phases == (6, 8)


def test_transposed_convolution_may_leave_features_blind():
    field = AxisField.of_input(5).through(Window(1, 1, 1, 0, 1, spacing=2))
    assert field.phases == (0, 1)
    assert field.first.tolist() == [0, np.inf, 1, np.inf, 2, np.inf, 3, np.inf, 4, np.inf]
    assert (field.start, field.padding) == (0.5, 0)
    with pytest.raises(ReceptiveFieldError, match="no feature"):
        field.through(Window(1, stride=2, before=-1))


def test_union_takes_the_outermost_edges_and_measures_misalignment():
    narrow, wide = AxisField.of_input(9).through(same(3)(9)), AxisField.of_input(9).through(same(5)(9))
    merged, apart = union([narrow, wide])
    assert (merged.size, merged.padding, apart) == (5, 2, 0)
    shifted = AxisField.of_input(9).through(Window(before=-1, after=1))
    merged, apart = union([narrow, shifted])
    assert (merged.size, merged.padding, apart) == (3, 1, 1)  # pixels -1..1 and 1: three, seen one pixel apart


def test_union_after_upsampling_compares_the_phases_together():
    """Halved and repeated: two pixels look at the centre between them, half a pixel to the right and to the left."""
    pixels = AxisField.of_input(8)
    halved = Window(2, 2)
    repeated = Window(2, before=1, after=1, spacing=2)
    assert union([pixels, pixels.through(halved).through(repeated)])[1] == 0
    # Stride 2 without a window of 2 keeps the left of both pixels: on average half a pixel too far left.
    assert union([pixels, pixels.through(Window(1, 2)).through(repeated)])[1] == 0.5
    blind = pixels.through(halved).through(Window(1, before=0, after=1, spacing=2))
    assert union([pixels, blind])[1] == 0.5  # only every second feature sees anything


def test_union_refuses_other_maps():
    field = AxisField.of_input(8)
    with pytest.raises(ReceptiveFieldError, match="map size"):
        union([field, field.through(Window(2, 2))])
    halved = AxisField.of_input(16).through(Window(2, 2))
    cropped = AxisField.of_input(16).through(Window(before=-4, after=-4))
    with pytest.raises(ReceptiveFieldError, match="jump"):
        union([halved, cropped])


def test_map_too_small():
    with pytest.raises(ReceptiveFieldError, match=r"too small.*at least 9 positions.*received 5"):
        AxisField.of_input(5).through(Window(5, dilation=2))


def test_offset_of_an_even_map():
    """Stride 2 on 6 pixels reads 0, 2, 4: their middle is pixel 2, half a pixel before the middle of the input."""
    assert AxisField.of_input(6).through(Window(1, 2)).offset == -0.5
    assert AxisField.of_input(5).through(Window(1, 2)).offset == 0
