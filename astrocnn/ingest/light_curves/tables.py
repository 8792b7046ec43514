"""Tables of light curves: CSV, ECSV, VOTable, FITS, and text in columns; of one object, or of many with their ids."""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from astrocnn.errors import DataError
from astrocnn.ingest.fits_files import refuse_missing
from astrocnn.ingest.light_curves.column_names import (
    error_column,
    find_column,
    no_columns,
    value_column,
    wide_columns,
)
from astrocnn.ingest.light_curves.names import file_stem
from astrocnn.ingest.light_curves.observed import Observed, ReadOptions
from astrocnn.ingest.light_curves.times import days_in, zero_of_column

if TYPE_CHECKING:
    from astropy.table import Table

FORMATS = {".csv": "ascii.csv", ".ecsv": "ascii.ecsv", ".vot": "votable", ".xml": "votable", ".fits": "fits",
           ".fit": "fits", ".tsv": "ascii.tab"}  # fmt: skip


def read_table_file(path: Path, options: ReadOptions) -> Iterator[Observed]:
    """Read the light curves of a table.

    A column of ids makes one curve of each id; else the file is one object. A column of bands names the band of each
    row; a table with one column a band (mag_g, magerr_g) is taken apart.

    Parameters
    ----------
    path : Path
        Its ending tells the format; text of other endings is guessed at. May be compressed with gzip.
    options : ReadOptions
        Columns, time system and unit, where the table does not say them.

    Raises
    ------
    InputMissing
        The file is gone.
    DataError
        It cannot be read as a table, or a column is missing or is no number.
    """
    refuse_missing(path)
    table = _read(path)
    return curves_of_table(table, file_stem(path), str(path), options)


def curves_of_table(table: Table, name: str, where: str, options: ReadOptions) -> Iterator[Observed]:
    """The light curves of a table that is read; `name` is the id of an object without one. Raises DataError."""
    names = table.colnames
    units = {column: str(table[column].unit) for column in names if table[column].unit is not None}
    time_name = find_column(names, "time", options, where)
    if time_name is None:
        raise no_columns(names, "time", where)
    days = days_in(units.get(time_name), where)
    zero = zero_of_column(time_name, units.get(time_name), options, where)
    time = _numbers(table, time_name, where) * days
    base = Observed(name, time, time, zero, "flux")
    value = value_column(names, options, where, units)
    if value is None:
        yield from _one_band_a_column(table, base, where, options)
        return
    column, quantity = value
    error, quality = error_column(names, column, options, where), find_column(names, "quality", options, where)
    band = find_column(names, "band", options, where)
    names_of_bands, members = np.unique(_texts(table, band), return_inverse=True) if band else (np.array([""]), None)
    bands = tuple(names_of_bands.tolist())
    whole = replace(
        base, value=_numbers(table, column, where), quantity=quantity, unit=units.get(column),
        error=_numbers(table, error, where) if error else None,
        quality=_numbers(table, quality, where) if quality else None,
        bands=bands, band=members,
    )  # fmt: skip
    identifier = find_column(names, "id", options, where)
    if identifier is None:
        yield whole
        return
    yield from _by_id(whole, _texts(table, identifier))


def _by_id(whole: Observed, ids: np.ndarray) -> Iterator[Observed]:
    """One curve an id, in the order of the ids' first rows."""
    names, first, members = np.unique(ids, return_index=True, return_inverse=True)
    rows = np.argsort(members, kind="stable")
    ends = np.cumsum(np.bincount(members, minlength=len(names)))
    for place in np.argsort(first):
        yield chosen_rows(whole, str(names[place]), rows[ends[place - 1] if place else 0 : ends[place]])


def chosen_rows(whole: Observed, identifier: str, rows: np.ndarray | slice) -> Observed:
    """Some rows of a table as a curve of their own."""
    return replace(
        whole, id=identifier, time=whole.time[rows], value=whole.value[rows],
        error=None if whole.error is None else whole.error[rows],
        quality=None if whole.quality is None else whole.quality[rows],
        band=None if whole.band is None else whole.band[rows],
    )  # fmt: skip


def _one_band_a_column(table: Table, base: Observed, where: str, options: ReadOptions) -> Iterator[Observed]:
    """A table with one column a band, or an image of a lensed quasar: bands of one object, or objects of their own."""
    wide = wide_columns(table.colnames)
    quantities = {quantity for _, _, quantity in wide.values()}
    if len(quantities) != 1:
        raise no_columns(table.colnames, "value", where)
    unit = next((str(table[value].unit) for value, _, _ in wide.values() if table[value].unit is not None), None)
    whole = replace(base, quantity=quantities.pop(), unit=unit)
    pieces = {
        band: (_numbers(table, value, where), _numbers(table, error, where) if error else np.full(len(table), np.nan))
        for band, (value, error, _) in wide.items()
    }
    if options.images == "curves":
        for band, (value, error) in pieces.items():
            columns: dict[str, str | float] = {"image": band, "group": base.id}
            yield replace(whole, id=f"{base.id}_{band}", value=value, error=error, columns=columns)
        return
    values, errors = zip(*pieces.values(), strict=True)
    yield replace(
        whole, time=np.tile(base.time, len(pieces)), value=np.concatenate(values), error=np.concatenate(errors),
        band=np.repeat(np.arange(len(pieces)), len(table)), bands=tuple(pieces),
    )  # fmt: skip


def _read(path: Path) -> Table:
    """Read a table by the ending of its name, else as text whose layout is guessed."""
    from astropy.table import Table

    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] == ".gz"
    form = FORMATS.get(suffixes[-2] if packed and len(suffixes) > 1 else suffixes[-1] if suffixes else "", "ascii")
    try:
        content = path.read_bytes()
        if packed or content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)  # to the end, so that its checksum is compared
        if not content.strip():
            raise DataError("the file is empty", where=str(path), fix="fetch or copy it again")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers; what matters is checked by the columns
            if form in ("fits", "votable"):
                return Table.read(io.BytesIO(content), format=form)
            lines = content.decode("utf-8-sig").splitlines()
            if form == "ascii.csv" and "," not in lines[0]:  # blanks or tabs for commas
                form = "ascii"
            return Table.read(lines, format=form)
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, IndexError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(
            "the file cannot be read as a table", where=str(path), received=f"{type(error).__name__}: {reason}",
            expected="CSV, ECSV, VOTable, FITS or text in columns with a line of names",
            fix="fetch or copy it again and look at its first lines",
        ) from error  # fmt: skip


def _numbers(table: Table, name: str, where: str) -> np.ndarray:
    """A column as float64 or whole numbers, NaN where it is empty."""
    column = table[name]
    try:
        if np.ma.is_masked(column) or column.dtype.kind in "OUS":
            return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)
        return np.asarray(column)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"column {name} holds no numbers", where=where, received=repr(column[0]), fix="name another in columns"
        ) from error


def _texts(table: Table, name: str) -> np.ndarray:
    column = table[name]
    filled = np.ma.filled(np.ma.asarray(column), "" if column.dtype.kind in "OUS" else 0)
    return np.array([one.decode() if isinstance(one, bytes) else str(one) for one in filled.tolist()])
