"""Stamps as pictures: display scaling, colour by band name, PNG, scale bars.

The stretch is for the eye alone. Row 0 of an array is the bottom of the picture, as in DS9.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

MISSING_COLOUR = (94, 74, 122)  # no black and no white: missing pixels are seen as such
SKY_TO_WHITE = 25.0  # white above black, at least, in units of the scatter of the darker half of the pixels
LARGEST_SIDE = 128  # pixels of an embedded stamp; sixty of them then stay far below the page's budget

# Rough central wavelengths in nanometres; they order bands from red to blue and do nothing else.
_WAVELENGTH = {
    "red": 650, "green": 550, "blue": 450,
    "u": 365, "b": 445, "g": 480, "v": 550, "r": 620, "vis": 700, "i": 760, "z": 890, "y": 1000,
    "j": 1250, "h": 1650, "k": 2200, "ks": 2150,
}  # fmt: skip


@dataclass(frozen=True)
class ScaleBar:
    """A bar of a round length: its text, and its length as a fraction of the stamp's width."""

    text: str
    fraction: float


def wavelength(band: str) -> float | None:
    """Rough wavelength of a band in nanometres, by its name (`g`, `lsst_r`, `F814W`); None when the name says nothing.

    Hubble's and Webb's names carry the wavelength: in nanometres from 200 on, in tens of nanometres below (F160W is at
    1.6 micrometres; HST WFC3 handbook, section 6.5).
    """
    name = band.lower().replace("-", "_").split("_")[-1]
    if name in _WAVELENGTH:
        return _WAVELENGTH[name]
    digits = name[1:4]
    if name.startswith("f") and digits.isdigit():
        return float(digits) * (10 if int(digits) < 200 else 1)
    return None


def display_bands(bands: tuple[str, ...]) -> tuple[int, int, int] | None:
    """Positions of the bands shown as red, green and blue: three bands, by wavelength; None means grey.

    Names that carry no wavelength are taken in the order given; `band_caption` says what was done.
    """
    if len(bands) != 3:
        return None
    waves = [wavelength(band) for band in bands]
    known = [wave for wave in waves if wave is not None]
    if len(set(known)) < 3:
        return (0, 1, 2)
    first, second, third = sorted(range(3), key=lambda k: -known[k])
    return (first, second, third)


def band_caption(bands: tuple[str, ...]) -> str:
    """One clause that says how bands became colours."""
    chosen = display_bands(bands)
    if chosen is None:
        return f"grey: {bands[0]}" if len(bands) == 1 else f"grey: mean of {', '.join(bands)}"
    names = tuple(bands[k] for k in chosen)
    if names == ("red", "green", "blue"):
        return "colour: red, green, blue"
    return f"red: {names[0]}, green: {names[1]}, blue: {names[2]}"


def display_picture(
    stamp: np.ndarray,
    bands: tuple[str, ...],
    *,
    black_percentile: float = 4.0,
    white_percentile: float = 99.6,
    softening: float = 3.0,
) -> np.ndarray:
    """Stretch a stamp for the eye: one asinh stretch of the mean of its bands, which keeps the colour of each pixel.

    Parameters
    ----------
    stamp : ndarray of float, shape (y, x, band)
        Any linear unit. NaN and infinite pixels get `MISSING_COLOUR`.
    bands : tuple of str
        Band names in the order of the last axis.
    black_percentile, white_percentile : float
        Percentiles of the finite pixels that become black (band by band) and white.
    softening : float
        Strength of the stretch; near 0 it is linear.

    Returns
    -------
    ndarray of uint8, shape (y, x, 3)
        Row 0 is still the first row.

    Notes
    -----
    After Lupton et al. 2004, PASP 116, 133 (equations 1 to 3). White is at least `SKY_TO_WHITE` times the scatter of
    the sky above black, so that a stamp of noise alone looks like one.
    """
    data = np.asarray(stamp, dtype=np.float64)
    chosen = display_bands(bands)
    data = data[..., list(chosen)] if chosen else data.mean(axis=-1, keepdims=True)
    good = np.isfinite(data).all(axis=-1)
    picture = np.empty((*data.shape[:2], 3), dtype=np.uint8)
    picture[:] = MISSING_COLOUR
    if not good.any():
        return picture
    pixels = data[good]
    pixels = np.maximum(pixels - np.percentile(pixels, black_percentile, axis=0), 0.0)
    light = pixels.mean(axis=1)
    dim = light[light <= np.median(light)]
    white = max(float(np.percentile(light, white_percentile)), SKY_TO_WHITE * float(dim.std()), 1e-30)
    stretched = np.arcsinh(softening * light / white) / np.arcsinh(softening)
    colour = pixels * (stretched / np.maximum(light, 1e-30))[:, None]
    colour /= np.maximum(colour.max(axis=1, keepdims=True), 1.0)  # the hue of the brightest pixels is kept
    picture[good] = np.rint(255 * colour).astype(np.uint8)
    return picture


