"""How values are normalised: by constants of the training data, by each object's own, or not at all.

Constants are fitted once and stored with the model. Nothing is ever computed from the set that is scored: an object's
own mean and deviation are of that object alone.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from astrocnn.errors import DataError

if TYPE_CHECKING:
    from astrocnn.samples.sample_set import SampleSet

log = logging.getLogger(__name__)

Normalise = Literal["set", "object", "none"]


class Normalisation(BaseModel):
    """Per band: `(value - mean) / sigma`, clipped at `clip_sigma`.

    Attributes
    ----------
    mean, sigma : tuple of float
        In the order of the bands, in the unit of the data. A band whose sigma is 0 was the same in all of the training
        set: it becomes 0, whatever its value, since no network learnt what another one means.
    clip_sigma : float, optional
        Largest absolute value that is let through (250 in Metcalf et al. 2019, section on CMU DeepLens).
    own : bool
        After that, each band of an object is brought to mean 0 and deviation 1 by its own mean and deviation (Pearson
        et al. 2018, for light curves); clipped then. A band of equal values becomes 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mean: tuple[float, ...]
    sigma: tuple[float, ...]
    clip_sigma: float | None = None
    own: bool = False

    def apply(self, data: np.ndarray) -> np.ndarray:
        """Normalise data (..., band) to float32; with `own`, whole objects (n, ..., band) as the network takes them."""
        mean, sigma = np.asarray(self.mean, np.float32), np.asarray(self.sigma, np.float32)
        scaled = (data - mean) / np.where(sigma > 0, sigma, np.float32(np.inf))
        if self.own:
            scaled = _standardised(scaled)
        return scaled if self.clip_sigma is None else np.clip(scaled, -self.clip_sigma, self.clip_sigma)

    def undo(self, scaled: np.ndarray) -> np.ndarray:
        """Data (..., band) in their own unit, float32, from normalised ones; what was clipped stays clipped.

        With `own`, in units of each object's own deviation, which is not known any more.
        """
        return scaled * np.asarray(self.sigma, np.float32) + np.asarray(self.mean, np.float32)


def _standardised(data: np.ndarray) -> np.ndarray:
    """Objects (n, ..., band) with mean 0 and deviation 1 in each band, in float64 inside: levels may be large."""
    axes = tuple(range(1, data.ndim - 1))
    values = data.astype(np.float64)
    values -= values.mean(axis=axes, keepdims=True)
    spread = values.std(axis=axes, keepdims=True)
    return (values / np.where(spread > 0, spread, 1.0)).astype(np.float32)


def fit_normalisation(
    samples: SampleSet, clip_sigma: float | None, batch: int = 512, normalise: Normalise = "set"
) -> Normalisation:
    """Fit the constants on a training set, in constant memory.

    Parameters
    ----------
    samples : SampleSet
        The training set.
    clip_sigma : float, optional
        Largest absolute value that is let through.
    batch : int
        Objects that are read together.
    normalise : {"set", "object", "none"}
        By mean and deviation of the set, by each object's own, or not at all.

    Returns
    -------
    Normalisation
        With sigma 0, and a warning, for a constant band of a set with numbers beside the shape of its objects
        (`astrocnn.representations`): one of them is easily the same for all, as the error of a survey that states one.

    Raises
    ------
    DataError
        When an object holds values that are not finite, or a band is constant where the set's deviation is divided by,
        in a set of shapes alone or beside no band that varies; when numbers would be normalised by each object's own.
    """
    bands = samples.meta.bands
    if normalise == "object" and "numbers" in samples.meta.notes:
        raise DataError(
            "each number beside a shape is the same in all of an object, and would become 0", where=samples.meta.kind,
            expected="normalise: set", received="normalise: object",
            fix="state normalise: set, or make the samples without numbers",
        )  # fmt: skip
    mean, variance = _moments(samples, batch)
    if normalise != "set":
        zeros, ones = (0.0,) * len(bands), (1.0,) * len(bands)
        return Normalisation(mean=zeros, sigma=ones, clip_sigma=clip_sigma, own=normalise == "object")
    varies = variance > 0
    if not varies.all():
        constant = ", ".join(band for band, one in zip(bands, varies, strict=True) if not one)
        if "numbers" not in samples.meta.notes or not varies.any():
            raise DataError(
                "all values are the same",
                where=f"band {constant}",
                expected="data that varies",
                fix="leave this band out",
            )
        log.warning(
            "the same in all of the training set, and so taken as 0: %s; it tells the network nothing", constant
        )
        variance = np.where(varies, variance, 0.0)
    return Normalisation(mean=tuple(mean.tolist()), sigma=tuple(np.sqrt(variance).tolist()), clip_sigma=clip_sigma)


def _moments(samples: SampleSet, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each band over all pixels of all objects; all must be finite."""
    bands = len(samples.meta.bands)
    count, total, squares = 0, np.zeros(bands), np.zeros(bands)
    shift: np.ndarray | None = None
    for part in samples.batches(batch):
        flat = part.data.reshape(len(part.data), -1, bands).astype(np.float64)
        finite = np.isfinite(flat).all(axis=(1, 2))
        if not finite.all():
            names = ", ".join(samples.ids[part.indices[~finite]][:5])
            raise DataError("values that are not finite", where=names, expected="finite values in a training set")
        shift = flat.mean(axis=(0, 1)) if shift is None else shift  # close to the mean: no cancellation below
        count += flat.shape[0] * flat.shape[1]
        total += (flat - shift).sum(axis=(0, 1))
        squares += ((flat - shift) ** 2).sum(axis=(0, 1))
    if shift is None:
        raise DataError("the training set is empty", expected="at least one object")
    return shift + total / count, squares / count - (total / count) ** 2
