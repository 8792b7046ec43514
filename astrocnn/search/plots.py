"""What is drawn of a candidate, small and ready: its whole curve, and the folded curve in views."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from astrocnn.parquet import write_parquet
from astrocnn.search.dips import RegularCurve
from astrocnn.search.search import StarSearch
from astrocnn.time_series.bins import Binned, binned
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.fold import folded_view
from astrocnn.time_series.period_options import HOURS_OF_DAY

if TYPE_CHECKING:
    import pyarrow

WHOLE_BINS, VIEW_BINS, ORBIT_BINS = 1200, 60, 200
VIEW_DURATIONS = 6.0
LISTS = (
    "curve_day", "curve_flux", "curve_probability", "transit_day", "view_hour", "view_flux", "view_error", "odd_flux",
    "odd_error", "even_flux", "even_error", "half_flux", "half_error", "orbit_phase", "orbit_flux",
)  # fmt: skip
"""Columns with a list in each row: the whole curve in bins, with the network's mean probability in them; mid-transits;
the view about mid-transit, that of odd and of even transits alone, and that half a period later; the whole orbit."""


def plot_row(search: StarSearch, number: int, name: str, zero_day: float) -> dict[str, Any]:
    """What is drawn of one candidate.

    Parameters
    ----------
    search : StarSearch
    number : int
        Of the candidate, from 0.
    name : str
        Its id.
    zero_day : float
        Julian date of time 0 of the curve.

    Returns
    -------
    dict
        `id`, `duration_hour`, `depth`, `period_day` and arrays of `LISTS`; relative flux less 1 in parts per million.
    """
    curve, candidate = search.star.curve, search.candidates[number]
    ephemeris = candidate.ephemeris
    time, flux = curve.time_day, 1e6 * (curve.flux - 1)
    bins = min(WHOLE_BINS, len(curve))
    edges = {"start": time[0] - curve.interval_day / 2, "end": time[-1] + curve.interval_day / 2, "bins": bins}
    whole = binned(time, flux, **edges)
    row: dict[str, Any] = dict.fromkeys(LISTS, np.empty(0))
    row |= {
        "id": name, "duration_hour": ephemeris.duration_hour, "depth_ppm": 1e6 * candidate.depth,
        "period_day": ephemeris.period_day, "curve_day": zero_day + whole.x, "curve_flux": whole.value,
        "transit_day": zero_day + candidate.transits.time_day,
    }  # fmt: skip
    if search.probability is not None:
        row["curve_probability"] = binned(time, search.probability, **edges).value
    view = _view(curve, flux, ephemeris)
    row |= {"view_hour": HOURS_OF_DAY * view.x, "view_flux": view.value, "view_error": view.error}
    if math.isinf(ephemeris.period_day):
        return row
    period = ephemeris.period_day
    others = {
        "even": replace(ephemeris, period_day=2 * period),
        "odd": replace(ephemeris, period_day=2 * period, epoch_day=ephemeris.epoch_day + period),
        "half": replace(ephemeris, epoch_day=ephemeris.epoch_day + 0.5 * period),
    }
    for key, other in others.items():
        view = _view(curve, flux, other)
        row |= {f"{key}_flux": view.value, f"{key}_error": view.error}
    orbit = folded_view(
        time, flux, None, replace(ephemeris, epoch_day=ephemeris.epoch_day + 0.25 * period), bins=ORBIT_BINS
    )
    return row | {"orbit_phase": orbit.x + 0.25, "orbit_flux": orbit.value}


def _view(curve: RegularCurve, flux: np.ndarray, ephemeris: Ephemeris) -> Binned:
    return folded_view(curve.time_day, flux, None, ephemeris, bins=VIEW_BINS, durations=VIEW_DURATIONS)


def write_plots(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write rows of `plot_row` as Parquet; also none."""
    import pyarrow

    arrays = {"id": pyarrow.array([row["id"] for row in rows], pyarrow.string())}
    for name in ("period_day", "duration_hour", "depth_ppm"):
        arrays[name] = pyarrow.array([row[name] for row in rows], pyarrow.float64())
    for name in LISTS:
        number = pyarrow.float64() if name.endswith("_day") else pyarrow.float32()
        arrays[name] = pyarrow.array([row[name].tolist() for row in rows], pyarrow.list_(number))
    write_parquet(pyarrow.table(arrays), path)


def write_probabilities(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the probability of every sample, one row a star, as Parquet; also none.

    Parameters
    ----------
    rows : sequence of mapping
        `star`, `start_day` (Julian date of the middle of the first sample), `interval_day` and `probability`, (n,).
    path : Path
    """
    import pyarrow

    table: pyarrow.Table = pyarrow.table({
        "star": pyarrow.array([row["star"] for row in rows], pyarrow.string()),
        "start_day": pyarrow.array([row["start_day"] for row in rows], pyarrow.float64()),
        "interval_day": pyarrow.array([row["interval_day"] for row in rows], pyarrow.float64()),
        "probability": pyarrow.array(
            [row["probability"].astype(np.float32) for row in rows], pyarrow.list_(pyarrow.float32())
        ),
    })  # fmt: skip
    write_parquet(table, path)
