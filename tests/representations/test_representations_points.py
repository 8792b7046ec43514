"""Points of blocks of curves: bands as channels, what is missing, quantiles of groups against numpy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from many_points import block_of, blocks, made

from astrocnn.errors import UnknownName
from astrocnn.representations.grouped import group_quantiles
from astrocnn.representations.points import points_of

TWO = block_of(
    [(0, 1, 0.1, 1), (1, 2, 0.2, 0), (2, 3, np.nan, 1)], [], [(5, 4, -1, 0), (6, np.nan, 1, 0)], bands=("g", "r")
)


def test_points_stand_by_curve_and_channel_in_the_order_asked_for():
    points = points_of(TWO, ("r", "g"))
    assert points.group.tolist() == [0, 0, 1, 5]
    assert points.x.tolist() == [0, 2, 1, 5]
    assert points.value.tolist() == [1, 3, 2, 4]
    assert points.counts.tolist() == [[2, 1], [0, 0], [0, 1]]
    np.testing.assert_allclose(points.error, [0.1, np.nan, 0.2, np.nan], rtol=1e-6)


def test_bands_can_be_left_out():
    points = points_of(TWO, ("g",))
    assert points.counts.tolist() == [[1], [0], [1]]
    with pytest.raises(UnknownName, match="no band 'i'; expected g, r"):
        points_of(TWO, ("g", "i"))


def test_points_without_time_or_value_are_left_out():
    points = made([(np.nan, 1, 1), (0, np.inf, 1), (1, 2, np.inf), (2, 2, 0)])
    assert points.x.tolist() == [1, 2]
    assert np.isnan(points.error).all()


def test_errors_that_are_not_known_weigh_as_others_do():
    points = made([(0, 1, 0.1), (1, 2, 0.3), (2, 3, np.nan)], [(0, 1, 0), (1, 2, 0), (2, 5, 0)], [(0, 7, 0), (1, 7, 0)])
    expected = [0.1, 0.3, 0.2, *[1.4826] * 3, 1, 1]  # median of the known ones; 1.4826 times the deviation 1; 1
    np.testing.assert_allclose(points.weighing_errors(), expected, rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(blocks())
def test_any_block_gives_finite_points_and_errors_above_zero(block):
    points = points_of(block, ("g", "r"))
    assert np.isfinite(points.value).all()
    assert (points.weighing_errors() > 0).all()
    assert (np.diff(points.group) >= 0).all()
    assert points.counts.sum() == np.isfinite(block.value).sum()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.floats(-100, 100)), min_size=1, max_size=40), st.floats(0, 1))
def test_quantiles_of_groups_are_those_of_numpy(rows, fraction):
    group, values = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = group_quantiles(values, group, 5, (fraction,))[0]
    for number in range(5):
        if (group == number).any():
            assert found[number] == pytest.approx(np.quantile(values[group == number], fraction), abs=1e-9)
        else:
            assert np.isnan(found[number])
