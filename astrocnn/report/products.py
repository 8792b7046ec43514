"""Reads the small files of a product folder for the page; a file that is not there is noted, never an error."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from astrocnn.errors import StoreError

Columns = dict[str, np.ndarray]


class ProductFolder:
    """A product's folder; `missing` collects the names of files that were asked for and are not there.

    Parameters
    ----------
    path : Path
        The folder.

    Notes
    -----
    Every reader returns None for an absent file and raises `StoreError` for one that cannot be understood.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.missing: list[str] = []

    def has(self, name: str) -> bool:
        """Whether a file is there; notes nothing."""
        return (self.path / name).is_file()

    def json(self, name: str) -> dict[str, Any] | None:
        """A JSON object."""
        return self._json(name, dict, "a JSON object")

    def json_list(self, name: str) -> list[Any] | None:
        """A JSON list."""
        return self._json(name, list, "a JSON list")

    def yaml(self, name: str) -> dict[str, Any] | None:
        """A YAML mapping, loaded safely."""
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        text = self.text(name)
        if text is None:
            return None
        try:
            value = YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            raise self._damaged(name, "YAML", error) from error
        if not isinstance(value, dict):
            raise self._damaged(name, "a YAML mapping", type(value).__name__)
        return value

    def csv(self, name: str, text_columns: Collection[str] = ()) -> Columns | None:
        """Columns of a CSV file with a header: float where every cell is a number or empty (NaN), else text.

        Those named are text in any case: an id may look like a number.
        """
        text = self.text(name)
        if text is None:
            return None
        header, *rows = [row for row in csv.reader(text.splitlines()) if row] or [[]]
        if any(len(row) != len(header) for row in rows):
            raise self._damaged(name, f"rows of {len(header)} cells", "rows of other lengths")
        cells = {key: [row[k] for row in rows] for k, key in enumerate(header)}
        return {
            key: np.array(column, dtype=object) if key in text_columns else _numbers(column)
            for key, column in cells.items()
        }

    def parquet(self, name: str, columns: list[str] | None = None, rows: int | None = None) -> Columns | None:
        """Columns of a Parquet file, those named that it has, at most the first `rows` rows; null numbers are NaN."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self._found(name)
        if path is None:
            return None
        try:
            with pq.ParquetFile(path) as file:
                names = [key for key in file.schema_arrow.names if columns is None or key in columns]
                if rows is None:
                    table = file.read(columns=names)
                else:
                    batches = file.iter_batches(batch_size=max(rows, 1), columns=names)
                    first = next(batches, None)
                    table = pa.Table.from_batches([first]) if first is not None else file.schema_arrow.empty_table()
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(name, "Parquet", error) from error
        return {key: np.asarray(table.column(key).to_numpy(zero_copy_only=False)) for key in names}

    def parquet_rows(self, name: str) -> int:
        """Number of rows of a Parquet file, 0 where it is not there."""
        import pyarrow.parquet as pq

        path = self._found(name)
        return 0 if path is None else int(pq.read_metadata(path).num_rows)

    def text(self, name: str) -> str | None:
        """A text file."""
        path = self._found(name)
        return None if path is None else path.read_text(encoding="utf-8")

    def content(self, name: str) -> bytes | None:
        """The content of any file."""
        path = self._found(name)
        return None if path is None else path.read_bytes()

    def _json(self, name: str, kind: type, expected: str) -> Any:
        text = self.text(name)
        if text is None:
            return None
        try:
            value = json.loads(text)
        except ValueError as error:
            raise self._damaged(name, "JSON", error) from error
        if not isinstance(value, kind):
            raise self._damaged(name, expected, type(value).__name__)
        return value

    def _found(self, name: str) -> Path | None:
        path = self.path / name
        if path.is_file():
            return path
        if name not in self.missing:
            self.missing.append(name)
        return None

    def _damaged(self, name: str, expected: str, received: object) -> StoreError:
        fix = "remove the product's folder and run again"
        return StoreError("cannot be read", where=str(self.path / name), expected=expected, received=received, fix=fix)


def _numbers(cells: list[str]) -> np.ndarray:
    try:
        return np.array([float(cell) if cell.strip() else np.nan for cell in cells], dtype=np.float64)
    except ValueError:
        return np.array(cells, dtype=object)
