"""SampleSet: many equal samples on disk, as one array and one table, in constant memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from astrocnn.errors import InputMissing, UnknownName
from astrocnn.samples.batches import Batch, epoch_order, read_batches, segment_length
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.shard_sequence import ShardSequence
from astrocnn.spelling import nearest

if TYPE_CHECKING:
    from astropy.nddata import NDData
    from astropy.table import Table


class SampleSet:
    """A view of samples in shards: the order of its objects is that of the shards' names, or of a selection.

    Data stay on disk until read; columns are read whole when first asked for, and shared by all views of a set.
    Sets travel to other processes by pickling, and open their files there.
    """

    def __init__(self, source: ShardSequence, rows: np.ndarray | None = None) -> None:
        self._source = source
        self._rows = rows

    @classmethod
    def open(cls, source: str | Path | Sequence[str | Path]) -> SampleSet:
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
            If a shard cannot be read, or differs from the others in meta or columns.
        """
        if isinstance(source, (str, Path)):
            folder = Path(source).resolve()  # a link that moves while the set is in use must not mix two sets
            paths = [folder] if folder.is_file() else sorted(folder.glob("*.h5"))
        else:
            paths = [Path(path).resolve() for path in source]
        if not paths:
            raise InputMissing(
                "no samples", where=str(source), expected="a folder with *.h5 shards", fix="name another"
            )
        return cls(ShardSequence(paths))

    def __len__(self) -> int:
        return self._source.number if self._rows is None else len(self._rows)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.meta.shape))
        return f"SampleSet({len(self)} {self.meta.kind} of {shape}, bands {', '.join(self.meta.bands)})"

    @property
    def meta(self) -> SampleMeta:
        """What is true of every object."""
        return self._source.meta

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns: the standard ones, then truth."""
        return self._source.columns

    @property
    def planes(self) -> tuple[str, ...]:
        """Names of the arrays present beside the data: of variance, mask, psf, wcs."""
        return tuple(self._source.planes)

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

    def select(self, which: np.ndarray) -> SampleSet:
        """View of the objects where a boolean mask is true, or at indices, in their order; no data are copied."""
        which = np.asarray(which)
        if which.dtype == bool and which.shape != (len(self),):
            raise ValueError(f"expected a mask of {len(self)} objects, received shape {which.shape}")
        chosen = np.flatnonzero(which) if which.dtype == bool else self._checked(which)
        return SampleSet(self._source, chosen if self._rows is None else self._rows[chosen])

    def split(self, names: str) -> SampleSet:
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

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Data of the objects at these positions, in the order asked for, repeated where repeated.

        Parameters
        ----------
        indices : array (k,) of int
            Positions in this view; negative ones count from the end.

        Returns
        -------
        array (k, y, x, band) or (k, time, channel) of float32
            Contiguous and in native byte order.
        """
        return self._read("data", indices)

    def read_variance(self, indices: np.ndarray) -> np.ndarray:
        """Variance of the data, float32, like `read`; StoreError where the set has none."""
        return self._read("variance", indices)

    def read_mask(self, indices: np.ndarray) -> np.ndarray:
        """True where a value must not be used, like `read`; StoreError where the set has none."""
        return self._read("mask", indices)

    def read_psf(self, indices: np.ndarray) -> np.ndarray:
        """Point spread functions (k, y, x, band), float32; StoreError where the set has none."""
        return self._read("psf", indices)

    def read_wcs(self, indices: np.ndarray) -> np.ndarray:
        """WCS parameters (k, 8), in the order of `shards.WCS_NAMES`; StoreError where the set has none."""
        return self._read("wcs", indices)

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches of `size` objects in object order, the last one short; `indices` are positions in this view."""
        return read_batches(np.arange(len(self)), self.read, size, segment_length(max(size, 1024), self._object_bytes))

    def shuffled_batches(
        self, size: int, seed: int, epoch: int, buffer: int = 4096, drop_last: bool = False
    ) -> Iterator[Batch]:
        """Batches of one epoch, each object once, shuffled in constant memory.

        Parameters
        ----------
        size : int
            Objects in a batch; the last one may be short, unless `drop_last`.
        seed, epoch : int
            They and the number of objects decide the order (`batches.epoch_order`).
        buffer : int
            Objects shuffled together and held in memory: fewer where they would exceed `batches.SEGMENT_BYTES`.
        """
        segment = segment_length(buffer, self._object_bytes)
        return read_batches(epoch_order(len(self), seed, epoch, segment), self.read, size, segment, drop_last)

    @property
    def table(self) -> Table:
        """All columns as an astropy table; the meta stand in its `meta`."""
        from astropy.table import Table

        return Table({name: self.column(name) for name in self.columns}, meta=self.meta.model_dump(mode="json"))

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

    def __getitem__(self, identifier: str) -> NDData:
        """One object as astropy NDData: data, celestial WCS, uncertainty, mask, and its row and bands in `meta`.

        Raises
        ------
        UnknownName
            If no object has this id.
        """
        from astropy.nddata import NDData, VarianceUncertainty

        from astrocnn.samples.stamp_wcs import celestial_wcs

        found = np.array([self.position(identifier)])
        row = {name: self.column(name)[found[0]] for name in self.columns}
        return NDData(
            self.read(found)[0],
            uncertainty=VarianceUncertainty(self.read_variance(found)[0]) if "variance" in self.planes else None,
            mask=self.read_mask(found)[0] if "mask" in self.planes else None,
            wcs=celestial_wcs(self.read_wcs(found)[0]) if "wcs" in self.planes else None,
            meta=row | {"bands": self.meta.bands, "flux_unit": self.meta.flux_unit},
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids.tolist())

    def __contains__(self, identifier: object) -> bool:
        return bool(np.any(self.ids == identifier))

    def summary(self) -> dict[str, Any]:
        """Numbers for people and JSON: objects by class and split, shape, bands, bytes in memory and on disk."""
        labels, splits = self.column("label"), self.column("split")
        names = {-1: "unknown", **dict(enumerate(self.meta.classes))}

        def by_class(chosen: np.ndarray) -> dict[str, int]:
            values, counts = np.unique(labels[chosen], return_counts=True)
            return {
                names.get(value, str(value)): count
                for value, count in zip(values.tolist(), counts.tolist(), strict=True)
            }

        return {
            "number": len(self),
            "kind": self.meta.kind,
            "shape": list(self.meta.shape),
            "bands": list(self.meta.bands),
            "classes": by_class(np.ones(len(self), bool)),
            "splits": {split or "none": by_class(splits == split) for split in np.unique(splits).tolist()},
            "bytes": len(self) * self._object_bytes,
            "bytes_on_disk": sum(path.stat().st_size for path in self.shards),
        }

    def close(self) -> None:
        """Close the files of this set and its views; they open again when needed."""
        self._source.close()

    @property
    def _object_bytes(self) -> int:
        return 4 * math.prod(self.meta.shape)

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

    def _read(self, name: str, indices: np.ndarray) -> np.ndarray:
        positions = self._checked(indices)
        return self._source.read(name, positions if self._rows is None else self._rows[positions])
