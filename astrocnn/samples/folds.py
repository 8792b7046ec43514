"""Folds: every object is left out of one training, together with its group, so that all get a score from outside it."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Literal

import numpy as np

from astrocnn.errors import DataError

FoldsBy = Literal["group", "position"]


def folds_by_group(groups: np.ndarray, labels: np.ndarray, number: int, seed: int) -> np.ndarray:
    """Random folds of whole groups, each with about its share of every class.

    Parameters
    ----------
    groups : array (n,) of str
        Group of each object: the galaxy, the magnification map, the star.
    labels : array (n,) of int
        Class of each object; a group of several counts as the lowest of them.
    number : int
        Folds.
    seed : int
        The run's seed.

    Returns
    -------
    array (n,) of int
        From 0. The same for the same objects in any order.

    Raises
    ------
    DataError
        When there are fewer groups than folds.
    """
    names, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    _refuse_few(len(names), number)
    first = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(first, members, np.asarray(labels, dtype=np.int64))
    order = np.lexsort((np.array([_draw(seed, name) for name in names.tolist()]), first))
    folds = np.empty(len(names), np.int64)
    folds[order] = np.arange(len(names)) % number
    return folds[members]


def folds_by_position(ra: np.ndarray, dec: np.ndarray, groups: np.ndarray, number: int) -> np.ndarray:
    """Neighbouring pieces of the sky as folds: strips with as many groups each, across the longest extent.

    Objects of one field share seasons, seeing and crowding. Folds by position measure what is lost in a new field, and
    are harder than random ones.

    Parameters
    ----------
    ra, dec : arrays (n,)
        ICRS degrees.
    groups : array (n,) of str
        Group of each object; it stands where its objects stand on average.
    number : int
        Folds.

    Returns
    -------
    array (n,) of int
        From 0.

    Raises
    ------
    DataError
        When a position is not finite, or there are fewer groups than folds.
    """
    names, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    _refuse_few(len(names), number)
    ra, dec = np.radians(np.asarray(ra, np.float64)), np.radians(np.asarray(dec, np.float64))
    if not (np.isfinite(ra) & np.isfinite(dec)).all():
        wrong = int(np.sum(~(np.isfinite(ra) & np.isfinite(dec))))
        raise DataError(f"{wrong} objects have no position", expected="ra and dec of all", fix="use folds_by: group")
    directions = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    sums = np.zeros((len(names), 3))
    np.add.at(sums, members, directions)
    means = sums / np.bincount(members)[:, None]
    means -= means.mean(axis=0)
    along = means @ np.linalg.svd(means, full_matrices=False)[2][0]
    order = np.lexsort((np.arange(len(names)), np.round(along, 12)))
    folds = np.empty(len(names), np.int64)
    folds[order] = np.arange(len(names)) * number // len(names)
    return folds[members]


def _draw(seed: int, group: str) -> int:
    """A number from the hash of seed and group: groups added later change no order among the others."""
    digest = blake2b(json.dumps(["fold", int(seed), group]).encode("ascii"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def _refuse_few(groups: int, number: int) -> None:
    if groups < number:
        raise DataError("too few groups for folds", expected=f"at least {number}", received=groups, fix="lower folds")
