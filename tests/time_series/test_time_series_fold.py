"""Folding, binning and resampling against sums by hand and straight lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transit_curves import transiting

from astrocnn.errors import DataError
from astrocnn.time_series.bins import binned, binned_in_time, known_errors
from astrocnn.time_series.cadence import to_cadence
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.fold import folded_view, phases

PLANET = Ephemeris(3.21, 1001.3, 3.0)


@given(st.floats(-1e4, 1e4), st.floats(1e-2, 1e3), st.floats(-1e4, 1e4))
def test_phases_lie_from_minus_a_half_to_below_a_half(time, period, epoch):
    phase = phases(np.array([time]), period, epoch)[0]
    assert -0.5 <= phase < 0.5
    turns = (time - epoch) / period - phase
    assert turns == pytest.approx(round(turns), abs=1e-6)


def test_phases_of_what_is_missing_and_of_no_period():
    assert np.isnan(phases(np.array([np.nan]), 2.0)[0])
    assert phases(np.array([0.0, 0.5, 1.0, 1.5]), 2.0, 0.0).tolist() == [0.0, 0.25, -0.5, -0.25]
    with pytest.raises(DataError, match="a period above 0"):
        phases(np.zeros(1), 0.0)


def test_means_in_bins_by_hand():
    x = np.array([0.0, 0.4, 1.0, 2.9, 3.0, -0.1])
    value = np.array([1.0, 3.0, 5.0, 7.0, 100.0, 100.0])
    made = binned(x, value, np.array([1.0, 0.5, 1.0, 2.0, 1.0, 1.0]), start=0.0, end=3.0, bins=3)
    assert made.x.tolist() == [0.5, 1.5, 2.5]
    assert made.count.tolist() == [2, 1, 1]
    np.testing.assert_allclose(made.value, [(1 + 4 * 3) / 5, 5, 7])
    np.testing.assert_allclose(made.error, [1 / np.sqrt(5), 1, 2])
    np.testing.assert_allclose(made.mean_x, [0.32, 1.0, 2.9])


def test_empty_bins_and_unknown_values_and_errors():
    made = binned(np.array([0.5, 0.6, 2.5]), np.array([1.0, np.nan, 3.0]), start=0.0, end=3.0, bins=3)
    assert made.count.tolist() == [1, 0, 1]
    assert np.isnan(made.value).tolist() == np.isnan(made.error).tolist() == [False, True, False]
    assert known_errors(np.zeros(4), np.array([0.1, np.nan, 0.3, -1.0])).tolist() == pytest.approx([0.1, 0.2, 0.3, 0.2])
    assert known_errors(np.zeros(2), None).tolist() == [1.0, 1.0]
    with pytest.raises(DataError, match="take longer bins"):
        binned_in_time(np.array([0.0, 1e6]), np.zeros(2), bin_hour=1e-3)


def test_a_folded_transit_has_its_depth_in_the_middle():
    time, flux, error = transiting(PLANET, 0.01)
    view = folded_view(time, flux, error, PLANET, bins=20, durations=4.0)
    inside = np.abs(view.x) < 0.5 * PLANET.duration_day - 1e-9
    np.testing.assert_allclose(view.value[inside], 0.99, atol=6e-4)
    assert view.x[[0, -1]] == pytest.approx([-0.2375, 0.2375])
    whole = folded_view(time, flux, error, PLANET, bins=101)
    assert abs(whole.x[np.argmin(whole.value)]) < 0.02
    assert whole.count.sum() == len(time)


def test_a_denser_curve_is_averaged():
    time = np.arange(0, 1, 2 / 1440)
    made = to_cadence(time, 1 + time, np.full(len(time), 0.3), cadence_hour=0.5)
    np.testing.assert_allclose(made.value, 1 + made.mean_x)
    np.testing.assert_allclose(made.error, 0.3 / np.sqrt(15))
    assert (made.count == 15).all()


def test_a_sparser_curve_is_interpolated_but_not_across_gaps_or_ends():
    time = np.concatenate([np.arange(0, 1, 1 / 48), np.arange(2, 3, 1 / 48)])
    made = to_cadence(time, 5 + 2 * time, cadence_hour=2 / 60)
    known = np.isfinite(made.value)
    np.testing.assert_allclose(made.value[known], 5 + 2 * made.x[known], atol=2e-3)  # the last points as they are
    assert not known[(made.x > 1 - 1 / 48 + 1 / 720) & (made.x < 2)].any()
    assert known[made.x < 0.97].all()
    assert np.isfinite(made.error[known]).all()
    bridged = to_cadence(time, 5 + 2 * time, cadence_hour=2 / 60, gap_hour=30)
    assert np.isfinite(bridged.value[:-1]).all()


def test_short_holes_of_a_dense_curve_are_bridged():
    time = np.arange(0, 1, 2 / 1440)
    flux = 1 + time
    flux[15:30] = np.nan
    flux[300:420] = np.nan
    made = to_cadence(time, flux, cadence_hour=0.5)
    assert made.value[1] == pytest.approx(1 + made.x[1])
    assert made.count[1] == 0
    assert np.isnan(made.value[20:28]).all()
    with pytest.raises(DataError, match="two or more at different times"):
        to_cadence(np.zeros(3), np.ones(3), cadence_hour=1.0)
