"""Splits by group: assigned once, stable when data are added, and checked for leaks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b

import numpy as np

from astrocnn.errors import LeakError, PipelineFileError, StoreError
from astrocnn.samples.split_order import wrong_fractions

SHOWN = 5
"""Objects named in an error, of however many."""


def assign_splits(groups: np.ndarray, seed: int, fractions: Mapping[str, float]) -> np.ndarray:
    """Split of each object, decided by its group's name alone.

    Members of a group stay together, and groups added later never move those that were there.

    Parameters
    ----------
    groups : array (n,) of str
        Group of each object: the galaxy, the magnification map, the star.
    seed : int
        The run's seed.
    fractions : mapping of str to float
        Expected fraction of groups in each split, in an order that matters; they sum to 1.

    Returns
    -------
    array (n,) of str

    Raises
    ------
    PipelineFileError
        If the fractions are not positive or do not sum to 1.
    """
    if wrong_fractions(fractions):
        what = "fractions of splits that do not divide the objects"
        raise PipelineFileError(what, expected="positive numbers with the sum 1", received=dict(fractions))
    names, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    draws = np.array([_uniform(seed, name) for name in names.tolist()])
    choice = np.searchsorted(np.cumsum(list(fractions.values()))[:-1], draws, side="right")
    return np.array(list(fractions), dtype=str)[choice][members]


def _uniform(seed: int, group: str) -> float:
    """A number in [0, 1) from the hash of seed and group."""
    text = f'["split", {int(seed)}, {json.dumps(group)}]'  # as json.dumps writes the list, in half the time
    digest = blake2b(text.encode("ascii"), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> 11) / 2**53


def check_leaks(groups: np.ndarray, splits: np.ndarray) -> None:
    """Refuse a group that stands in more than one split; objects without a split ("") are on no side.

    Raises
    ------
    LeakError
        Names some of the groups.
    """
    groups, splits = np.asarray(groups, dtype=str), np.asarray(splits, dtype=str)
    assigned = splits != ""
    pairs = np.unique(np.stack([groups[assigned], splits[assigned]], axis=-1), axis=0)
    names, counts = np.unique(pairs[:, 0], return_counts=True)
    torn = names[counts > 1].tolist()
    if torn:
        what = f"{len(torn)} groups stand in more than one split: {_some(torn)}"
        raise LeakError(what, expected="all objects of a group in one split", fix="assign splits by group")


def refuse_overlap(trained: Iterable[str], evaluated: Iterable[str], of: str = "objects") -> None:
    """Refuse to evaluate on what was trained on.

    Parameters
    ----------
    trained, evaluated : iterables of str
        Ids or groups.
    of : str, optional
        What they name, for the message.

    Raises
    ------
    LeakError
        Names some of those in both.
    """
    both = sorted({*map(str, trained)} & {*map(str, evaluated)})
    if both:
        what = f"{len(both)} {of} to be evaluated were trained on: {_some(both)}"
        raise LeakError(what, fix="evaluate a split that training did not read")


def leaks_by_position(ra: np.ndarray, dec: np.ndarray, splits: np.ndarray, radius_arcsec: float) -> np.ndarray:
    """Pairs of objects in different splits closer on the sky than a radius: the same object twice, under two names.

    Parameters
    ----------
    ra, dec : arrays (n,)
        ICRS degrees; objects with NaN are left out.
    splits : array (n,) of str
        Objects without a split ("") are left out.
    radius_arcsec : float
        Separation below which two objects share pixels or are one.

    Returns
    -------
    array (k, 2) of int
        Positions of both members, the smaller first, in order.
    """
    from astropy import units
    from astropy.coordinates import SkyCoord, search_around_sky

    splits = np.asarray(splits, dtype=str)
    placed = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec) & (splits != ""))
    if not len(placed):
        return np.empty((0, 2), np.int64)
    sky = SkyCoord(np.asarray(ra)[placed], np.asarray(dec)[placed], unit="deg")
    first, second, _, _ = search_around_sky(sky, sky, radius_arcsec * units.arcsec)
    first, second = placed[first], placed[second]
    crossing = (first < second) & (splits[first] != splits[second])
    return np.unique(np.stack([first[crossing], second[crossing]], axis=-1), axis=0)


def check_unique_ids(ids: np.ndarray) -> None:
    """Refuse ids that stand for two objects; called where ids become keys, since it needs all of them.

    Raises
    ------
    StoreError
        Names some of them.
    """
    names, counts = np.unique(np.asarray(ids, dtype=str), return_counts=True)
    repeated = names[counts > 1].tolist()
    if repeated:
        what = f"{len(repeated)} ids stand for more than one object: {_some(repeated)}"
        raise StoreError(what, expected="each id once in a set", fix="make ids from the tile and the number in it")


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
