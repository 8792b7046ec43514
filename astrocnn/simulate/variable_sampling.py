"""When simulated stars are observed and how precisely: in nights of a made survey, or as real light curves were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from astrocnn.errors import DataError
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.light_curves import LightCurves
from astrocnn.samples.seeds import BLOCK
from astrocnn.simulate.variable_population import VariablePopulation

YEAR_DAY = 365.25
_NIGHT_DAY = 0.4
"""Part of a day in which a star is observed, round midnight; chosen here."""
_MOST_CURVES = 4096
"""Real light curves that times and errors are taken from, spread over all of them where there are more."""
_ERROR_BINS = 32
"""Bins of magnitude, of as many points each, in which a usual error is found."""
_FAINTEST_SHARE = 0.999
"""Share of the real points that are brighter than the limit of the simulated ones."""


@dataclass(frozen=True)
class Sampling:
    """Observations of a block of stars, before anything is measured.

    Attributes
    ----------
    time : ndarray
        (BLOCK, time), days on the clock of the survey; NaN where there is none.
    band : ndarray
        (BLOCK, time): position of the band.
    noise : ndarray
        (BLOCK, time): error over the usual one of the magnitude.
    """

    time: np.ndarray
    band: np.ndarray
    noise: np.ndarray


class Survey(Protocol):
    """How stars are observed: see `Nights` and `RealSampling`."""

    meta: CurveMeta
    """What is true of the light curves that come out; classes apart."""
    span_day: float
    """From the first possible observation to the last."""
    start_day: float
    """Time of the first possible observation, on the clock of the meta."""
    faintest: np.ndarray
    """(band,): magnitude beyond which nothing is seen."""

    def draw(self, generator: np.random.Generator) -> Sampling:
        """Observations of one block of stars; always the same number of draws."""

    def usual_error(self, magnitude: np.ndarray, band: np.ndarray) -> np.ndarray:
        """Usual error, mag, of points of these magnitudes and bands, both (n, time)."""


class Nights:
    """Nights of seasons that come back each year, and noise of a sky.

    Parameters
    ----------
    population : VariablePopulation
        Its seasons, number of points, errors and limit, the same in all bands.
    bands : sequence of str
        Names of the bands, in order.
    """

    start_day = 0.0

    def __init__(self, population: VariablePopulation, bands: Sequence[str]) -> None:
        self._population, self.span_day = population, population.span_day
        self.faintest = np.full(len(bands), population.faint_limit_mag)
        self.meta = CurveMeta(
            time_system="HJD_UTC", time_reference_day=2450000.0, quantity="magnitude", unit="mag", bands=tuple(bands)
        )

    def draw(self, generator: np.random.Generator) -> Sampling:
        """Each star has its own seasons, the first of which has begun, and its own number of points in each band."""
        fewest, most = self._population.points
        bands = len(self.meta.bands)
        number = (fewest * (most / fewest) ** generator.random((BLOCK, bands))).round()
        time = self._times(generator.random((BLOCK, 1)), generator.random((2, BLOCK, bands * most)))
        unused = np.arange(most) >= number[:, :, None]
        time[unused.reshape(BLOCK, -1)] = np.nan
        band = np.broadcast_to(np.repeat(np.arange(bands), most), time.shape)
        return Sampling(time, band, np.ones(time.shape))

    def usual_error(self, magnitude: np.ndarray, band: np.ndarray) -> np.ndarray:
        """As of light on a sky: an error at the limit that falls with the star's light, and a floor."""
        at_limit, floor = self._population.error_at_limit_mag, self._population.error_floor_mag
        fainter = magnitude - self._population.faint_limit_mag
        return np.hypot(floor, at_limit * np.exp(0.4 * np.log(10.0) * fainter))

    def _times(self, start: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Times (n, time), days; uniform numbers of season, night and time of night, (n, 1) and (2, n, time)."""
        season = self._population.season_day
        begun = start * season
        end = max(int(self.span_day), 1) + begun
        seen = end // YEAR_DAY * season + np.minimum(end % YEAR_DAY, season)  # days in season until the end
        place = begun + uniform[0] * (seen - begun)
        night = np.floor(place // season * YEAR_DAY + place % season - begun)
        return night + 0.5 + _NIGHT_DAY * (uniform[1] - 0.5)


class RealSampling:
    """Times, and errors against magnitude, of real light curves; what they show of their stars is not used.

    Each star takes the times of one real curve, drawn at random. Its errors are the usual ones of its own magnitudes,
    times how much worse or better than usual the real point was: bad nights stay bad.

    Parameters
    ----------
    curves : LightCurves
        In magnitudes with errors.
    bands : sequence of str
        Those of their bands that are taken, in the order wanted.

    Raises
    ------
    DataError
        When the curves are of another kind, lack a band, or a band has no points with errors.
    """

    def __init__(self, curves: LightCurves, bands: Sequence[str]) -> None:
        _refuse_unlike(curves, bands)
        chosen = np.unique(np.linspace(0, len(curves) - 1, min(len(curves), _MOST_CURVES)).round().astype(np.int64))
        block = curves.read(chosen)
        place = np.array([bands.index(name) if name in bands else -1 for name in block.bands])[block.band]
        usable = (place >= 0) & np.isfinite(block.value) & (block.error > 0)
        owner = np.repeat(np.arange(len(block)), np.diff(block.offsets))[usable]
        value, error = block.value[usable].astype(np.float64), block.error[usable].astype(np.float64)
        self._time, self._band = block.time[usable], place[usable]
        for number, name in enumerate(bands):
            if not (self._band == number).any():
                raise DataError(
                    f"no point of band {name} has an error", where=repr(curves), expected="errors to be taken",
                    fix="leave out like:, and state points, error_at_limit_mag and faint_limit_mag",
                )  # fmt: skip
        self._number = np.bincount(owner, minlength=len(block))
        self._number = self._number[self._number > 0]
        self._first = np.cumsum(self._number) - self._number
        in_bands = [self._band == number for number in range(len(bands))]
        self._usual = [_running_median(value[those], error[those]) for those in in_bands]
        self.faintest = np.array([np.quantile(value[those], _FAINTEST_SHARE) for those in in_bands])
        self._noise = error / self.usual_error(value, self._band)
        self.start_day = float(self._time.min())
        self.span_day = float(self._time.max()) - self.start_day
        self.meta = curves.meta.model_copy(update={"bands": tuple(bands), "classes": (), "notes": {}})

    def draw(self, generator: np.random.Generator) -> Sampling:
        """Times and noise of one real curve each."""
        curve = generator.integers(len(self._number), size=BLOCK)
        column = np.arange(self._number[curve].max())
        there = column < self._number[curve][:, None]
        point = np.where(there, self._first[curve][:, None] + column, 0)
        time = np.where(there, self._time[point], np.nan)
        return Sampling(time, self._band[point], self._noise[point])

    def usual_error(self, magnitude: np.ndarray, band: np.ndarray) -> np.ndarray:
        """The running median of the real errors of each band; beyond their magnitudes, that of the nearest."""
        error = np.empty(magnitude.shape)
        for number, usual in enumerate(self._usual):
            those = band == number
            error[those] = np.interp(magnitude[those], *usual)
        return error


def _refuse_unlike(curves: LightCurves, bands: Sequence[str]) -> None:
    if curves.meta.quantity != "magnitude":
        raise DataError(
            "simulated variables are magnitudes", where=repr(curves), expected="light curves in magnitudes",
            received=curves.meta.kind_text, fix="take others for like:, or leave it out",
        )  # fmt: skip
    if missing := [name for name in bands if name not in curves.meta.bands]:
        raise DataError(
            f"no band {', '.join(missing)} to take times from", where=repr(curves),
            expected=", ".join(curves.meta.bands), fix="name the survey's bands in bands:, as {B_E: B, R_E: R}",
        )  # fmt: skip


def _running_median(magnitude: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Median magnitude and median error in bins of as many points each, in order of magnitude."""
    order = np.array_split(np.argsort(magnitude, kind="stable"), min(_ERROR_BINS, len(magnitude)))
    return tuple(np.array([np.median(values[rows]) for rows in order]) for values in (magnitude, error))  # type: ignore[return-value]
