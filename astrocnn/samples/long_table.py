"""Light curves as a folder for other programs: one long Parquet table of points, and one row an object in a CSV.

`light_curves.parquet` has the columns `id`, `band` (left out where there is one and it has no name), `time` in days,
`mag` or `flux`, `mag_error` or `flux_error`, and `quality` (both left out where nothing is known), rows of an object
together. `objects.csv` has `id`, `class`, `ra_deg`, `dec_deg`, `group`, `split`, `weight` and what else is known, each
left out where no object has it. Time system, unit and bands stand as JSON in the Parquet file's own metadata.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from astrocnn.parquet import write_parquet_blocks
from astrocnn.samples.curve import VALUE_NAMES, CurveBlock

if TYPE_CHECKING:
    import pyarrow

    from astrocnn.samples.light_curves import LightCurves

POINTS = "light_curves.parquet"
OBJECTS = "objects.csv"
METADATA = b"astrocnn"
"""Key of the Parquet file's metadata under which the time system and the rest stand."""
FILE_NAMES = {"ra": "ra_deg", "dec": "dec_deg"}
"""Names that columns have in the CSV, where these differ."""
_ONLY_INSIDE = ("label", "points")


def write_long_table(curves: LightCurves, folder: str | Path) -> Path:
    """Write a product as `light_curves.parquet` and `objects.csv`, in constant memory.

    Parameters
    ----------
    curves : LightCurves
    folder : path
        Made where it is not there.

    Returns
    -------
    Path
        The folder.
    """
    import pyarrow

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    meta = curves.meta
    value = VALUE_NAMES[meta.quantity]
    with_error, with_quality = _known(curves)
    fields = [("id", pyarrow.string())]
    fields += [("band", pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))] if meta.bands != ("",) else []
    fields += [("time", pyarrow.float64()), (value, pyarrow.float32())]
    fields += [(f"{value}_error", pyarrow.float32())] if with_error else []
    fields += [("quality", pyarrow.int32())] if with_quality else []
    schema = pyarrow.schema(fields, {METADATA: json.dumps(meta.model_dump(mode="json"), sort_keys=True)})
    write_parquet_blocks((_rows(block, schema, value) for block in curves.blocks()), schema, folder / POINTS)
    _write_objects(curves, folder / OBJECTS)
    return folder


def _known(curves: LightCurves) -> tuple[bool, bool]:
    """Whether any point has an error, and whether any has a flag."""
    error = quality = False
    for block in curves.blocks():
        error = error or bool(np.isfinite(block.error).any())
        quality = quality or bool(block.quality.any())
        if error and quality:
            break
    return error, quality


def _rows(block: CurveBlock, schema: pyarrow.Schema, value: str) -> pyarrow.Table:
    import pyarrow

    columns = {
        "id": np.repeat(block.ids.astype(object), np.diff(block.offsets)), "time": block.time, value: block.value,
        "quality": block.quality,
    }  # fmt: skip
    arrays = {name: pyarrow.array(columns[name], schema.field(name).type) for name in columns if name in schema.names}
    if "band" in schema.names:
        arrays["band"] = pyarrow.DictionaryArray.from_arrays(block.band.astype(np.int32), list(block.bands))
    if f"{value}_error" in schema.names:
        arrays[f"{value}_error"] = pyarrow.array(block.error, from_pandas=True)  # NaN as null
    return pyarrow.table([arrays[name] for name in schema.names], schema=schema)


def _write_objects(curves: LightCurves, path: Path) -> None:
    columns = {name: curves.column(name) for name in curves.columns if name not in _ONLY_INSIDE}
    kept = {name: values for name, values in columns.items() if name == "id" or _says_something(name, values, columns)}
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(FILE_NAMES.get(name, name) for name in kept)
        writer.writerows(_cells(kept))


def _says_something(name: str, values: np.ndarray, columns: dict[str, np.ndarray]) -> bool:
    """Whether a column holds more than what stands there when nothing is known."""
    if name in ("group", "weight"):
        return bool((values != (columns["id"] if name == "group" else 1.0)).any())
    return bool((values != "").any()) if values.dtype.kind == "U" else not _missing(values).all()


def _missing(values: np.ndarray) -> np.ndarray:
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)


def _cells(columns: dict[str, np.ndarray]) -> Iterator[list[str]]:
    """Rows of text; numbers in the shortest form that reads back the same, nothing for NaN."""
    texts = []
    for values in columns.values():
        written = values.astype(str)
        written[_missing(values)] = ""
        texts.append(written.tolist())
    return (list(row) for row in zip(*texts, strict=True))
