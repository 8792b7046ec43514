"""The time axis: spans, edges of bins, and folding by hand."""

import numpy as np
import pytest
from many_points import made, random_curve

from astrocnn.representations.time_axis import folded, place, time_span


def test_a_span_is_that_of_all_bands_or_stated():
    points = made([(3, 0, 1, 0), (5, 0, 1, 1)], [(2, 0, 1, 0)], [], bands=("g", "r"))
    start, end = time_span(points)
    assert start.tolist() == [3, 2, 0]
    assert end.tolist() == [5, 3, 1], "one time has an axis of a day"
    assert time_span(points, 10.0)[1].tolist() == [13, 12, 10]


def test_bins_hold_their_start_and_the_last_one_its_end():
    points = made([(time, 0, 1) for time in (0, 0.999, 1, 3.999, 4, 4.001)])
    inside, bins = place(points, np.zeros(1), np.full(1, 4.0), 4)
    assert inside.tolist() == [0, 1, 2, 3, 4]
    assert bins.tolist() == [0, 0, 1, 3, 3]


def test_folding_by_hand():
    points = made([(time, 0, 1) for time in (0, 0.5, 2.25, 7)], [(1, 0, 1), (-1, 0, 1)])
    found = folded(points, np.array([2.0, 4.0]), "reference")
    np.testing.assert_allclose(found.x, [0, 0.25, 0.125, 0.5, 0.25, 0.75])


def test_a_phase_is_never_one():
    points = made([(-1e-18, 0, 1)])
    assert folded(points, np.ones(1), "reference").x.tolist() == [0]


@pytest.mark.parametrize(("zero", "fainter", "expected"), [
    ("faintest", 1, 0.0), ("brightest", 1, 0.5), ("faintest", -1, 0.5), ("brightest", -1, 0.0),
])  # fmt: skip
def test_phase_zero_is_where_the_curve_is_faintest(zero, fainter, expected):
    """A cosine of magnitudes, which is faintest where it is largest; found to a bin, 1/32."""
    period, shift = 1.7, 0.3
    times = np.sort(np.random.default_rng(0).uniform(0, 100, 300))
    points = made([(time, 15 + np.cos(2 * np.pi * (time / period - shift)), 0.1) for time in times])
    found = folded(points, np.array([period]), zero, fainter)
    largest = found.x[np.argmax(points.value)]
    assert abs((largest - expected + 0.5) % 1 - 0.5) < 1.5 / 32


def test_curves_of_one_shape_are_folded_alike_whenever_they_were_observed():
    rows = random_curve(1, 200)
    period = 3.1
    wave = [(time, 15 + np.sin(2 * np.pi * time / period), error) for time, _, error, _ in rows]
    later = [(time + 0.4 * period, value, error) for time, value, error in wave]
    points = made(wave, later)
    found = folded(points, np.full(2, period))
    turned = (found.x[:200] - found.x[200:] + 0.5) % 1 - 0.5
    np.testing.assert_allclose(turned, turned[0], atol=1e-9)
    assert abs(turned[0]) < 2 / 32
