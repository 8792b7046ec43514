"""What the reader of any product hands to the normaliser, and what a user may state of the files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from astrocnn.ingest.light_curves.placeholders import PLACEHOLDER_MAG
from astrocnn.samples.curve_meta import Quantity, TimeSystem

QualityMask = Literal["none", "default", "hard", "hardest"]


@dataclass(frozen=True)
class TimeZero:
    """A time system and the Julian date of time 0 in it; None where times are relative or of an unknown system."""

    system: TimeSystem
    day: float | None = None


@dataclass(frozen=True)
class ReadOptions:
    """What is wanted of the files, and what they do not say themselves.

    Parameters
    ----------
    flux : {"pdcsap", "sap"}
        Column of mission files.
    quality : str
        Name of the mask of mission files.
    images : {"bands", "curves"}
        Whether the images of a lensed quasar are bands of one object or objects of their own.
    columns : dict of str to str
        Name of the column for each of `time`, `value`, `error`, `quality`, `band`, `id`; found by name by default.
    time_system : str, optional
        Time system of tables that do not say it.
    time_zero_day : float, optional
        Julian date of time 0 in such tables.
    unit : str, optional
        Unit of the values; those in another are converted, those that cannot be are refused.
    bands : tuple of str
        Bands wanted, in their order; all by default.
    rename_bands : dict of str to str
        What bands of the files are called from here on; several may become one.
    placeholder_mag : float
        Magnitudes and errors at or beyond it, on either side of 0, stand for nothing measured.
    missing_values : tuple of float
        Values and errors, in the unit of the files, that stand for nothing measured.
    """

    flux: Literal["pdcsap", "sap"] = "pdcsap"
    quality: QualityMask = "default"
    images: Literal["bands", "curves"] = "bands"
    columns: dict[str, str] = field(default_factory=dict)
    time_system: TimeSystem | None = None
    time_zero_day: float | None = None
    unit: str | None = None
    bands: tuple[str, ...] = ()
    rename_bands: dict[str, str] = field(default_factory=dict)
    placeholder_mag: float = PLACEHOLDER_MAG
    missing_values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Observed:
    """One light curve as it stands in its file.

    Parameters
    ----------
    id : str
    time, value : arrays (n,)
        Of any number type and byte order; NaN where nothing was measured. Times in days.
    zero : TimeZero
    quantity : {"flux", "magnitude"}
    unit : str or None
    error, quality : arrays (n,), optional
    dropped_bits : int
        Bits of `quality` that make a point unusable.
    bands : tuple of str
        Bands of everything in the same source, in order, so that its curves can stand in one shard.
    band : array (n,) of int, optional
        Position of each point's band in `bands`; the first by default.
    columns : dict
        What the source says of the object, by column name: text or numbers.
    """

    id: str
    time: np.ndarray
    value: np.ndarray
    zero: TimeZero
    quantity: Quantity
    unit: str | None = None
    error: np.ndarray | None = None
    quality: np.ndarray | None = None
    dropped_bits: int = 0
    bands: tuple[str, ...] = ("",)
    band: np.ndarray | None = None
    columns: dict[str, str | float] = field(default_factory=dict)
