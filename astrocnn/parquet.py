"""Tables of this package on disk: Parquet with a checksum on each page, compared on reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from astrocnn.errors import DAMAGE_CURE, StoreError

if TYPE_CHECKING:
    import pyarrow

SCORES = "scores.parquet"
"""The table of a product Scores, and of the objects that an Evaluation measured."""


def write_parquet(table: pyarrow.Table, path: Path) -> None:
    """Write a table.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
    """
    from pyarrow import parquet

    parquet.write_table(table, path, write_page_checksum=True)


def write_parquet_blocks(blocks: Iterable[pyarrow.Table], schema: pyarrow.Schema, path: Path) -> None:
    """Write tables of one schema one after another as one, holding one at a time.

    Parameters
    ----------
    blocks : iterable of pyarrow.Table
    schema : pyarrow.Schema
        With the metadata that the file gets.
    path : Path
    """
    from pyarrow import parquet

    with parquet.ParquetWriter(path, schema, write_page_checksum=True) as writer:
        for block in blocks:
            writer.write_table(block)


def read_parquet(path: Path) -> pyarrow.Table:
    """Read a whole table.

    Parameters
    ----------
    path : Path
        A Parquet file, by this package or another.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    StoreError
        When it is missing, no Parquet, or damaged.
    """
    from pyarrow import parquet

    with _reading(path):
        return parquet.read_table(path, page_checksum_verification=True)


def read_parquet_blocks(path: Path, columns: Sequence[str], rows: int) -> Iterator[pyarrow.RecordBatch]:
    """Read columns of a table in blocks of at most so many rows, holding one at a time; raises as `read_parquet`."""
    from pyarrow import parquet

    with _reading(path), parquet.ParquetFile(path, page_checksum_verification=True) as file:
        yield from file.iter_batches(rows, columns=list(columns))


def parquet_schema(path: Path) -> tuple[pyarrow.Schema, int]:
    """Schema, with the file's own metadata, and number of rows; raises as `read_parquet`."""
    from pyarrow import parquet

    with _reading(path), parquet.ParquetFile(path) as file:
        return file.schema_arrow, file.metadata.num_rows


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What goes wrong while a table is read, as a StoreError."""
    import pyarrow

    try:
        yield
    except (OSError, pyarrow.ArrowInvalid) as error:
        reason = str(error).splitlines()[0]
        raise StoreError("the table cannot be read", where=str(path), received=reason, fix=DAMAGE_CURE) from error
