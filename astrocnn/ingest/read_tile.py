"""Reading a tile: all its bands on one pixel grid, as float32 with NaN where there is no data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from astrocnn.errors import DataError
from astrocnn.ingest.fits_files import opened_fits
from astrocnn.ingest.pixel_scale import pixel_scale
from astrocnn.ingest.tiles import TileFiles

GRID_TOLERANCE_PX = 0.1  # bands further apart than this are not on one grid


@dataclass(frozen=True)
class Tile:
    """The pixels of one tile.

    Parameters
    ----------
    name : str
    bands : tuple of str
        In the order of the last axis.
    data : array (y, x, band) of float32
        Native byte order, C-contiguous; NaN where there is no data. Row 0 is the first row of the file.
    mask : array (y, x, band) of bool
        True where there is no data.
    wcs : WCS
        Celestial, of the pixel grid that the bands share.
    scale_arcsec : float
        Side of a pixel.
    saturation : float or None
        The lowest SATURATE of the headers, in the unit of the data.
    unit : str or None
        BUNIT, where all bands agree.
    display : bool
        The headers say (DISPLAY = T) that this is a stretched picture, not photometry.
    notes : tuple of str
        What astropy had to repair or guess in the headers.
    """

    name: str
    bands: tuple[str, ...]
    data: np.ndarray
    mask: np.ndarray
    wcs: WCS
    scale_arcsec: float
    saturation: float | None
    unit: str | None
    display: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Layer:
    """One band of a tile: its image (y, x), header and WCS."""

    image: np.ndarray
    header: Any
    wcs: WCS


def read_tile(files: TileFiles, bands: Sequence[str] | None = None) -> Tile:
    """Read the bands of a tile from .fits, .fits.gz, .fits.bz2 or .fits.fz.

    BSCALE, BZERO, BLANK, integers and byte order are taken care of; axes of length one are dropped. A band that has
    one value everywhere holds no data: it was filled where nothing was observed.

    Parameters
    ----------
    files : TileFiles
        From `find_tiles`.
    bands : sequence of str, optional
        The bands wanted and their order; all by default.

    Raises
    ------
    InputMissing
        A file is gone.
    DataError
        A file is cut short or corrupt, has no image for a band, has no celestial WCS, or the bands are not on one grid.
    """
    bands = tuple(files.paths if bands is None else bands)
    layers: dict[str, _Layer] = {}
    notes: list[str] = []
    for path in dict.fromkeys(files.paths[band] for band in bands):
        of_path = [band for band in bands if files.paths[band] == path]
        read, said = _read_file(path, of_path)
        layers.update(read)
        notes += [note for note in said if note not in notes]
    first = layers[bands[0]]
    scale_arcsec = pixel_scale(first.wcs, where=str(files.paths[bands[0]]))
    for band in bands[1:]:
        _check_grid(files, bands[0], first, band, layers[band], scale_arcsec)
    data = np.stack([layers[band].image for band in bands], axis=2)
    data[~np.isfinite(data)] = np.nan
    data[..., np.fmin.reduce(data, axis=(0, 1)) == np.fmax.reduce(data, axis=(0, 1))] = np.nan
    headers = [layers[band].header for band in bands]
    saturations = [float(header["SATURATE"]) for header in headers if "SATURATE" in header]
    units = {header.get("BUNIT") for header in headers}
    return Tile(
        name=files.name,
        bands=bands,
        data=data,
        mask=np.isnan(data),
        wcs=first.wcs,
        scale_arcsec=scale_arcsec,
        saturation=min(saturations, default=None),
        unit=units.pop() if len(units) == 1 else None,
        display=any(header.get("DISPLAY", False) is True for header in headers),
        notes=tuple(notes),
    )


def _read_file(path: Path, bands: list[str]) -> tuple[dict[str, _Layer], list[str]]:
    """The bands that stand in one file, and what astropy warned of."""
    with opened_fits(path) as (hdus, notes):
        layers = {band: _layer(hdus, band, path, alone=len(bands) == 1) for band in bands}
    return layers, notes


def _layer(hdus: fits.HDUList, band: str, path: Path, alone: bool) -> _Layer:
    """The image of a band: the extension of that name, or, in a file of a single band, the first image."""
    images = [hdu for hdu in hdus if hdu.is_image and hdu.header.get("NAXIS", 0) >= 2]
    named = [hdu for hdu in images if hdu.name.lower() == band.lower()]
    if not named and not (alone and images):
        raise DataError(
            f"no image for band {band}",
            where=str(path),
            expected=f"an extension with EXTNAME = '{band.upper()}'",
            received=", ".join(hdu.name or "(no name)" for hdu in images) or "no images at all",
            fix="name the bands in the pipeline file as the extensions are named, or write one file per band",
        )
    hdu = (named or images)[0]
    image = np.squeeze(np.asarray(hdu.data))
    if image.ndim != 2:
        raise DataError(
            f"the image of band {band} has {image.ndim} axes",
            where=str(path),
            expected="two axes, rows and columns",
            received=f"shape {image.shape}",
            fix="write one two-dimensional extension per band",
        )
    wcs = WCS(hdu.header, fobj=hdus)
    return _Layer(
        np.ascontiguousarray(image, dtype=np.float32), hdu.header, wcs.celestial if wcs.has_celestial else wcs
    )


def _check_grid(
    files: TileFiles, band: str, first: _Layer, other_band: str, other: _Layer, scale_arcsec: float
) -> None:
    """Raise DataError unless two bands have the same shape and their corners the same positions."""
    where = f"{files.paths[band]} and {files.paths[other_band]}"
    fix = "resample the bands to one pixel grid, for example with reproject"
    if first.image.shape != other.image.shape:
        raise DataError(
            f"bands {band} and {other_band} differ in shape",
            where=where,
            expected=f"{first.image.shape} (rows, columns) as in {band}",
            received=f"{other.image.shape} in {other_band}",
            fix=fix,
        )
    pixel_scale(other.wcs, where=str(files.paths[other_band]))
    height, width = first.image.shape
    x, y = np.array([0, width - 1, 0, width - 1, width / 2]), np.array([0, 0, height - 1, height - 1, height / 2])
    here, there = first.wcs.pixel_to_world(x, y), other.wcs.pixel_to_world(x, y)
    apart = here.separation(there).arcsec / scale_arcsec
    worst = int(np.argmax(apart))
    if not apart[worst] <= GRID_TOLERANCE_PX:
        raise DataError(
            f"bands {band} and {other_band} are not on one pixel grid: {apart[worst]:.3g} px apart at "
            f"column {x[worst]:g}, row {y[worst]:g}",
            where=where,
            expected=f"{here[worst].to_string()} deg as in {band}",
            received=f"{there[worst].to_string()} deg in {other_band}",
            fix=fix,
        )
