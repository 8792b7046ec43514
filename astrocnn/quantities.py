"""Numbers as people write and read them: `0.2arcsec`, `5 arcsec`, `29.4min` in files and flags; `1.23 M`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from astrocnn.errors import PipelineFileError

ARCSEC = {"mas": 1e-3, "arcsec": 1.0, '"': 1.0, "arcmin": 60.0, "'": 60.0, "deg": 3600.0}
HOUR = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "hour": 1.0, "d": 24.0, "day": 24.0}
KILOMETRE = {"m": 1e-3, "km": 1.0}
RELATIVE = ("r50", "r90", "period")
"""Units of objects that were brought to one size: radii with 50 and 90 % of the light, periods of folded curves."""
_UNITS = {
    **{name: (1.0, name) for name in RELATIVE},
    **{name: (factor, "arcsec") for name, factor in ARCSEC.items()},
    **{name: (factor, "hour") for name, factor in HOUR.items()},
    **{name: (factor, "km") for name, factor in KILOMETRE.items()},
}
_QUANTITY = re.compile(r"""^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z"'][A-Za-z0-9]*)\s*$""")


def parse_quantity(text: str) -> tuple[float, str]:
    """Read a number with a unit.

    Parameters
    ----------
    text : str
        A number directly followed by, or separated by a space from, a unit of angle, time or length, or a relative one.

    Returns
    -------
    value : float
        The number in the base unit.
    unit : str
        The base unit: `arcsec`, `hour` or `km`, or one of `RELATIVE` itself.

    Raises
    ------
    PipelineFileError
        When the text is not a number with a known unit.
    """
    match = _QUANTITY.match(text)
    if match is None or match.group(2) not in _UNITS:
        raise PipelineFileError(
            "not a number with a unit",
            expected=f"for example 0.2arcsec; units {', '.join(_UNITS)}",
            received=repr(text),
        )
    factor, unit = _UNITS[match.group(2)]
    return float(match.group(1)) * factor, unit


def count_text(number: float) -> str:
    """A count with three digits: `1.23 k`, `45.6 M`, `7.9 G`."""
    for power, letter in ((9, "G"), (6, "M"), (3, "k")):
        if abs(number) >= 0.9995 * 10**power:
            return f"{number / 10**power:.3g} {letter}"
    return f"{number:.3g}"


def extent_text(samples: Sequence[float], scale: float | None, unit: str | None, sample: str = "px") -> str:
    """Size along each axis, in pixels or time steps and on the sky or in time: `45 x 45 px = 9 x 9 arcsec`."""
    counted = f"{' x '.join(f'{number:.4g}' for number in samples)} {sample}"
    if scale is None:
        return counted
    return f"{counted} = {' x '.join(f'{number * scale:.4g}' for number in samples)} {unit}"
