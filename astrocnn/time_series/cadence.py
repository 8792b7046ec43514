"""Light curves of any sampling at the cadence that a network was trained at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from astrocnn.errors import DataError
from astrocnn.time_series.bins import Binned, binned_in_time, known_errors
from astrocnn.time_series.period_options import HOURS_OF_DAY

_STEPS_OF_GAP = 2.5


def to_cadence(
    time_day: np.ndarray, flux: np.ndarray, error: np.ndarray | None = None, *, cadence_hour: float,
    gap_hour: float | None = None,
) -> Binned:  # fmt: skip
    """Resample a light curve of one band to equal steps.

    A denser curve is averaged, weighted by the inverse squares of the errors, over each step; a sparser one is
    interpolated by straight lines at the middle of each step. Nothing is interpolated across a gap or beyond the ends.
    What a longer exposure has smeared stays so: a curve of half an hour's cadence has no sharp ingress at two minutes.

    Parameters
    ----------
    time_day : array (n,)
        Finite and not falling.
    flux : array (n,)
        NaN where missing.
    error : array (n,), optional
        As for `binned`.
    cadence_hour : float
        The network's step.
    gap_hour : float, optional
        Neighbours farther apart than this have a gap between them; by default 2.5 times the cadence, or the curve's own
        median step where that is longer.

    Returns
    -------
    Binned
        Steps from the first point on; NaN in gaps. `count` is 0 where a value is interpolated between points of other
        steps, and its error is that of the nearer of them.

    Raises
    ------
    DataError
        With fewer than two points, or so short a cadence that the steps are more than fifty million.
    """
    known = np.isfinite(flux)
    time, value = np.asarray(time_day, np.float64)[known], np.asarray(flux, np.float64)[known]
    errors = known_errors(value, None if error is None else np.asarray(error)[known])
    if len(time) < 2 or not time[-1] > time[0]:
        raise DataError("too few points to resample", expected="two or more at different times", received=len(time))
    step_hour = float(np.median(np.diff(time))) * HOURS_OF_DAY
    gap = (gap_hour or _STEPS_OF_GAP * max(step_hour, cadence_hour)) / HOURS_OF_DAY
    made = binned_in_time(time, value, errors, bin_hour=cadence_hour)
    sparse = step_hour > cadence_hour
    wanted = np.flatnonzero((made.count == 0) | sparse)
    after = np.searchsorted(time, made.x[wanted])
    inside = (after > 0) & (after < len(time))
    wanted, after = wanted[inside], after[inside]
    joined = time[after] - time[after - 1] <= gap
    wanted, after = wanted[joined], after[joined]
    nearer = np.where(made.x[wanted] - time[after - 1] <= time[after] - made.x[wanted], after - 1, after)
    filled, uncertainty = made.value.copy(), made.error.copy()
    filled[wanted] = np.interp(made.x[wanted], time, value)
    uncertainty[wanted] = errors[nearer]
    return replace(made, value=filled, error=uncertainty)
