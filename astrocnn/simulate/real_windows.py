"""Windows of real light curves with simulated signals put into them: noise as it is, labels as one wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from astrocnn.errors import DataError
from astrocnn.samples.curve import LightCurve
from astrocnn.samples.light_curves import LightCurves
from astrocnn.samples.seeds import BLOCK
from astrocnn.simulate.cadences import Cadence
from astrocnn.simulate.transit_injection import inject_signals
from astrocnn.simulate.transit_population import TransitPopulation, longest_duration_hour
from astrocnn.time_series.bins import binned

_PLACES = 8
"""Places in a curve that are tried before another curve is taken."""
_FASTER = 1.5
"""How much longer than the cadence's a curve's usual step may be."""


@dataclass(frozen=True)
class InjectionRecipe:
    """Windows cut from real curves of one band at random, each group and split that of its star.

    What a star does by itself stays in: its variability, its noise, and transits of its own, which are then not
    labelled. Give stars that are not known to have any.

    Attributes
    ----------
    population : TransitPopulation
        Of the signals.
    curves : LightCurves
        Linear flux, not detrended: what detrending does to a transit then happens to these too.
    cadence : Cadence
        Step of the windows and exposure of a sample.
    samples : int
        Samples of a window.
    least_coverage : float
        Share of a window that must have been observed.
    """

    groups_are_real: ClassVar[bool] = True

    population: TransitPopulation
    curves: LightCurves
    cadence: Cadence
    samples: int
    least_coverage: float = 0.8

    @property
    def interval_hour(self) -> float:
        """From one sample to the next."""
        return self.cadence.interval_hour

    @property
    def longest_duration_hour(self) -> float:
        """Duration of the longest transit, from the ranges."""
        return longest_duration_hour(self.population)

    def block(self, rows: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Flux relative to the window's median, NaN where missing, and columns, of rows of one block.

        Raises
        ------
        DataError
            When the curves are magnitudes or of several bands, or none of them holds a window.
        """
        if self.curves.meta.quantity != "flux" or len(self.curves.meta.bands) > 1:
            raise DataError(
                "transits are put into flux of one band", where=repr(self.curves), expected="flux, one band",
                received=f"{self.curves.meta.quantity} in {len(self.curves.meta.bands)} bands",
                fix="name one band in the stage that reads them; the stage detrend makes flux of magnitudes",
            )  # fmt: skip
        first, places = generator.integers(len(self.curves), size=BLOCK), generator.random((BLOCK, _PLACES))
        stars = np.empty(BLOCK, np.int64)
        flux = np.empty((BLOCK, self.samples))
        for row in range(BLOCK):
            stars[row], flux[row] = self._window(int(first[row]), places[row])
        injected, truth = inject_signals(
            flux, self.population, generator, interval_hour=self.interval_hour, exposure_day=self.cadence.exposure_day
        )
        ids = np.array([f"{row:08d}" for row in rows.tolist()], object)
        kept = slice(0, len(rows))
        of_star = {name: self.curves.column(name)[stars[kept]] for name in ("group", "split")}
        columns = {name: values[kept] for name, values in truth.items()} | of_star
        return injected[kept], columns | {"id": ids, "star": self.curves.ids[stars[kept]]}

    def _window(self, first: int, places: np.ndarray) -> tuple[int, np.ndarray]:
        """A window of this curve, or of the next that holds one, and which curve that is."""
        for step in range(len(self.curves)):
            star = (first + step) % len(self.curves)
            window = _cut(self.curves.curve(star), places, self.samples, self.interval_hour, self.least_coverage)
            if window is not None:
                return star, window
        hours = f"{self.samples * self.interval_hour:.3g} h"
        raise DataError(
            f"no curve holds a window of {hours}", where=repr(self.curves),
            expected=f"{100 * self.least_coverage:.0f} % of it observed every {60 * self.interval_hour:.3g} min",
            fix="name the curves' own cadence, or take fewer samples",
        )  # fmt: skip


def _cut(
    curve: LightCurve, places: np.ndarray, samples: int, interval_hour: float, least_coverage: float
) -> np.ndarray | None:
    """Flux over its median in a window at one of these places, (samples,); None where none is covered enough."""
    good = np.isfinite(curve.value)
    time, value = 24.0 * curve.time[good], curve.value[good].astype(np.float64)
    length = samples * interval_hour
    starts = np.flatnonzero(time <= time[-1] - length) if len(time) else np.empty(0, np.int64)
    if not len(starts) or np.median(np.diff(time)) > _FASTER * interval_hour:
        return None
    for place in places:
        start = time[starts[int(place * len(starts))]] - 0.5 * interval_hour
        window = binned(time, value, start=start, end=start + length, bins=samples).value
        seen = np.isfinite(window)
        if seen.mean() < least_coverage or not (seen[1:] & seen[:-1]).any():
            continue
        middle = np.median(window[seen])
        if middle > 0:
            return np.asarray(window / middle)
    return None
