"""Histograms of pairs against numpy's and a loop, their edges, normalisations, and smearing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from many_points import blocks, made, random_curve

from astrocnn.representations import dmdt
from astrocnn.representations.dmdt import pair_histograms
from astrocnn.representations.options import MAGNITUDE_EDGES, TIME_EDGES, DmdtOptions
from astrocnn.representations.points import points_of


def counted(points, **changes):
    return pair_histograms(points, DmdtOptions(**{"normalise": "none", **changes}))


def by_numpy(rows, edges=(MAGNITUDE_EDGES, TIME_EDGES)):
    time, value = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], np.float32).astype(float)
    first, second = np.triu_indices(len(rows), 1)
    return np.histogram2d(value[second] - value[first], time[second] - time[first], edges)[0]


def test_edges_are_those_of_the_paper():
    assert (len(MAGNITUDE_EDGES) - 1, len(TIME_EDGES) - 1) == (22, 24)
    assert tuple(-edge for edge in reversed(MAGNITUDE_EDGES)) == MAGNITUDE_EDGES
    assert MAGNITUDE_EDGES[:6] == (-8, -5, -3, -2.5, -2, -1.5)
    assert TIME_EDGES[1] * 145 == TIME_EDGES[5] * 25 == 1


def test_counts_are_those_of_numpy_for_curves_of_any_length():
    curves = [random_curve(seed, number) for seed, number in enumerate((2, 30, 1, 31, 0, 7))]
    found = counted(made(*curves))
    assert found.shape == (6, 22, 24, 1)
    for rows, histogram in zip(curves, found, strict=True):
        np.testing.assert_array_equal(histogram[..., 0], by_numpy(rows))
    assert found.sum(axis=(1, 2, 3)).tolist() == [1, 435, 0, 465, 0, 21], "all pairs lie inside"


def test_pieces_of_pairs_add_up(monkeypatch):
    curves = [random_curve(seed, number) for seed, number in enumerate((30, 12, 25))]
    for options in ({}, {"smear": True}):
        whole = counted(made(*curves), **options)
        with monkeypatch.context() as patch:
            patch.setattr(dmdt, "_PAIRS_AT_ONCE", 50)
            np.testing.assert_allclose(counted(made(*curves), **options), whole, atol=1e-5)


def test_a_bin_holds_its_lower_edge_and_not_its_upper():
    """Differences of exactly 0, 0.5 and 8 magnitudes, and of 7 and 10 days."""
    edges = {"value_edges": (0.0, 0.5, 8.0), "time_edges_day": (7.0, 10.0, 20.0)}
    for time, value, expected in [
        (7, 0, [[1, 0], [0, 0]]), (10, 0.5, [[0, 0], [0, 1]]), (6.9, 0, [[0, 0], [0, 0]]), (20, 0, [[0, 0], [0, 0]]),
        (7, 8, [[0, 0], [0, 0]]), (7, -0.001, [[0, 0], [0, 0]]), (19.9, 7.9, [[0, 0], [0, 1]]),
    ]:  # fmt: skip
        found = counted(made([(0, 16, 0.1), (time, 16 + value, 0.1)]), **edges)
        assert found[0, ..., 0].tolist() == expected


def test_a_difference_that_rounding_puts_below_an_edge_lies_on_it():
    """0.1 - 0 of times and 0.3 - 0.1 - 0.1: the next doubles below 0.1."""
    found = counted(made([(0.2, 0, 1), (0.3, 0, 1)]), value_edges=(-1.0, 1.0), time_edges_day=(0.0, 0.1, 0.2))
    assert 0.3 - 0.2 < 0.1
    assert found[0, 0, :, 0].tolist() == [0, 1]


def test_bands_are_channels_and_pairs_stay_inside_one():
    points = made([(0, 15, 1, 0), (1, 15.25, 1, 1), (2, 15.75, 1, 0), (4, 16, 1, 1)], bands=("g", "r"))
    found = counted(points, value_edges=(0.0, 1.0), time_edges_day=(0.0, 2.5, 5.0))
    assert found[0, 0].tolist() == [[1, 0], [0, 1]]


def test_normalisations():
    points = made(random_curve(1, 20), [])
    plain = counted(points)
    pairs, column, unit = (counted(points, normalise=how) for how in ("pairs", "column", "unit"))
    np.testing.assert_allclose(pairs, 255 * plain / 190, rtol=1e-6)
    filled = plain[0, ..., 0].any(axis=0)
    np.testing.assert_allclose(column[0, ..., 0].sum(axis=0), filled, atol=1e-6)
    assert np.square(unit[0]).sum() == pytest.approx(1, abs=1e-6)
    assert not any(one[1].any() for one in (pairs, column, unit))


def test_smeared_pairs_are_those_of_a_loop():
    rows = random_curve(5, 12, error=0.3)
    found = counted(made(rows), smear=True)[0, ..., 0]
    expected = np.zeros((22, 24))
    for late in range(12):
        for early in range(late):
            column = np.searchsorted(TIME_EDGES, rows[late][0] - rows[early][0], "right") - 1
            spread = math.hypot(0.3, 0.3)
            z = [(edge - (rows[late][1] - rows[early][1])) / spread for edge in MAGNITUDE_EDGES]
            expected[:, column] += np.diff([(1 + math.erf(one / math.sqrt(2))) / 2 for one in z])
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert found.sum() == pytest.approx(66, abs=1e-3)


def test_pairs_without_errors_are_not_smeared():
    rows = [(*row[:2], np.nan) for row in random_curve(2, 15)]
    np.testing.assert_allclose(counted(made(rows), smear=True), counted(made(rows)), atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(blocks())
def test_any_curve_keeps_the_pairs_inside_wide_edges(block):
    points = points_of(block, ("g", "r"))
    number = points.counts * (points.counts - 1) // 2
    for smear in (False, True):
        found = counted(points, smear=smear, value_edges=(-1e6, 0.0, 1e6), time_edges_day=(0.0, 1.0, 1e4))
        np.testing.assert_allclose(found.sum(axis=(1, 2)), number, atol=1e-3)


def test_the_light_curve_package_counts_the_same():
    light_curve = pytest.importorskip("light_curve", reason="the extra curves is not installed")
    rows = random_curve(8, 60)
    grids = {"dt": np.array(TIME_EDGES), "dm": np.array(MAGNITUDE_EDGES)}
    theirs = light_curve.DmDt(**grids, dt_type="asis", dm_type="asis", n_jobs=1)
    time, value, error, _ = (np.ascontiguousarray(column, float) for column in zip(*rows, strict=True))
    np.testing.assert_array_equal(counted(made(rows))[0, ..., 0].T, theirs.points(time, value, sorted=True))
    smeared = theirs.gausses(time, value, error, sorted=True)
    np.testing.assert_allclose(counted(made(rows), smear=True)[0, ..., 0].T, smeared, atol=1e-3)


@pytest.mark.parametrize("wrong", [(0.0, 0.0), (1.0, 0.0), (0.0, math.inf), (0.0, math.nan)])
def test_edges_that_do_not_rise(wrong):
    with pytest.raises(ValueError, match="expected finite edges, each above the one before"):
        DmdtOptions(value_edges=wrong)
