"""Pictures against loops with the error function, totals, folding, ranges."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from many_points import blocks, made, random_curve

from astrocnn.representations.options import PictureOptions
from astrocnn.representations.picture import pictures, value_ranges
from astrocnn.representations.points import points_of
from astrocnn.representations.time_axis import folded, time_span


def options(**changes):
    return PictureOptions(**{"height_px": 16, "width_px": 12, **changes})


def normal(z):
    return (1 + math.erf(z / math.sqrt(2))) / 2


def by_hand(rows, low, high, start, end, height, width, floor, brighter_is_less=True):
    """One curve, point after point and pixel after pixel."""
    image = np.zeros((height, width))
    for time, value, error in rows:
        column = min(int((time - start) / (end - start) * width), width - 1)
        row = (value - low) / (high - low) * height
        row = row if brighter_is_less else height - row
        spread = max(error * height / (high - low), floor)
        edges = [normal((edge - min(max(row, 0), height)) / spread) for edge in range(height + 1)]
        image[:, column] += np.diff(edges) / (edges[-1] - edges[0])
    return image


@pytest.mark.parametrize("brighter_is_less", [True, False])
def test_a_picture_is_that_of_a_loop(brighter_is_less):
    rows = [row[:3] for row in random_curve(3, 40, error=0.15)]
    rows[4] = (*rows[4][:2], 1e-6)
    points = made(rows)
    start, end = time_span(points)
    low, high = value_ranges(points, options())
    found = pictures(points, start, end, options(), brighter_is_less=brighter_is_less)
    rows = [(time, float(np.float32(value)), error) for time, value, error in rows]
    expected = by_hand(rows, low[0], high[0], start[0], end[0], 16, 12, 0.5, brighter_is_less)
    assert found.shape == (1, 16, 12, 1)
    np.testing.assert_allclose(found[0, ..., 0], expected, atol=1e-5)


def test_the_column_of_a_single_point_sums_to_one_wherever_the_point_lies():
    for value in (10.0, 14.9, 15.0, 15.2, 30.0):
        points = made([(0, 15, 0.1), (5, value, 0.4), (10, 15, 0.1)])
        start, end = time_span(points)
        found = pictures(points, start, end, options(value_span=1.0))[0, ..., 0]
        np.testing.assert_allclose(found.sum(axis=0)[[0, 6, 11]], 1, atol=1e-6)
        assert found.sum() == pytest.approx(3, abs=1e-5)


def test_points_beyond_the_range_lie_at_the_edge():
    """Half a Gaussian, of 2 px, and nothing heaped up in the edge row of those inside."""
    points = made([(0, 15, 0.125), (5, 15.35, 0.125), (10, 99, 0.125), (5, 15, 0.125), (0, 15, 0.125)])
    found = pictures(points, *time_span(points), options(value_span=1.0))[0, ..., 0]
    expected = [2 * (normal((16 - row) / 2) - normal((15 - row) / 2)) for row in range(16)]
    np.testing.assert_allclose(found[:, 11], expected, atol=1e-5)
    assert found[:, 6].argmax() < 15


def test_errors_far_wider_than_the_picture_are_even():
    points = made([(0, 15, 1e6)])
    np.testing.assert_allclose(pictures(points, *time_span(points), options())[0, :, 0, 0], 1 / 16, rtol=0.01)


def test_a_sharp_point_fills_the_pixels_of_its_row_edge():
    """The median lies in the middle, on the edge of two rows: half in each, with an error of far less than a pixel."""
    points = made([(0, 15, 1e-4), (1, 15, 1e-4)])
    found = pictures(points, *time_span(points), options(value_span=1.0, error_floor_px=1e-3))
    np.testing.assert_allclose(found[0, 6:10, 0, 0], [0, 0.5, 0.5, 0], atol=1e-6)


def test_bright_is_at_the_top():
    """Magnitude 14 is brighter than 16; a flux of 16 brighter than one of 14."""
    points = made([(0, 14, 0.01), (1, 16, 0.01)])
    for brighter_is_less, row in ((True, 1), (False, 14)):
        found = pictures(points, *time_span(points), options(margin=0.1), brighter_is_less=brighter_is_less)
        assert found[0, :, 0, 0].argmax() == row


def test_bands_are_channels_each_in_its_range_or_in_one():
    rows = [(0, 15, 0.01, 0), (10, 16, 0.01, 0), (0, 12, 0.01, 1), (10, 13, 0.01, 1)]
    points = made(rows, [(0, 3, 0.1, 1)], bands=("g", "r"))
    start, end = time_span(points)
    own = pictures(points, start, end, options())
    np.testing.assert_allclose(own[0, ..., 0], own[0, ..., 1], atol=1e-6)
    assert not own[1, ..., 0].any(), "a band without points is empty"
    common = pictures(points, start, end, options(common_range=True))
    assert common[0, :, 0, 1].argmax() < common[0, :, 0, 0].argmax(), "the brighter band is above"
    low, high = value_ranges(points, options(common_range=True, percentiles=(0, 100), margin=0))
    assert low.tolist() == [12, 12, 2.5, 2.5]
    assert high.tolist() == [16, 16, 3.5, 3.5]


def test_ranges_by_percentiles_and_by_span():
    points = made([(time, time, 1) for time in range(101)])
    low, high = value_ranges(points, options(percentiles=(5, 95), margin=0.5))
    assert [low[0], high[0]] == pytest.approx([5 - 45, 95 + 45])
    low, high = value_ranges(points, options(value_span=8.0))
    assert [low[0], high[0]] == [46, 54]


def test_a_stated_span_keeps_the_amplitude_and_percentiles_do_not():
    weak, strong = ([(time, 15 + height * math.sin(time), 1e-6) for time in range(60)] for height in (0.1, 0.8))
    points = made(weak, strong)
    start, end = time_span(points)
    own = pictures(points, start, end, options())
    np.testing.assert_allclose(own[0], own[1], atol=2e-3)
    stated = pictures(points, start, end, options(value_span=2.0))
    filled = (stated[..., 0].sum(axis=2) > 0.01).sum(axis=1)
    assert filled[1] > 2 * filled[0]


def test_folded_by_hand_in_two_cycles():
    """Points at phases 0.1 and 0.6, in columns 0 and 3 of 6, and again in 6 and 9."""
    points = folded(made([(10.1, 15, 0.01), (11.6, 16, 0.01)]), np.ones(1), "reference")
    found = pictures(points, np.zeros(1), np.ones(1), options(), cycles=2)[0, ..., 0]
    np.testing.assert_allclose(np.flatnonzero(found.sum(axis=0)), [0, 3, 6, 9])
    np.testing.assert_array_equal(found[:, :6], found[:, 6:])
    with pytest.raises(ValueError, match="multiple of 2 cycles, received 13"):
        pictures(points, np.zeros(1), np.ones(1), options(width_px=13), cycles=2)


def test_points_beyond_a_stated_time_are_left_out():
    points = made([(0, 15, 0.1), (5, 15, 0.1), (20, 15, 0.1)])
    assert pictures(points, *time_span(points, 10.0), options()).sum() == pytest.approx(2, abs=1e-5)


@pytest.mark.parametrize("how", ["column", "sum", "maximum"])
def test_what_becomes_one(how):
    points = made(random_curve(0, 50), [])
    found = pictures(points, *time_span(points), options(normalise=how))
    image = found[0, ..., 0]
    sums = {"column": image.sum(axis=0), "sum": image.sum(), "maximum": image.max()}[how]
    np.testing.assert_allclose(sums, 1, atol=1e-5)
    assert not found[1].any()


def test_unknown_errors_are_sharp_points():
    rows = [(0, 15, np.nan), (5, 15.3, 0.0), (10, 15.1, -1)]
    known = [(time, value, 1e-9) for time, value, _ in rows]
    points = made(rows, known)
    found = pictures(points, *time_span(points), options())
    np.testing.assert_array_equal(found[0], found[1])


def test_many_points_are_drawn_in_pieces_as_at_once(monkeypatch):
    """Blocks that end inside a column of pixels."""
    from astrocnn.representations import picture

    points = made(random_curve(0, 50), random_curve(1, 9))
    whole = pictures(points, *time_span(points), options())
    monkeypatch.setattr(picture, "_SUMMED_AT_ONCE", 7)
    monkeypatch.setattr(picture, "_INTEGRATED_AT_ONCE", 3)
    np.testing.assert_allclose(pictures(points, *time_span(points), options()), whole, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(blocks())
def test_any_curve_conserves_its_points(block):
    points = points_of(block, ("g", "r"))
    found = pictures(points, *time_span(points), options())
    assert np.isfinite(found).all()
    assert found.min() >= -1e-5
    np.testing.assert_allclose(found.sum(axis=(1, 2)), points.counts, atol=1e-4)


@pytest.mark.parametrize("wrong", [(50, 50), (-1, 99), (1, 101)])
def test_percentiles_that_are_none(wrong):
    with pytest.raises(ValueError, match="expected two rising percentiles"):
        options(percentiles=wrong)
