"""Columns of a FITS table, fast: only the cards and the columns that are asked for are looked at.

A mission file has twenty columns and two hundred cards, of which four and twenty are needed. Cards are taken from the
header blocks as they stand, columns from the file's memory map by the offsets that TFORMn declare. What is not plain
(compression, scaled, variable-length or array columns, headers of other layout) is left to astropy.
"""

from __future__ import annotations

import math
import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from astrocnn.errors import DataError
from astrocnn.ingest.fits_files import opened_fits, refuse_missing, unreadable

BLOCK, CARD = 2880, 80
_END = b"END".ljust(CARD)
_FORM = re.compile(r"(\d*)([A-Z])")
_BYTES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16}
_PLAIN = {"B": ">u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
Cards = dict[str, str | int | float | bool | None]


class _NotPlainError(Exception):
    """The file needs astropy."""


@dataclass(frozen=True)
class FitsTable:
    """A table's columns and the headers around it.

    Parameters
    ----------
    primary, header : dict
        Cards of the primary header and of the table's own; None for a card without a value.
    columns : dict of array (n,)
        Those asked for that are there, by upper-case name, in native byte order.
    units : dict of str
        Their TUNIT, where they have one.
    names : tuple of str
        Names of all columns of the table.
    """

    primary: Cards
    header: Cards
    columns: dict[str, np.ndarray]
    units: dict[str, str]
    names: tuple[str, ...]


def read_fits_table(path: Path, wanted: Sequence[str]) -> FitsTable:
    """Read columns of the first table of a file.

    Parameters
    ----------
    path : Path
    wanted : sequence of str
        Upper-case names; those that the table has not are left out.

    Raises
    ------
    InputMissing
        The file is gone.
    DataError
        It is cut short or corrupt, or has no table.
    """
    refuse_missing(path)
    if path.stat().st_size == 0:
        raise unreadable(path, "the file is empty")
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _plain(path, content, wanted)
    except _NotPlainError:
        return _by_astropy(path, wanted)


def _plain(path: Path, content: mmap.mmap, wanted: Sequence[str]) -> FitsTable:
    primary_cards, position = _header(path, content, 0)
    primary = _values(primary_cards)
    if primary.get("SIMPLE") is not True:
        raise _NotPlainError
    header, start = primary, position
    while header.get("XTENSION") != "BINTABLE":
        position = start + _data_bytes(header)
        if position >= len(content):
            raise _no_table(path)
        cards, start = _header(path, content, position)
        header = _values(cards)
    if {"ZTABLE", "ZIMAGE"} & header.keys():
        raise _NotPlainError
    row_bytes, rows = _count(header, "NAXIS1"), _count(header, "NAXIS2")
    if len(content) < start + row_bytes * rows or len(content) % BLOCK:
        raise unreadable(path, f"expected a whole number of blocks and {start + row_bytes * rows} bytes or more")
    if "DATASUM" in header:
        _check_datasum(path, header, content[start : start + _data_bytes(header)])
    columns, units, names = {}, {}, []
    offset = 0
    for number in range(1, _count(header, "TFIELDS") + 1):
        name = str(header.get(f"TTYPE{number}")).upper()
        form = _FORM.match(str(header.get(f"TFORM{number}")))
        if form is None or (form[2] not in _BYTES and form[2] != "X"):
            raise _NotPlainError  # variable-length columns have descriptors of another size
        repeat = int(form[1] or 1)
        names.append(name)
        if name in wanted:
            if repeat != 1 or form[2] not in _PLAIN or {f"TSCAL{number}", f"TZERO{number}"} & header.keys():
                raise _NotPlainError
            view = np.ndarray(rows, _PLAIN[form[2]], content, start + offset, row_bytes)
            columns[name] = view.astype(view.dtype.newbyteorder("="))  # a copy: the map is closed after
            del view
            if unit := header.get(f"TUNIT{number}"):
                units[name] = str(unit)
        offset += -(-repeat // 8) if form[2] == "X" else repeat * _BYTES[form[2]]
    if offset != row_bytes:
        raise _NotPlainError
    return FitsTable(primary, header, columns, units, tuple(names))


def _header(path: Path, content: mmap.mmap, start: int) -> tuple[bytes, int]:
    """Bytes of a header's cards, and where its data start."""
    end = content.find(_END, start)
    while end >= 0 and (end - start) % CARD:
        end = content.find(_END, end + 1)
    if end < 0:
        if start == 0 and not content[:6] == b"SIMPLE":
            raise _NotPlainError
        raise unreadable(path, "a header has no end")
    return content[start:end], start + -(-(end + CARD - start) // BLOCK) * BLOCK


def _values(cards: bytes) -> Cards:
    """Values of all cards that have one; of a keyword that stands twice, the first."""
    text = cards.decode("latin-1")
    found: Cards = {}
    for start in range(len(text) - CARD, -1, -CARD):
        if text[start + 8 : start + 10] == "= ":
            found[text[start : start + 8].rstrip()] = _value(text[start + 10 : start + CARD])
        elif text.startswith("CONTINUE", start):
            raise _NotPlainError
    return found


def _value(text: str) -> str | int | float | bool | None:
    """Value of a card, FITS standard 4.0, section 4.2."""
    text = text.strip()
    if text.startswith("'"):
        close = text.find("'", 1)
        while close >= 0 and text.startswith("''", close):
            close = text.find("'", close + 2)
        return text[1 : close if close >= 0 else None].replace("''", "'").rstrip()
    text = text.partition("/")[0].rstrip()
    if text in ("T", "F", ""):
        return {"T": True, "F": False, "": None}[text]
    try:
        return int(text)
    except ValueError:
        try:
            return float(text.replace("D", "E").replace("d", "e"))
        except ValueError:
            return text


def _data_bytes(header: Cards) -> int:
    """Bytes of the data of an HDU, filled up to whole blocks."""
    axes = [_count(header, f"NAXIS{number}") for number in range(1, _count(header, "NAXIS") + 1)]
    if not axes:
        return 0
    size = abs(_count(header, "BITPIX")) // 8 * _count(header, "GCOUNT", 1)
    return -(-size * (_count(header, "PCOUNT", 0) + math.prod(axes)) // BLOCK) * BLOCK


def _count(header: Cards, name: str, default: int | None = None) -> int:
    value = header.get(name, default)
    if not isinstance(value, int):
        raise _NotPlainError
    return value


def _check_datasum(path: Path, header: Cards, data: bytes) -> None:
    """Compare the ones' complement sum of the data's 32-bit words with DATASUM (FITS standard 4.0, appendix J)."""
    total = int(np.frombuffer(data, ">u4").sum(dtype=np.uint64))
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    if str(total) != str(header["DATASUM"]).strip():
        raise unreadable(path, "Datasum verification failed")


def _by_astropy(path: Path, wanted: Sequence[str]) -> FitsTable:
    """The same by astropy's reader."""
    with opened_fits(path) as (hdus, _):
        tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
        if not tables:
            raise _no_table(path)
        table = tables[0]
        names = {name.upper(): name for name in table.columns.names}
        columns, units = {}, {}
        for name in (name for name in wanted if name in names):
            values = np.asarray(table.data[names[name]])
            columns[name] = values.astype(values.dtype.newbyteorder("="))
            if unit := table.columns[names[name]].unit:
                units[name] = unit
        return FitsTable(_cards(hdus[0].header), _cards(table.header), columns, units, tuple(names))


def _cards(header: fits.Header) -> Cards:
    return {
        card.keyword: None if isinstance(card.value, fits.card.Undefined) else card.value
        for card in reversed(header.cards)
    }


def _no_table(path: Path) -> DataError:
    return DataError("the file has no table", where=str(path), expected="a binary table with a light curve")
