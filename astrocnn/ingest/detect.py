"""Source detection on a tile: background, a detection image from all bands, segments, deblending, and a table.

The steps and words are those of SExtractor (Bertin & Arnouts 1996, A&AS 117, 393) as photutils provides them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from astropy.wcs import WCS
from photutils.background import Background2D
from photutils.segmentation import SegmentationImage, SourceCatalog, deblend_sources, detect_sources
from photutils.utils.exceptions import NoDetectionsWarning
from scipy.ndimage import gaussian_filter

from astrocnn.ingest.flags import BLENDED, EDGE, MASKED, SATURATED, STAR
from astrocnn.ingest.pixel_scale import pixel_scale
from astrocnn.ingest.stars import point_like, spike_strength

FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))
SPIKE_STRENGTH = 0.1  # of the two spiked stars of the Hubble picture: 0.15 and 0.19; of its other sources: below 0.04
SPIKED_AXIS_RATIO = 0.8
COLUMNS = (
    "x", "y", "ra", "dec", "flux", "peak", "snr", "half_light_radius_arcsec", "axis_ratio", "position_angle_deg",
    "kron_radius_arcsec", "area_px", "flags",
)  # fmt: skip


@dataclass(frozen=True)
class Detections:
    """What `detect` finds in one tile.

    Parameters
    ----------
    table : dict of str to array
        One value per source in each column, see `detect`.
    segments : array (y, x) of int32
        Segment of each pixel: 0 is sky, k the source in row k - 1.
    background, noise : arrays (y, x, band) of float32
        Sky level and its standard deviation per pixel, in the tile's units.
    psf_fwhm_arcsec : float
        Full width at half maximum of the point-like sources; NaN where none were found.
    """

    table: dict[str, np.ndarray]
    segments: np.ndarray
    background: np.ndarray
    noise: np.ndarray
    psf_fwhm_arcsec: float


def detect(
    data: np.ndarray,
    bands: Sequence[str],
    wcs: WCS,
    *,
    mask: np.ndarray | None = None,
    saturation: float | None = None,
    band_weights: Mapping[str, float] | None = None,
    background_box_px: int = 64,
    smoothing_fwhm_px: float = 2.5,
    threshold_sigma: float = 3.0,
    minimum_area_px: int = 6,
    deblend_levels: int = 16,
    deblend_contrast: float = 0.02,
    star_snr: float = 40.0,
) -> Detections:
    """Find the sources of a tile and measure them.

    Parameters
    ----------
    data : array (y, x, band) of float32
        NaN and infinite values count as masked.
    bands : sequence of str
        Names of the bands, in the order of the last axis.
    wcs : WCS
        Celestial, of the tile's pixel grid.
    mask : array (y, x, band) of bool, optional
        True where there is no data.
    saturation : float, optional
        Value at and above which a pixel is saturated, in any band.
    band_weights : mapping of band to float, optional
        Weight of each band in the detection image, times the inverse variance of its sky; 1 where not named, 0 leaves
        a band out.
    background_box_px : int
        Side of the boxes in which the sky is estimated: several times the largest galaxy.
    smoothing_fwhm_px : float
        Gaussian with which the detection image is smoothed before the threshold: about the PSF.
    threshold_sigma : float
        Detection threshold in standard deviations of the smoothed sky.
    minimum_area_px : int
        Connected pixels (8 neighbours) above the threshold that make a source.
    deblend_levels, deblend_contrast : int, float
        Levels between threshold and peak, and the fraction of the parent's flux a child must have.
    star_snr : float
        Signal to noise above which a source is bright enough to be called a star.

    Returns
    -------
    Detections
        Its table has x, y (pixels, the first is 0); ra, dec (deg, ICRS); flux (Kron flux in the detection image, the
        weighted mean of the bands) and flux_<band>; peak (of the detection image); snr (flux in the segment over the
        noise of its sky; correlation between pixels is not accounted for); half_light_radius_arcsec (circle that holds
        half the Kron flux); axis_ratio and position_angle_deg (east of north, 0 to 180), both of the smoothed image;
        kron_radius_arcsec (semi-major axis of the Kron aperture); area_px; flags (bits of `flags.FLAGS`). Ordered by
        label; empty where nothing is above the threshold.

    Raises
    ------
    DataError
        The WCS gives no pixel scale.
    """
    scale_arcsec = pixel_scale(wcs)
    missing = ~np.isfinite(data) if mask is None else mask | ~np.isfinite(data)
    background, noise = _sky(data, missing, background_box_px)
    subtracted = np.where(missing, 0.0, data - background).astype(np.float32)
    image, image_noise = _detection_image(subtracted, noise, missing, bands, band_weights)
    no_data = ~np.isfinite(image_noise)
    smoothed = gaussian_filter(image, smoothing_fwhm_px / FWHM_PER_SIGMA)
    segments, parents = _segments(
        smoothed, no_data, background_box_px, threshold_sigma, minimum_area_px, deblend_levels, deblend_contrast
    )
    if segments is None:
        columns = {name: np.zeros(0) for name in (*COLUMNS, *(f"flux_{band}" for band in bands))}
        columns["flags"], columns["area_px"] = np.zeros(0, np.int32), np.zeros(0, np.int32)
        return Detections(columns, np.zeros(image.shape, np.int32), background, noise, float("nan"))

    error = np.where(no_data, 0.0, image_noise)
    catalog = SourceCatalog(image, segments, convolved_data=smoothed, error=error, mask=no_data)
    table = _measure(catalog, wcs, scale_arcsec)
    for k, band in enumerate(bands):
        of_band = SourceCatalog(subtracted[:, :, k], segments, mask=missing[:, :, k], detection_catalog=catalog)
        table[f"flux_{band}"] = np.asarray(of_band.kron_flux, dtype=np.float64)
    saturated = np.zeros(image.shape, bool) if saturation is None else np.any(data >= saturation, axis=2)
    flags = _flags(segments.data, parents, missing.any(axis=2), saturated)
    star = _stars(table, flags, subtracted, scale_arcsec, star_snr)
    table["flags"] = flags | np.where(star, STAR, 0).astype(np.int32)
    compact = star & (flags & SATURATED == 0)
    # A Gaussian of full width w at half maximum holds half its light within w / 2.
    psf_fwhm_arcsec = 2.0 * float(np.median(table["half_light_radius_arcsec"][compact])) if compact.any() else np.nan
    return Detections(table, segments.data.astype(np.int32), background, noise, psf_fwhm_arcsec)


def _sky(data: np.ndarray, missing: np.ndarray, box_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Level and standard deviation of the sky, (y, x, band); a band without any data is all NaN."""
    background, noise = np.full(data.shape, np.nan, np.float32), np.full(data.shape, np.nan, np.float32)
    for k in range(data.shape[2]):
        if not missing[:, :, k].all():
            filled = np.where(missing[:, :, k], 0.0, data[:, :, k])
            sky = Background2D(filled, box_px, coverage_mask=missing[:, :, k], exclude_percentile=90.0)
            background[:, :, k], noise[:, :, k] = sky.background, sky.background_rms
    return background, noise


