"""The flags of detected sources: one bit each, kept as data so that tables, reports and docs say the same."""

from __future__ import annotations

from dataclasses import dataclass

STAR, EDGE, SATURATED, MASKED, BLENDED = 1, 2, 4, 8, 16


@dataclass(frozen=True)
class Flag:
    """One bit of the column `flags`: its value, its name and what it means."""

    bit: int
    name: str
    meaning: str


FLAGS: tuple[Flag, ...] = (
    Flag(STAR, "star", "point-like: as compact as the PSF and bright enough to tell"),
    Flag(EDGE, "edge", "the source or its stamp reaches beyond the tile"),
    Flag(SATURATED, "saturated", "pixels at the saturation level of the tile"),
    Flag(MASKED, "masked", "pixels without data in at least one band"),
    Flag(BLENDED, "blended", "overlaps a neighbour from which it was separated"),
)


def flag_names(value: int) -> tuple[str, ...]:
    """Names of the bits set in a flag value, lowest bit first."""
    return tuple(flag.name for flag in FLAGS if int(value) & flag.bit)
