"""Positions of objects from a table of the user's: the same everywhere, or those that lie on one tile."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from astrocnn.errors import DataError, InputMissing
from astrocnn.ingest.object_ids import object_ids

if TYPE_CHECKING:
    from astropy.table import Column, Table
    from astropy.wcs import WCS

RA_NAMES = ("ra", "ra_deg", "raj2000", "_raj2000", "ra_icrs", "alpha_j2000")
DEC_NAMES = ("dec", "dec_deg", "dej2000", "_dej2000", "de_icrs", "delta_j2000")
ID_NAMES = ("id", "name", "object_id", "objid")


def read_positions(path: Path) -> dict[str, np.ndarray]:
    """Positions of a table in any format that astropy reads.

    Parameters
    ----------
    path : Path
        With a column for right ascension and one for declination, named as in `RA_NAMES` and `DEC_NAMES` in any case,
        in degrees unless they have another unit; ICRS. A column of `ID_NAMES` gives the ids, else the position does.

    Returns
    -------
    dict of array
        id (text), ra, dec (deg); rows without a position are left out.

    Raises
    ------
    InputMissing
        The file cannot be read, or no row has a position.
    DataError
        A column is missing or is no angle, or an id stands twice.
    """
    table = _read(path)
    ra, dec = _angle(table, RA_NAMES, path), _angle(table, DEC_NAMES, path)
    good = np.isfinite(ra) & np.isfinite(dec) & (np.abs(dec) <= 90)
    if not good.any():
        raise InputMissing("holds no position", where=str(path), expected="rows with right ascension and declination")
    ra, dec = np.mod(ra[good], 360.0), dec[good]
    name = _found(table, ID_NAMES)
    ids = object_ids(ra, dec) if name is None else np.array([str(one) for one in table[name][good]])
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        twice = ", ".join(values[counts > 1][:3])
        raise DataError(
            "an id stands twice", where=f"{path}, column {name}", received=twice, fix="give each row its own"
        )
    return {"id": ids, "ra": ra, "dec": dec}


def on_tile(positions: dict[str, np.ndarray], wcs: WCS, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Rows whose position lies on a tile, with `x` and `y` (pixels, the centre of the first is 0).

    Parameters
    ----------
    positions : dict of array
        As from `read_positions`.
    wcs : WCS
        Celestial, of the tile.
    shape : tuple of int
        Shape (y, x, ...) of the tile.
    """
    from astropy import units
    from astropy.coordinates import SkyCoord

    height, width = shape[:2]
    middle = wcs.pixel_to_world((width - 1) / 2, (height - 1) / 2)
    corners = wcs.pixel_to_world(np.array([0, 0, width - 1, width - 1]), np.array([0, height - 1, 0, height - 1]))
    sky = SkyCoord(positions["ra"] * units.deg, positions["dec"] * units.deg, frame="icrs")
    # far from the tile a projection or its distortion may fold back onto it, or its inverse not converge
    near = np.flatnonzero(sky.separation(middle.icrs) <= 1.1 * middle.separation(corners).max())
    x, y = (np.atleast_1d(values) for values in wcs.world_to_pixel(sky[near]))
    inside = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
    chosen = {name: values[near[inside]] for name, values in positions.items()}
    return chosen | {"x": x[inside], "y": y[inside]}


def _read(path: Path) -> Table:
    """Read a table by the ending of its name, else as text whose layout is guessed."""
    from astropy.io.registry import IORegistryError
    from astropy.table import Table

    if not path.is_file():
        raise InputMissing("there is no such table", where=str(path), expected="a table with ra and dec")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers; what matters is checked by the columns
            if path.suffix == ".parquet":
                return _read_parquet(path)
            try:
                return Table.read(path)
            except IORegistryError:
                return Table.read(path, format="ascii")
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        reason = str(error).strip().splitlines()[:1]
        raise InputMissing(
            "cannot be read as a table", where=str(path), expected="a format that astropy reads", received=reason
        ) from error


def _read_parquet(path: Path) -> Table:
    """Read without pandas, which astropy's own reader wants."""
    from astropy.table import Table
    from pyarrow import parquet

    stored = parquet.read_table(path)
    return Table({name: stored.column(name).to_numpy(zero_copy_only=False) for name in stored.column_names})


def _found(table: Table, names: tuple[str, ...]) -> str | None:
    by_name = {name.lower(): name for name in reversed(table.colnames)}
    return next((by_name[name] for name in names if name in by_name), None)


def _angle(table: Table, names: tuple[str, ...], path: Path) -> np.ndarray:
    """Values of a column in degrees, NaN where they are masked."""
    from astropy import units

    name = _found(table, names)
    if name is None:
        raise DataError(
            f"no column {names[0]}", where=str(path), expected=f"one of {', '.join(names)}",
            received=", ".join(table.colnames[:12]),
        )  # fmt: skip
    column: Column = table[name]
    try:
        values = np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)
        return np.asarray((values * (units.Unit(column.unit) if column.unit else units.deg)).to_value(units.deg))
    except (ValueError, TypeError) as error:
        raise DataError(
            "is no angle", where=f"{path}, column {name}", expected="numbers in degrees, or with a unit of angle",
            received=f"{column[0]!r}", fix="convert hours and minutes to degrees",
        ) from error  # fmt: skip