def stamp_png(
    stamp: np.ndarray, bands: tuple[str, ...], *, enlarge: int = 1, smooth: bool = False, largest: int = LARGEST_SIDE
) -> bytes:
    """PNG of a stamp, row 0 at the bottom; the same bytes for the same stamp.

    Parameters
    ----------
    stamp : ndarray of float, shape (y, x, band)
        The stamp.
    bands : tuple of str
        Band names in the order of the last axis.
    enlarge : int
        Factor by which pixels are enlarged. A page enlarges them itself, which keeps it small.
    smooth : bool
        Enlarge by bicubic interpolation instead of repeating pixels.
    largest : int
        A stamp of more pixels a side is averaged down to it first.
    """
    picture = Image.fromarray(np.ascontiguousarray(display_picture(stamp, bands)[::-1]))
    side = max(picture.size)
    if side > largest:
        columns, rows = (max(1, round(length * largest / side)) for length in picture.size)
        picture = picture.resize((columns, rows), Image.Resampling.BOX)
    if enlarge > 1:
        how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
        picture = picture.resize((picture.width * enlarge, picture.height * enlarge), how)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def scale_bar(width_pixels: int, scale: float | None, unit: str | None) -> ScaleBar | None:
    """The longest round bar (1, 2 or 5 times a power of ten) that takes at most 40 % of the stamp; None without scale.

    Parameters
    ----------
    width_pixels : int
        Columns of the stamp.
    scale : float or None
        Size of a pixel, in `unit`.
    unit : str or None
        `arcsec`, `km` or `hour`.
    """
    if not scale or scale <= 0 or unit is None or width_pixels < 1:
        return None
    longest = 0.4 * width_pixels * scale
    decade = 10.0 ** np.floor(np.log10(longest))
    length = float(max(step * decade for step in (1, 2, 5) if step * decade <= longest * (1 + 1e-9)))
    text = f"{length:g}\N{DOUBLE PRIME}" if unit == "arcsec" else f"{length:g} {unit}"
    return ScaleBar(text, length / (width_pixels * scale))


def curve_points(curve: np.ndarray, width: float = 200.0, height: float = 70.0) -> list[str]:
    """Points of an SVG polyline for each channel of a light curve; non-finite samples are left out.

    Parameters
    ----------
    curve : ndarray of float, shape (time, channel)
        Evenly sampled values; every channel is scaled to its own range.
    width, height : float
        Size of the drawing.
    """
    lines = []
    x = np.linspace(0, width, len(curve))
    for values in np.asarray(curve, dtype=np.float64).T:
        good = np.isfinite(values)
        if not good.any():
            continue
        low, high = np.min(values[good]), np.max(values[good])
        y = height * (0.95 - 0.9 * (values[good] - low) / max(high - low, 1e-30))
        lines.append(" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[good], y, strict=True)))
    return lines
