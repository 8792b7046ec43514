"""The one normaliser: whatever a file holds becomes a curve with sorted, unique, finite times, or is refused.

Repaired, and counted for each object in the columns named here: rows without a finite time or value are dropped
(`dropped_missing`), as are rows whose value or error is a placeholder, since a magnitude with an error of 99.99 is the
limit of what would have been seen and no measurement (`dropped_placeholders`), and rows with a flag of the quality mask
(`dropped_flagged`); rows out of order are sorted (`sorted_rows`); rows that repeat time and band are merged, those with
other values by their mean, by inverse variance where all have errors (`merged_rows`); errors of zero, and infinite
ones, become unknown (`unknown_errors`).

Refused: no rows, no finite value, fewer than the points asked for, negative errors, most times repeated, mixed time
systems, dates that nobody can mean, units that are none or cannot be converted to the one asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from astrocnn.errors import DataError
from astrocnn.ingest.light_curves.observed import Observed, ReadOptions, TimeZero
from astrocnn.ingest.light_curves.times import check_dates
from astrocnn.ingest.light_curves.units import stored_unit, unit_factor
from astrocnn.samples.curve import LightCurve
from astrocnn.samples.curve_meta import CurveMeta

REFERENCE_DAY = 2450000.0
"""Julian date that absolute times are stored from: a float64 of a few thousand days is good to 0.1 microsecond."""
_SAME = 1e-6  # relative: a number in float32 is that of the pipeline file
MOST_REPEATED = 0.5
"""Fraction of rows that may repeat others: beyond it, several objects stand under one name, or times are rounded."""


@dataclass(frozen=True)
class Changes:
    """Rows of one object that were dropped or changed."""

    dropped_missing: int = 0
    dropped_placeholders: int = 0
    dropped_flagged: int = 0
    sorted_rows: int = 0
    merged_rows: int = 0
    unknown_errors: int = 0


@dataclass(frozen=True)
class Normalised:
    """A curve, what holds for it and all of its kind, and what was changed."""

    curve: LightCurve
    meta: CurveMeta
    changes: Changes


def normalise(
    pieces: list[Observed], options: ReadOptions, minimum_points: int = 2, reference_day: float = REFERENCE_DAY
) -> Normalised:
    """Make one curve of what was observed of one object, in one file or several.

    Parameters
    ----------
    pieces : list of Observed
        Of one object; at least one.
    options : ReadOptions
        `unit` and `bands` wanted, names of bands, and what stands for nothing measured.
    minimum_points : int
        Objects with fewer are refused.
    reference_day : float
        Julian date that absolute times are given from.

    Raises
    ------
    DataError
        When the object is refused; it says why and what to do.
    """
    first, where = pieces[0], pieces[0].id
    if not where:
        raise DataError("rows without an id", where=where, fix="give each object one")
    for piece in pieces[1:]:
        if piece.zero.system != first.zero.system or (piece.zero.day is None) != (first.zero.day is None):
            raise DataError(
                "mixed time systems", where=where, expected=first.zero.system, received=piece.zero.system,
                fix="bring all times to one system",
            )  # fmt: skip
        if piece.quantity != first.quantity:
            raise DataError("fluxes and magnitudes", where=where, expected=first.quantity, received=piece.quantity)
    unit, zero = options.unit or first.unit, first.zero
    unit = stored_unit(unit, first.quantity, where)
    pieces = [_with_named_bands(piece, options) for piece in pieces]
    bands = options.bands or tuple(sorted(set().union(*(piece.bands for piece in pieces))))
    parts = [_arrays(piece, unit, bands, zero, reference_day, options) for piece in pieces]
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    changes: dict[str, int] = {}
    arrays = _usable(arrays, where, changes)
    check_dates(arrays["time"], TimeZero(zero.system, None if zero.day is None else reference_day), where)
    arrays = _checked_errors(arrays, where, changes)
    arrays = _in_order(arrays, where, changes)
    if len(arrays["time"]) < minimum_points:
        raise DataError(
            "too few points", where=where, expected=f"{minimum_points} or more", received=len(arrays["time"]),
            fix="lower minimum_points, or leave the object out",
        )  # fmt: skip
    meta = CurveMeta(
        time_system=zero.system, time_reference_day=None if zero.day is None else reference_day,
        quantity=first.quantity, unit=unit, bands=bands,
    )  # fmt: skip
    del arrays["dropped"], arrays["placeholder"]
    return Normalised(LightCurve(where, **arrays, bands=bands), meta, Changes(**changes))


def _with_named_bands(piece: Observed, options: ReadOptions) -> Observed:
    if not options.rename_bands:
        return piece
    return replace(piece, bands=tuple(options.rename_bands.get(name, name) for name in piece.bands))


def _arrays(
    piece: Observed, unit: str | None, bands: tuple[str, ...], zero: TimeZero, reference_day: float,
    options: ReadOptions,
) -> dict[str, np.ndarray]:  # fmt: skip
    """The arrays of one file in native types, in the unit, time zero and band numbers of the curve."""
    number = len(piece.time)
    for name in ("value", "error", "quality"):
        found = getattr(piece, name)
        if found is not None and len(found) != number:
            raise DataError(f"not one {name} for each time", where=piece.id, expected=number, received=len(found))
    if not number:
        raise DataError("no rows", where=piece.id, expected="at least one point", fix="leave the object out")
    time = np.asarray(piece.time).astype(np.float64)
    if piece.zero.day is not None and piece.zero.day != reference_day:
        time += piece.zero.day - reference_day
    factor = unit_factor(piece.unit, unit, piece.id)
    flags = np.zeros(number) if piece.quality is None else np.nan_to_num(piece.quality)  # an empty cell is no flag
    error = np.full(number, np.nan) if piece.error is None else np.asarray(piece.error) * factor
    quality = flags.astype(np.int32)
    arrays = {
        "time": time, "value": (np.asarray(piece.value) * factor).astype(np.float32),
        "error": error.astype(np.float32), "quality": quality, "band": _band_numbers(piece, bands),
        "dropped": (quality & piece.dropped_bits) != 0, "placeholder": _placeholders(piece, options),
    }  # fmt: skip
    wanted = arrays["band"] >= 0
    if not wanted.any():
        raise DataError(
            "no point in the bands wanted", where=piece.id, expected=", ".join(bands), received=", ".join(piece.bands)
        )
    return arrays if wanted.all() else {name: values[wanted] for name, values in arrays.items()}


def _placeholders(piece: Observed, options: ReadOptions) -> np.ndarray:
    """Rows whose value or error stands for nothing measured, (n,) of bool."""
    found = np.zeros(len(piece.time), bool)
    for numbers in (piece.value, piece.error):
        if numbers is None:
            continue
        if piece.quantity == "magnitude":
            found |= np.isfinite(numbers) & (np.abs(numbers) >= options.placeholder_mag)
        for missing in options.missing_values:
            found |= np.isclose(numbers, missing, rtol=_SAME, atol=0)
    return found


def _band_numbers(piece: Observed, bands: tuple[str, ...]) -> np.ndarray:
    """Position of each point's band, -1 for a band that is not wanted."""
    places = np.array([bands.index(name) if name in bands else -1 for name in piece.bands], np.int16)
    return np.full(len(piece.time), places[0]) if piece.band is None else places[piece.band]


