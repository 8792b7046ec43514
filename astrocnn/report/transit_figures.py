"""The figure of a transit candidate: its whole curve, what the network says along it, and the folded curve in views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from astrocnn.report.theme import LIGHT, Theme, themed

SIZE_INCH = (10.4, 5.4)


@themed
def candidate_figure(row: Mapping[str, Any], *, theme: Theme = LIGHT) -> Figure:
    """Whole curve with its transits, the probability of each sample, folded curve, odd and even, half a period later.

    Parameters
    ----------
    row : mapping
        A row of `plots.parquet`; see `astrocnn.search.plots`. Views that a single transit has not are left empty.
    """
    figure = Figure(figsize=SIZE_INCH)
    has_network = len(row["curve_probability"]) > 0
    grid = figure.add_gridspec(3, 3, height_ratios=(1.3, 0.6 if has_network else 0.01, 1.3))
    whole = figure.add_subplot(grid[0 if has_network else slice(0, 2), :])
    _whole_curve(whole, row, theme)
    if has_network:
        below = figure.add_subplot(grid[1, :], sharex=whole)
        below.plot(_days(row), row["curve_probability"], color=theme.lens, lw=1)
        below.set(ylim=(-0.03, 1.03), ylabel="probability")
        whole.tick_params(labelbottom=False)
        whole = below
    whole.set_xlabel(f"days from {_zero(row):.0f}")
    views = [figure.add_subplot(grid[2, column]) for column in range(3)]
    _folded(views[0], row, theme)
    _odd_even(views[1], row, theme)
    _half(views[2], row, theme)
    for view in views:
        view.set_xlabel("hours from mid-transit")
    views[2].set_xlabel("hours from phase 0.5")
    return figure


def _zero(row: Mapping[str, Any]) -> float:
    return float(np.floor(row["curve_day"][0]))


def _days(row: Mapping[str, Any]) -> np.ndarray:
    return np.asarray(row["curve_day"]) - _zero(row)


def _whole_curve(axes: Axes, row: Mapping[str, Any], theme: Theme) -> None:
    flux = np.asarray(row["curve_flux"], np.float64)
    axes.plot(_days(row), flux, ".", ms=2, color=theme.sky, alpha=0.7)
    for day in np.asarray(row["transit_day"]) - _zero(row):
        axes.axvline(day, ymax=0.07, color=theme.lens, lw=1.6)
    known = flux[np.isfinite(flux)]
    if len(known):
        low, high = np.percentile(known, (0.05, 99.95))
        margin = 0.15 * max(high - low, 1e-9)
        axes.set_ylim(min(low, -row["depth_ppm"]) - margin, high + margin)
    axes.set(ylabel="flux (ppm)", xlim=(_days(row)[0], _days(row)[-1]))
    axes.set_title("detrended curve; marks below: transits that were measured")


def _folded(axes: Axes, row: Mapping[str, Any], theme: Theme) -> None:
    _points(axes, row, "view", theme.sky)
    half, depth = 0.5 * row["duration_hour"], row["depth_ppm"]
    reach = float(np.max(row["view_hour"])) if len(row["view_hour"]) else half
    axes.plot([-reach, -half, -half, half, half, reach], [0, 0, -depth, -depth, 0, 0], color=theme.lens, lw=1.4)
    axes.set_ylabel("flux (ppm)")
    axes.set_title("folded")
    _limits(axes, row, "view")


def _odd_even(axes: Axes, row: Mapping[str, Any], theme: Theme) -> None:
    for key, colour in (("odd", theme.other), ("even", theme.lens)):
        if len(row[f"{key}_flux"]):
            _points(axes, row, key, colour, label=key)
    axes.set_title("odd and even transits")
    _limits(axes, row, "view")
    if axes.lines:
        axes.legend(loc="lower left", handletextpad=0.1)


def _half(axes: Axes, row: Mapping[str, Any], theme: Theme) -> None:
    if len(row["half_flux"]):
        _points(axes, row, "half", theme.sky)
    axes.set_title("half a period later")
    axes.axhline(0, color=theme.soft_ink, lw=0.8)
    _limits(axes, row, "half")


def _points(axes: Axes, row: Mapping[str, Any], key: str, colour: str, label: str | None = None) -> None:
    hour, flux, error = (np.asarray(row[name], float) for name in ("view_hour", f"{key}_flux", f"{key}_error"))
    axes.vlines(hour, flux - error, flux + error, color=colour, lw=0.9, alpha=0.5)
    axes.plot(hour, flux, ".", ms=4, color=colour, label=label)


def _limits(axes: Axes, row: Mapping[str, Any], key: str) -> None:
    """The depth fills the views, all alike; where it is lost in the scatter, the scatter does."""
    flux = np.asarray(row[f"{key}_flux"], float)
    known = flux[np.isfinite(flux)]
    low, high = np.percentile(known, (2, 98)).tolist() if len(known) else (0.0, 0.0)
    bottom = -1.3 * max(row["depth_ppm"], -low)
    axes.set_ylim(bottom, max(-0.3 * bottom, 1.3 * high))
    axes.yaxis.set_major_locator(MaxNLocator(5))
