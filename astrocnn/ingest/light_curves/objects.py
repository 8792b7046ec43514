"""The table of objects beside light curves: `objects.csv` with ids, classes, positions and whatever else is known."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrocnn.errors import DataError, InputMissing
from astrocnn.samples.curve_shards import STANDARD
from astrocnn.samples.long_table import FILE_NAMES

_OURS = {name: name for name in STANDARD} | {name: ours for ours, name in FILE_NAMES.items()} | {"label": "class"}
_NAME = re.compile(r"[^A-Za-z0-9_]+")
_TEXT = ("id", "class", "group", "split")


@dataclass(frozen=True)
class Objects:
    """Objects by id.

    Parameters
    ----------
    columns : dict of array (n,)
        Without the ids: text as object arrays, numbers as float64.
    rows : dict of str to int
        Row of each id.
    """

    columns: dict[str, np.ndarray]
    rows: dict[str, int]

    def of(self, identifier: str) -> dict[str, str | float]:
        """What is known of one object; the nothing of each column for an id that is not there."""
        row = self.rows.get(identifier)
        if row is not None:
            return {name: values[row] for name, values in self.columns.items()}
        return {name: "" if values.dtype == object else np.nan for name, values in self.columns.items()}


def read_objects(path: Path) -> Objects:
    """Read a CSV with one row an object.

    `ra_deg` and `dec_deg` become `ra` and `dec`, `label` becomes `class`, in any case; in names, other characters than
    letters, digits and _ become _. Columns in which every cell is a number, or empty, are numbers.

    Raises
    ------
    InputMissing
        There is no such file.
    DataError
        It has no column `id`, an id stands twice, or a row has another number of cells.
    """
    names, cells = read_cells(path, "objects", "a CSV file with a column id")
    names = [_NAME.sub("_", name.strip()).strip("_") for name in names]
    names = [_OURS.get(name.lower(), name) for name in names]
    if "id" not in names or len(set(names)) < len(names) or any(len(row) != len(names) for row in cells):
        raise DataError(
            "the table of objects has no usable columns", where=str(path), received=", ".join(names),
            expected="id and others, each once, and as many cells in each row",
        )  # fmt: skip
    texts = {name: [row[place].strip() for row in cells] for place, name in enumerate(names)}
    ids = texts.pop("id")
    rows = {identifier: row for row, identifier in enumerate(ids)}
    if len(rows) < len(ids):
        twice = sorted({one for one in ids if ids.count(one) > 1})[:3]
        raise DataError("an id stands twice", where=str(path), received=", ".join(twice), fix="give each row its own")
    texts.pop("points", None)  # of a product written out: counted anew
    return Objects({name: _typed(name, values) for name, values in texts.items()}, rows)


def read_cells(path: Path, what: str, expected: str) -> tuple[list[str], list[list[str]]]:
    """The head of a CSV, and the cells of each row below it that is not empty, all as text.

    Parameters
    ----------
    path : Path
    what, expected : str
        What it is a table of, and what it should be, for errors.

    Raises
    ------
    InputMissing
        There is no such file.
    DataError
        It is no text, or no CSV.
    """
    if not path.is_file():
        raise InputMissing(f"there is no table of {what}", where=str(path), expected=expected)
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            names, *cells = list(csv.reader(stream)) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"the table of {what} cannot be read", where=str(path), received=str(error)) from error
    return names, [row for row in cells if row]


def _typed(name: str, texts: list[str]) -> np.ndarray:
    if name not in _TEXT:
        try:
            return np.array([float(text) if text else np.nan for text in texts])
        except ValueError:
            return np.array(texts, object)
    return np.array(texts, object)
