"""Normalisation constants, fitted on training data once, stored with the model, never computed from what is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from astrocnn.errors import DataError

if TYPE_CHECKING:
    from astrocnn.samples.sample_set import SampleSet


class Normalisation(BaseModel):
    """Per band: `(value - mean) / sigma`, clipped at `clip_sigma`.

    Attributes
    ----------
    mean, sigma : tuple of float
        In the order of the bands, in the unit of the data.
    clip_sigma : float, optional
        Largest absolute value that is let through (250 in Metcalf et al. 2019, section on CMU DeepLens).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mean: tuple[float, ...]
    sigma: tuple[float, ...]
    clip_sigma: float | None = None

    def apply(self, data: np.ndarray) -> np.ndarray:
        """Normalise data (..., band) to float32."""
        mean, sigma = np.asarray(self.mean, np.float32), np.asarray(self.sigma, np.float32)
        scaled = (data - mean) / sigma
        return scaled if self.clip_sigma is None else np.clip(scaled, -self.clip_sigma, self.clip_sigma)

    def undo(self, scaled: np.ndarray) -> np.ndarray:
        """Data (..., band) in their own unit, float32, from normalised ones; what was clipped stays clipped."""
        return scaled * np.asarray(self.sigma, np.float32) + np.asarray(self.mean, np.float32)


def fit_normalisation(samples: SampleSet, clip_sigma: float | None, batch: int = 512) -> Normalisation:
    """Fit the constants on a training set, in constant memory.

    Raises
    ------
    DataError
        When an object holds values that are not finite, or a band is constant.
    """
    bands = samples.meta.bands
    count, total, squares = 0, np.zeros(len(bands)), np.zeros(len(bands))
    shift: np.ndarray | None = None
    for part in samples.batches(batch):
        flat = part.data.reshape(len(part.data), -1, len(bands)).astype(np.float64)
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
    variance = squares / count - (total / count) ** 2
    if (variance <= 0).any():
        constant = [band for band, value in zip(bands, variance, strict=True) if value <= 0]
        raise DataError("all values are the same", where=f"band {', '.join(constant)}", expected="data that varies")
    mean = shift + total / count
    return Normalisation(mean=tuple(mean.tolist()), sigma=tuple(np.sqrt(variance).tolist()), clip_sigma=clip_sigma)
