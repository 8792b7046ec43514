"""Numbers and values as people read them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def number(value: float | None, digits: int = 3) -> str:
    """A number to so many significant digits, integers in full with thousands apart, NaN and None as a dash."""
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return "\N{EN DASH}"
    if isinstance(value, int | np.integer) or float(value).is_integer():
        return f"{int(value):,}" if abs(value) < 1e15 else f"{float(value):.{digits}g}"
    return f"{float(value):.{digits}g}"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """An interval as `low to high`; empty where either end is unknown."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"{low:.{digits}f} to {high:.{digits}f}"


def plain(value: Any) -> str:
    """Any value of a table or of JSON on one line, a dash for nothing; float32 to 7 digits, float64 to 10.

    Ten digits of a position in degrees are finer than a milliarcsecond.
    """
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return "\N{EN DASH}"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return f"{float(value):.{7 if isinstance(value, np.float32) else 10}g}"
    if isinstance(value, list | tuple | np.ndarray):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {plain(item)}" for key, item in value.items())
    return str(value)


def flattened(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested dictionaries as rows of dotted keys and one-line values, in the order given."""
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            rows.extend(flattened(value, f"{name}."))
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            for k, item in enumerate(value):
                rows.extend(flattened(item, f"{name}[{k}]."))
        else:
            rows.append((name, plain(value)))
    return rows


def duration(seconds: float | None) -> str:
    """A time span as people say it: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds is None or math.isnan(seconds):
        return "\N{EN DASH}"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def sexagesimal(ra: float, dec: float) -> str:
    """A position as hours and degrees, to 0.01 s and 0.1 arcsec, rounded; empty where it is not known.

    Parameters
    ----------
    ra, dec : float
        ICRS, degrees; right ascension is wrapped to [0, 360).
    """
    if not (math.isfinite(ra) and math.isfinite(dec)):
        return ""
    hundredths = round((ra % 360) / 15 * 3600 * 100) % (24 * 3600 * 100)
    tenths = round(abs(dec) * 3600 * 10)
    sign = "\N{MINUS SIGN}" if dec < 0 and tenths else "+"
    hours, rest = divmod(hundredths, 360000)
    minutes, rest = divmod(rest, 6000)
    degrees, arc = divmod(tenths, 36000)
    arcmin, arc = divmod(arc, 600)
    return f"{hours:02d}:{minutes:02d}:{rest / 100:05.2f} {sign}{degrees:02d}:{arcmin:02d}:{arc / 10:04.1f}"
