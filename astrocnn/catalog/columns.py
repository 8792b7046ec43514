"""The column dictionary: what each column of a catalog is, and how values become it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from astrocnn.errors import DataError, UnknownName
from astrocnn.spelling import suggestion

_DICTIONARY = Path(__file__).with_name("columns.yaml")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Column(BaseModel):
    """What a column is; the keys of `columns.yaml`, where they are explained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dtype: Literal["text", "bool", "int32", "int64", "float32", "float64"]
    unit: str | None = None
    ucd: str | None = None
    missing: Literal["never", "nan", "empty"] | int = "never"
    description: str


Dictionary = Mapping[str, Column]


@cache
def column_dictionary() -> Dictionary:
    """The columns every catalog knows, by name, in the order they are written.

    A stage that takes more columns declares them: `{**column_dictionary(), **declared}`.
    """
    from ruamel.yaml import YAML

    with _DICTIONARY.open(encoding="utf-8") as file:
        return {name: Column(**entry) for name, entry in YAML(typ="safe", pure=True).load(file).items()}


def define(name: str, dictionary: Dictionary) -> Column:
    """The definition of a column, with what `{band}` and the like stand for written into its description.

    Raises
    ------
    UnknownName
        If neither the dictionary nor one of its patterns knows the name.
    """
    entry = dictionary[_entry_name(name, dictionary)]
    return entry.model_copy(update={"description": _filled(name, entry, dictionary)})


def in_order(names: list[str], dictionary: Dictionary) -> list[str]:
    """Names in the order of the dictionary; those of one pattern as they were given."""
    position = {entry: index for index, entry in enumerate(dictionary)}
    return sorted(names, key=lambda name: position[_entry_name(name, dictionary)])


def _pattern(entry: str) -> re.Pattern[str]:
    pieces = _PLACEHOLDER.split(entry)
    return re.compile("".join(f"(?P<{piece}>.+)" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)))


def _entry_name(name: str, dictionary: Dictionary) -> str:
    if name in dictionary:
        return name
    patterns = [entry for entry in dictionary if _PLACEHOLDER.search(entry) and _pattern(entry).fullmatch(name)]
    if not patterns:
        raise UnknownName(
            "no column of this name in the dictionary",
            received=name,
            fix=f"declare it with dtype, unit, ucd and description ({suggestion(name, dictionary)})",
        )
    return max(patterns, key=len)  # flux_error_g is the error in band g, not the flux in band error_g


def _filled(name: str, entry: Column, dictionary: Dictionary) -> str:
    match = _pattern(_entry_name(name, dictionary)).fullmatch(name)
    found = match.groupdict() if match else {}
    return _PLACEHOLDER.sub(lambda placeholder: found.get(placeholder[1], placeholder[0]), entry.description)


def converted(name: str, column: Column, values: np.ndarray) -> np.ndarray:
    """Values in the column's type, with what is missing as the column says.

    Parameters
    ----------
    name : str
        For error messages.
    column : Column
        The definition.
    values : array, (row,)
        Masked entries, None, NaN and the column's null are missing; integers may come as whole floats, ids as integers.

    Returns
    -------
    numpy.ndarray
        Text as fixed-width unicode, numbers in native byte order; a masked array with the null as fill value where
        the dictionary gives an integer for missing ones.

    Raises
    ------
    DataError
        If values are missing that never may, or do not fit the type.
    """
    values = np.ma.asanyarray(values)
    missing = np.ma.getmaskarray(values) | _is_missing(np.ma.getdata(values), column.dtype)
    if isinstance(column.missing, int):
        missing |= np.ma.getdata(values) == column.missing  # a reader of VOTable or FITS could not tell them apart
    if column.missing == "never" and missing.any():
        raise DataError(f"column {name} may not be empty", received=f"{missing.sum()} missing of {missing.size} values")
    if column.dtype == "text":
        return np.array(["" if gone else _text(value) for value, gone in zip(values, missing, strict=True)], dtype="U")
    numbers = np.ma.getdata(values)
    if missing.any():
        numbers = np.where(missing, np.nan if column.missing == "nan" else column.missing, numbers)
    try:
        with np.errstate(over="raise", invalid="raise"):
            wanted = numbers.astype(column.dtype) if numbers.dtype.kind not in "US" else None
    except (TypeError, ValueError, ArithmeticError) as error:
        raise DataError(f"column {name} does not fit its type", expected=column.dtype, received=str(error)) from error
    if wanted is None:
        raise DataError(f"column {name} does not fit its type", expected=column.dtype, received="text")
    if column.dtype in ("bool", "int32", "int64") and not np.array_equal(wanted, numbers):
        first = numbers[wanted != numbers][0]
        raise DataError(f"column {name} does not fit its type", expected=column.dtype, received=repr(first))
    if isinstance(column.missing, int):
        return np.ma.MaskedArray(wanted, mask=missing, fill_value=column.missing)
    return wanted


def _is_missing(values: np.ndarray, dtype: str) -> np.ndarray:
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "OUS":
        empty = ("", b"") if dtype == "text" else ()
        return np.array([value is None or value != value or value in empty for value in values], dtype=bool)
    return np.zeros(values.shape, dtype=bool)


def _text(value: object) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
