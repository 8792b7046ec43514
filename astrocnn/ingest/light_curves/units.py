"""Units of fluxes and magnitudes: whether one is known, and the factor to another."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

from astrocnn.errors import DataError
from astrocnn.samples.curve_meta import Quantity

MAGNITUDE = "mag"


def stored_unit(unit: str | None, quantity: Quantity, where: str) -> str | None:
    """The unit that values are stored in, as astropy writes it: `mag` for magnitudes of any system.

    Raises
    ------
    DataError
        When it is no unit, or a flux has one of magnitudes, or the other way round.
    """
    if unit is None:
        return MAGNITUDE if quantity == "magnitude" else None
    known = _unit(unit, where)
    if _is_magnitude(known) != (quantity == "magnitude"):
        raise DataError(
            f"the unit is none of a {quantity}", where=where, received=unit,
            expected="mag" if quantity == "magnitude" else "a unit of flux, as electron / s or mJy",
            fix="name the column of the values, or state unit",
        )  # fmt: skip
    return MAGNITUDE if quantity == "magnitude" else str(known)


def unit_factor(unit: str | None, into: str | None, where: str) -> float:
    """Factor from one unit to another; 1 where either is not known, or the first is none that astropy knows.

    Raises
    ------
    DataError
        When the two are of different things.
    """
    if unit is None or into is None or unit == into or not _is_known(unit):
        return 1.0
    from astropy.units import UnitConversionError

    old, new = _unit(unit, where), _unit(into, where)
    if _is_magnitude(old) and _is_magnitude(new):
        return 1.0
    try:
        return float(old.to(new))
    except UnitConversionError as error:
        raise DataError(
            "wrong units", where=where, expected=f"{into}, or a unit that can be converted to it", received=unit,
            fix="read these files in a stage of their own, or convert them",
        ) from error  # fmt: skip


def _is_known(unit: str) -> bool:
    try:
        _parsed(unit)
    except ValueError:
        return False
    return True


def _is_magnitude(unit: Any) -> bool:
    from astropy import units

    return bool(unit == units.mag) or isinstance(unit, units.MagUnit)


@cache
def _parsed(text: str) -> Any:
    from astropy import units

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", units.UnitsWarning)
        return units.Unit(text)


def _unit(text: str, where: str) -> Any:
    try:
        return _parsed(text)
    except ValueError as error:
        raise DataError(
            "no known unit", where=where, received=repr(text), expected="a unit that astropy knows, as electron / s",
            fix="state unit",
        ) from error  # fmt: skip
