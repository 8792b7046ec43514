"""Standard features of variable stars, for forests and other base lines: those of the `light-curve` package.

It is an extra, `pip install "astrocnn[curves]"` (Malanchev et al. 2021, MNRAS 502, 5147; GPL-3.0-or-later), and is
imported only here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from astrocnn.errors import UnknownName
from astrocnn.representations.options import OF_BAND
from astrocnn.representations.periods import periods
from astrocnn.representations.points import Points
from astrocnn.representations.time_axis import folded
from astrocnn.time_series.period_options import PeriodOptions

LEAST_POINTS = 5
"""Points of a band below which its features are not known."""


def features(
    points: Points, bands: Sequence[str], options: PeriodOptions | None = None, period_day: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Features of each curve, by name.

    Parameters
    ----------
    points : Points
        With times, and magnitudes as values.
    bands : sequence of str
        Names of the channels.
    options : PeriodOptions, optional
        Where the period is looked for.
    period_day : array (number,), optional
        A period that is known: none is looked for then.

    Returns
    -------
    dict of str to array (number,) of float64
        `period_day` and, where it was looked for, `period_power`, of all bands together; for each band `BAND_amplitude`
        and so on as the package names them, and `BAND_folded_eta`, the mean square of the steps between neighbours in
        phase over twice the variance; `A_B_colour`, the difference of the medians of neighbouring bands. NaN where a
        feature is not known: with fewer than five points, or of values that do not vary.

    Raises
    ------
    UnknownName
        If the package is not installed.
    DataError
        If the grid of frequencies would not fit into the memory.
    """
    extractor = _extractor()
    if period_day is None:
        period, power = periods(points, options or PeriodOptions())
        found = {"period_day": period, "period_power": power}
    else:
        period = np.where(np.asarray(period_day, np.float64) > 0, period_day, np.nan)
        found = {"period_day": period}
    phase = folded(points, np.where(np.isfinite(period), period, 1.0), "reference").x
    errors = points.weighing_errors()
    bounds = np.searchsorted(points.group, np.arange(points.groups + 1))
    known = np.flatnonzero(np.diff(bounds) >= LEAST_POINTS)
    pieces = [slice(bounds[group], bounds[group + 1]) for group in known]
    rows = np.full((points.groups, len(extractor.names) + 1), np.nan)
    if len(known):
        curves = [(points.x[one], points.value[one], errors[one]) for one in pieces]
        rows[known, :-1] = extractor.many(curves, fill_value=np.nan, sorted=True, check=False, n_jobs=1)
        rows[known, -1] = [_steps_over_variance(phase[one], points.value[one]) for one in pieces]
    rows[np.repeat(~np.isfinite(period), points.channels), -1] = np.nan
    table = rows.reshape(points.number, points.channels, -1)
    for channel, band in enumerate(bands):
        for column, name in enumerate((*extractor.names, "folded_eta")):
            found[f"{band}_{name}"] = table[:, channel, column]
    medians = points.medians().reshape(points.number, points.channels)
    for channel, (band, other) in enumerate(pairwise(bands)):
        found[f"{band}_{other}_colour"] = medians[:, channel] - medians[:, channel + 1]
    return found


def _extractor() -> Any:
    try:
        import light_curve
    except ModuleNotFoundError as error:
        raise UnknownName(
            "features need the package light-curve", expected="it installed", received="no such package",
            fix='pip install "astrocnn[curves]"',
        ) from error  # fmt: skip
    extractor = light_curve.Extractor(*(getattr(light_curve, name)() for name in OF_BAND))
    expected = [name for names in OF_BAND.values() for name in names]
    if list(extractor.names) != expected:
        raise UnknownName(
            "light-curve names its features otherwise", expected=", ".join(expected),
            received=", ".join(extractor.names), fix="install the version that astrocnn[curves] asks for",
        )  # fmt: skip
    return extractor


def _steps_over_variance(phase: np.ndarray, value: np.ndarray) -> float:
    """Von Neumann's ratio in the order of phase, around the circle; near 0 for a smooth folded curve, 1 for noise."""
    ordered = value[np.argsort(phase, kind="stable")]
    variance = float(np.var(value))
    return float(np.mean(np.square(ordered - np.roll(ordered, 1)))) / (2 * variance) if variance > 0 else np.nan
