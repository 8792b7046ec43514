"""Where a period is looked for. Light: stages take these as parameters."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

LONGEST_OF_PERIOD = 0.2
"""Longest transit looked for, of its period: what takes longer is no box, but the wave of a close binary."""
HOURS_OF_DAY = 24.0


class SearchOptions(BaseModel):
    """Where periods are looked for, of whatever shape."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    shortest_day: float = Field(0.1, gt=0, description="shortest period")
    longest_day: float | None = Field(None, gt=0, description="longest period; by default the length of the curve")
    oversampling: float = Field(5.0, gt=0, le=100, description="frequencies in the width of a peak, 1 / length")
    maximum_trials: int = Field(2_500_000, ge=1, description="most frequencies tried; a million take 400 MB")

    def longest_in(self, length_day: float) -> float:
        """Longest period in days that is looked for in a curve of some length."""
        return min(self.longest_day or length_day, length_day)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.longest_day is not None and self.longest_day <= self.shortest_day:
            raise ValueError(f"expected longest_day above {self.shortest_day}, received {self.longest_day}")
        return self


class PeriodOptions(SearchOptions):
    """Where the period of a wave is looked for."""

    harmonics: int = Field(
        3, ge=1, le=10, description="waves with which the highest peaks are fitted anew, to choose among them; 1: not"
    )


class BoxOptions(SearchOptions):
    """Where transits are looked for."""

    shortest_day: float = Field(0.5, gt=0, description="shortest period")
    longest_day: float | None = Field(
        None, gt=0, description="longest period; by default, and at most, the length over minimum_cycles"
    )
    oversampling: float = Field(
        2.0, gt=0, le=100, description="frequencies by which the last transit moves by its shortest duration"
    )
    duration_hour: Annotated[tuple[float, float], Strict(False)] = Field(
        (1.0, 12.0), description="shortest and longest transit"
    )
    minimum_cycles: float = Field(2.0, ge=1, description="periods that must fit into the curve")
    maximum_trials: int = Field(1_000_000, ge=1, description="most periods tried")

    def longest_in(self, length_day: float) -> float:
        """Longest period in days that is looked for in a curve of some length."""
        return min(self.longest_day or length_day, length_day / self.minimum_cycles)

    @model_validator(mode="after")
    def _transits(self) -> Self:
        shortest, longest = self.duration_hour
        if not 0 < shortest <= longest:
            raise ValueError(f"expected two rising durations above 0, received {list(self.duration_hour)}")
        allowed = LONGEST_OF_PERIOD * self.shortest_day * HOURS_OF_DAY
        if shortest > allowed:
            raise ValueError(
                f"expected a shortest duration of at most {allowed:g} h, {LONGEST_OF_PERIOD:g} of "
                f"shortest_day, received {shortest:g}"
            )
        return self
