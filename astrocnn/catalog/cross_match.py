"""Matching positions of one catalog to those of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from astrocnn.errors import DataError

_ARCSEC_PER_RADIAN = np.degrees(1) * 3600


@dataclass(frozen=True)
class Matches:
    """Pairs of rows that lie within the radius, ordered by `index`, then by `rank`; arrays (pair,).

    Attributes
    ----------
    index, other_index : numpy.ndarray of int
        Rows of the catalog and of the other table.
    separation_arcsec : numpy.ndarray
        Distance on the sky.
    rank : numpy.ndarray of int
        1 for the nearest match of a row, 2 for the next; equal distances in the order of the other table.
    """

    index: np.ndarray
    other_index: np.ndarray
    separation_arcsec: np.ndarray
    rank: np.ndarray


def cross_match(
    ra: np.ndarray,
    dec: np.ndarray,
    other_ra: np.ndarray,
    other_dec: np.ndarray,
    radius_arcsec: float,
    keep: Literal["nearest", "all"] = "nearest",
) -> Matches:
    """Pairs of positions within a radius, anywhere on the sphere.

    Parameters
    ----------
    ra, dec : array, (row,)
        Positions in degrees, ICRS, both tables at the same epoch; NaN matches nothing.
    other_ra, other_dec : array, (other row,)
        Positions to match to.
    radius_arcsec : float
        Largest separation of a match, included.
    keep : {"nearest", "all"}
        One match a row at most, or every one. A row of the other table may be matched more than once.

    Raises
    ------
    DataError
        If the radius is not positive, or at least a quarter of the sky's circle, or a declination beyond the poles.
    """
    if not 0 < radius_arcsec < 90 * 3600:
        raise DataError("not a matching radius", expected="0 < radius_arcsec < 324000", received=radius_arcsec)
    points, others = _unit_vectors(ra, dec), _unit_vectors(other_ra, other_dec)
    known, other_known = (np.flatnonzero(np.isfinite(vectors).all(axis=1)) for vectors in (points, others))
    chord = 2 * np.sin(radius_arcsec / _ARCSEC_PER_RADIAN / 2)
    found = cKDTree(others[other_known]).query_ball_point(points[known], chord * (1 + 1e-9) + 1e-15)
    index = np.repeat(known, [len(rows) for rows in found])
    other_index = other_known[np.concatenate([np.empty(0, int), *found]).astype(int)]
    separation = 2 * np.arcsin(np.linalg.norm(points[index] - others[other_index], axis=1) / 2) * _ARCSEC_PER_RADIAN

    inside = separation <= radius_arcsec
    index, other_index, separation = index[inside], other_index[inside], separation[inside]
    order = np.lexsort((other_index, separation, index))
    index, other_index, separation = index[order], other_index[order], separation[order]
    first_of_row = np.searchsorted(index, index, side="left")
    rank = np.arange(index.size) - first_of_row + 1
    kept = rank == 1 if keep == "nearest" else np.ones(rank.size, dtype=bool)
    return Matches(index[kept], other_index[kept], separation[kept], rank[kept])


def _unit_vectors(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    longitude, latitude = np.radians(np.asarray(ra, np.float64)), np.radians(np.asarray(dec, np.float64))
    if np.any(np.abs(latitude) > np.pi / 2):
        raise DataError("a declination beyond the poles", expected="-90 to 90", received=np.nanmax(np.abs(dec)))
    return np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=1
    )


def joined_with_matches(
    columns: dict[str, np.ndarray], matches: Matches, other_ids: np.ndarray
) -> dict[str, np.ndarray]:
    """The catalog's columns with `match_id`, `match_separation_arcsec` and `match_rank`.

    Parameters
    ----------
    columns : dict of str to array, (row,)
        The catalog.
    matches : Matches
        Of `cross_match` on its positions.
    other_ids : array, (other row,)
        Identifiers in the other table.

    Returns
    -------
    dict of numpy.ndarray
        One row a pair, and one for each object without a match (empty id, NaN, masked rank), in the catalog's order.
    """
    number = len(next(iter(columns.values())))
    alone = np.setdiff1d(np.arange(number), matches.index)
    order = np.argsort(np.concatenate([matches.index, alone]), kind="stable")
    rows = np.concatenate([matches.index, alone])[order]
    unmatched = np.concatenate([np.zeros(matches.index.size, bool), np.ones(alone.size, bool)])[order]
    identifiers = np.concatenate(
        [np.asarray(other_ids).astype(str).astype(object)[matches.other_index], [""] * alone.size]
    )
    return {
        **{name: values[rows] for name, values in columns.items()},
        "match_id": identifiers[order],
        "match_separation_arcsec": np.concatenate([matches.separation_arcsec, np.full(alone.size, np.nan)])[order],
        "match_rank": np.ma.MaskedArray(np.concatenate([matches.rank, np.full(alone.size, -1)])[order], mask=unmatched),
    }