def _usable(arrays: dict[str, np.ndarray], where: str, changes: dict[str, int]) -> dict[str, np.ndarray]:
    """Drop rows without time or value, then placeholders, then those that the quality mask takes away."""
    finite = np.isfinite(arrays["time"]) & np.isfinite(arrays["value"])
    measured = finite & ~arrays["placeholder"]
    flagged = measured & arrays["dropped"]
    changes["dropped_missing"] = int(np.count_nonzero(~finite))
    changes["dropped_placeholders"] = int(np.count_nonzero(finite & ~measured))
    changes["dropped_flagged"] = int(np.count_nonzero(flagged))
    if not finite.any():
        raise DataError(
            "no point with a finite time and value", where=where, received=f"{len(finite)} rows",
            fix="leave the object out, or choose another flux column",
        )  # fmt: skip
    if not measured.any():
        raise DataError(
            "only placeholders for nothing measured", where=where, expected="a magnitude or flux with its error",
            received=f"{np.count_nonzero(finite)} rows such as 99.99",
            fix="leave the object out, or state placeholder_mag, missing_values or the column of errors",
        )  # fmt: skip
    kept = measured & ~flagged
    if not kept.any():
        raise DataError(
            "the quality mask leaves no point", where=where, received=f"{len(finite)} rows",
            fix="choose a gentler quality mask",
        )  # fmt: skip
    return arrays if kept.all() else {name: values[kept] for name, values in arrays.items()}


