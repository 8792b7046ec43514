"""The catalog as one table, and that table as VOTable, FITS, Parquet or ECSV, each with the same facts about it.

No format holds a date: the same table gives the same bytes with the same versions of astropy and pyarrow.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from astropy import units
from astropy.io import fits, votable
from astropy.table import Column as TableColumn
from astropy.table import MaskedColumn, Table

from astrocnn.catalog.columns import Column, Dictionary, column_dictionary, converted, define, in_order
from astrocnn.catalog.flux_units import in_known_unit
from astrocnn.errors import DataError, UnknownName
from astrocnn.parquet import write_parquet
from astrocnn.spelling import suggestion

METADATA_KEY = "astrocnn"
"""Where each format holds the catalog's metadata as JSON: INFO, FITS card, Parquet key, ECSV meta."""

Metadata = Mapping[str, Any]


def candidate_table(
    columns: Mapping[str, np.ndarray],
    metadata: Metadata,
    *,
    flux_unit: str | None = None,
    dictionary: Dictionary | None = None,
) -> Table:
    """One table with the types, units, UCDs and descriptions of the dictionary.

    Parameters
    ----------
    columns : mapping of str to array, (row,)
        Values by column name, in any order.
    metadata : mapping
        What stands with the table: name, model, threshold, receptive-field verdict, hash of the provenance, and
        whatever else is plain JSON.
    flux_unit : str, optional
        Unit of the columns whose unit is `given`, as the images have it (`in_known_unit`); "" for none.
    dictionary : mapping of str to Column, optional
        `column_dictionary()` by default.

    Returns
    -------
    astropy.table.Table
        Columns in the order of the dictionary; UCDs stand in each column's `meta["ucd"]`, the metadata in `meta`.

    Raises
    ------
    UnknownName
        If a column is not in the dictionary.
    DataError
        If values do not fit their column, a flux unit is lacking, or the metadata is not plain JSON.
    """
    dictionary = column_dictionary() if dictionary is None else dictionary
    table = Table(meta={METADATA_KEY: json.loads(_json(metadata))})
    for name in in_order(list(columns), dictionary):
        entry = define(name, dictionary)
        values, unit, remark = _with_unit(name, entry, converted(name, entry, columns[name]), flux_unit)
        column = (MaskedColumn if isinstance(values, np.ma.MaskedArray) else TableColumn)(values, name=name)
        if isinstance(values, np.ma.MaskedArray):
            column.fill_value = values.fill_value
        column.unit = unit
        column.description = f"{entry.description} ({remark})" if remark else entry.description
        column.meta = {"ucd": entry.ucd} if entry.ucd else {}
        table.add_column(column)
    return table


