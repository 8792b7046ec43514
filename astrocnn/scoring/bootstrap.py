"""Intervals by resampling whole groups, all resamples measured on scores that are sorted once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from astrocnn.errors import DataError
from astrocnn.scoring.metrics import RankedScores, is_supported, rank_statistics, sample_statistics

CHUNK = 500_000
"""Number of weights held in memory at a time: some 40 MB with the arrays made of them."""

Statistic = Callable[[np.ndarray], np.ndarray]


class Interval(NamedTuple):
    """Lower and upper ends, (statistic,); NaN where no resample defines the statistic."""

    low: np.ndarray
    high: np.ndarray


def resampled_weights(groups: np.ndarray, n: int, seed: int) -> Iterator[np.ndarray]:
    """How often each row is drawn when as many groups as there are get drawn with replacement.

    Parameters
    ----------
    groups : array, (row,)
        Group of each row, for example the galaxy a lens was injected into.
    n : int
        Number of resamples.
    seed : int
        Seed of the draws.

    Yields
    ------
    numpy.ndarray of float
        Weights (resample, row), some resamples at a time; the draws do not depend on how many.

    Raises
    ------
    DataError
        If there are fewer than two groups.
    """
    names, group_of_row = np.unique(np.asarray(groups), return_inverse=True)
    if names.size < 2:
        raise DataError("an interval needs several groups", expected="at least 2 groups", received=names.size)
    random = np.random.default_rng(seed)
    at_a_time = max(1, CHUNK // group_of_row.size)
    for start in range(0, n, at_a_time):
        drawn = random.integers(names.size, size=(min(at_a_time, n - start), names.size))
        offset = np.arange(len(drawn))[:, None] * names.size
        times = np.bincount((drawn + offset).ravel(), minlength=drawn.size).reshape(drawn.shape)
        yield times[:, group_of_row].astype(np.float64)


def bootstrap_by_group(
    groups: np.ndarray, statistic: Statistic, n: int = 1000, seed: int = 0, level: float = 0.95
) -> Interval:
    """Percentile intervals of statistics under resampling of whole groups (Efron & Tibshirani 1993, chapter 13).

    Rows of one galaxy share its light and its neighbours: drawing rows one by one gives intervals of the wrong width.
    Percentile intervals have no width where a statistic stands at 0 or 1 in every resample, and are rough for
    `tpr0`, which hangs on a single negative.

    Parameters
    ----------
    groups : array, (row,)
        Group of each row.
    statistic : callable
        Takes weights (resample, row) and returns values (resample, statistic) or (resample,).
    n, seed, level
        Number of resamples, seed of the draws, and probability content of the interval.

    Returns
    -------
    Interval
        Resamples in which a statistic is NaN (a class was not drawn) are left out for it.
    """
    values = np.concatenate([np.asarray(statistic(weights)) for weights in resampled_weights(groups, n, seed)])
    columns = [column[~np.isnan(column)] for column in values.reshape(n, -1).T]
    tails = [(1 - level) / 2, (1 + level) / 2]
    ends = [np.quantile(column, tails) if column.size else np.full(2, np.nan) for column in columns]
    low, high = np.array(ends).T
    return Interval(low, high)


def evaluate_binary(
    labels: np.ndarray,
    scores: np.ndarray,
    groups: np.ndarray,
    *,
    seed: int = 0,
    subsets: Mapping[str, np.ndarray] | None = None,
    weights: np.ndarray | None = None,
    ids: Sequence[str] | np.ndarray | None = None,
    n: int = 1000,
    level: float = 0.95,
) -> dict[str, float | int]:
    """Metrics of labelled scores with intervals by group, flat and with stable names.

    Parameters
    ----------
    labels, scores, ids
        See `RankedScores.of`.
    groups : array, (row,)
        Group of each row; whole groups are resampled.
    seed, n, level
        See `bootstrap_by_group`.
    subsets : mapping of str to bool array, optional
        Rows of a subset. Only its positives are narrowed down: thresholds come from all negatives.
    weights : array, (row,), optional
        Weight of each row; one each by default.

    Returns
    -------
    dict
        For each metric `name`, `name_low`, `name_high` and `name_n`, the rows it is a share of (both classes for
        `auroc`, `auprc` and `accuracy`, else the positives); the same for each subset with `<subset>_` before the
        name, without `auprc` and `accuracy`; `n_positive`, also of subsets, `n_negative`, `n_groups`, `prevalence`.
        Metrics that need more negatives, and those of a subset without positives or weight, are absent.
    """
    ranked = RankedScores.of(labels, scores, ids)
    n_negative = int(np.sum(~ranked.positive))
    base = np.ones(ranked.positive.size) if weights is None else np.asarray(weights, dtype=np.float64)
    positives = {"": ranked.positive}
    for subset, mask in (subsets or {}).items():
        positives[f"{subset}_"] = ranked.positive & np.asarray(mask, dtype=bool)

    def measure(row_weights: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
        measured: dict[tuple[str, str], np.ndarray] = {}
        for prefix, kept in positives.items():
            if kept.any():
                counts = ranked.counts(row_weights * base * (kept | ~ranked.positive))
                found = rank_statistics(counts) | ({} if prefix else sample_statistics(ranked, counts))
                measured |= {(prefix, name): found[name] for name in found if is_supported(name, n_negative)}
        return measured

    points = measure(np.ones((1, base.size)))
    low, high = bootstrap_by_group(
        groups, lambda drawn: np.stack(list(measure(drawn).values()), axis=1), n, seed, level
    )

    n_positive = {prefix: int(kept.sum()) for prefix, kept in positives.items()}
    metrics: dict[str, float | int] = {
        "n_negative": n_negative,
        "n_groups": int(np.unique(np.asarray(groups)).size),
        "prevalence": float(base[ranked.positive].sum() / base.sum()),
        **{f"{prefix}n_positive": number for prefix, number in n_positive.items()},
    }
    for ((prefix, name), value), *ends in zip(points.items(), low, high, strict=True):
        if np.isnan([value[0], *ends]).any():  # a class without weight; NaN is not JSON
            continue
        full = prefix + name
        metrics |= {full: float(value[0]), f"{full}_low": float(ends[0]), f"{full}_high": float(ends[1])}
        metrics[f"{full}_n"] = n_positive[prefix] + (n_negative if name in ("auroc", "auprc", "accuracy") else 0)
    return metrics
