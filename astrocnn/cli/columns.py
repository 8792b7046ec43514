"""Rows of text in aligned columns, and numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence

import click

GAP = "  "


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Lines of columns as wide as their widest cell; cells may carry terminal colours.

    Parameters
    ----------
    rows : sequence of sequences of str
        All of the same length.
    right : sequence of int
        Columns that are set to the right.
    """
    if not rows:
        return []
    widths = [max(len(click.unstyle(cell)) for cell in column) for column in zip(*rows, strict=True)]
    return [GAP.join(_set(cell, widths[n], n in right) for n, cell in enumerate(row)).rstrip() for row in rows]


def _set(cell: str, width: int, right: bool) -> str:
    space = " " * (width - len(click.unstyle(cell)))
    return space + cell if right else cell + space


def heading(names: Sequence[str]) -> list[str]:
    """Row of column names, in bold on a terminal."""
    return [click.style(name, bold=True) for name in names]


def bytes_text(number: int) -> str:
    """A number of bytes with three digits and its unit: `1.23 GB`."""
    value, units = float(number), ["B", "kB", "MB", "GB", "TB", "PB"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f} B" if units[0] == "B" else f"{value:.3g} {units[0]}"


def seconds_text(seconds: float) -> str:
    """A duration: `4.2 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
