"""The tables of shards as one: number of objects, columns read once, a bounded number of open files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from astrocnn.errors import UnknownName
from astrocnn.samples.shard_files import OpenShards, read_column


class Described(Protocol):
    """What is known of any shard: its file and its number of objects."""

    @property
    def path(self) -> Path: ...  # noqa: D102

    @property
    def number(self) -> int: ...  # noqa: D102


D = TypeVar("D", bound=Described)


class TableSequence(ABC, Generic[D]):
    """Rows of shards one after another; subclasses say what a shard is and set `columns`.

    Parameters
    ----------
    paths : sequence of Path
        At least one shard.

    Raises
    ------
    StoreError
        If a shard cannot be read.
    """

    columns: tuple[str, ...] = ()

    def __init__(self, paths: Sequence[Path]) -> None:
        self._open = OpenShards()
        self.shards = [self._describe(path) for path in paths]
        self._starts = np.cumsum([0, *(shard.number for shard in self.shards)])
        self.number = int(self._starts[-1])
        self._cache: dict[str, np.ndarray] = {}

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_cache": {}}

    def column(self, name: str) -> np.ndarray:
        """A whole column, read once and then kept; not writeable, since all views share it.

        Raises
        ------
        UnknownName
            If there is no such column.
        """
        if name not in self.columns:
            raise UnknownName(f"no column {name!r}", expected=", ".join(self.columns), fix="name one of these")
        if name not in self._cache:
            values = self._whole_column(name)
            values.flags.writeable = False
            self._cache[name] = values
        return self._cache[name]

    def close(self) -> None:
        """Close all files; they open again when needed."""
        self._open.close()

    def _whole_column(self, name: str) -> np.ndarray:
        filled = [shard for shard in self.shards if shard.number or not self.number]
        return np.concatenate([self._column_of(shard, name) for shard in filled])

    def _column_of(self, shard: D, name: str) -> np.ndarray:
        with self._open.use(shard.path) as file:
            return read_column(file, name)

    @abstractmethod
    def _describe(self, path: Path) -> D:
        """What is known of a shard."""
