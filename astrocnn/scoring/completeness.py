"""Completeness at a fixed false positive rate, in bins of what is true of the positives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from astrocnn.errors import DataError
from astrocnn.scoring.bootstrap import bootstrap_by_group
from astrocnn.scoring.metrics import RankedScores, threshold_column

Table = dict[str, np.ndarray]


def quantile_edges(values: np.ndarray, bins: int = 8) -> np.ndarray:
    """Edges that put about equally many finite values in each bin; fewer bins where values repeat."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        raise DataError("no finite value to make bins of", expected="at least one", received="none")
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, bins + 1)))
    return edges if edges.size > 1 else np.append(edges, np.nextafter(edges, np.inf))


def bin_index(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Bin of each value, low <= value < high and the last bin closed; -1 for NaN and outside."""
    values, edges = np.asarray(values, dtype=np.float64), np.asarray(edges, dtype=np.float64)
    if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0):
        raise DataError("bin edges must rise", expected="two or more rising numbers", received=edges.tolist())
    index = np.searchsorted(edges, values, side="right") - 1
    index[values == edges[-1]] = edges.size - 2
    return np.where((values >= edges[0]) & (values <= edges[-1]), index, -1)


def completeness_in_cells(
    labels: np.ndarray,
    scores: np.ndarray,
    groups: np.ndarray,
    columns: Mapping[str, np.ndarray],
    edges: Mapping[str, np.ndarray],
    *,
    fpr: float = 0.01,
    seed: int = 0,
    n: int = 1000,
    level: float = 0.95,
) -> Table:
    """Completeness on the grid spanned by the bins of one or more columns.

    Parameters
    ----------
    labels, scores : array, (row,)
        See `RankedScores.of`.
    groups : array, (row,)
        Whole groups are resampled; the threshold is found anew, from all negatives, in each resample.
    columns : mapping of str to array, (row,)
        What is true of each row, for example `einstein_radius_arcsec` and `snr`; NaN for negatives. Positives that
        are NaN or outside the edges are in no cell.
    edges : mapping of str to array
        Bin edges of each column.
    fpr : float
        False positive rate, at most.
    seed, n, level
        See `bootstrap_by_group`.

    Returns
    -------
    dict of numpy.ndarray
        One row a cell, the last column running fastest: `<column>_low` and `<column>_high` of each, `completeness`,
        `completeness_low`, `completeness_high` (NaN in empty cells) and `n`, the positives in the cell.

    Raises
    ------
    DataError
        If there are fewer than 1 / fpr negatives, or edges do not rise.
    """
    ranked = RankedScores.of(labels, scores)
    ranked.require_negatives(fpr)
    shape = tuple(len(edges[name]) - 1 for name in columns)
    index = np.stack([bin_index(values, edges[name]) for name, values in columns.items()])
    inside = np.flatnonzero(ranked.positive & np.all(index >= 0, axis=0))
    cell = np.ravel_multi_index(tuple(index[:, inside]), shape)
    belongs = (cell[:, None] == np.arange(np.prod(shape))).astype(np.float64)

    def measure(weights: np.ndarray) -> np.ndarray:
        column = threshold_column(ranked.counts(weights), fpr)
        kept = weights[:, inside]
        present, selected = kept @ belongs, (kept * (ranked.level[inside] < column[:, None])) @ belongs
        return np.divide(selected, present, out=np.full(present.shape, np.nan), where=present > 0)

    low, high = bootstrap_by_group(groups, measure, n, seed, level)
    table: Table = {}
    for name, bins in zip(columns, np.indices(shape).reshape(len(shape), -1), strict=True):
        table[f"{name}_low"] = np.asarray(edges[name], dtype=np.float64)[bins]
        table[f"{name}_high"] = np.asarray(edges[name], dtype=np.float64)[bins + 1]
    point = measure(np.ones((1, ranked.positive.size)))[0]
    counted = belongs.sum(axis=0).astype(np.int64)
    return table | {"completeness": point, "completeness_low": low, "completeness_high": high, "n": counted}


def completeness_by_column(
    labels: np.ndarray,
    scores: np.ndarray,
    groups: np.ndarray,
    columns: Mapping[str, np.ndarray],
    *,
    edges: Mapping[str, Sequence[float] | np.ndarray] | None = None,
    bins: int = 8,
    fpr: float = 0.01,
    seed: int = 0,
    n: int = 1000,
    level: float = 0.95,
) -> Table:
    """Completeness against each of several columns, one below the other.

    Parameters are those of `completeness_in_cells`; `edges` of a column not given are quantiles of its positives,
    `bins` of them.

    Returns
    -------
    dict of numpy.ndarray
        `column` (its name), `bin_low`, `bin_high`, `completeness`, `completeness_low`, `completeness_high`, `n`.
    """
    positive = RankedScores.of(labels, scores).positive
    tables = []
    for name, values in columns.items():
        given = (edges or {}).get(name)
        bounds = quantile_edges(np.asarray(values)[positive], bins) if given is None else np.asarray(given, float)
        cells = completeness_in_cells(
            labels, scores, groups, {name: values}, {name: bounds}, fpr=fpr, seed=seed, n=n, level=level
        )
        low, high = cells.pop(f"{name}_low"), cells.pop(f"{name}_high")
        tables.append({"column": np.full(low.size, name), "bin_low": low, "bin_high": high, **cells})
    return {key: np.concatenate([table[key] for table in tables]) for key in tables[0]} if tables else {}