def _json(metadata: Metadata) -> str:
    try:
        return json.dumps(metadata, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise DataError("the catalog's metadata is not plain JSON", received=str(error)) from error


def _with_unit(
    name: str, entry: Column, values: np.ndarray, flux_unit: str | None
) -> tuple[np.ndarray, units.UnitBase | None, str]:
    """Values with their unit, and what is to be told of it."""
    if entry.unit != "given":
        return values, units.Unit(entry.unit) if entry.unit else None, ""
    if flux_unit is None:
        raise DataError(f"column {name} has no unit of its own", expected="flux_unit", received="none")
    return in_known_unit(values, flux_unit)


def _bare(table: Table) -> Table:
    """The table without its metadata, which each format has its own place for."""
    bare = table.copy(copy_data=False)
    bare.meta = {}
    return bare


def votable_file(table: Table) -> votable.tree.VOTableFile:
    """The table as a VOTable in memory: UCDs, ICRS positions, one INFO for each item of the metadata."""
    metadata = table.meta[METADATA_KEY]
    file = votable.tree.VOTableFile()
    resource = votable.tree.Resource()
    file.resources.append(resource)
    element = votable.tree.TableElement.from_table(file, _bare(table))
    element.format = "tabledata"
    element.ID, element.name = "candidates", str(metadata.get("name", "candidates"))
    resource.tables.append(element)
    if {"ra", "dec"} <= set(table.colnames):
        resource.coordinate_systems.append(votable.tree.CooSys(ID="ICRS", system="ICRS", config=file._config))
        for field in element.fields:
            field.ref = "ICRS" if field.name in ("ra", "dec") else None
    readable = {key: value if isinstance(value, str) else _json(value) for key, value in metadata.items()}
    for number, (key, text) in enumerate({**readable, METADATA_KEY: _json(metadata)}.items()):
        element.infos.append(votable.tree.Info(ID=f"info_{number}", name=key, value=text))
    return file


def _write_votable(table: Table, path: Path) -> None:
    votable_file(table).to_xml(str(path))


def _write_fits(table: Table, path: Path) -> None:
    for name in table.colnames:
        if table[name].dtype.kind == "U" and not all(text.isascii() for text in table[name]):
            first = next(text for text in table[name] if not text.isascii())
            raise DataError(f"FITS holds only ASCII, not column {name}", received=repr(first), fix="leave out fits")
    hdu = fits.table_to_hdu(_bare(table))
    hdu.name = "CANDIDATES"
    for number, name in enumerate(table.colnames, start=1):
        hdu.header[f"TCOMM{number}"] = table[name].description
        if "ucd" in table[name].meta:
            hdu.header[f"TUCD{number}"] = table[name].meta["ucd"]
    metadata = table.meta[METADATA_KEY]
    hdu.header[METADATA_KEY.upper()] = _json(metadata)
    for key, value in metadata.items():
        hdu.header.add_comment(f"{key}: {value if isinstance(value, str) and value.isascii() else _json(value)}")
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)


def _write_parquet(table: Table, path: Path) -> None:
    """Facts about columns stand in the fields, for pyarrow, and as an IVOA VOParquet header, for TOPCAT and astropy."""
    fields, arrays = [], []
    for name in table.colnames:
        column = table[name]
        facts = {"unit": _unit_text(column), "ucd": column.meta.get("ucd", ""), "description": column.description}
        array = pa.array(np.ma.getdata(column), mask=np.ma.getmaskarray(column))
        fields.append(pa.field(name, array.type, metadata={key: text for key, text in facts.items() if text}))
        arrays.append(array)
    header = io.BytesIO()
    votable_file(table[:0]).to_xml(header)
    metadata = {
        METADATA_KEY: _json(table.meta[METADATA_KEY]),
        "IVOA.VOTable-Parquet.version": "1.0",
        "IVOA.VOTable-Parquet.content": header.getvalue(),
    }
    write_parquet(pa.table(arrays, schema=pa.schema(fields, metadata=metadata)), path)


def _unit_text(column: TableColumn) -> str:
    return "" if column.unit is None else column.unit.to_string("vounit")


def _write_ecsv(table: Table, path: Path) -> None:
    table.write(path, format="ascii.ecsv", overwrite=True)


WRITERS: dict[str, tuple[str, Callable[[Table, Path], None]]] = {
    "votable": ("vot", _write_votable),
    "fits": ("fits", _write_fits),
    "parquet": ("parquet", _write_parquet),
    "ecsv": ("ecsv", _write_ecsv),
}
"""Formats by the name a pipeline file gives them: the ending and the function that writes."""


def write_catalog(table: Table, folder: Path, formats: Sequence[str], stem: str = "candidates") -> list[Path]:
    """Write the table in several formats beside each other.

    Parameters
    ----------
    table : astropy.table.Table
        Made by `candidate_table`.
    folder : Path
        Where the files go.
    formats : sequence of str
        Of `WRITERS`.
    stem : str
        File name without ending.

    Returns
    -------
    list of Path
        One file a format.

    Raises
    ------
    UnknownName
        If a format is not known.
    DataError
        If FITS is asked for and text is not ASCII.
    """
    paths = []
    for name in formats:
        if name not in WRITERS:
            raise UnknownName("no catalog format of this name", received=name, fix=suggestion(name, WRITERS))
        ending, write = WRITERS[name]
        paths.append(folder / f"{stem}.{ending}")
        write(table, paths[-1])
    return paths
