"""Time systems: what the name or unit of a column says, days from other units, and whether dates can be meant."""

from __future__ import annotations

import re

import numpy as np

from astrocnn.errors import DataError
from astrocnn.ingest.light_curves.observed import ReadOptions, TimeZero

MJD = 2400000.5
"""Julian date of modified Julian date 0."""
KEPLER, TESS = 2454833.0, 2457000.0
"""Julian dates of BKJD 0 and BTJD 0 (Kepler Archive Manual 2.3.1; TESS Science Data Products Description Document)."""
FIRST_DAY, LAST_DAY = 2396758.5, 2488069.5
"""Julian dates of 1850 and 2100: light curves are no older, and dates beyond are of another zero."""
NAMED: dict[str, TimeZero] = {
    "bkjd": TimeZero("BJD_TDB", KEPLER), "btjd": TimeZero("BJD_TDB", TESS),
    "bjd": TimeZero("BJD_TDB", 0.0), "bjd_tdb": TimeZero("BJD_TDB", 0.0), "bjd_utc": TimeZero("BJD_UTC", 0.0),
    "hjd": TimeZero("HJD_UTC", 0.0), "hjd_utc": TimeZero("HJD_UTC", 0.0), "hjd_tdb": TimeZero("HJD_TDB", 0.0),
    "mhjd": TimeZero("HJD_UTC", MJD), "jd": TimeZero("JD_UTC", 0.0), "mjd": TimeZero("JD_UTC", MJD),
    "mbjd": TimeZero("BJD_TDB", MJD), "jd_tdb": TimeZero("JD_TDB", 0.0), "mjd_tdb": TimeZero("JD_TDB", MJD),
}  # fmt: skip
"""What a column's name says. Where it leaves the clock out, that is a convention: TDB at the barycentre, else UTC."""
DAYS = {"d": 1.0, "day": 1.0, "days": 1.0, "h": 1 / 24, "hour": 1 / 24, "min": 1 / 1440, "s": 1 / 86400}


def zero_of_column(name: str, unit: str | None, options: ReadOptions, where: str) -> TimeZero:
    """Time system and zero of a table's column: as stated, else as its name or unit says, else unknown.

    A unit such as `BJD - 2454833` gives both.

    Raises
    ------
    DataError
        When what is stated is half of what is needed.
    """
    if options.time_system is not None:
        if options.time_system in ("relative", "unknown"):
            return TimeZero(options.time_system)
        known = NAMED.get(name.lower())
        day = options.time_zero_day if options.time_zero_day is not None else known.day if known else None
        if day is None:
            raise DataError(
                "the Julian date of time 0 is not known", where=where, expected="time_zero_day beside time_system",
                received=f"column {name}", fix="state it: 0 for Julian dates, 2400000.5 for modified ones",
            )  # fmt: skip
        return TimeZero(options.time_system, day)
    offset = re.fullmatch(r"\s*(BJD|HJD|JD)\s*-\s*(\d+(?:\.\d+)?)\s*(?:,?\s*d(?:ays?)?)?\s*", unit or "", re.IGNORECASE)
    if offset:
        return TimeZero(NAMED[offset[1].lower()].system, float(offset[2]))
    return NAMED.get(name.lower(), TimeZero("unknown"))


def days_in(unit: str | None, where: str) -> float:
    """Days in one unit of time; raises DataError where the unit is none of time."""
    text = (unit or "d").strip().lower()
    if text in DAYS:
        return DAYS[text]
    if re.match(r"(bjd|hjd|jd|mjd|mhjd)\b", text):
        return 1.0
    raise DataError(
        "the unit of the times is none of time", where=where, expected=f"one of {', '.join(DAYS)}", received=unit,
        fix="convert the times to days",
    )  # fmt: skip


def check_dates(time: np.ndarray, zero: TimeZero, where: str) -> None:
    """Refuse times of two systems, and dates that nobody can mean; nothing is told of relative or unknown times.

    Parameters
    ----------
    time : array (n,) of float64
        Finite, in days.
    zero : TimeZero
    where : str

    Raises
    ------
    DataError
    """
    full = time > FIRST_DAY
    if full.any() and not full.all() and time.min() < FIRST_DAY / 2:
        raise DataError(
            "mixed time systems", where=where, expected="times from one zero",
            received=f"{time.min():.10g} and {time.max():.10g}", fix="bring all times to one system",
        )  # fmt: skip
    if zero.day is None:
        return
    first, last = time.min() + zero.day, time.max() + zero.day
    if first < FIRST_DAY or last > LAST_DAY:
        raise DataError(
            "the times are no dates of this system", where=where, expected="dates between 1850 and 2100",
            received=f"Julian dates {first:.10g} to {last:.10g} in {zero.system} from day {zero.day:.10g}",
            fix="state time_system and time_zero_day, or relative times",
        )  # fmt: skip
