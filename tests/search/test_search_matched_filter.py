"""The matched filter against what a box and white noise give on paper."""

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.search.matched_filter import best_boxes

STEP = 0.25
ALTERNATING = np.tile([1.0, -1.0], 48)  # of known noise: all differences of neighbours are 2
NOISE = 2 / (0.6744897501960817 * np.sqrt(2))


def dipped(first=40, length=8, depth=10.0):
    flux = ALTERNATING.copy()
    flux[first : first + length] -= depth
    return flux[None]


def test_a_box_has_the_snr_of_the_formula():
    found = best_boxes(dipped(), STEP, np.array([1.0, 2.0, 3.0]))
    assert found.snr[0] == pytest.approx(10.0 / (NOISE * np.sqrt(1 / 8 + 1 / 88)))
    assert found.depth[0] == pytest.approx(10.0)
    assert found.duration_hour[0] == 2.0
    assert found.offset_hour[0] == pytest.approx((44 - 48) * STEP)


def test_the_unit_of_the_values_does_not_matter():
    one, other = (best_boxes(factor * dipped() + 7, STEP, np.array([2.0])) for factor in (1.0, 1e-4))
    np.testing.assert_allclose(one.snr, other.snr)


def test_boxes_stay_near_the_middle_where_asked():
    flux = dipped(first=0)
    near, anywhere = (
        best_boxes(flux, STEP, np.array([2.0]), farthest_hour=farthest) for farthest in (6.0, None)
    )  # fmt: skip
    assert abs(near.offset_hour[0]) <= 6.0
    assert near.snr[0] < anywhere.snr[0]
    assert anywhere.offset_hour[0] == pytest.approx(-11.0)


def test_each_row_is_told_its_own_duration():
    flux = np.concatenate([dipped(length=8), dipped(length=4), dipped()])
    found = best_boxes(flux, STEP, np.array([[2.0], [1.0], [np.nan]]))
    assert found.duration_hour[:2].tolist() == [2.0, 1.0]
    assert np.isnan(found.snr[2])
    assert (found.depth[:2] > 9.9).all()


def test_missing_samples_count_nothing():
    flux = dipped()
    flux[0, 40:44] = np.nan
    flux[0, 90:] = np.nan
    found = best_boxes(flux, STEP, np.array([2.0]))
    assert found.snr[0] == pytest.approx(10.0 / (NOISE * np.sqrt(1 / 4 + 1 / 82)), rel=1e-6)


def test_white_noise_gives_the_extreme_of_its_trials():
    """The best of one place per window is a normal deviate; of many it grows slowly and stays below 5."""
    flux = np.random.default_rng(1).normal(size=(2000, 96))
    one = best_boxes(flux, STEP, np.array([2.0]), farthest_hour=0.0).snr
    assert np.mean(one) == pytest.approx(0.0, abs=0.08)
    assert np.std(one) == pytest.approx(1.0, abs=0.08)
    assert 2.0 < np.median(best_boxes(flux, STEP, np.array([1.0, 2.0, 4.0])).snr) < 4.0


def test_boxes_as_long_as_the_window_are_no_boxes():
    assert np.isnan(best_boxes(dipped(), STEP, np.array([24.0])).snr[0])


def test_a_window_without_neighbours_is_refused():
    with pytest.raises(DataError, match="two neighbouring samples"):
        best_boxes(np.full((1, 96), np.nan), STEP, np.array([2.0]))
