"""A trained network applied to windows of a curve: scores, and the probabilities that its calibration makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from astrocnn.errors import MismatchError
from astrocnn.search.dips import RegularCurve
from astrocnn.search.windows import centred_starts, cut_windows, filled_windows, probability_per_sample, sliding_starts
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.training.engines import Engine
from astrocnn.training.model_card import ModelCard
from astrocnn.training.predict import predict_arrays

_AT_ONCE = 4096
_FOLDED_AT_ONCE = 2**20


@dataclass(frozen=True)
class WindowScorer:
    """A model that looks at windows of curves.

    Parameters
    ----------
    card : ModelCard
        Of a model that `refuse_other_models` lets through.
    engines : sequence of Engine
        Of its networks, whose scores are averaged.
    least_covered : float
        Windows with a smaller share of observed samples get no score.
    prevalence : float, optional
        Expected share of windows with a transit, for the probability; by default that of the training.
    """

    card: ModelCard
    engines: Sequence[Engine]
    least_covered: float
    prevalence: float | None = None

    @property
    def length(self) -> int:
        """Samples of a window."""
        return self.card.axes_px[0]

    @property
    def interval_hour(self) -> float:
        """From one sample to the next."""
        return float(self.card.scale or np.nan)

    def scores(self, windows: np.ndarray, covered: np.ndarray) -> np.ndarray:
        """Raw scores (n,) of windows (n, length, 1); NaN where too little is covered."""
        found = np.full(len(windows), np.nan)
        used = covered >= self.least_covered
        if used.any():
            card = self.card
            each = [
                predict_arrays(engine, windows[used], card.normalisation, card.axes_px, card.views)[0]
                for engine in self.engines
            ]
            found[used] = np.mean(each, axis=0)[:, card.positive_output]
        return found

    def probability(self, scores: np.ndarray) -> np.ndarray:
        """Calibrated probabilities; the scores themselves where the model has no calibration."""
        if self.card.calibration is None:
            return scores
        return self.card.calibration.probability(scores, self.prevalence)

    def along(self, curve: RegularCurve, step: int) -> np.ndarray:
        """Probability of every sample of a curve, (n,); see `probability_per_sample`."""
        starts = sliding_starts(len(curve), self.length, step)
        seen = np.concatenate([[0], np.cumsum(np.isfinite(curve.flux))])
        starts = starts[seen[starts + self.length] - seen[starts] >= self.least_covered * self.length]
        scores = [
            self.scores(*cut_windows(curve.flux, starts[first : first + _AT_ONCE], self.length))
            for first in range(0, len(starts), _AT_ONCE)
        ]
        probability = self.probability(np.concatenate(scores)) if scores else np.empty(0)
        return probability_per_sample(starts, probability, self.length, len(curve))

    def at(self, curve: RegularCurve, time_day: np.ndarray) -> np.ndarray:
        """Raw scores of the windows with these times in their middle, (k,)."""
        place = (np.asarray(time_day) - curve.start_day) / curve.interval_day
        return self.scores(*cut_windows(curve.flux, centred_starts(place, self.length), self.length))

    def folded(self, curve: RegularCurve, ephemeris: Ephemeris) -> float:
        """Raw score of all transits together: one window of the folded curve with mid-transit in its middle.

        Each sample of it is the mean of what was observed at its phase; a period shorter than the window shows its
        transit more than once, as the curve itself does.
        """
        period, interval = ephemeris.period_day, curve.interval_day
        offset = interval * (np.arange(self.length) - 0.5 * (self.length - 1))
        total, count = np.zeros(self.length), np.zeros(self.length)
        first = int(np.floor((curve.start_day - ephemeris.epoch_day - offset[-1]) / period))
        last = int(np.ceil((curve.end_day - ephemeris.epoch_day - offset[0]) / period))
        rows = max(1, _FOLDED_AT_ONCE // self.length)
        for start in range(first, last + 1, rows):
            number = np.arange(start, min(start + rows, last + 1))
            middle = (ephemeris.epoch_day + period * number - curve.start_day) / interval
            place = centred_starts(middle, self.length)[:, None] + np.arange(self.length)
            inside = (place >= 0) & (place < len(curve))
            values = np.where(inside, curve.flux[np.clip(place, 0, len(curve) - 1)], np.nan)
            total += np.nansum(values, axis=0)
            count += np.isfinite(values).sum(axis=0)
        mean = np.full(self.length, np.nan)
        np.divide(total, count, out=mean, where=count > 0)
        return float(self.scores(*filled_windows(mean[None]))[0])


def refuse_other_models(card: ModelCard, where: str) -> None:
    """Refuse a model that does not look at windows of single light curves of a known cadence.

    Raises
    ------
    MismatchError
        When it takes images, several channels, or samples of no length in hours.
    """
    expected, fix = "a model of curves with one channel and a scale in hours", "train on simulate-transits"
    if card.kind != "curves" or len(card.bands) != 1:
        received = f"a model of {card.kind} with the channels {', '.join(card.bands)}"
        raise MismatchError("the model does not fit", where=where, expected=expected, received=received, fix=fix)
    if card.scale is None or card.scale_unit != "hour":
        received = "no scale" if card.scale is None else f"a scale in {card.scale_unit}"
        raise MismatchError("the model does not fit", where=where, expected=expected, received=received, fix=fix)


def too_coarse(card: ModelCard, cadence_hour: float) -> str:
    """Why a curve of this cadence cannot be brought to the model's; empty where it can: means of samples are taken."""
    if card.scale is None or cadence_hour <= SLOWER * card.scale:
        return ""
    return f"sampled every {60 * cadence_hour:.3g} minutes, and the model every {60 * card.scale:.3g}"


SLOWER = 1.05
"""Cadences up to this times that of the model count as the same."""