def _detection_image(
    subtracted: np.ndarray,
    noise: np.ndarray,
    missing: np.ndarray,
    bands: Sequence[str],
    band_weights: Mapping[str, float] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Inverse-variance weighted mean of the bands that have data, and its noise (infinite where none has)."""
    stated = np.array([(band_weights or {}).get(band, 1.0) for band in bands])
    usable = ~missing & (noise > 0)
    variance = np.where(usable, noise, 1.0).astype(np.float64) ** 2
    weight = np.where(usable, stated / variance, 0.0)
    total = weight.sum(axis=2)
    has_data = total > 0
    divisor = np.where(has_data, total, 1.0)
    image = (weight * subtracted).sum(axis=2) / divisor
    image_noise = np.sqrt((weight**2 * variance).sum(axis=2)) / divisor
    return image.astype(np.float32), np.where(has_data, image_noise, np.inf)


def _segments(
    smoothed: np.ndarray,
    no_data: np.ndarray,
    box_px: int,
    threshold_sigma: float,
    area_px: int,
    levels: int,
    contrast: float,
) -> tuple[SegmentationImage | None, np.ndarray]:
    """Segments after and before deblending; None and zeros where nothing is above the threshold."""
    if no_data.all():
        return None, np.zeros(smoothed.shape, np.int32)
    # Smoothing correlates the noise, so its level is measured again rather than scaled.
    sky = Background2D(smoothed, box_px, coverage_mask=no_data, exclude_percentile=90.0)
    threshold = sky.background + threshold_sigma * sky.background_rms
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoDetectionsWarning)  # an empty tile is an answer, returned as such
        parents = detect_sources(smoothed, threshold, area_px, mask=no_data)
    if parents is None:
        return None, np.zeros(smoothed.shape, np.int32)
    children = deblend_sources(smoothed, parents, area_px, n_levels=levels, contrast=contrast)
    return children, parents.data


def _measure(catalog: SourceCatalog, wcs: WCS, scale_arcsec: float) -> dict[str, np.ndarray]:
    """Columns that come from the detection image."""
    x, y = np.asarray(catalog.x_centroid, dtype=np.float64), np.asarray(catalog.y_centroid, dtype=np.float64)
    sky = wcs.pixel_to_world(x, y).icrs
    semi_major_px = np.asarray(catalog.semimajor_axis.value, dtype=np.float64)
    noise = np.asarray(catalog.segment_flux_err, dtype=np.float64)
    return {
        "x": x,
        "y": y,
        "ra": sky.ra.deg,
        "dec": sky.dec.deg,
        "flux": np.asarray(catalog.kron_flux, dtype=np.float64),
        "peak": np.asarray(catalog.max_value, dtype=np.float64),
        "snr": np.asarray(catalog.segment_flux, dtype=np.float64) / noise,
        "half_light_radius_arcsec": np.asarray(catalog.flux_radius(0.5).value, dtype=np.float64) * scale_arcsec,
        "axis_ratio": np.asarray(1.0 / catalog.elongation.value, dtype=np.float64),
        "position_angle_deg": _position_angle_deg(wcs, x, y, catalog.orientation.to_value("rad")),
        "kron_radius_arcsec": np.asarray(catalog.kron_radius.value, dtype=np.float64)
        * catalog.kron_params[0]
        * semi_major_px
        * scale_arcsec,
        "area_px": np.asarray(catalog.segment_area.value, dtype=np.int32),
    }


def _position_angle_deg(wcs: WCS, x: np.ndarray, y: np.ndarray, angle_rad: np.ndarray) -> np.ndarray:
    """Position angle east of north, [0, 180), of an axis at `angle_rad` counter-clockwise from +x in pixels."""
    here = wcs.pixel_to_world(x, y).icrs
    along = wcs.pixel_to_world(x + np.cos(angle_rad), y + np.sin(angle_rad)).icrs
    return here.position_angle(along).deg % 180.0


def _stars(
    table: dict[str, np.ndarray], flags: np.ndarray, subtracted: np.ndarray, scale_arcsec: float, star_snr: float
) -> np.ndarray:
    """Compact unsaturated sources, and saturated round ones with spikes in any band."""
    bright = table["snr"] >= star_snr
    size_arcsec = table["half_light_radius_arcsec"]
    whole = bright & (flags & (EDGE | SATURATED | MASKED) == 0)
    stars = point_like(size_arcsec, table["axis_ratio"], table["peak"], whole)
    full = np.flatnonzero(bright & (flags & SATURATED != 0) & (table["axis_ratio"] >= SPIKED_AXIS_RATIO))
    for k in range(subtracted.shape[2]):
        strength = spike_strength(
            subtracted[:, :, k], table["x"][full], table["y"][full], size_arcsec[full] / scale_arcsec
        )
        stars[full[strength >= SPIKE_STRENGTH]] = True
    return stars


def _flags(segments: np.ndarray, parents: np.ndarray, missing: np.ndarray, saturated: np.ndarray) -> np.ndarray:
    """Bits EDGE, SATURATED, MASKED and BLENDED of the sources 1..n of a segment map, (n,) int32."""
    number = int(segments.max())
    border = np.concatenate([segments[0], segments[-1], segments[:, 0], segments[:, -1]])
    inside = segments > 0
    parent_of = np.zeros(number + 1, dtype=np.int64)
    parent_of[segments[inside]] = parents[inside]
    children = np.bincount(parent_of[1:], minlength=int(parents.max()) + 1)
    flags = np.zeros(number + 1, dtype=np.int32)
    for bit, labels in (
        (EDGE, border),
        (SATURATED, segments[saturated]),
        (MASKED, segments[missing]),
        (BLENDED, np.flatnonzero(children[parent_of] > 1)),
    ):
        flags[np.unique(labels)] |= bit
    return flags[1:]