def _checked_errors(arrays: dict[str, np.ndarray], where: str, changes: dict[str, int]) -> dict[str, np.ndarray]:
    """Refuse negative errors; those that say nothing become NaN."""
    error = arrays["error"]
    if (error < 0).any():
        raise DataError(
            "negative errors", where=where, expected="standard deviations, empty or NaN where none is known",
            received=f"{error[error < 0][0]:g} and {np.count_nonzero(error < 0) - 1} more",
            fix="mark unknown errors as empty, name the column of errors, or what they stand for in missing_values",
        )  # fmt: skip
    nothing = (error == 0) | np.isposinf(error)
    changes["unknown_errors"] = int(np.count_nonzero(nothing))
    return arrays | {"error": np.where(nothing, np.float32(np.nan), error)} if nothing.any() else arrays


def _in_order(arrays: dict[str, np.ndarray], where: str, changes: dict[str, int]) -> dict[str, np.ndarray]:
    """Sort by time, then band, and merge rows that have both in common."""
    time, band = arrays["time"], arrays["band"]
    step = np.diff(time)
    if (step > 0).all():
        return arrays
    # rows of one band before those of the next is an order too, and nothing to tell
    changes["sorted_rows"] = int(np.count_nonzero((step < 0) & (np.diff(band) == 0)))
    order = np.lexsort((band, time))
    arrays = {name: values[order] for name, values in arrays.items()}
    new = np.concatenate([[True], (np.diff(arrays["time"]) > 0) | (np.diff(arrays["band"]) != 0)])
    repeated = int(np.count_nonzero(~new))
    changes["merged_rows"] = repeated
    if not repeated:
        return arrays
    if repeated > MOST_REPEATED * len(new):
        raise DataError(
            "most times are repeated", where=where, expected="each time once in a band",
            received=f"{repeated} of {len(new)} rows repeat another",
            fix="give each object an id and each band a name of its own, and times with all their digits",
        )  # fmt: skip
    return _merged(arrays, np.flatnonzero(new))


def _merged(arrays: dict[str, np.ndarray], starts: np.ndarray) -> dict[str, np.ndarray]:
    """One row of each run of equal rows: weighted means, flags of all."""
    merged = {name: values[starts] for name, values in arrays.items()}
    for row, (start, stop) in enumerate(zip(starts, [*starts[1:], len(arrays["time"])], strict=True)):
        if stop - start == 1:
            continue
        value, error = arrays["value"][start:stop].astype(np.float64), arrays["error"][start:stop].astype(np.float64)
        merged["quality"][row] = np.bitwise_or.reduce(arrays["quality"][start:stop])
        if (value == value[0]).all() and (error == error[0]).all():
            continue  # the same measurement twice
        if np.isfinite(error).all():
            weight = 1 / error**2
            merged["value"][row] = np.average(value, weights=weight)
            merged["error"][row] = weight.sum() ** -0.5
        else:
            merged["value"][row] = value.mean()
            merged["error"][row] = np.nan
    return merged
