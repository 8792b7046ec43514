"""Regular samples against a loop: weighted means, uncertainties, what is observed, gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from many_points import blocks, made, random_curve

from astrocnn.representations.options import ResampledOptions, channel_names
from astrocnn.representations.points import points_of
from astrocnn.representations.resampled import resampled
from astrocnn.representations.time_axis import folded, time_span

PLAIN = {"samples": 10, "centre": "none"}


def options(**changes):
    return ResampledOptions(**{**PLAIN, **changes})


def test_samples_are_those_of_a_loop():
    rows = [(time, value, 0.1 + 0.01 * number) for number, (time, value, *_) in enumerate(random_curve(0, 25))]
    points = made(rows)
    start, end = time_span(points)
    found = resampled(points, start, end, options())[0]
    assert found.shape == (10, 3)
    for sample in range(10):
        weight = total = 0.0
        for time, value, error in rows:
            if min(int((time - start[0]) / (end[0] - start[0]) * 10), 9) == sample:
                weight += error**-2
                total += value * error**-2
        expected = [total / weight, weight**-0.5, 1] if weight else [0, 0, 0]
        np.testing.assert_allclose(found[sample], expected, rtol=1e-5)


def test_bands_one_after_another():
    points = made([(0, 15, 0.5, 0), (9, 16, 0.25, 1)], bands=("g", "r"))
    found = resampled(points, *time_span(points), options())[0]
    assert found.shape == (10, 6)
    assert found[0].tolist() == [15, 0.5, 1, 0, 0, 0]
    assert found[9].tolist() == [0, 0, 0, 16, 0.25, 1]
    expected = ("g_value", "g_uncertainty", "g_observed", "r_value", "r_uncertainty", "r_observed")
    assert channel_names(("g", "r")) == expected


def test_centre_and_range():
    points = made([(time, 15 + time, 0.9) for time in range(101)], [(0, 7, 0.5), (1, 7, 0.5)])
    start, end = time_span(points)
    centred = resampled(points, start, end, options(centre="median", samples=101))
    np.testing.assert_allclose(centred[0, :, 0], np.arange(101) - 50, atol=1e-5)
    ranged = resampled(points, start, end, options(centre="median", scale="range", samples=101))
    np.testing.assert_allclose(ranged[0, :, 0], (np.arange(101) - 50) / 90, atol=1e-6)
    np.testing.assert_allclose(ranged[0, :, 1], 0.01, rtol=1e-5)
    assert ranged[1, 0].tolist() == [0, 0.5, 1], "a flat curve is not divided"


def test_gaps_are_bridged_only_where_stated_and_short():
    """Samples 0, 1, 4 and 9 of 10 have points: gaps of 2 and 4."""
    points = made([(time + 0.5, value, 0.1) for time, value in ((-0.5, 1), (1, 2), (4, 5), (9.5, 0))])
    start, end = np.zeros(1), np.full(1, 10.0)
    plain = resampled(points, start, end, options())[0]
    assert plain[:, 2].tolist() == [1, 1, 0, 0, 1, 0, 0, 0, 0, 1]
    assert plain[2:4, 0].tolist() == [0, 0]
    bridged = resampled(points, start, end, options(bridge=3))[0]
    np.testing.assert_allclose(bridged[:, 0], [1, 2, 3, 4, 5, 0, 0, 0, 0, 0], atol=1e-6)
    np.testing.assert_array_equal(bridged[:, 1:], plain[:, 1:], err_msg="what is bridged is not observed")
    assert resampled(points, start, end, options(bridge=4))[0, 7, 0] == pytest.approx(2, abs=1e-6)


def test_ends_are_not_bridged():
    points = made([(5, 3, 0.1)])
    found = resampled(points, np.zeros(1), np.full(1, 10.0), options(bridge=9))[0]
    assert np.flatnonzero(found[:, 0]).tolist() == [5]


def test_phases_in_two_cycles():
    points = folded(made([(10.1, 15, 0.1), (11.7, 16, 0.1)]), np.ones(1), "reference")
    found = resampled(points, np.zeros(1), np.ones(1), options(), cycles=2)[0]
    assert np.flatnonzero(found[:, 2]).tolist() == [0, 3, 5, 8]
    with pytest.raises(ValueError, match="multiple of 2 cycles, received 5"):
        resampled(points, np.zeros(1), np.ones(1), options(samples=5), cycles=2)


def test_an_uncertainty_too_small_for_float32_stays_above_0():
    points = made([(0, value, np.nan) for value in (0, 1, 1e-45, 0)])
    found = resampled(points, np.zeros(1), np.full(1, 10.0), options())[0]
    np.testing.assert_array_equal(found[:, 1] > 0, found[:, 2] > 0)


@settings(max_examples=30, deadline=None)
@given(blocks())
def test_any_curve_is_finite_and_means_lie_between_values(block):
    points = points_of(block, ("g", "r"))
    found = resampled(points, *time_span(points), options(bridge=2))
    assert np.isfinite(found).all()
    assert ((found[..., 2] > 0) == (found[..., 1] > 0)).all()
    if len(points.value):
        low, high = min(points.value.min(), 0), max(points.value.max(), 0)
        assert (found[..., [0, 3]] >= low - 1e-2).all()
        assert (found[..., [0, 3]] <= high + 1e-2).all()
