"""Windows of folded light curves, on their transit and off it: where they are placed, or what `windows.csv` says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrocnn.errors import DataError
from astrocnn.ingest.light_curves.objects import read_cells
from astrocnn.samples.curve import LightCurve
from astrocnn.samples.seeds import block_generator
from astrocnn.time_series.bins import binned
from astrocnn.time_series.period_options import HOURS_OF_DAY

WINDOWS = "windows.csv"
CLASSES = ("nothing", "transit")
_COLUMNS = ("id", "window_center_day", "window_hour", "label")


@dataclass(frozen=True)
class Windows:
    """Windows of one star.

    Attributes
    ----------
    centre_day : ndarray, shape (n,)
        Middle of each window, days from mid-transit.
    label : ndarray of int8, shape (n,)
        1 with a transit, else 0.
    """

    centre_day: np.ndarray
    label: np.ndarray

    def __len__(self) -> int:
        return len(self.centre_day)


@dataclass(frozen=True)
class Placement:
    """How windows are placed where no table says it.

    Attributes
    ----------
    offset_hour : float
        Mid-transits lie uniformly within so much of a window's middle.
    clear_hour : float
        Middles of windows off transit are farther than the duration and this from phases 0 and 0.5.
    per_star : int
        Windows on transit, and as many off it.
    """

    offset_hour: float = 6.0
    clear_hour: float = 12.0
    per_star: int = 1

    def place(self, period_day: float, duration_hour: float, generator: np.random.Generator) -> Windows | str:
        """Windows of a star, on transit first; or the reason why there are none.

        Parameters
        ----------
        period_day, duration_hour : float
            NaN where not known.
        generator : numpy.random.Generator
            Of this star alone.
        """
        if not (period_day > 0 and duration_hour > 0):
            return "no period_day or no duration_hour is known, without which windows cannot be placed"
        nearest = (duration_hour + self.clear_hour) / HOURS_OF_DAY
        room = 0.5 * period_day - 2.0 * nearest
        if room <= 0:
            return "the period is too short for a window off transit and off phase 0.5"
        number = self.per_star
        on = generator.uniform(-self.offset_hour, self.offset_hour, number) / HOURS_OF_DAY
        side = np.where(generator.random(number) < 0.5, -1.0, 1.0)
        off = side * (nearest + room * generator.random(number))
        return Windows(np.concatenate([on, off]), np.repeat([1, 0], number).astype(np.int8))


def generator_of(seed: int, stage: str, star: str) -> np.random.Generator:
    """Random generator of one star: its windows do not depend on which others there are."""
    return block_generator(seed, stage, 0, part=star)


def read_windows(path: Path, window_hour: float) -> dict[str, Windows]:
    """Read a table of labelled windows: `id`, `window_center_day`, `window_hour`, `label` (1: transit), in any order.

    Parameters
    ----------
    path : Path
        The CSV file.
    window_hour : float
        Length that all windows must have, since a network takes one length.

    Returns
    -------
    dict of str to Windows
        By id of the star, each in the order of its rows.

    Raises
    ------
    InputMissing
        There is no such file.
    DataError
        A column is missing, a number is none, a label is neither 0 nor 1, or a window has another length.
    """
    expected = ", ".join(_COLUMNS)
    names, rows = read_cells(path, "windows", f"a CSV file with {expected}")
    names = [name.strip() for name in names]
    if not {*_COLUMNS} <= {*names} or any(len(row) != len(names) for row in rows):
        raise DataError(
            "the table of windows has no usable columns", where=str(path), received=", ".join(names),
            expected=f"{expected}, and as many cells in each row",
        )  # fmt: skip
    columns = {name: [row[names.index(name)].strip() for row in rows] for name in _COLUMNS}
    ids = np.array(columns["id"], dtype=str)
    centre, length, label = (_numbers(columns[name], name, path) for name in _COLUMNS[1:])
    if wrong := sorted({f"{value:g}" for value in label[~np.isin(label, (0, 1))]}):
        raise DataError("labels of windows", where=str(path), expected="0 or 1", received=", ".join(wrong[:3]))
    if wrong := sorted({f"{value:g}" for value in length[np.abs(length - window_hour) > 1e-6]}):
        raise DataError(
            "windows of another length", where=str(path), expected=f"window_hour {window_hour:g}",
            received=", ".join(wrong[:3]), fix="state that length as window_hour of the stage",
        )  # fmt: skip
    return {str(one): Windows(centre[ids == one], label[ids == one].astype(np.int8)) for one in dict.fromkeys(ids)}


def _numbers(texts: list[str], name: str, path: Path) -> np.ndarray:
    try:
        values = np.array([float(text) for text in texts])
    except ValueError as error:
        raise DataError(f"{name} holds no number", where=str(path), received=str(error)) from error
    if not np.isfinite(values).all():
        raise DataError(f"{name} holds numbers that are not finite", where=str(path))
    return values


def sampled_windows(curve: LightCurve, windows: Windows, window_hour: float, samples: int) -> np.ndarray:
    """Means of a curve in equal steps of its windows, (n, samples) of float64; NaN where there is no point.

    Values are weighted by their errors where these are known.
    """
    half = 0.5 * window_hour / HOURS_OF_DAY
    rows = []
    for centre in windows.centre_day:
        first, last = np.searchsorted(curve.time, (centre - half, centre + half))
        time, value, error = (part[first:last].astype(np.float64) for part in (curve.time, curve.value, curve.error))
        rows.append(binned(time, value, error, start=centre - half, end=centre + half, bins=samples).value)
    return np.stack(rows)
