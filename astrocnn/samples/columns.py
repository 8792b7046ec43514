"""The table of a sample set: which columns every object has, of which types, and what stands where nothing is known."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from astrocnn.errors import DataError
from astrocnn.samples.meta import SampleMeta

STANDARD: dict[str, str] = {
    "id": "str",
    "ra": "float64",
    "dec": "float64",
    "label": "int8",
    "group": "str",
    "split": "str",
    "weight": "float32",
    "coverage": "float32",
}
"""Columns of every set and their types: ICRS degrees (NaN: no position); label -1: unknown; split "": not assigned."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def completed(table: Mapping[str, np.ndarray], number: int, meta: SampleMeta) -> dict[str, np.ndarray]:
    """The table with all standard columns, in their types: text as object arrays, numbers in native byte order.

    Parameters
    ----------
    table : mapping of str to array
        `id` is required. Absent standard columns become: no position, label -1, group = id (each object by itself),
        no split, weight 1, coverage 1.
    number : int
        Number of objects; each column has as many rows.
    meta : SampleMeta
        Its classes bound the labels.

    Raises
    ------
    DataError
        If a column is missing, misnamed, of another length or of a type that cannot be stored.
    """
    if "id" not in table:
        raise DataError("every object has an id", expected="a column id", received=f"columns {sorted(table)}")
    highest = len(meta.classes) - 1 if meta.classes else np.iinfo(np.int8).max
    labels = np.asarray(table.get("label", -1))
    if labels.size and not (labels.min() >= -1 and labels.max() <= highest):  # before int8 would wrap them
        received = f"{labels.min()} to {labels.max()}"
        raise DataError("a label that no class has", expected=f"-1 to {highest}", received=received)
    columns = {name: stored(name, np.asarray(values), number, STANDARD) for name, values in table.items()}
    absent = {
        "ra": np.full(number, np.nan),
        "dec": np.full(number, np.nan),
        "label": np.full(number, -1, np.int8),
        "group": columns["id"],
        "split": np.full(number, "", object),
        "weight": np.ones(number, np.float32),
        "coverage": np.ones(number, np.float32),
    }
    columns = absent | columns
    return {name: columns[name] for name in [*STANDARD, *sorted(columns.keys() - STANDARD.keys())]}


def stored(name: str, values: np.ndarray, number: int, standard: Mapping[str, str]) -> np.ndarray:
    """One column checked; strings as object arrays, numbers in the standard type or their own."""
    if not _NAME.fullmatch(name):
        raise DataError("a column name of other characters", expected="letters, digits and _", received=repr(name))
    if values.ndim == 0 or len(values) != number:
        raise DataError(f"column {name} has not one row an object", expected=number, received=f"shape {values.shape}")
    if standard.get(name) == "str" or values.dtype.kind in "UO":
        values = values.astype(object)
        wrong = [value for value in values.ravel() if not isinstance(value, str) or "\0" in value]
        if wrong:
            raise DataError(f"column {name} holds something else than text", expected="str", received=repr(wrong[0]))
        return values
    if values.dtype.kind not in "biuf":
        raise DataError(f"column {name} cannot be stored", expected="text, numbers or booleans", received=values.dtype)
    return values.astype(standard.get(name, values.dtype.newbyteorder("=")))
