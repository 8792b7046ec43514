"""Stamps around positions: cut, count what has data, carry a local WCS, decide about missing pixels.

Convention: the stamp of `size_px` around x holds the columns ceil(x - size_px / 2) and the size_px - 1 after it (the
rule of astropy's Cutout2D), without resampling. An odd stamp so has the object within half a pixel of the centre of its
middle pixel; an even one within half a pixel of the corner that its four middle pixels share. Rows likewise.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from astropy.coordinates import SkyOffsetFrame
from astropy.wcs import WCS

NanPolicy = Literal["reject", "fill-median", "keep"]


def first_pixel(position: np.ndarray | float, size_px: int) -> np.ndarray:
    """Index in the tile of the first column (or row) of a stamp around a position; may be negative."""
    return np.ceil(np.asarray(position, dtype=np.float64) - size_px / 2).astype(np.int64)


def leaves_tile(x: np.ndarray, y: np.ndarray, size_px: int, shape: tuple[int, ...]) -> np.ndarray:
    """Whether stamps around positions reach beyond a tile of `shape` (y, x, ...); (n,) bool."""
    column, row = first_pixel(x, size_px), first_pixel(y, size_px)
    return (column < 0) | (row < 0) | (column + size_px > shape[1]) | (row + size_px > shape[0])


def cut_many(data: np.ndarray, x: np.ndarray, y: np.ndarray, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Stamps around many positions.

    Parameters
    ----------
    data : array (y, x, band)
        The tile; NaN where it has no data.
    x, y : arrays (n,)
        Column and row of the centres; the centre of the first pixel is 0.
    size_px : int
        Side of the stamps.

    Returns
    -------
    stamps : array (n, y, x, band) of float32
        NaN outside the tile.
    coverage : array (n,) of float32
        Fraction of the stamp's pixels with data in every band.
    """
    steps = np.arange(size_px)
    columns = first_pixel(np.atleast_1d(x), size_px)[:, None] + steps
    rows = first_pixel(np.atleast_1d(y), size_px)[:, None] + steps
    height, width = data.shape[:2]
    stamps = data[np.clip(rows, 0, height - 1)[:, :, None], np.clip(columns, 0, width - 1)[:, None, :]]
    stamps = stamps.astype(np.float32, copy=False)
    outside = ((rows < 0) | (rows >= height))[:, :, None] | ((columns < 0) | (columns >= width))[:, None, :]
    stamps[outside] = np.nan
    return stamps, np.isfinite(stamps).all(axis=3).mean(axis=(1, 2), dtype=np.float32)


def cut(data: np.ndarray, x: float, y: float, size_px: int) -> tuple[np.ndarray, float]:
    """The stamp (y, x, band) around one position and its coverage, see `cut_many`."""
    stamps, coverage = cut_many(data, np.array([x]), np.array([y]), size_px)
    return stamps[0], float(coverage[0])


def stamp_wcs(wcs: WCS, x: np.ndarray | float, y: np.ndarray | float, size_px: int) -> np.ndarray:
    """Local gnomonic (TAN, ICRS) WCS of stamps, as numbers.

    The reference point is the stamp's centre; the matrix is the central difference of the tile's WCS across the stamp,
    so distortions of the tile are followed to first order.

    Parameters
    ----------
    wcs : WCS
        Of the tile.
    x, y : array (n,) or float
        As given to `cut_many`.
    size_px : int
        Side of the stamps.

    Returns
    -------
    array (n, 8), or (8,) for one position
        crpix1, crpix2 (pixels, the centre of the first is 1 as in FITS), crval1, crval2 (deg), cd11, cd12, cd21, cd22
        (deg per pixel).
    """
    half = (size_px - 1) / 2
    centre_x, centre_y = first_pixel(x, size_px) + half, first_pixel(y, size_px) + half
    centre = wcs.pixel_to_world(centre_x, centre_y).icrs
    tangent = SkyOffsetFrame(origin=centre)
    step = max(half, 0.5)

    def plane(dx: float, dy: float) -> np.ndarray:
        offset = wcs.pixel_to_world(centre_x + dx, centre_y + dy).icrs.transform_to(tangent).cartesian
        return np.degrees(np.stack([(offset.y / offset.x).value, (offset.z / offset.x).value], axis=-1))

    along_x = (plane(step, 0) - plane(-step, 0)) / (2 * step)
    along_y = (plane(0, step) - plane(0, -step)) / (2 * step)
    middle = np.full_like(centre_x, half + 1)
    parts = [middle, middle, centre.ra.deg, centre.dec.deg]
    parts += [along_x[..., 0], along_y[..., 0], along_x[..., 1], along_y[..., 1]]
    return np.stack(parts, axis=-1)


def apply_nan_policy(
    stamps: np.ndarray, policy: NanPolicy = "reject", max_fraction: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """Decide about stamps with missing (NaN) pixels.

    Parameters
    ----------
    stamps : array (n, y, x, band)
        Not changed.
    policy : {"reject", "fill-median", "keep"}
        Reject stamps with any missing pixel; or fill missing pixels with the median of the stamp's band, and reject
        stamps where more than `max_fraction` of a band is missing; or keep all as they are.
    max_fraction : float
        For "fill-median" only.

    Returns
    -------
    stamps : array (n, y, x, band)
        All of them, filled where asked.
    accepted : array (n,) of bool
        False for the rejected.
    """
    if policy not in ("reject", "fill-median", "keep"):
        raise ValueError(f"expected policy 'reject', 'fill-median' or 'keep', received {policy!r}")
    missing = ~np.isfinite(stamps)
    if policy == "keep" or not missing.any():
        return stamps, np.ones(len(stamps), dtype=bool)
    worst = missing.mean(axis=(1, 2)).max(axis=1)
    if policy == "reject":
        return stamps, worst == 0
    accepted = (worst <= max_fraction) & (worst < 1)
    filled = stamps.copy()
    for n in np.flatnonzero(accepted & (worst > 0)):
        filled[n] = np.where(missing[n], np.nanmedian(np.where(missing[n], np.nan, stamps[n]), axis=(0, 1)), stamps[n])
    return filled, accepted
