"""Scores of several methods for the same objects as one: the mean of their probabilities, and their spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from astrocnn.errors import DataError
from astrocnn.scoring.flags import NETWORK_MISSING

Table = Mapping[str, np.ndarray]


def combine_scores(tables: Mapping[str, Table], weights: Mapping[str, float] | None = None) -> dict[str, np.ndarray]:
    """Join Scores tables by id and average them.

    Parameters
    ----------
    tables : mapping of str to table
        Scores tables by name; each id once in a table.
    weights : mapping of str to float, optional
        Of each table in the mean; all the same by default.

    Returns
    -------
    dict of ndarray
        A Scores table of all objects, in the order in which they first appear: `score_<name>` of each table, `mean`,
        `spread` (standard deviation over the tables), `probability` (mean of those there are) and `flags`; of classes
        also `mean_<class>` and `class`. An object that a table does not have, or has no score for, is averaged over
        the others and flagged `network_missing`.

    Raises
    ------
    DataError
        When the tables are of other classes, or an id stands twice in one.
    """
    names = list(tables)
    share = np.array([1.0 if weights is None else weights.get(name, 1.0) for name in names])
    ids = list(dict.fromkeys(identifier for table in tables.values() for identifier in table["id"].astype(str)))
    classes = _classes(tables)
    rows = {name: _rows(name, table, ids) for name, table in tables.items()}

    def of(column: str) -> np.ndarray:
        return np.stack([_taken(tables[name], column, rows[name], np.nan) for name in names])

    mean = of("mean")
    flags = np.bitwise_or.reduce([_taken(tables[name], "flags", rows[name], 0).astype(np.int32) for name in names])
    missing = ~np.isfinite(mean).all(axis=0)
    combined = {
        "id": np.array(ids, object), **{f"score_{name}": mean[number] for number, name in enumerate(names)},
        "mean": _average(mean, share), "spread": _spread(mean, share),
        "probability": _average(of("probability"), share),
        "flags": flags | np.where(missing, NETWORK_MISSING, 0).astype(np.int32),
    }  # fmt: skip
    if not classes:
        return combined
    each = {name: _average(of(f"mean_{name}"), share) for name in classes}
    return combined | class_columns(classes, np.stack(list(each.values()), axis=1))


def class_columns(classes: Sequence[str], mean: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of several classes: `mean_<class>` of each, and `class`, the most probable ("" where that is NaN).

    Parameters
    ----------
    classes : sequence of str
    mean : array (n, class)
    """
    best = np.argmax(np.nan_to_num(mean), axis=1)
    chosen = np.where(np.isfinite(mean).all(axis=1), np.array(classes, object)[best], "")
    return {f"mean_{name}": mean[:, number] for number, name in enumerate(classes)} | {"class": chosen}


def _classes(tables: Mapping[str, Table]) -> list[str]:
    found = {
        name: [column.removeprefix("mean_") for column in table if column.startswith("mean_")]
        for name, table in tables.items()
    }
    first, *others = found.values()
    if any(set(one) != set(first) for one in others):
        told = "; ".join(f"{name}: {', '.join(one) or 'one class searched for'}" for name, one in found.items())
        raise DataError("scores of other classes cannot be averaged", expected="the same classes", received=told)
    return first


def _rows(name: str, table: Table, ids: Sequence[str]) -> np.ndarray:
    """Row of each object in a table; -1 where it is not there."""
    place = {identifier: row for row, identifier in enumerate(table["id"].astype(str).tolist())}
    if len(place) < len(table["id"]):
        raise DataError("an id stands twice in the scores", where=name, expected="each object once")
    return np.array([place.get(identifier, -1) for identifier in ids], np.int64)


def _taken(table: Table, column: str, rows: np.ndarray, missing: float) -> np.ndarray:
    return np.where(rows >= 0, np.asarray(table[column])[rows], missing)


def _average(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Weighted mean over tables (table, n) of the values there are; NaN where there is none."""
    held = np.isfinite(values) * share[:, None]
    total = held.sum(axis=0)
    summed = np.sum(np.where(held > 0, values * share[:, None], 0.0), axis=0)
    return np.divide(summed, total, out=np.full(values.shape[1], np.nan), where=total > 0)


def _spread(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.sqrt(_average((values - _average(values, share)) ** 2, share))
