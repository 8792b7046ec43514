"""Light-curve files of Kepler, K2 and TESS, as their pipelines write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from astrocnn.errors import DataError
from astrocnn.ingest.light_curves.fits_table import Cards, FitsTable, read_fits_table
from astrocnn.ingest.light_curves.names import file_stem
from astrocnn.ingest.light_curves.observed import Observed, ReadOptions, TimeZero
from astrocnn.ingest.light_curves.quality import mask_bits
from astrocnn.ingest.light_curves.times import DAYS, KEPLER, days_in
from astrocnn.samples.curve_meta import TimeSystem

MISSIONS = ("Kepler", "K2", "TESS")
UNITS = {"e-/s": "electron / s", "electrons/s": "electron / s", "electron/s": "electron / s"}
"""Units as the missions write them, and as astropy does."""
CORRECT_TIMES_SINCE = 5.0
"""FILEVER of the first Kepler files whose times are TDB, as their headers say: those before are in UTC."""
LEAP_SECOND_DAY = 2456109.5 - KEPLER
"""BKJD of the leap second at the end of 2012-06-30."""
CLOCK_SECONDS = (66.184, 67.184)
"""TDB - UTC before and after it (Statement on Kepler Timing Error, archive.stsci.edu/kepler/timing_error.html)."""
_PLACES = {"SOLARSYSTEM": "BJD", "BARYCENTRIC": "BJD", "HELIOCENTRIC": "HJD", "LOCAL": "JD", "GEOCENTRIC": "JD"}
_SYSTEMS: dict[str, TimeSystem] = {
    "BJD_TDB": "BJD_TDB", "BJD_UTC": "BJD_UTC", "HJD_TDB": "HJD_TDB", "HJD_UTC": "HJD_UTC", "JD_TDB": "JD_TDB",
    "JD_TT": "JD_TT", "JD_TAI": "JD_TAI", "JD_UTC": "JD_UTC",
}  # fmt: skip
_SKY = {"ra": "RA_OBJ", "dec": "DEC_OBJ"}
_STAR = {"teff_kelvin": "TEFF", "logg": "LOGG", "radius_solar": "RADIUS"}


def mission_of(primary: Cards) -> str | None:
    """Name of the mission that a primary header is of; None for other files."""
    telescope, mission = str(primary.get("TELESCOP")), str(primary.get("MISSION"))
    return next((name for name in (mission, telescope) if name in MISSIONS), None)


def read_mission_file(path: Path, options: ReadOptions) -> Observed:
    """Read one file: fluxes in electrons a second with their errors and flags, times as the header says.

    `id` is the file's name without its ending; the star stands in the columns `target` and `group`. Times before
    version 5.0 of Kepler's files are brought from UTC to TDB, which their headers already claim.

    Parameters
    ----------
    path : Path
        A .fits file, perhaps compressed.
    options : ReadOptions
        Its `flux` and `quality`.

    Raises
    ------
    InputMissing
        The file is gone.
    DataError
        It is cut short, no light curve of these missions, or its time system is not said.
    """
    flux = f"{options.flux.upper()}_FLUX"
    wanted = ("TIME", flux, f"{flux}_ERR", "QUALITY", "SAP_QUALITY")
    table = read_fits_table(path, wanted)
    mission = mission_of(table.primary)
    absent = [name for name in ("TIME", flux) if name not in table.columns]
    if mission is None or absent:
        raise DataError(
            "no light curve of Kepler, K2 or TESS", where=str(path), expected=f"columns TIME and {flux}",
            received=f"TELESCOP {table.primary.get('TELESCOP')}, columns {', '.join(table.names[:12])}",
            fix="state the columns of tables by other pipelines, or choose flux: sap",
        )  # fmt: skip
    quality = table.columns.get("QUALITY", table.columns.get("SAP_QUALITY"))
    zero, time = _times(table, str(path), mission)
    unit = table.units.get(flux)
    band = "TESS" if mission == "TESS" else "Kepler"
    return Observed(
        id=file_stem(path), time=time, value=table.columns[flux], zero=zero, quantity="flux",
        unit=UNITS.get(unit, unit) if unit else None, error=table.columns.get(f"{flux}_ERR"), quality=quality,
        dropped_bits=mask_bits(mission, options.quality), bands=(band,),
        columns=_facts(table, mission),
    )  # fmt: skip


def _times(table: FitsTable, where: str, mission: str) -> tuple[TimeZero, np.ndarray]:
    """Time system and zero from the header, and the times in days."""
    header = table.header
    place, clock = str(header.get("TIMEREF", "")).strip(), str(header.get("TIMESYS", "")).strip()
    system = _SYSTEMS.get(f"{_PLACES.get(place.upper())}_{clock.upper()}")
    whole, fraction = header.get("BJDREFI"), header.get("BJDREFF") or 0.0
    if system is None or not isinstance(whole, (int, float)) or not isinstance(fraction, (int, float)):
        raise DataError(
            "the time system is not said", where=where, expected="TIMEREF, TIMESYS and BJDREFI in the table's header",
            received=f"TIMEREF {place or None}, TIMESYS {clock or None}, BJDREFI {whole}",
            fix="fetch the file anew from the mission's archive",
        )  # fmt: skip
    unit = header.get("TIMEUNIT") or table.units.get("TIME")
    days = days_in(str(unit) if unit else None, where)
    time = table.columns["TIME"] * days if days != 1.0 else table.columns["TIME"]
    version = str(table.primary.get("FILEVER") or "")
    if mission == "Kepler" and system == "BJD_TDB" and _version(version) < CORRECT_TIMES_SINCE:
        seconds = np.where(time < LEAP_SECOND_DAY, *CLOCK_SECONDS)
        time = time + seconds * DAYS["s"]
    return TimeZero(system, whole + fraction), time


def _version(text: str) -> float:
    """Version of a file; those that say none are taken for new ones."""
    try:
        return float(text)
    except ValueError:
        return np.inf


def _facts(table: FitsTable, mission: str) -> dict[str, str | float]:
    """What the headers say of the star and of its observation."""
    primary, header = table.primary, table.header
    target = str(primary.get("OBJECT") or "").strip()
    magnitude = primary.get("TESSMAG" if mission == "TESS" else "KEPMAG")
    season = next((f"{name} {primary[name.upper()]}" for name in ("quarter", "campaign", "sector")
                   if primary.get(name.upper()) is not None), "")  # fmt: skip
    exposure = _number(header.get("INT_TIME")) * _number(header.get("NUM_FRM"))
    facts: dict[str, str | float] = {
        "mission": mission, "season": season, "target": target, **({"group": target} if target else {}),
        "cadence_second": _number(header.get("TIMEDEL")) / DAYS["s"], "exposure_second": exposure,
        "magnitude": _number(magnitude), "crowding": _number(header.get("CROWDSAP")),
    }  # fmt: skip
    return facts | {name: _number(primary.get(card)) for name, card in (_SKY | _STAR).items()}


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else np.nan
