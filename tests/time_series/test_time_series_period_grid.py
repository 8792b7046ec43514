"""Grids of frequencies: counted before they are made, refused with their numbers, and fine enough."""

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.time_series.period_grid import box_grid, frequency_grid
from astrocnn.time_series.period_options import BoxOptions, PeriodOptions


def test_a_grid_is_counted_before_it_is_made():
    grid = frequency_grid(400.0, PeriodOptions(shortest_day=0.1, oversampling=5))
    frequencies = grid.frequencies()
    assert grid.number == len(frequencies) == 19996  # (10 - 1 / 400) * 400 * 5 steps, and one
    assert frequencies[0] == 1 / 400
    assert frequencies[-2] < 10 <= frequencies[-1] + 1e-9
    assert frequency_grid(400.0, PeriodOptions(longest_day=10.0)).first == 0.1


def test_a_grid_that_is_too_long_is_refused_with_its_numbers():
    options = PeriodOptions(shortest_day=0.001, maximum_trials=250_000)
    with pytest.raises(
        DataError, match=r"^star 7: .*at most 250,000 trials; received 19,999,996 trials, about 8,000 MB; to fix, raise"
    ):
        frequency_grid(4000.0, options, "star 7")
    with pytest.raises(DataError, match=r"star 7: .*received 2\d,\d{3} trials.*raise shortest_day or maximum_trials"):
        box_grid(80.0, BoxOptions(maximum_trials=1000), "star 7")


def test_a_curve_shorter_than_the_shortest_period_is_refused():
    with pytest.raises(DataError, match="no period fits into the curve"):
        frequency_grid(0.05, PeriodOptions())
    with pytest.raises(DataError, match=r"expected one above 0\.5 days; received at most 0\.45 days"):
        box_grid(0.9, BoxOptions())


def test_limits_in_order():
    with pytest.raises(ValueError, match="expected longest_day above 2"):
        PeriodOptions(shortest_day=2.0, longest_day=1.0)
    with pytest.raises(ValueError, match="two rising durations"):
        BoxOptions(duration_hour=(3.0, 2.0))
    with pytest.raises(ValueError, match=r"shortest duration of at most 2\.4 h"):
        BoxOptions(duration_hour=(3.0, 4.0))


@pytest.mark.parametrize("length", [9.7, 27.9, 1400.0])
def test_the_box_grid_leaves_no_gap_and_moves_no_transit_by_more_than_its_duration(length):
    options = BoxOptions(oversampling=2.0, maximum_trials=10**7)
    pieces = box_grid(length, options)
    low = 0.5
    for piece in pieces:
        frequency = piece.grid.frequencies()
        high = 1 / frequency[0]
        assert 1 / frequency[-1] == pytest.approx(low, rel=1e-2)
        assert frequency[-1] >= (1 - 1e-9) / low
        assert high <= 2 * low * (1 + 1e-9)
        assert piece.grid.step * length * high == pytest.approx(piece.duration_day[0] / 2)  # shift of the last transit
        assert 1 / 24 <= piece.duration_day[0] <= piece.duration_day[-1] <= min(0.2 * high, 0.5 + 1e-9)
        assert (np.diff(np.log(piece.duration_day)) <= np.log(1.5) + 1e-9).all()
        low = high
    assert low == pytest.approx(length / 2)


def test_trials_grow_as_the_length_and_not_as_its_square():
    """Ofir 2014: about L times the cube root of the longest frequency; astropy's own grid has steps of 1 / L^2."""
    number = [
        sum(one.grid.number for one in box_grid(length, BoxOptions(maximum_trials=10**7))) for length in (50, 800)
    ]
    assert 10 < number[1] / number[0] < 16 * 1.5
