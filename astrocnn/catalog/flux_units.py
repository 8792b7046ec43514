"""Units of fluxes in catalogs: those of images are often none that FITS and VOTable know."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from astropy import units

_AB = units.zero_point_flux(3631 * units.Jy)
A = TypeVar("A", bound=np.ndarray)


def in_known_unit(values: A, text: str) -> tuple[A, units.UnitBase | None, str]:
    """Bring fluxes to a unit that every reader of catalogs knows.

    Parameters
    ----------
    values : array
        Fluxes; NaN and masked ones stay so.
    text : str
        Their unit as the images have it (BUNIT); "" for numbers without a unit.

    Returns
    -------
    array
        As they came, or in microjansky: maggies become that (Finkbeiner et al. 2004: 3631 Jy, AB).
    Unit or None
        None where the unit is not known.
    str
        What is to be told of the unit in the column's description.
    """
    if not text:
        return values, None, ""
    try:
        unit = units.Unit(text)
        if _is_known(unit):
            return values, None if unit == units.dimensionless_unscaled else unit, ""
        factor = unit.to(units.uJy, equivalencies=_AB)
    except (ValueError, TypeError):  # no unit that astropy reads, or one of no flux density
        return values, None, f"in {text!r}, as the images"
    return values * values.dtype.type(factor), units.uJy, f"from {text}, AB"


def _is_known(unit: units.UnitBase) -> bool:
    """Whether both FITS and VOTable can write it."""
    try:
        return bool(unit.to_string("fits") is not None and unit.to_string("vounit") is not None)
    except ValueError:
        return False
