"""Cards of a gallery: an object's stamp or curve, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from astrocnn.report.formats import plain, sexagesimal
from astrocnn.report.page import data_uri
from astrocnn.report.stamps import ScaleBar, curve_points, scale_bar, stamp_png

if TYPE_CHECKING:
    from astrocnn.samples.sample_set import SampleSet


@dataclass(frozen=True)
class Compass:
    """Directions of north and east in a picture, as unit vectors (right, down)."""

    north: tuple[float, float]
    east: tuple[float, float]

    @property
    def is_upright(self) -> bool:
        """Whether north is up and east is left, to a few degrees."""
        return self.north[1] < -0.998 and self.east[0] < -0.998


@dataclass(frozen=True)
class Card:
    """One object.

    Attributes
    ----------
    name : str
        Its id.
    alt : str
        What the picture shows.
    picture : str
        Data address of its stamp; empty where there is none.
    curves : list of str
        Points of SVG lines, for curves.
    rows, columns : int
        Pixels of the stamp.
    bar : ScaleBar or None
        Scale bar.
    compass : Compass or None
        Directions on the sky.
    rank, score, position, note : str
        Written on the card where not empty.
    badges : tuple of str
        Flags.
    fields : list of (str, str)
        All that is known of it, for the enlarged view.
    """

    name: str
    alt: str
    picture: str
    curves: list[str]
    rows: int
    columns: int
    bar: ScaleBar | None
    compass: Compass | None = None
    rank: str = ""
    score: str = ""
    position: str = ""
    note: str = ""
    badges: tuple[str, ...] = ()
    fields: Sequence[tuple[str, str]] = ()


def cards_of(samples: SampleSet, rows: Sequence[int], texts: Sequence[Mapping[str, Any]]) -> list[Card]:
    """The cards of some objects.

    Parameters
    ----------
    samples : SampleSet
        The set that holds them.
    rows : sequence of int
        Their positions in it.
    texts : sequence of mapping
        For each, further attributes of `Card`.
    """
    meta = samples.meta
    names = samples.ids[np.asarray(rows, dtype=int)]
    objects = zip(names, samples.read(np.asarray(rows, dtype=int)), texts, strict=True)
    if meta.kind == "curves":
        return [Card(str(name), f"Curve of {name}", "", curve_points(data), 70, 200, None, **text)
                for name, data, text in objects]  # fmt: skip
    height, width = meta.shape[:2]
    bar = scale_bar(width, meta.scale, meta.scale_unit)
    remark = f", scale bar {bar.text}" if bar else ""
    return [
        Card(
            str(name),
            f"Stamp of {name}{remark}",
            data_uri(stamp_png(data, meta.bands)),
            [],
            height,
            width,
            bar,
            compass,
            **text,
        )
        for (name, data, text), compass in zip(objects, compasses(samples, rows), strict=True)
    ]


def compasses(samples: SampleSet, rows: Sequence[int]) -> list[Compass | None]:
    """Directions of north and east in the picture of each object; None where it has no WCS."""
    if "wcs" not in samples.planes:
        return [None] * len(rows)
    return [compass_of(matrix[4:].reshape(2, 2)) for matrix in samples.read_wcs(np.asarray(rows, dtype=int))]


def compass_of(cd: np.ndarray) -> Compass | None:
    """Directions from a CD matrix, degrees on the sky (east, north) per pixel (column, row); None where it is singular.

    Rows count upwards in a picture, and `down` is their opposite.
    """
    if not np.all(np.isfinite(cd)) or np.linalg.det(cd) == 0:
        return None
    inverse = np.linalg.inv(cd)
    east, north = (vector / np.hypot(*vector) for vector in (inverse[:, 0], inverse[:, 1]))
    return Compass((float(north[0]), -float(north[1])), (float(east[0]), -float(east[1])))


def directions(cards: Sequence[Card]) -> str:
    """One clause on how the pictures lie on the sky; empty where nothing is known."""
    known = [card.compass for card in cards if card.compass is not None]
    if not known:
        return ""
    return "north up, east left" if all(compass.is_upright for compass in known) else "compass in the enlarged view"


def rows_of(ids: np.ndarray, wanted: Sequence[str]) -> list[int | None]:
    """Row of each wanted id, None where it is not there."""
    found = np.flatnonzero(np.isin(ids, np.asarray(wanted, dtype=object)))
    row = {str(ids[k]): int(k) for k in found}
    return [row.get(name) for name in wanted]


def fields_of(columns: Mapping[str, np.ndarray], row: int) -> list[tuple[str, str]]:
    """All columns of one row as text, with the position in sexagesimal where there is one."""
    fields = [(key, plain(values[row])) for key, values in columns.items()]
    if {"ra", "dec"} <= columns.keys():
        position = sexagesimal(float(columns["ra"][row]), float(columns["dec"][row]))
        if position:
            fields.insert(1, ("position (ICRS)", position))
    return fields


def evenly(rows: np.ndarray, number: int) -> np.ndarray:
    """At most so many of the rows, spread evenly, in order: examples that nobody chose."""
    if len(rows) <= number:
        return rows
    return rows[np.linspace(0, len(rows) - 1, number).round().astype(int)]
