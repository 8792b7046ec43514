"""Reading many files into shards: objects that can be used are written, the others are told, and the rest goes on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from astrocnn.errors import DataError, InputMissing
from astrocnn.ingest.light_curves.names import file_stem
from astrocnn.ingest.light_curves.normalise import Normalised
from astrocnn.ingest.light_curves.observed import Observed, ReadOptions
from astrocnn.ingest.light_curves.read import read_light_curves
from astrocnn.samples.curve import LightCurve
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.curve_shards import SUFFIX, CurveWriter

HELD_POINTS = 2**18
"""Points held before they are written."""


@dataclass(frozen=True)
class Unreadable:
    """A file, or what is left of an object, that cannot be used, and why."""

    id: str
    error: DataError


def read_files(
    objects: Mapping[str, list[Path]], options: ReadOptions
) -> Iterator[tuple[str, list[Observed]] | Unreadable]:
    """What was observed of each object: its pieces, one a file; files that cannot be read on their own.

    A file with the curves of several objects gives each under the id that stands in it, as it is read.

    Parameters
    ----------
    objects : mapping of str to list of Path
        Files by object.
    options : ReadOptions
    """
    for identifier, paths in objects.items():
        if len(paths) == 1:
            yield from _of_one_file(identifier, paths[0], options)
            continue
        pieces: dict[str, list[Observed]] = {}
        for path in paths:
            for one in _of_one_file(identifier, path, options):
                if isinstance(one, Unreadable):
                    yield replace(one, id=f"{identifier}/{path.name}")
                else:
                    pieces.setdefault(one[0], []).extend(one[1])
        yield from pieces.items()


def _of_one_file(
    identifier: str, path: Path, options: ReadOptions
) -> Iterator[tuple[str, list[Observed]] | Unreadable]:
    """The curves of a file; the only one of a file has the object's id, others have those in the file."""
    curves = read_light_curves(path, options)
    try:
        first = next(curves, None)
        second = next(curves, None)
        if first is None:
            raise DataError("no rows", where=str(path), expected="at least one point", fix="leave the file out")
        if second is None:
            identifier = first.id if path.is_dir() else identifier
            yield identifier, [replace(first, id=identifier)]
            return
        for one in itertools.chain((first, second), curves):
            named = _named_after(identifier, one.id, file_stem(path))
            yield named, [replace(one, id=named)]
    except DataError as error:
        yield Unreadable(identifier, error)
    except InputMissing as error:  # one file of a list: the others go on
        yield Unreadable(identifier, DataError(error.what, where=error.where, fix=error.fix))


def _named_after(identifier: str, found: str, stem: str) -> str:
    """The id of one curve of several in a file: an image that is named after the file is named after the object."""
    return identifier + found.removeprefix(stem) if found.startswith(f"{stem}_") else found


class CurveGatherer:
    """Writes curves as they come into shards of one folder, one a kind of curve and set of columns.

    Parameters
    ----------
    folder : Path
        Gets `0000.curves.h5`, `0001.curves.h5`, ...
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[tuple[Any, ...], _Shard] = {}

    def add(self, found: Normalised, columns: Mapping[str, Any]) -> None:
        """Add a curve and its row of the table; what the normaliser changed is added to it."""
        row = {**columns, **asdict(found.changes)}
        key = (found.meta.kind, found.meta.bands, tuple(sorted(row)))
        if key not in self._open:
            self._open[key] = _Shard(self._folder / f"{len(self._open):04d}{SUFFIX}", found.meta)
        self._open[key].add(found.curve, row)

    def close(self) -> None:
        """Finish all shards; an empty one is written where no curve came, since a part is never without."""
        if not self._open:
            empty = CurveMeta(time_system="unknown", quantity="flux")
            self._open[()] = _Shard(self._folder / f"0000{SUFFIX}", empty)
        for shard in self._open.values():
            shard.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            for shard in self._open.values():
                shard.writer.abandon()


class _Shard:
    """One shard, and the curves that wait to be written together."""

    def __init__(self, path: Path, meta: CurveMeta) -> None:
        self.writer = CurveWriter(path, meta)
        self._curves: list[LightCurve] = []
        self._rows: list[Mapping[str, Any]] = []
        self._points = 0

    def add(self, curve: LightCurve, row: Mapping[str, Any]) -> None:
        self._curves.append(curve)
        self._rows.append(row)
        self._points += len(curve)
        if self._points >= HELD_POINTS:
            self.flush()

    def flush(self) -> None:
        if self._curves:
            self.writer.append(self._curves, {name: _column(row[name] for row in self._rows) for name in self._rows[0]})
        self._curves, self._rows, self._points = [], [], 0

    def close(self) -> None:
        self.flush()
        self.writer.close()


def _column(values: Iterable[Any]) -> np.ndarray:
    """A column of text, or of numbers."""
    found = list(values)
    return np.array(found, object if any(isinstance(one, str) for one in found) else None)
