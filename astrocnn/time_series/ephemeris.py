"""When something that comes back happens: period, epoch and duration of transits, and the points inside them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from astrocnn.errors import DataError
from astrocnn.time_series.period_options import HOURS_OF_DAY


@dataclass(frozen=True)
class Ephemeris:
    """Transits of one planet.

    Parameters
    ----------
    period_day : float
        Above 0; infinite for a single transit.
    epoch_day : float
        Middle of any transit, in the times of the curve.
    duration_hour : float
        From first to last contact, above 0.

    Raises
    ------
    DataError
        When a number is none of these.
    """

    period_day: float
    epoch_day: float
    duration_hour: float

    def __post_init__(self) -> None:
        if not (self.period_day > 0 and math.isfinite(self.epoch_day) and 0 < self.duration_hour < math.inf):
            raise DataError(
                "no ephemeris of transits", expected="a period above 0, a finite epoch, a duration above 0",
                received=f"{self.period_day:g} d, {self.epoch_day:g} d, {self.duration_hour:g} h",
            )  # fmt: skip

    @property
    def duration_day(self) -> float:
        """Duration in days."""
        return self.duration_hour / HOURS_OF_DAY

    def days_from_middle(self, time_day: np.ndarray) -> np.ndarray:
        """Days since the middle of the nearest transit, from -period / 2 to below period / 2."""
        since = np.asarray(time_day, np.float64) - self.epoch_day
        if math.isinf(self.period_day):
            return since
        return since - self.period_day * np.floor(since / self.period_day + 0.5)

    def covers(self, time_day: np.ndarray, widened: float = 1.0) -> np.ndarray:
        """Whether times lie inside a transit of `widened` times the duration, edges included; False for NaN."""
        return np.abs(self.days_from_middle(time_day)) <= 0.5 * widened * self.duration_day
