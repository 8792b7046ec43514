"""SampleSet: many equal samples on disk, as one array and one table, in constant memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from astrocnn.samples.batches import Batch, epoch_order, read_batches, segment_length
from astrocnn.samples.meta import SampleMeta
from astrocnn.samples.shard_sequence import ShardSequence
from astrocnn.samples.table_view import TableView

if TYPE_CHECKING:
    from astropy.nddata import NDData
    from astropy.table import Table


class SampleSet(TableView[ShardSequence]):
    """A view of samples in shards: the order of its objects is that of the shards' names, or of a selection.

    Data stay on disk until read; columns are read whole when first asked for, and shared by all views of a set.
    Sets travel to other processes by pickling, and open their files there.
    """

    sequence = ShardSequence

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.meta.shape))
        return f"SampleSet({len(self)} {self.meta.kind} of {shape}, bands {', '.join(self.meta.bands)})"

    @property
    def meta(self) -> SampleMeta:
        """What is true of every object."""
        return self._source.meta

    @property
    def planes(self) -> tuple[str, ...]:
        """Names of the arrays present beside the data: of variance, mask, psf, wcs."""
        return tuple(self._source.planes)

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

    def summary(self) -> dict[str, Any]:
        """Numbers for people and JSON: objects by class and split, shape, bands, bytes in memory and on disk."""
        return {
            "number": len(self),
            "kind": self.meta.kind,
            "shape": list(self.meta.shape),
            "bands": list(self.meta.bands),
            **self._counts(self.meta.classes),
            "bytes": len(self) * self._object_bytes,
            "bytes_on_disk": sum(path.stat().st_size for path in self.shards),
        }

    @property
    def _object_bytes(self) -> int:
        return 4 * math.prod(self.meta.shape)

    def _read(self, name: str, indices: np.ndarray) -> np.ndarray:
        return self._source.read(name, self._positions(indices))
