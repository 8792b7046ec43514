"""Light curves of lensed quasars by COSMOGRAIL: `.rdb` text, times in mhjd, one pair of columns an image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from astrocnn.errors import DataError
from astrocnn.ingest.fits_files import refuse_missing
from astrocnn.ingest.light_curves.names import file_stem
from astrocnn.ingest.light_curves.observed import Observed, ReadOptions
from astrocnn.ingest.light_curves.tables import curves_of_table

TIME = "mhjd"


def looks_like_cosmograil(path: Path) -> bool:
    """Whether the first word of a text file is the name of COSMOGRAIL's column of times."""
    with path.open("rb") as stream:
        return stream.read(64).split(b"\t")[0].strip() == TIME.encode()


def read_cosmograil(path: Path, options: ReadOptions) -> Iterator[Observed]:
    """Read one file: magnitudes of each image, `mag_A` with `magerr_A`, as bands or as curves of their own.

    The second line may be ruled, empty between its tabs, or the first of the data: all three are found. Magnitudes
    have no zero point. Times are heliocentric, taken as UTC.

    Parameters
    ----------
    path : Path
    options : ReadOptions
        Its `images` says whether images are bands of one object or curves by name, as `HE0435_A`.

    Raises
    ------
    InputMissing
        The file is gone.
    DataError
        It is none of this layout, or a line has another number of columns.
    """
    from astropy.table import Table

    refuse_missing(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError("the file is no text", where=str(path), fix="fetch or copy it again") from error
    names = lines[0].rstrip("\t").split("\t") if lines else []
    if TIME not in names:
        raise DataError(
            "no COSMOGRAIL light curve", where=str(path), expected=f"{TIME} in the first line, tabs between"
        )
    start = 2 if len(lines) > 1 and not lines[1].strip("\t =-") else 1
    rows = [line.split("\t") for line in lines[start:] if line.strip()]
    wrong = next((row for row in rows if len(row) < len(names)), None)
    if wrong is not None:
        raise DataError(
            "the file is cut short", where=str(path), expected=f"{len(names)} columns", received="\t".join(wrong)[:60],
            fix="fetch or copy it again",
        )  # fmt: skip
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    telescopes = " ".join(sorted(set(columns.get("telescope", []))))
    table = Table({name: columns[name] for name in names if name != "telescope"})
    for curve in curves_of_table(table, file_stem(path), str(path), options):
        curve.columns["telescopes"] = telescopes
        yield curve
