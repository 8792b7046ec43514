"""Opening FITS files, compressed or not, so that one that is cut short or corrupt is told in the same words."""

from __future__ import annotations

import bz2
import gzip
import io
import re
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning

from astrocnn.errors import DataError, InputMissing

UNREADABLE = (OSError, EOFError, ValueError, TypeError, KeyError, IndexError, zlib.error, fits.VerifyError)


@contextmanager
def opened_fits(path: Path) -> Iterator[tuple[fits.HDUList, list[str]]]:
    """The HDUs of a .fits, .fits.gz, .fits.bz2 or .fits.fz, and a list for what astropy repairs or guesses in them.

    The list is filled when the file is closed; read all data before.

    Raises
    ------
    InputMissing
        The file is gone.
    DataError
        It is cut short or corrupt.
    """
    refuse_missing(path)
    notes: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught, _stream(path) as stream:
            warnings.simplefilter("always")
            with fits.open(stream, memmap=False, checksum=True) as hdus:
                yield hdus, notes
    except UNREADABLE as error:
        raise unreadable(path, f"{type(error).__name__}: {error}") from error
    notes += [re.sub(r"\s+", " ", str(one.message)) for one in caught if issubclass(one.category, AstropyWarning)]
    for words in notes:
        if "truncated" in words or "Datasum verification failed" in words:
            raise unreadable(path, words)


def refuse_missing(path: Path) -> None:
    """Raise InputMissing where there is no such file."""
    if not path.is_file():
        raise InputMissing("the file is not there", where=str(path), fix="put it back or correct the pattern")


def _stream(path: Path) -> BinaryIO:
    """The bytes of a file, decompressed to the end, so that the checksums of gzip and bzip2 are always compared."""
    stream = path.open("rb")  # ours, so that it is closed too where astropy fails half-way
    magic = stream.read(3)
    stream.seek(0)
    for start, module in ((b"\x1f\x8b", gzip), (b"BZh", bz2)):
        if magic.startswith(start):
            with stream, module.open(stream) as whole:
                return io.BytesIO(whole.read())
    return stream


def unreadable(path: Path, reason: str) -> DataError:
    """The same message for every way in which a file can be broken."""
    return DataError(
        "the file cannot be read: it is cut short or corrupt",
        where=str(path),
        expected="a complete FITS file",
        received=f"{path.stat().st_size} bytes, {' '.join(reason.split())}",
        fix="fetch or copy the file again and compare its size or checksum with the source",
    )
