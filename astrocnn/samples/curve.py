"""Light curves in memory: one, or a block of them one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from astrocnn.errors import UnknownName

if TYPE_CHECKING:
    from astropy.timeseries import TimeSeries

    from astrocnn.samples.curve_meta import CurveMeta

POINT_ARRAYS: dict[str, np.dtype[Any]] = {
    "time": np.dtype("<f8"), "value": np.dtype("<f4"), "error": np.dtype("<f4"), "quality": np.dtype("<i4"),
    "band": np.dtype("<i2"),
}  # fmt: skip
"""Arrays with one value a point, and the types that they are stored in."""
VALUE_NAMES = {"flux": "flux", "magnitude": "mag"}
"""Names of value columns in tables, by quantity; errors add `_error`."""


@dataclass(frozen=True)
class LightCurve:
    """One light curve as observed.

    Parameters
    ----------
    id : str
    time : array (n,) of float64
        Days from the product's time reference, rising; equal only in different bands.
    value : array (n,) of float32
        Flux or magnitude.
    error : array (n,) of float32
        Standard deviations; NaN where none is known.
    quality : array (n,) of int32
        Flags of the mission, 0 where it has none.
    band : array (n,) of int16
        Position in `bands`.
    bands : tuple of str
    """

    id: str
    time: np.ndarray
    value: np.ndarray
    error: np.ndarray
    quality: np.ndarray
    band: np.ndarray
    bands: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.time)

    def in_band(self, name: str) -> LightCurve:
        """The points of one band.

        Raises
        ------
        UnknownName
            If the product has no such band.
        """
        if name not in self.bands:
            raise UnknownName(f"no band {name!r}", where=self.id, expected=", ".join(self.bands))
        chosen = self.band == self.bands.index(name)
        arrays = {array: getattr(self, array)[chosen] for array in POINT_ARRAYS}
        return LightCurve(self.id, **arrays, bands=self.bands)


@dataclass(frozen=True)
class CurveBlock:
    """Curves read together: their positions in the product, and their points one after another.

    Curve k has the points `offsets[k]` to `offsets[k + 1]` of each array; the arrays are as in `LightCurve`.
    """

    indices: np.ndarray
    ids: np.ndarray
    offsets: np.ndarray
    time: np.ndarray
    value: np.ndarray
    error: np.ndarray
    quality: np.ndarray
    band: np.ndarray
    bands: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, number: int) -> LightCurve:
        points = slice(self.offsets[number], self.offsets[number + 1])
        arrays = {array: getattr(self, array)[points] for array in POINT_ARRAYS}
        return LightCurve(str(self.ids[number]), **arrays, bands=self.bands)

    def __iter__(self) -> Iterator[LightCurve]:
        return (self[number] for number in range(len(self)))

    def where(self, which: np.ndarray) -> CurveBlock:
        """The curves for which a mask (k,) is true."""
        number = np.diff(self.offsets)
        points = np.repeat(which, number)
        arrays = {array: getattr(self, array)[self.offsets[0] : self.offsets[-1]][points] for array in POINT_ARRAYS}
        offsets = np.concatenate([[0], np.cumsum(number[which])])
        return CurveBlock(self.indices[which], self.ids[which], offsets, **arrays, bands=self.bands)


def time_series(curve: LightCurve, meta: CurveMeta, row: dict[str, Any]) -> TimeSeries:
    """A curve as an astropy TimeSeries: time, `flux` or `mag` and its error with their unit, quality, band.

    Absolute times are a Time with the scale of the time system, others a TimeDelta.

    Parameters
    ----------
    curve : LightCurve
    meta : CurveMeta
        Of its product.
    row : dict
        What the table says of it, for the `meta` of the series.
    """
    from astropy import units
    from astropy.time import Time, TimeDelta
    from astropy.timeseries import TimeSeries

    if meta.time_reference_day is None:
        time = TimeDelta(curve.time, format="jd")
    else:
        scale = meta.time_system.rsplit("_")[1].lower()
        time = Time(meta.time_reference_day, curve.time, format="jd", scale=scale)
    unit = units.Unit(meta.unit) if meta.unit else units.dimensionless_unscaled
    name = VALUE_NAMES[meta.quantity]
    columns = {
        name: units.Quantity(curve.value, unit), f"{name}_error": units.Quantity(curve.error, unit),
        "quality": curve.quality, "band": np.array(curve.bands, str)[curve.band],
    }  # fmt: skip
    return TimeSeries(columns, time=time, meta=row | {"time_system": meta.time_system})


def same_bands(bands: Sequence[str], into: Sequence[str]) -> np.ndarray:
    """Position in `into` of each of the bands, (k,) of int16.

    Raises
    ------
    ValueError
        If one is not there.
    """
    return np.array([list(into).index(name) for name in bands]).astype(POINT_ARRAYS["band"])
