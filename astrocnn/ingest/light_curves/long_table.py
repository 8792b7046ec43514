"""Light curves in one long Parquet table, one row a point, read object after object in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from astrocnn.errors import DataError, StoreError
from astrocnn.ingest.fits_files import refuse_missing
from astrocnn.ingest.light_curves.column_names import error_column, find_column, no_columns, value_column
from astrocnn.ingest.light_curves.observed import Observed, ReadOptions, TimeZero
from astrocnn.ingest.light_curves.times import zero_of_column
from astrocnn.parquet import parquet_schema, read_parquet_blocks
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.long_table import METADATA

if TYPE_CHECKING:
    import pyarrow

ROWS = 2**18
"""Rows held at a time, and those of the object that goes on after them."""


def read_long_table(path: Path, options: ReadOptions) -> Iterator[Observed]:
    """Read the curves of a long table, in the order of their first rows.

    Rows of an object should stand together; where they do not, the whole table is held in memory. What a table
    written by this package says of its times and unit holds, else the column's name and the options.

    Parameters
    ----------
    path : Path
        Columns `id`, `time`, one of `mag` and `flux`, perhaps `band`, an error and `quality`, or those stated.

    Raises
    ------
    InputMissing
        The file is gone.
    DataError
        It cannot be read, or a column is missing.
    """
    refuse_missing(path)
    try:
        yield from _curves(path, options)
    except StoreError as error:
        raise DataError(
            "the table cannot be read", where=str(path), received=error.received, expected="a complete Parquet file",
            fix="fetch or copy it again",
        ) from error  # fmt: skip


def _curves(path: Path, options: ReadOptions) -> Iterator[Observed]:
    schema, _ = parquet_schema(path)
    names, where = list(schema.names), str(path)
    identifier, time = (find_column(names, role, options, where) for role in ("id", "time"))
    value = value_column(names, options, where, {})
    if value is None or time is None or identifier is None:
        missing = "id" if identifier is None else "time" if time is None else "value"
        raise no_columns(names, missing, where)
    column, quantity = value
    meta = _stated(schema, where)
    zero = TimeZero(meta.time_system, meta.time_reference_day) if meta and not options.time_system else (
        zero_of_column(time, None, options, where)
    )  # fmt: skip
    roles: dict[str, str | None] = {
        "id": identifier, "time": time, "value": column, "error": error_column(names, column, options, where),
        "quality": find_column(names, "quality", options, where), "band": find_column(names, "band", options, where),
    }  # fmt: skip
    present = {role: name for role, name in roles.items() if name is not None}
    bands = meta.bands if meta else _distinct(path, present["band"]) if "band" in present else ("",)
    nothing = np.empty(0)
    base = Observed("", nothing, nothing, zero, quantity, unit=meta.unit if meta else None, bands=bands)
    for one, arrays in _objects(path, present, bands):
        yield replace(
            base, id=one, time=arrays["time"], value=arrays["value"], error=arrays.get("error"),
            quality=arrays.get("quality"), band=arrays.get("band"),
        )  # fmt: skip


def _stated(schema: pyarrow.Schema, where: str) -> CurveMeta | None:
    """What a table written by this package says of itself."""
    text = (schema.metadata or {}).get(METADATA)
    if text is None:
        return None
    try:
        return CurveMeta.model_validate(json.loads(text))
    except (ValueError, ValidationError) as error:
        raise DataError("the metadata cannot be used", where=where, received=str(error).splitlines()[0]) from error


def _objects(
    path: Path, columns: dict[str, str], bands: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Arrays of each object, by role."""
    if not _together(path, columns["id"]):
        yield from _gathered(path, columns, bands)
        return
    name, held = None, []
    for arrays in _blocks(path, columns, bands):
        ids = arrays.pop("id")
        starts = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))
        for start, stop in zip(starts, [*starts[1:], len(ids)], strict=True):
            if name is not None and ids[start] != name:
                yield str(name), _joined(held)
                held = []
            name = ids[start]
            held.append({role: values[start:stop] for role, values in arrays.items()})
    if name is not None:
        yield str(name), _joined(held)


def _together(path: Path, column: str) -> bool:
    """Whether the rows of each object stand together."""
    seen: set[str] = set()
    last = None
    for arrays in _blocks(path, {"id": column}):
        ids = arrays["id"]
        runs = ids[np.concatenate([[True], ids[1:] != ids[:-1]])].tolist()
        runs = runs[1:] if runs[0] == last else runs
        last = ids[-1]
        if len(set(runs)) < len(runs) or not seen.isdisjoint(runs):
            return False
        seen.update(runs)
    return True


def _gathered(
    path: Path, columns: dict[str, str], bands: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The same for a table whose objects are mixed."""
    whole = _joined(list(_blocks(path, columns, bands)))
    ids = whole.pop("id")
    names, first, members = np.unique(ids, return_index=True, return_inverse=True)
    rows = np.split(np.argsort(members, kind="stable"), np.cumsum(np.bincount(members))[:-1])
    for place in np.argsort(first):
        yield str(names[place]), {role: values[rows[place]] for role, values in whole.items()}


def _blocks(path: Path, columns: dict[str, str], bands: tuple[str, ...] = ()) -> Iterator[dict[str, np.ndarray]]:
    """Columns by role in blocks of rows: ids as text, bands as positions in `bands`, numbers with NaN for null."""
    for batch in read_parquet_blocks(path, list(dict.fromkeys(columns.values())), ROWS):
        if not batch.num_rows:
            continue
        arrays = {}
        for role, name in columns.items():
            values = batch.column(name)
            if role in ("id", "band"):
                words, codes = _coded(values)
                meant = [_position(word, bands, str(path)) for word in words] if role == "band" else words
                arrays[role] = np.array(meant, object if role == "id" else np.int16)[codes]
            elif role == "quality":
                arrays[role] = values.fill_null(0).to_numpy(zero_copy_only=False)
            else:
                arrays[role] = _numbers(values, name, str(path))
        yield arrays


def _coded(values: pyarrow.Array) -> tuple[list[str], np.ndarray]:
    """Distinct texts, "" for null, and the position of each row's among them."""
    import pyarrow

    texts = values.cast(pyarrow.string()).fill_null("").dictionary_encode()
    return texts.dictionary.to_pylist(), texts.indices.to_numpy(zero_copy_only=False)


def _position(band: str, bands: tuple[str, ...], where: str) -> int:
    if band not in bands:
        raise DataError("a band that the metadata do not name", where=where, expected=", ".join(bands), received=band)
    return bands.index(band)


def _numbers(values: pyarrow.Array, name: str, where: str) -> np.ndarray:
    import pyarrow

    if not (pyarrow.types.is_floating(values.type) or pyarrow.types.is_integer(values.type)):
        raise DataError(f"column {name} holds no numbers", where=where, received=values.type)
    return values.to_numpy(zero_copy_only=False)


def _distinct(path: Path, column: str) -> tuple[str, ...]:
    """All names of bands, in order."""
    found: set[str] = set()
    for batch in read_parquet_blocks(path, [column], ROWS):
        found.update(_coded(batch.column(column))[0])
    return tuple(sorted(found)) or ("",)


def _joined(pieces: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if len(pieces) == 1:
        return pieces[0]
    return {role: np.concatenate([piece[role] for piece in pieces]) for role in (pieces[0] if pieces else ())}
