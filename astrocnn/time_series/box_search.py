"""The search of a detrended light curve for transits, by astropy's box least squares, in two passes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from astrocnn.time_series.bins import binned_in_time, known_errors
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.period_grid import BoxPiece, box_grid
from astrocnn.time_series.period_options import HOURS_OF_DAY, BoxOptions
from astrocnn.time_series.scatter import local_scatter, robust_scatter

if TYPE_CHECKING:
    from astropy.timeseries import BoxLeastSquares

BINS_OF_DURATION = 6
"""Bins of time in the shortest duration looked for, for the first pass: ten minutes of an hour."""
_COARSE, _FINE = 5, 30  # steps of phase in the shortest duration
_FINE_STEPS = 20  # of one step of the first pass
_FINE_DURATIONS = tuple(np.geomspace(0.6, 1.6, 11).tolist())
_CLEAR_OF_TRANSIT = 1.5  # durations
_DEFAULT = BoxOptions()


@dataclass(frozen=True)
class BoxPeak:
    """The box that explains most of a curve.

    Parameters
    ----------
    period_day, epoch_day, duration_hour : float
        Epoch: middle of the first transit on the curve.
    depth, depth_error, snr : float
        Weighted mean out of transit minus that in transit, relative flux; snr is their ratio, of white noise.
    snr_red : float
        With the noise of means over one duration instead, which includes what is left of trends and other red noise
        (Pont, Zucker & Queloz 2006, MNRAS 373, 231, section 4); NaN where nothing lies between transits.
    depth_odd, depth_odd_error, depth_even, depth_even_error : float
        Of every second transit, the first being even; 0 and infinite where there is none. They differ for an eclipsing
        binary found at half its period.
    secondary_depth, secondary_depth_error : float
        Half a period later.
    transits : int
        Those with points in them.
    power : float
        Root of twice the gain in log likelihood, of the first pass.
    sde : float
        Power above the median of all trials, in their robust standard deviations.
    trials : int
        Periods tried in the first pass.
    """

    period_day: float
    epoch_day: float
    duration_hour: float
    depth: float
    depth_error: float
    snr: float
    snr_red: float
    depth_odd: float
    depth_odd_error: float
    depth_even: float
    depth_even_error: float
    secondary_depth: float
    secondary_depth_error: float
    transits: int
    power: float
    sde: float
    trials: int

    @property
    def ephemeris(self) -> Ephemeris:
        """When the transits are."""
        return Ephemeris(self.period_day, self.epoch_day, self.duration_hour)


@dataclass(frozen=True)
class _Trial:
    """The best of the first pass: frequency and step in 1 / day, duration in days."""

    frequency: float
    step: float
    duration: float
    power: float
    sde: float
    trials: int


def box_search(
    time_day: np.ndarray, flux: np.ndarray, error: np.ndarray | None = None, options: BoxOptions = _DEFAULT, *,
    where: str | None = None,
) -> BoxPeak | None:  # fmt: skip
    """Look for the transits of one planet.

    The first pass tries the grid of `box_grid` on means in bins of a sixth of the shortest duration; the second the
    neighbourhood of the best on all points.

    Parameters
    ----------
    time_day : array (n,)
        Finite and not falling.
    flux : array (n,)
        Detrended relative flux; NaN where missing.
    error : array (n,), optional
        Standard deviations, as for `binned`; where the scatter of a day is larger, it is taken.
    options : BoxOptions
    where : str, optional
        The object, for errors.

    Returns
    -------
    BoxPeak or None
        None where no period has a dip or fits into the curve, or without scatter.

    Raises
    ------
    DataError
        Where the grid would be too long.

    Notes
    -----
    Box least squares: Kovacs, Zucker & Mazeh 2002, A&A 391, 369.
    """
    from astropy.timeseries import BoxLeastSquares

    error = known_errors(np.asarray(flux, np.float64), error)
    known = np.isfinite(flux)
    time, value, error = np.asarray(time_day, np.float64)[known], np.asarray(flux, np.float64)[known], error[known]
    if len(time) < 2 or not np.ptp(value) > 0:
        return None
    start, length = float(time[0]), float(time[-1] - time[0])
    since, error = time - start, np.maximum(error, local_scatter(time, value))
    if not options.longest_in(length) > options.shortest_day:
        return None
    pieces = box_grid(length, options, where)
    means = binned_in_time(since, value, error, bin_hour=options.duration_hour[0] / BINS_OF_DURATION)
    filled = means.count > 0
    trial = _first_pass(BoxLeastSquares(means.mean_x[filled], means.value[filled], means.error[filled]), pieces)
    if trial is None:
        return None
    found = _second_pass(BoxLeastSquares(since, value, error), trial)
    quiet = ~found.ephemeris.covers(since, _CLEAR_OF_TRANSIT)
    return replace(found, epoch_day=found.epoch_day + start, snr_red=_snr_red(found, since[quiet], value[quiet]))


def _first_pass(curve: BoxLeastSquares, pieces: list[BoxPiece]) -> _Trial | None:
    """The best trial on the grid; None where nothing dips."""
    best, powers = None, []
    for piece in pieces:
        frequency = piece.grid.frequencies()
        found = curve.power(1 / frequency, piece.duration_day, objective="likelihood", oversample=_COARSE)
        power = np.sqrt(2 * np.maximum(np.asarray(found.power), 0.0))
        powers.append(power)
        top = int(np.argmax(power))
        if best is None or power[top] > best[0]:
            best = float(power[top]), float(frequency[top]), piece.grid.step, float(found.duration[top])
    power = np.concatenate(powers)
    if best is None or not best[0] > 0:
        return None
    scatter = robust_scatter(power)
    sde = (best[0] - float(np.median(power))) / scatter if scatter > 0 else float("inf")
    return _Trial(best[1], best[2], best[3], best[0], sde, len(power))


def _second_pass(curve: BoxLeastSquares, trial: _Trial) -> BoxPeak:
    """Period, epoch and duration on all points, and what can be told of the dips."""
    steps = np.arange(-_FINE_STEPS, _FINE_STEPS + 1) / _FINE_STEPS
    frequency = np.maximum(trial.frequency + trial.step * steps, 0.5 * trial.frequency)
    durations = np.array([one for one in _FINE_DURATIONS if one * trial.duration < 0.5 / frequency.max()])
    found = curve.power(1 / frequency, durations * trial.duration, objective="likelihood", oversample=_FINE)
    top = int(np.argmax(found.power))
    period, duration = 1 / float(frequency[top]), float(found.duration[top])
    epoch = float(found.transit_time[top])
    told = curve.compute_stats(period, duration, epoch)
    depth, depth_error = map(float, told["depth"])
    odd, even, secondary = (tuple(map(float, told[f"depth_{name}"])) for name in ("odd", "even", "phased"))
    return BoxPeak(
        period_day=period, epoch_day=epoch, duration_hour=duration * HOURS_OF_DAY, depth=depth, depth_error=depth_error,
        snr=depth / depth_error, snr_red=np.nan, depth_odd=odd[0], depth_odd_error=odd[1], depth_even=even[0],
        depth_even_error=even[1], secondary_depth=secondary[0], secondary_depth_error=secondary[1],
        transits=int(np.count_nonzero(told["per_transit_count"])), power=trial.power, sde=trial.sde,
        trials=trial.trials,
    )  # fmt: skip


def _snr_red(peak: BoxPeak, time: np.ndarray, flux: np.ndarray) -> float:
    """Depth over the scatter of means of one duration, divided by the root of the number of transits."""
    if not len(time):
        return float("nan")
    means = binned_in_time(time, flux, bin_hour=peak.duration_hour)
    full = means.count >= 0.5 * np.median(means.count[means.count > 0])
    scatter = robust_scatter(means.value[full])
    return float(peak.depth / scatter * np.sqrt(peak.transits)) if scatter > 0 else float("nan")
