"""Completeness in bins against counting by hand."""

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.scoring.bootstrap import resampled_weights
from astrocnn.scoring.completeness import (
    bin_index,
    completeness_by_column,
    completeness_in_cells,
    quantile_edges,
)
from astrocnn.scoring.metrics import completeness_at_fpr


@pytest.fixture(scope="module")
def lenses():
    """Lenses in 120 galaxies, easier to find the wider and brighter they are."""
    random = np.random.default_rng(2)
    groups = np.concatenate([np.arange(120), np.repeat(np.arange(120), 4)])
    labels = np.repeat([0, 1], [120, 480])
    radius = np.where(labels, random.uniform(0.5, 2.5, 600), np.nan)
    snr = np.where(labels, random.uniform(5, 50, 600), np.nan)
    scores = random.normal(size=600) + labels * (np.nan_to_num(radius) + np.nan_to_num(snr) / 25)
    return labels, scores, groups, radius, snr


def test_bins_are_closed_below_and_the_last_one_above():
    values = [0.99, 1.0, 1.99, 2.0, 3.0, 3.01, np.nan]
    np.testing.assert_array_equal(bin_index(np.array(values), np.array([1, 2, 3])), [-1, 0, 0, 1, 1, -1, -1])


@pytest.mark.parametrize("edges", [[1.0], [2.0, 1.0], [1.0, 1.0], [[1.0, 2.0]]])
def test_edges_must_rise(edges):
    with pytest.raises(DataError, match="rising"):
        bin_index(np.array([1.0]), np.array(edges))


def test_quantile_edges_hold_equal_numbers():
    values = np.append(np.random.default_rng(1).normal(size=800), np.nan)
    edges = quantile_edges(values, 8)
    assert np.all(np.abs(np.histogram(values[:800], edges)[0] - 100) <= 1)
    assert (edges[0], edges[-1]) == (np.nanmin(values), np.nanmax(values))


def test_quantile_edges_of_repeated_values():
    np.testing.assert_array_equal(quantile_edges(np.array([1, 1, 1, 1, 2]), 4), [1, 2])
    edges = quantile_edges(np.full(9, 3.0))
    assert bin_index(np.full(9, 3.0), edges).tolist() == [0] * 9
    with pytest.raises(DataError, match="no finite"):
        quantile_edges(np.array([np.nan]))


def test_cells_count_what_lies_above_the_common_threshold(lenses):
    labels, scores, groups, radius, snr = lenses
    edges = {"einstein_radius_arcsec": np.array([0.5, 1.0, 2.5]), "snr": np.array([5, 20, 30, 50.0])}
    table = completeness_in_cells(
        labels, scores, groups, {"einstein_radius_arcsec": radius, "snr": snr}, edges, fpr=0.05, n=60
    )
    _, threshold = completeness_at_fpr(labels, scores, 0.05)
    assert len(table["n"]) == 6
    assert table["n"].sum() == 480
    for row in range(6):
        inside = (radius >= table["einstein_radius_arcsec_low"][row]) & (
            radius < table["einstein_radius_arcsec_high"][row]
        )
        inside &= (snr >= table["snr_low"][row]) & (snr < table["snr_high"][row])
        assert table["n"][row] == inside.sum()
        assert table["completeness"][row] == pytest.approx(np.mean(scores[inside] > threshold))
        assert table["completeness_low"][row] <= table["completeness"][row] <= table["completeness_high"][row]
    # the last column runs fastest
    np.testing.assert_array_equal(table["snr_low"], [5, 20, 30, 5, 20, 30])


def test_intervals_find_the_threshold_anew_in_each_resample(lenses):
    labels, scores, groups, radius, _ = lenses
    edges = np.array([0.5, 1.5, 2.5])
    table = completeness_in_cells(labels, scores, groups, {"r": radius}, {"r": edges}, fpr=0.1, n=70, seed=4)
    looped = []
    for weights in np.concatenate(list(resampled_weights(groups, 70, seed=4))).astype(int):
        rows = np.repeat(np.arange(groups.size), weights)
        _, threshold = completeness_at_fpr(labels[rows], scores[rows], 0.1)
        drawn_radius, found = radius[rows], scores[rows] > threshold
        looped.append([found[(drawn_radius >= low) & (drawn_radius < low + 1)].mean() for low in (0.5, 1.5)])
    low, high = np.quantile(looped, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(table["completeness_low"], low, atol=1e-12)
    np.testing.assert_allclose(table["completeness_high"], high, atol=1e-12)


def test_empty_cells_and_objects_outside(lenses):
    labels, scores, groups, radius, _ = lenses
    table = completeness_in_cells(labels, scores, groups, {"r": radius}, {"r": np.array([1.0, 2.0, 5.0, 9.0])}, n=30)
    assert table["n"][2] == 0
    assert np.isnan([table[f"completeness{end}"][2] for end in ("", "_low", "_high")]).all()
    assert table["n"].sum() == np.sum(radius >= 1)


def test_columns_stand_one_below_the_other(lenses):
    labels, scores, groups, radius, snr = lenses
    table = completeness_by_column(
        labels, scores, groups, {"r": radius, "snr": snr}, edges={"snr": [5, 50]}, bins=4, fpr=0.05, n=30
    )
    assert table["column"].tolist() == ["r"] * 4 + ["snr"]
    assert len({len(values) for values in table.values()}) == 1
    assert table["n"][:4].tolist() == [120] * 4
    assert table["completeness"][4] == pytest.approx(completeness_at_fpr(labels, scores, 0.05)[0])
    assert table["completeness"][0] < table["completeness"][3]  # wider lenses are easier
    assert completeness_by_column(labels, scores, groups, {}) == {}


def test_too_few_negatives_are_refused(lenses):
    labels, scores, groups, radius, _ = lenses
    with pytest.raises(DataError, match="at least 1000; received 120"):
        completeness_by_column(labels, scores, groups, {"r": radius}, fpr=0.001)
