"""The table of a search: one row a candidate, with the columns of the catalog's dictionary."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from astrocnn.catalog.columns import column_dictionary, converted, define
from astrocnn.parquet import parquet_schema, write_parquet
from astrocnn.search.candidate import Candidate
from astrocnn.search.flags import AGAINST

NOTES_KEY = b"astrocnn"
PARTS_PER_MILLION = 1e6
COLUMNS = (
    "id", "star", "ra", "dec", "mean", "spread", "probability", "flags", "period_day", "period_error_day", "epoch_day",
    "epoch_error_day", "duration_hour", "depth_ppm", "depth_error_ppm", "snr", "n_transits", "probability_folded",
    "odd_even_sigma", "secondary_sigma", "secondary_phase", "secondary_depth_ppm", "ingress_share",
    "stellar_period_day", "found_by", "vetted",
)  # fmt: skip
"""And, where a network searched along, `score_<network>`."""


def candidate_row(
    candidate: Candidate, number: int, star: Mapping[str, Any], zero_day: float, *, flags: int, probability: float,
    probability_folded: float, network: str = "",
) -> dict[str, Any]:  # fmt: skip
    """One row of the table.

    Parameters
    ----------
    candidate : Candidate
    number : int
        Of the candidate of its star, from 1.
    star : mapping
        `id`, `ra`, `dec`.
    zero_day : float
        Julian date of time 0 of the curve.
    flags : int
        Bits that the star or the network add to those of the candidate.
    probability, probability_folded : float
        Calibrated; NaN where not.
    network : str
        Name of the model; empty without: candidates are then ranked by signal to noise.
    """
    ephemeris, evidence = candidate.ephemeris, candidate.evidence
    score = candidate.score if network else candidate.transits.snr
    row = {
        "id": f"{star['id']}-{number}", "star": star["id"], "ra": star["ra"], "dec": star["dec"], "mean": score,
        "spread": math.nan, "probability": probability, "flags": candidate.flags | flags,
        "period_day": ephemeris.period_day if math.isfinite(ephemeris.period_day) else math.nan,
        "period_error_day": candidate.period_error_day, "epoch_day": zero_day + ephemeris.epoch_day,
        "epoch_error_day": candidate.epoch_error_day, "duration_hour": ephemeris.duration_hour,
        "depth_ppm": PARTS_PER_MILLION * candidate.depth, "depth_error_ppm": PARTS_PER_MILLION * candidate.depth_error,
        "snr": candidate.transits.snr, "n_transits": len(candidate.transits), "probability_folded": probability_folded,
        "odd_even_sigma": evidence.odd_even.sigma, "secondary_sigma": evidence.elsewhere.secondary_sigma,
        "secondary_phase": evidence.elsewhere.secondary_phase,
        "secondary_depth_ppm": PARTS_PER_MILLION * evidence.elsewhere.secondary_depth,
        "ingress_share": evidence.shape.ingress_share, "stellar_period_day": evidence.star.period_day,
        "found_by": candidate.found_by, "vetted": not candidate.flags & AGAINST,
    }  # fmt: skip
    return row | ({f"score_{network}": score} if network else {})


def write_candidates(
    rows: Sequence[Mapping[str, Any]], path: Path, notes: Mapping[str, Any], network: str = ""
) -> None:
    """Write rows of `candidate_row` as a Scores table, in the types of the column dictionary; also none.

    Parameters
    ----------
    rows : sequence of mapping
    path : Path
    notes : mapping
        Plain data that is true of all, as the time system.
    network : str
        As for `candidate_row`.
    """
    import pyarrow

    dictionary = column_dictionary()
    types = {
        "text": pyarrow.string(), "bool": pyarrow.bool_(), "int32": pyarrow.int32(), "float32": pyarrow.float32(),
        "float64": pyarrow.float64(),
    }  # fmt: skip
    arrays, fields = [], []
    for name in (*COLUMNS, *((f"score_{network}",) if network else ())):
        column = define("score" if name == "mean" else name, dictionary)
        kind = object if column.dtype == "text" else column.dtype
        values = converted(name, column, np.array([row[name] for row in rows], kind))
        arrays.append(pyarrow.array(values.tolist(), types[column.dtype]))
        fields.append(pyarrow.field(name, types[column.dtype]))
    schema = pyarrow.schema(fields, metadata={NOTES_KEY: json.dumps(dict(notes), sort_keys=True)})
    write_parquet(pyarrow.table(arrays, schema=schema), path)


def read_notes(path: Path) -> dict[str, Any]:
    """The notes of a table that `write_candidates` wrote; empty of any other."""
    schema, _ = parquet_schema(path)
    stored = (schema.metadata or {}).get(NOTES_KEY)
    return dict(json.loads(stored)) if stored else {}
