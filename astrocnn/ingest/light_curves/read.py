"""Reading any file of light curves: which product it is, by its content and name, and the reader of that product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from astrocnn.errors import DataError
from astrocnn.ingest.fits_files import refuse_missing
from astrocnn.ingest.light_curves.cosmograil import looks_like_cosmograil, read_cosmograil
from astrocnn.ingest.light_curves.long_table import read_long_table
from astrocnn.ingest.light_curves.mission import read_mission_file
from astrocnn.ingest.light_curves.observed import Observed, ReadOptions
from astrocnn.ingest.light_curves.tables import read_table_file
from astrocnn.samples.long_table import POINTS

FITS_ENDINGS = (".fits", ".fit", ".fits.gz", ".fits.bz2", ".fits.fz")


def read_light_curves(path: Path, options: ReadOptions) -> Iterator[Observed]:
    """Read the light curves of one file, or of a folder with a long table.

    Parameters
    ----------
    path : Path
        Mission FITS, COSMOGRAIL text, a Parquet table or a folder with `light_curves.parquet`, or any table: CSV, ECSV,
        VOTable, text; FITS tables of other pipelines where columns are stated.
    options : ReadOptions

    Yields
    ------
    Observed
        As they stand in the file; `normalise` makes curves of them.

    Raises
    ------
    InputMissing
        There is no such file.
    DataError
        It cannot be read, or is no light curve.
    """
    if path.is_dir():
        yield from read_long_table(path / POINTS, options)
        return
    refuse_missing(path)
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            yield from read_long_table(path, options)
        elif name.endswith(FITS_ENDINGS) and "value" not in options.columns:
            yield read_mission_file(path, options)
        elif ".rdb" in name or looks_like_cosmograil(path):
            yield from read_cosmograil(path, options)
        else:
            yield from read_table_file(path, options)
    except OSError as error:
        raise DataError("the file cannot be read", where=str(path), received=error.strerror or error) from error
