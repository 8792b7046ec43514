"""Tables of this package on disk: Parquet with a checksum on each page, compared on reading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astrocnn.errors import DAMAGE_CURE, StoreError

if TYPE_CHECKING:
    import pyarrow


def write_parquet(table: pyarrow.Table, path: Path) -> None:
    """Write a table.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
    """
    from pyarrow import parquet

    parquet.write_table(table, path, write_page_checksum=True)


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
    import pyarrow
    from pyarrow import parquet

    try:
        return parquet.read_table(path, page_checksum_verification=True)
    except (OSError, pyarrow.ArrowInvalid) as error:
        reason = str(error).splitlines()[0]
        raise StoreError("the table cannot be read", where=str(path), received=reason, fix=DAMAGE_CURE) from error
