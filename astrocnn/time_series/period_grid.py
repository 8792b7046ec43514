"""Grids of frequencies for the search of periods: counted, and refused where too long, before they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from astrocnn.errors import DataError
from astrocnn.time_series.period_options import (
    HOURS_OF_DAY,
    LONGEST_OF_PERIOD,
    BoxOptions,
    PeriodOptions,
    SearchOptions,
)

BYTES_PER_FREQUENCY = 400
"""Memory that the fast Lomb-Scargle periodogram takes for each frequency: complex grids of five times the length."""
BOX_BYTES_PER_FREQUENCY = 100
"""Memory that astropy's box search takes for each period, and what is made of its results."""
SOLAR_DURATION_HOUR = 1.815
"""Longest transit of a small planet in one day around a star of the Sun's density; it grows as the cube root of the
period. R P / (pi a) with a from Kepler's third law and the nominal R and G M of IAU 2015 resolution B3."""
SHORTEST_OF_SOLAR = 0.25
"""Shortest duration looked for at a period, of that: a star 15 times as dense crossed at 0.8 of its radius. Looking for
shorter ones at long periods takes most of the time of a search and finds noise (Ofir 2014, A&A 561, A138)."""
_DURATION_RATIO = 1.5


@dataclass(frozen=True)
class FrequencyGrid:
    """Frequencies `first + step * k` in 1 / day, k from 0 to number - 1; not made yet."""

    first: float
    step: float
    number: int

    def frequencies(self) -> np.ndarray:
        """The grid, (number,) of float64."""
        return self.first + self.step * np.arange(self.number)


@dataclass(frozen=True)
class BoxPiece:
    """A grid over at most an octave of period, and the durations in days that are looked for in it."""

    grid: FrequencyGrid
    duration_day: tuple[float, ...]


def frequency_grid(length_day: float, options: PeriodOptions, where: str | None = None) -> FrequencyGrid:
    """The grid of a Lomb-Scargle periodogram, refused before it is made where it would be too long.

    Parameters
    ----------
    length_day : float
        From the first point to the last, above 0.
    options : PeriodOptions
    where : str, optional
        The object, for errors.

    Raises
    ------
    DataError
        With the number of frequencies and the memory, where these are too many; or where the curve is no longer than
        the shortest period.
    """
    longest = _longest(length_day, options, where)
    first, step = 1 / longest, 1 / (options.oversampling * length_day)
    number = math.ceil((1 / options.shortest_day - first) / step) + 1
    _refuse_more_than(options.maximum_trials, number, BYTES_PER_FREQUENCY, where)
    return FrequencyGrid(first, step, number)


def box_grid(length_day: float, options: BoxOptions, where: str | None = None) -> list[BoxPiece]:
    """The grids of a search for transits, octave by octave of period, the shortest first.

    In each the frequencies are uniform. Neighbours differ so little that, from one end of the curve to the other, a
    transit moves by the shortest duration of the octave over `oversampling`; durations grow with the period, so that
    the steps do too (Ofir 2014, A&A 561, A138, sections 2 and 3).

    Parameters
    ----------
    length_day : float
        From the first point to the last, above 0.
    options : BoxOptions
    where : str, optional
        The object, for errors.

    Raises
    ------
    DataError
        With the number of trials and the memory, where these are too many; or where no two transits fit.
    """
    shortest, longest = options.shortest_day, _longest(length_day, options, where)
    pieces = []
    for octave in range(math.ceil(math.log2(longest / shortest) - 1e-9)):
        low, high = shortest * 2**octave, min(shortest * 2 ** (octave + 1), longest)
        durations = _durations(low, high, options)
        step = durations[0] / (options.oversampling * length_day * high)
        grid = FrequencyGrid(1 / high, step, math.ceil((1 / low - 1 / high) / step) + 1)
        pieces.append(BoxPiece(grid, durations))
    _refuse_more_than(options.maximum_trials, sum(one.grid.number for one in pieces), BOX_BYTES_PER_FREQUENCY, where)
    return pieces


def _durations(low: float, high: float, options: BoxOptions) -> tuple[float, ...]:
    """Durations in days looked for at periods from `low` to `high`, in steps of half as long again."""
    shortest, longest = (hour / HOURS_OF_DAY for hour in options.duration_hour)
    longest = min(longest, LONGEST_OF_PERIOD * high, 0.9 * low)
    floor = SHORTEST_OF_SOLAR * SOLAR_DURATION_HOUR / HOURS_OF_DAY * low ** (1 / 3)
    shortest = min(max(shortest, floor), longest)
    number = math.ceil(math.log(longest / shortest) / math.log(_DURATION_RATIO) - 1e-9) + 1
    return tuple(np.geomspace(shortest, longest, number).tolist())


def _refuse_more_than(most: int, number: int, size: int, where: str | None) -> None:
    if number > most:
        raise DataError(
            "the grid of frequencies is too long", where=where, expected=f"at most {most:,} trials",
            received=f"{number:,} trials, about {size * number / 1e6:,.0f} MB",
            fix="raise shortest_day or maximum_trials, or lower oversampling",
        )  # fmt: skip


def _longest(length_day: float, options: SearchOptions, where: str | None) -> float:
    longest = options.longest_in(length_day)
    if not longest > options.shortest_day:
        raise DataError(
            "no period fits into the curve", where=where, expected=f"one above {options.shortest_day:g} days",
            received=f"at most {longest:g} days", fix="lower shortest_day",
        )  # fmt: skip
    return longest
