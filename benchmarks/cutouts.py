"""Stamps with their WCS from one tile: this package's arrays against a loop over astropy's Cutout2D.

Both cut the same positions out of the Hubble sample, some beyond its edge, and must find the same pixels and the same
sky under them. Run: `python benchmarks/cutouts.py`.
"""

from time import perf_counter

import numpy as np
from astropy.nddata import Cutout2D
from astropy.wcs import WCS
from skimage.data import hubble_deep_field

from astrocnn.ingest.cutouts import cut_many, stamp_wcs
from astrocnn.samples.stamp_wcs import celestial_wcs

NUMBER, SIZE_PX = 2500, 65
PICTURE = hubble_deep_field().astype(np.float32)
CORNERS = np.array([[0, 0], [SIZE_PX - 1, SIZE_PX - 1]])  # of a stamp, where the two WCS are compared


def tile_wcs() -> WCS:
    """Tangent-plane WCS of the picture's scale."""
    return celestial_wcs(np.array([500.5, 436.5, 53.1625, -27.7914, -0.138 / 3600, 0, 0, 0.138 / 3600]))


def loop(x: np.ndarray, y: np.ndarray, wcs: WCS) -> tuple[np.ndarray, np.ndarray]:
    """One Cutout2D an object and band."""
    stamps, corners = [], []
    for column, row in zip(x, y, strict=True):
        bands = [
            Cutout2D(PICTURE[..., band], (column, row), SIZE_PX, wcs, mode="partial", fill_value=np.nan)
            for band in range(PICTURE.shape[-1])
        ]
        stamps.append(np.stack([band.data for band in bands], axis=-1))
        corners.append(bands[0].wcs.all_pix2world(CORNERS, 0))
    return np.stack(stamps), np.stack(corners)


def at_once(x: np.ndarray, y: np.ndarray, wcs: WCS) -> tuple[np.ndarray, np.ndarray]:
    """All objects in one array, their WCS as numbers."""
    stamps, _ = cut_many(PICTURE, x, y, SIZE_PX)
    numbers = stamp_wcs(wcs, x, y, SIZE_PX)
    return stamps, numbers


def main() -> None:
    random = np.random.default_rng(0)
    x, y, wcs = random.uniform(0, 999, NUMBER), random.uniform(0, 871, NUMBER), tile_wcs()
    seconds, found = {}, {}
    for cut in (loop, at_once):
        start = perf_counter()
        found[cut] = cut(x, y, wcs)
        seconds[cut] = perf_counter() - start
    if not np.array_equal(found[loop][0], found[at_once][0], equal_nan=True):
        raise SystemExit("the stamps differ")
    sky = np.stack([celestial_wcs(numbers).all_pix2world(CORNERS, 0) for numbers in found[at_once][1]])
    apart = np.abs(sky - found[loop][1]).max() * 3600
    if not apart < 1e-3:
        raise SystemExit(f"the positions differ by {apart:.1e} arcsec")
    print(
        f"{NUMBER} stamps, {SIZE_PX} x {SIZE_PX} px, {PICTURE.shape[-1]} bands; equal pixels, WCS to {apart:.0e} arcsec"
    )
    print(f"loop {seconds[loop]:.2f} s, at once {seconds[at_once]:.2f} s, ratio {seconds[loop] / seconds[at_once]:.0f}")


if __name__ == "__main__":
    main()
