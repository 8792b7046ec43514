"""The Hubble eXtreme Deep Field picture that scikit-image carries in its package, written as a FITS file with a WCS.

It is a display picture: red, green and blue stretched to 8 bits, not photometry. Its WCS is approximate, made from the
published centre and size of the field (2.3' x 2.0'). Light to import: plans ask where the picture is and no more.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from astrocnn.errors import InputMissing

if TYPE_CHECKING:
    import numpy as np
    from astropy.io.fits import ImageHDU

REVISION = 1  # raise when the bytes of the written file change
BANDS = ("red", "green", "blue")  # extensions are named RED, GREEN, BLUE
CENTRE_DEG = (53.1625, -27.7914)  # RA, Dec (ICRS)
SCALE_ARCSEC = 0.138  # 2.3' over 1000 columns, 2.0' over 872 rows
SATURATION = 255

COMMENTS = (  # at most 72 characters each: one card a line
    "Hubble eXtreme Deep Field, the picture carried by scikit-image.",
    "A display picture: stretched to 8 bits, compressed as JPEG.",
    "Not photometry: values are not proportional to flux, and the colours",
    "are a choice of display.",
    "The WCS is approximate: centre and scale from the published field of",
    "2.3' x 2.0', north taken up and east left. Row 0 is the bottom.",
    "Credit: NASA; ESA; G. Illingworth, D. Magee and P. Oesch, University",
    "of California, Santa Cruz; R. Bouwens, Leiden University; HUDF09 Team.",
    "HubbleSite release 2012-37; public domain, as scikit-image's",
    "documentation of skimage.data.hubble_deep_field says.",
)


def packaged_picture() -> Path:
    """Path of the picture inside the installed scikit-image package, found without importing it.

    Raises
    ------
    InputMissing
        scikit-image is not installed, or without its pictures.
    """
    spec = importlib.util.find_spec("skimage")
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    for folder in folders:
        picture = Path(folder) / "data" / "hubble_deep_field.jpg"
        if picture.is_file():
            return picture
    raise InputMissing(
        "the Hubble picture is not there",
        expected="data/hubble_deep_field.jpg inside the installed scikit-image package",
        received=f"no such file under {folders or 'any installed skimage'}",
        fix="reinstall it: pip install --force-reinstall scikit-image",
    )


def write_hubble(path: str | Path) -> Path:
    """Write the picture as FITS: one image extension per band (RED, GREEN, BLUE), 872 rows x 1000 columns of 8 bits.

    The picture's rows run downwards and those of FITS upwards, so rows are flipped: row 0 is the bottom, and the file
    looks in DS9 as the picture does. The same bytes every time: no dates are written.

    Parameters
    ----------
    path : str or Path
        The file to write; folders above it are made, an older file is replaced.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputMissing
        The picture is not in the installed scikit-image.
    """
    from astropy.io import fits
    from skimage.io import imread

    picture = imread(packaged_picture())[::-1]
    primary = fits.PrimaryHDU()
    primary.header["OBJECT"] = "Hubble eXtreme Deep Field"
    for line in COMMENTS:
        primary.header.add_comment(line)
    layers = [_layer(picture[:, :, k], name) for k, name in enumerate(BANDS)]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList([primary, *layers]).writeto(path, overwrite=True)
    return path


def _layer(data: np.ndarray, band: str) -> ImageHDU:
    """One band with its header."""
    from astropy.io import fits

    rows, columns = data.shape
    layer = fits.ImageHDU(data.copy(order="C"), name=band.upper())
    degrees = SCALE_ARCSEC / 3600
    cards = [
        ("BAND", band, "layer of the colour picture"),
        ("DISPLAY", True, "stretched display picture, not photometry"),
        ("SATURATE", SATURATION, "largest value the 8 bits hold"),
        ("WCSNAME", "approximate", "from the published centre and size"),
        ("RADESYS", "ICRS", None),
        ("CTYPE1", "RA---TAN", None),
        ("CTYPE2", "DEC--TAN", None),
        ("CUNIT1", "deg", None),
        ("CUNIT2", "deg", None),
        ("CRPIX1", (columns + 1) / 2, "centre of the picture, 1-based"),
        ("CRPIX2", (rows + 1) / 2, "centre of the picture, 1-based"),
        ("CRVAL1", CENTRE_DEG[0], "[deg]"),
        ("CRVAL2", CENTRE_DEG[1], "[deg]"),
        ("CD1_1", -degrees, "[deg/px] east is left"),
        ("CD1_2", 0.0, None),
        ("CD2_1", 0.0, None),
        ("CD2_2", degrees, "[deg/px] north is up"),
    ]
    layer.header.extend(cards)
    for line in COMMENTS:
        layer.header.add_comment(line)
    return layer
