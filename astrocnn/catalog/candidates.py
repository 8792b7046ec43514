"""From scores and objects to ranked candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from astrocnn.errors import DataError
from astrocnn.scoring.flags import flag_bits, flag_names

if TYPE_CHECKING:
    from astrocnn.samples.sample_set import SampleSet

FROM_OBJECTS = (
    "ra", "dec", "tile", "x", "y", "flux", "peak", "half_light_radius_arcsec", "axis_ratio", "position_angle_deg",
    "snr", "split",
)  # fmt: skip
"""Columns of the objects that a catalog takes over, where they have them; so are fluxes by band."""
OF_SCORES = ("id", "mean", "spread", "probability", "flags")
"""Columns of every Scores table; so are those that begin with `score_`."""


def choose_candidates(
    scores: dict[str, np.ndarray],
    samples: SampleSet | None,
    *,
    top: int | None = None,
    score_above: float | None = None,
    probability_above: float | None = None,
    without_flags: Sequence[str] = (),
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Choose and rank candidates.

    Parameters
    ----------
    scores : dict of ndarray
        A Scores table.
    samples : SampleSet, optional
        The objects that were scored; absent where the table says itself what its rows are, as those of a search do:
        then all its columns are taken over.
    top, score_above, probability_above : optional
        Bounds, all of which hold; objects without a score are never chosen.
    without_flags : sequence of str
        Names of flags that no candidate has.

    Returns
    -------
    columns : dict of ndarray
        The catalog's columns, best candidate first; equal scores stand in the order of their ids. An object that was
        scored on several tiles stands there once, with its best score and what was measured on that tile.
    kept : ndarray of bool
        Which rows of the scores were chosen.

    Raises
    ------
    DataError
        When a scored object is not among the samples, or a probability is asked for where no score has one.
    UnknownName
        When there is no flag of a name.
    """
    mean, ids = scores["mean"].astype(np.float64), scores["id"].astype(str)
    good = np.isfinite(mean)
    if score_above is not None:
        good &= mean > score_above
    if probability_above is not None:
        _require_probability(scores["probability"][good])
        good &= scores["probability"] > probability_above
    good &= (scores["flags"].astype(np.int64) & flag_bits(without_flags)) == 0
    rows = np.flatnonzero(good)
    order = rows[np.lexsort((ids[rows], -mean[rows]))]
    best = np.unique(ids[order], return_index=True)[1]
    order = order[np.sort(best)][:top]
    kept = np.zeros(len(mean), bool)
    kept[order] = True
    columns = {
        "id": ids[order], "rank": np.arange(1, len(order) + 1, dtype=np.int32), "score": mean[order],
        "probability": scores["probability"][order], "spread": scores["spread"][order], "flags": scores["flags"][order],
        "flag_names": flag_names(scores["flags"][order]),
    }  # fmt: skip
    if samples is None:
        own = [name for name in scores if name not in OF_SCORES and not name.startswith("score_")]
        return columns | {name: scores[name][order] for name in own}, kept
    names = [name for name in samples.columns if name in FROM_OBJECTS or name.startswith("flux_")]
    where = _rows_of(samples, ids, order)
    return columns | {name: samples.column(name)[where] for name in names}, kept


def _require_probability(probability: np.ndarray) -> None:
    if len(probability) and not np.isfinite(probability).any():
        raise DataError(
            "no object has a probability to cut at", where="keep.probability_above", expected="a calibrated model",
            fix="cut by score_above or top",
        )  # fmt: skip


def _rows_of(samples: SampleSet, ids: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Rows of the samples that the chosen rows of the scores were made from: by id, and by turn where ids repeat."""
    order = np.argsort(samples.ids, kind="stable")
    known, wanted = samples.ids[order], ids[chosen]
    first, end = (np.searchsorted(known, wanted, side) for side in ("left", "right"))
    missing = wanted[first == end]
    if len(missing):
        raise DataError(
            "scored objects are not among the samples", where=", ".join(missing[:3]),
            expected="the samples that were scored", fix="name their stage under samples:",
        )  # fmt: skip
    return order[np.minimum(first + _turn(ids)[chosen], end - 1)]


def _turn(ids: np.ndarray) -> np.ndarray:
    """How many rows before each row have its id: an object that lies on two tiles stands there twice."""
    order = np.argsort(ids, kind="stable")
    turn = np.empty(len(ids), np.int64)
    turn[order] = np.arange(len(ids)) - np.searchsorted(ids[order], ids[order])
    return turn
