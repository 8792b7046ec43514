"""Reading shards: what a file holds, its rows in any order, and a bounded number of open files."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from astrocnn.errors import DAMAGE_CURE, StoreError
from astrocnn.samples.columns import STANDARD
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.shards import FORMAT, FORMAT_VERSION, PLANES

if TYPE_CHECKING:
    import h5py


@dataclass(frozen=True)
class Shard:
    """What one shard holds: number of objects, meta, and the kind and shape of each column and plane."""

    path: Path
    number: int
    meta: SampleMeta
    columns: dict[str, tuple[str, tuple[int, ...]]]
    planes: dict[str, tuple[int, ...]]


class OpenShards:
    """At most `limit` shards open at a time, read only; pickles and forks without its handles.

    Files are not locked, since some cluster file systems have no locks and a finished shard never changes.
    """

    def __init__(self, limit: int = 16) -> None:
        self._limit = limit
        self._start()

    def _start(self) -> None:
        self._files: OrderedDict[Path, h5py.File] = OrderedDict()
        self._lock = threading.Lock()
        self._process = os.getpid()

    def __getstate__(self) -> dict[str, int]:
        return {"_limit": self._limit}

    def __setstate__(self, state: dict[str, int]) -> None:
        self._limit = state["_limit"]
        self._start()

    @contextmanager
    def use(self, path: Path) -> Iterator[h5py.File]:
        """The open file, held by this thread alone; what goes wrong while reading it is a StoreError.

        Raises
        ------
        StoreError
            If the file is missing, not HDF5, or damaged where it is read.
        """
        import h5py

        if self._process != os.getpid():
            self._start()
        with self._lock:
            try:
                if path not in self._files:
                    while len(self._files) >= self._limit:
                        self._files.popitem(last=False)[1].close()
                    self._files[path] = h5py.File(path, "r", locking=False)
                self._files.move_to_end(path)
                yield self._files[path]
            except (OSError, KeyError, RuntimeError) as error:
                what = "the shard cannot be read"
                raise StoreError(what, where=str(path), received=error, fix=DAMAGE_CURE) from error

    def close(self) -> None:
        """Close all files; they open again when needed."""
        with self._lock:
            while self._files:
                self._files.popitem()[1].close()


def describe_shard(path: Path, file: h5py.File) -> Shard:
    """What an open shard holds.

    Raises
    ------
    StoreError
        If it is no finished shard of a version this package reads, or its arrays disagree in length.
    """
    number, meta = read_description(path, file, FORMAT, FORMAT_VERSION, SampleMeta)
    table = file["table"]
    planes = {name: file[name] for name in PLANES if name in file}
    lengths = {name: len(rows) for name, rows in [("data", file["data"]), *planes.items(), *table.items()]}
    wrong = {name: length for name, length in lengths.items() if length != number}
    if wrong or not set(STANDARD) <= set(table):
        raise StoreError("arrays and table disagree", where=str(path), expected=number, received=wrong, fix=DAMAGE_CURE)
    return Shard(
        path=path,
        number=number,
        meta=meta,
        columns={name: (rows.dtype.kind, rows.shape[1:]) for name, rows in table.items()},
        planes={name: rows.shape[1:] for name, rows in planes.items()},
    )


M = TypeVar("M", bound=BaseModel)


def read_description(path: Path, file: h5py.File, form: str, version: int, meta_class: type[M]) -> tuple[int, M]:
    """Number of objects and meta from the root attribute of a file of one format and version.

    Raises
    ------
    StoreError
        If it is not finished, of another format or version, or its meta cannot be used.
    """
    if "astrocnn" not in file.attrs:
        what = "not a finished shard of samples"
        raise StoreError(what, where=str(path), expected="a root attribute astrocnn", fix=DAMAGE_CURE)
    try:
        description = json.loads(file.attrs["astrocnn"])
        found = (description["format"], description["format_version"])
        number = description["number"]
    except ValueError as error:
        what = "the attribute astrocnn is not JSON"
        raise StoreError(what, where=str(path), received=error, fix=DAMAGE_CURE) from error
    if found[0] != form:
        fix = f"name a folder of {form.removeprefix('astrocnn ')}"
        raise StoreError("another kind of product", where=str(path), expected=form, received=found[0], fix=fix)
    if found[1] != version:
        fix = "read it with the version of astrocnn that wrote it, or a later one"
        raise StoreError(
            f"a format of {form.removeprefix('astrocnn ')} this version does not read",
            where=str(path),
            expected=f"format_version {version}",
            received=found[1],
            fix=fix,
        )
    try:
        return number, meta_class.model_validate(description["meta"])
    except ValidationError as error:
        received = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise StoreError("the meta cannot be used", where=str(path), received=received, fix=DAMAGE_CURE) from error


def read_column(file: h5py.File, name: str) -> np.ndarray:
    """A whole column; text as numpy unicode."""
    dataset = file["table"][name]
    if dataset.dtype.kind == "O":
        return dataset.asstr()[()].astype(str)
    values = dataset[()]
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def read_rows(dataset: h5py.Dataset, rows: np.ndarray, out: np.ndarray, positions: np.ndarray) -> None:
    """Read rows, in any order and repeated, into positions of `out`; each chunk is decompressed once."""
    if not len(rows):
        return
    order = np.argsort(rows, kind="stable")
    rows, positions = rows[order], positions[order]
    chunk = rows // dataset.chunks[0]
    starts = np.flatnonzero(np.diff(chunk, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
        low, high = rows[start], rows[stop - 1] + 1
        out[positions[start:stop]] = dataset[low:high][rows[start:stop] - low]
