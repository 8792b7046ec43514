"""A written catalog as the table it was written from: types, units, UCDs, descriptions, metadata."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from astropy.io import fits, votable
from astropy.table import Column as TableColumn
from astropy.table import MaskedColumn, Table

from astrocnn.catalog.writers import METADATA_KEY
from astrocnn.errors import DataError
from astrocnn.parquet import read_parquet


def read_catalog(path: Path) -> Table:
    """Read a catalog in any of the formats it is written in.

    Parameters
    ----------
    path : Path
        A file made by `write_catalog`; its ending tells the format.

    Returns
    -------
    astropy.table.Table
        Unknown numbers are NaN, unknown text is empty, unknown integers are masked.

    Raises
    ------
    DataError
        If the ending is of no catalog format.
    """
    readers = {".vot": _read_votable, ".fits": _read_fits, ".parquet": _read_parquet, ".ecsv": _read_ecsv}
    if path.suffix not in readers:
        raise DataError("not a catalog", where=str(path), expected=" ".join(readers), received=path.suffix)
    table = readers[path.suffix](path)
    for name in table.colnames:
        column = table[name]
        if isinstance(column, MaskedColumn) and (column.dtype.kind not in "iu" or not column.mask.any()):
            table[name] = TableColumn(column.filled({"f": np.nan, "U": ""}.get(column.dtype.kind)), copy=False)
            table[name].description, table[name].unit = column.description, column.unit
            table[name].meta = column.meta
    return table


def _read_votable(path: Path) -> Table:
    element = votable.parse_single_table(path, verify="exception")
    table = element.to_table(use_names_over_ids=True)
    for field in element.fields:
        table[field.name].meta = {"ucd": field.ucd} if field.ucd else {}
    stored = {info.name: info.value for info in element.infos}
    table.meta = {METADATA_KEY: json.loads(stored[METADATA_KEY])}
    return table


def _read_fits(path: Path) -> Table:
    table = Table.read(path, hdu=1, mask_invalid=False)
    table.convert_bytestring_to_unicode()
    header = fits.getheader(path, 1)
    for number, name in enumerate(table.colnames, start=1):
        table[name].description = header[f"TCOMM{number}"]
        table[name].meta = {"ucd": header[f"TUCD{number}"]} if f"TUCD{number}" in header else {}
    table.meta = {METADATA_KEY: json.loads(header[METADATA_KEY.upper()])}
    return table


def _read_parquet(path: Path) -> Table:
    stored = read_parquet(path)
    table = Table(meta={METADATA_KEY: json.loads(stored.schema.metadata[METADATA_KEY.encode()])})
    for field, values in zip(stored.schema, stored.columns, strict=True):
        facts = {key.decode(): text.decode() for key, text in (field.metadata or {}).items()}
        plain = (values.fill_null(0) if values.null_count else values).to_numpy()
        column = MaskedColumn(plain.astype("U") if field.type == pa.string() else plain)
        column.mask = values.is_null().to_numpy()
        column.unit, column.description = facts.get("unit"), facts.get("description")
        column.meta = {"ucd": facts["ucd"]} if "ucd" in facts else {}
        table[field.name] = column
    return table


def _read_ecsv(path: Path) -> Table:
    return Table.read(path, format="ascii.ecsv")
