"""The table of many objects on disk, and views of it: columns, selections, splits, and objects by their id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import numpy as np

from astrocnn.errors import InputMissing, UnknownName
from astrocnn.samples.table_sequence import TableSequence
from astrocnn.spelling import nearest


def shard_paths(source: str | Path | Sequence[str | Path]) -> list[Path]:
    """Shards of a folder in the order of their names, or those given, or one.

    Raises
    ------
    InputMissing
        If there is no such folder or no shard in it.
    """
    if isinstance(source, (str, Path)):
        folder = Path(source).resolve()  # a link that moves while the set is in use must not mix two sets
        paths = [folder] if folder.is_file() else sorted(folder.glob("*.h5"))
    else:
        paths = [Path(path).resolve() for path in source]
    if not paths:
        raise InputMissing("no samples", where=str(source), expected="a folder with *.h5 shards", fix="name another")
    return paths


S = TypeVar("S", bound=TableSequence[Any])


class TableView(Generic[S]):
    """A view of objects in shards: the order is that of the shards' names, or of a selection.

    Data stay on disk until read; columns are read whole when first asked for, and shared by all views of a set.
    Views travel to other processes by pickling, and open their files there.
    """

    sequence: ClassVar[type[TableSequence[Any]]]
    """What holds the shards of such a set."""

    @classmethod
    def open(cls, source: str | Path | Sequence[str | Path]) -> Self:
        """Open a folder of shards, a list of shards, or one shard.

        Parameters
        ----------
        source : path or sequence of paths
            A folder, whose `*.h5` are read in the order of their names; or shard files, in the order given.

        Raises
        ------
        InputMissing
            If there is no such folder or no shard in it.
        StoreError
            If a shard cannot be read, is of another kind of product, or differs from the others in meta or columns.
        """
        return cls(cast(S, cls.sequence(shard_paths(source))))

    def __init__(self, source: S, rows: np.ndarray | None = None) -> None:
        self._source = source
        self._rows = rows

    def __len__(self) -> int:
        return self._source.number if self._rows is None else len(self._rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns: the standard ones, then truth."""
        return self._source.columns

    @property
    def shards(self) -> tuple[Path, ...]:
        """The files of the whole set."""
        return tuple(shard.path for shard in self._source.shards)

    @property
    def ids(self) -> np.ndarray:
        """Identifiers of the objects, (n,) of str."""
        return self.column("id")

    def column(self, name: str) -> np.ndarray:
        """One column, (n,) or (n, ...); text as numpy unicode.

        Raises
        ------
        UnknownName
            If there is no such column.
        """
        values = self._source.column(name)
        return values if self._rows is None else values[self._rows]

    def select(self, which: np.ndarray) -> Self:
        """View of the objects where a boolean mask is true, or at indices, in their order; no data are copied."""
        which = np.asarray(which)
        if which.dtype == bool and which.shape != (len(self),):
            raise ValueError(f"expected a mask of {len(self)} objects, received shape {which.shape}")
        chosen = np.flatnonzero(which) if which.dtype == bool else self._checked(which)
        return type(self)(self._source, chosen if self._rows is None else self._rows[chosen])

    def split(self, names: str) -> Self:
        """View of the objects of one or more splits, as "train" or "train+validation".

        Raises
        ------
        UnknownName
            If no object is in a split of such a name. (A set without objects has every split, empty.)
        """
        column = self.column("split")
        wanted = [name.strip() for name in names.split("+")]
        present = sorted(set(column.tolist()) - {""})
        unknown = [name for name in wanted if name not in present]
        if unknown and len(self):
            listed = ", ".join(present) or "none: no object was assigned to a split"
            what = f"no object is in the split {unknown[0]!r}"
            raise UnknownName(what, expected=f"splits present ({listed})", received=names, fix="name one of these")
        return self.select(np.isin(column, wanted))

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids.tolist())

    def __contains__(self, identifier: object) -> bool:
        return bool(np.any(self.ids == identifier))

    def close(self) -> None:
        """Close the files of this set and its views; they open again when needed."""
        self._source.close()

    def position(self, identifier: str) -> int:
        """Position of an object in this view, the first where an id occurs twice.

        Raises
        ------
        UnknownName
            If no object has this id; the nearest spelling is given, or some of the ids.
        """
        ids = self.ids
        found = np.flatnonzero(ids == identifier)
        if not len(found):
            near = nearest(identifier, ids.tolist())
            some = f"choose one of its {len(ids):,} ids, such as {', '.join(ids[:3])}" if len(ids) else None
            fix = f"did you mean {near}?" if near else some
            raise UnknownName(f"no object has the id {identifier!r}", where=repr(self), fix=fix)
        return int(found[0])

    def _positions(self, indices: np.ndarray) -> np.ndarray:
        """Rows of the whole set at positions in this view."""
        positions = self._checked(indices)
        return positions if self._rows is None else self._rows[positions]

    def _counts(self, classes: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Number of objects by class, and by split and class."""
        labels, splits = self.column("label"), self.column("split")
        names = {-1: "unknown", **dict(enumerate(classes))}

        def by_class(chosen: np.ndarray) -> dict[str, int]:
            values, counts = np.unique(labels[chosen], return_counts=True)
            return {
                names.get(value, str(value)): count
                for value, count in zip(values.tolist(), counts.tolist(), strict=True)
            }

        return {
            "classes": by_class(np.ones(len(self), bool)),
            "splits": {split or "none": by_class(splits == split) for split in np.unique(splits).tolist()},
        }

    def _checked(self, indices: np.ndarray) -> np.ndarray:
        """Positions in this view, from 0; empty lists are allowed whatever their type."""
        indices = np.atleast_1d(np.asarray(indices))
        if not len(indices):
            return np.empty(0, np.int64)
        if indices.dtype.kind not in "iu" or indices.ndim != 1:
            raise TypeError(f"expected a list of positions, received {indices.dtype} of shape {indices.shape}")
        if indices.min() < -len(self) or indices.max() >= len(self):
            raise IndexError(f"expected positions below {len(self)}, received {indices.min()} to {indices.max()}")
        return np.where(indices < 0, indices + len(self), indices).astype(np.int64)
