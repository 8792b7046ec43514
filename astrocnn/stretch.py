"""Stretches that turn linear flux into the integer levels of a display picture, and their inverses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

_CURVES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "linear": (lambda flux: flux, lambda level: level),
    "sqrt": (lambda flux: np.sign(flux) * np.sqrt(np.abs(flux)), lambda level: np.sign(level) * level**2),
    "asinh": (np.arcsinh, np.sinh),
}


class Stretch(BaseModel):
    """A stretch: `level = zero_level + softening * curve(flux / softening)`, rounded and clipped to 0..levels - 1.

    Flux is in levels: close to zero, a flux of 1 is one level of the linear and asinh curves. A flux equal to
    `softening` lies `softening` levels above zero on the linear and square-root curves, 0.88 of that on the asinh.

    Attributes
    ----------
    kind : str
        `linear`, `sqrt` (odd about zero flux) or `asinh` (Lupton et al. 2004, PASP 116, 133).
    softening : float
        Where the asinh curve turns from linear to logarithmic, levels.
    zero_level : float
        Level of zero flux.
    levels : int
        Number of levels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["linear", "sqrt", "asinh"]
    softening: float = Field(1.0, gt=0.0)
    zero_level: float = Field(0.0, ge=0.0)
    levels: int = Field(256, ge=2)

    def inverse(self, picture: np.ndarray) -> np.ndarray:
        """Linear flux of the centre of each level.

        Parameters
        ----------
        picture : ndarray
            Levels, any shape; the lowest and the highest are limits, as values beyond them were clipped; NaN stays NaN.

        Returns
        -------
        ndarray
            Flux, float64, whose `forward` is the picture exactly.
        """
        curve = _CURVES[self.kind][1]
        return self.softening * curve((np.asarray(picture, np.float64) - self.zero_level) / self.softening)

    def forward(self, flux: np.ndarray) -> np.ndarray:
        """Levels of a display picture.

        Parameters
        ----------
        flux : ndarray
            Linear flux, any shape; NaN stays NaN.

        Returns
        -------
        ndarray
            Whole levels from 0 to `levels - 1`, float32.
        """
        curve = _CURVES[self.kind][0]
        level = self.zero_level + self.softening * curve(np.asarray(flux, np.float64) / self.softening)
        return np.clip(np.rint(level), 0, self.levels - 1).astype(np.float32)


def to_flux(pictures: np.ndarray, stretches: Sequence[Stretch | None]) -> np.ndarray:
    """Linear flux of display pictures.

    Parameters
    ----------
    pictures : ndarray
        Levels (..., band).
    stretches : sequence of Stretch or None
        One a band; None where the band is linear flux already.

    Returns
    -------
    ndarray
        Flux (..., band), float64.
    """
    return _per_band(pictures, [stretch.inverse if stretch else None for stretch in stretches])


def to_picture(fluxes: np.ndarray, stretches: Sequence[Stretch | None]) -> np.ndarray:
    """Display pictures of linear flux.

    Parameters
    ----------
    fluxes : ndarray
        Flux (..., band).
    stretches : sequence of Stretch or None
        One a band; None leaves the band as it is.

    Returns
    -------
    ndarray
        Levels (..., band), float32.
    """
    return _per_band(fluxes, [stretch.forward if stretch else None for stretch in stretches]).astype(np.float32)


def _per_band(images: np.ndarray, maps: Sequence[Callable[[np.ndarray], np.ndarray] | None]) -> np.ndarray:
    if images.shape[-1] != len(maps):
        raise ValueError(f"expected one stretch a band: {images.shape[-1]} bands, received {len(maps)} stretches")
    mapped = np.asarray(images, np.float64).copy()
    for band, curve in enumerate(maps):
        if curve is not None:
            mapped[..., band] = curve(mapped[..., band])
    return mapped
