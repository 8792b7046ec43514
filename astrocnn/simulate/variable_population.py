"""A population of variable stars: what kinds there are, the ranges of each, and how a made survey samples them."""

from __future__ import annotations

import math
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from astrocnn.ranges import PositiveRange, SignedRange

Kind = Literal[
    "rr_ab", "rr_c", "cepheid", "cepheid_overtone", "eclipsing", "mira", "dwarf_nova", "supernova", "constant",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)

BAND_MICRON = {
    "B": 0.436, "V": 0.545, "R": 0.641, "I": 0.798, "g": 0.477, "r": 0.623, "i": 0.762, "z": 0.913,
}  # fmt: skip
"""Effective wavelengths, of Johnson and Cousins (Bessell 2005, ARA&A 43, 293) and of SDSS (Fukugita et al. 1996)."""
WITHOUT_PERIOD = ("supernova", "constant")
OF_THEIR_OWN_AMPLITUDE = ("eclipsing", "constant")
"""The first's follows from its stars, the other has none."""
LEAVITT_SLOPE = -2.76
"""Magnitudes in V a decade of period, of fundamental-mode Cepheids of the LMC (Udalski et al. 1999, AcA 49, 201)."""
FOLLOW_LEAVITT = ("cepheid", "cepheid_overtone")
"""Kinds whose mean magnitude falls with the period; that of overtones is taken to do so alike."""
AMPLITUDE_OF_I = {
    "rr_ab": 0.63, "rr_c": 0.63, "cepheid": 0.60, "cepheid_overtone": 0.60, "mira": 0.5, "dwarf_nova": 0.9,
}  # fmt: skip
"""Amplitude in I over that in V; of others 1. Chosen here. What follows for R over B, 0.63 of RR Lyrae and 0.50 of
Miras, is 0.52 and 0.60 in the median on EROS-1's plates R_E and B_E."""


class KindRanges(BaseModel):
    """Ranges of one kind; what is left out is the default of that kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    period_day: PositiveRange | None = Field(None, description="period, or mean time between outbursts; log-uniform")
    amplitude_mag: PositiveRange | None = Field(
        None, description="from faintest to brightest in V, uniform; that of binaries follows from their stars"
    )
    mean_mag: SignedRange | None = Field(
        None, description="V, uniform: mean; of eruptions and binaries, outside of these; of Cepheids, at one day"
    )
    colour_mag: SignedRange | None = Field(None, description="mean V - I, uniform")

    def over(self, default: KindRanges) -> KindRanges:
        """These, with those of the default where nothing is said."""
        stated = {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        return default.model_copy(update=stated)


def _ranges(
    period: tuple[float, float] | None, amplitude: tuple[float, float] | None, mean: tuple[float, float],
    colour: tuple[float, float],
) -> KindRanges:  # fmt: skip
    return KindRanges(period_day=period, amplitude_mag=amplitude, mean_mag=mean, colour_mag=colour)


DEFAULT_RANGES: dict[str, KindRanges] = {
    "rr_ab": _ranges((0.4, 1.0), (0.3, 1.3), (18.8, 19.8), (0.4, 0.8)),
    "rr_c": _ranges((0.2, 0.45), (0.2, 0.6), (18.8, 19.8), (0.3, 0.7)),
    "cepheid": _ranges((1.0, 50.0), (0.3, 1.2), (17.2, 17.8), (0.5, 1.0)),
    "cepheid_overtone": _ranges((0.6, 5.5), (0.2, 0.6), (16.5, 17.1), (0.4, 0.9)),
    "eclipsing": _ranges((0.3, 10.0), None, (16.0, 20.0), (-0.2, 0.8)),
    "mira": _ranges((80.0, 800.0), (2.5, 6.0), (15.5, 18.0), (2.0, 4.0)),
    "dwarf_nova": _ranges((15.0, 150.0), (2.0, 6.0), (18.5, 20.5), (0.0, 0.8)),
    "supernova": _ranges(None, (0.5, 4.0), (17.5, 20.0), (0.6, 1.3)),
    "constant": _ranges(None, None, (15.0, 20.0), (-0.2, 2.0)),
}
"""About what is seen in the Large Magellanic Cloud, 18.5 mag away. Amplitudes of Miras from 2.5 mag and of dwarf novae
of 2 to 6 mag are those of the types M and UG of the GCVS (Samus et al. 2017). Cepheids of the first overtone have
periods to 5.5 days and are brighter by most of a magnitude (Beaulieu et al. 1995, A&A 303, 137). The others are chosen
here."""


class VariablePopulation(BaseModel):
    """Kinds of stars, and how they are observed; the defaults are choices of this package."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ranges: dict[Kind, KindRanges] = Field({}, description="by kind, where they differ from the defaults")
    span_day: float = Field(1200.0, gt=0, le=20000, description="from the first possible night to the last")
    season_day: float = Field(240.0, gt=0, le=365.25, description="part of each year in which a star is observed")
    points: tuple[int, int] = Field(
        (60, 200), strict=False, description="observations of a star in each band, log-uniform"
    )
    faint_limit_mag: float = Field(21.0, description="fainter observations are not there")
    error_at_limit_mag: float = Field(0.2, gt=0, description="error there, less where brighter, as of light on a sky")
    error_floor_mag: float = Field(0.006, gt=0, description="smallest error")
    minimum_points: int = Field(10, ge=2, description="stars with fewer points are rejected")

    @model_validator(mode="after")
    def _consistent(self) -> VariablePopulation:
        if not 1 <= self.points[0] <= self.points[1] <= 10_000:
            raise ValueError(f"points: expected [fewest, most] from 1 to 10,000, received {list(self.points)}")
        for kind, ranges in self.ranges.items():
            if ranges.period_day is not None and kind in WITHOUT_PERIOD:
                raise ValueError(f"ranges: {kind} has no period_day")
            if ranges.amplitude_mag is not None and kind in OF_THEIR_OWN_AMPLITUDE:
                raise ValueError(f"ranges: {kind} takes no amplitude_mag")
        return self

    def of(self, kind: str) -> KindRanges:
        """The ranges of one kind."""
        default = DEFAULT_RANGES[kind]
        return next((ranges.over(default) for name, ranges in self.ranges.items() if name == kind), default)


def redness(band: str) -> float:
    """Where a band stands on the logarithm of wavelength: 0 is V, 1 is I.

    Colours are taken to go linearly with it, and so the logarithms of amplitudes.
    """
    return math.log(BAND_MICRON[band] / BAND_MICRON["V"]) / math.log(BAND_MICRON["I"] / BAND_MICRON["V"])
