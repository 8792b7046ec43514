"""The figures of a run, from arrays to matplotlib Figures: no global state, nothing read, nothing written.

Every function takes `theme=LIGHT` or `theme=DARK`; `theme.png_bytes` and `theme.write_png` make files of the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from astrocnn.report.theme import LIGHT, Theme, themed

SIZE_INCH = (5.2, 3.7)


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold drawn on a ROC curve: completeness and its interval at a false-positive rate."""

    false_positive_rate: float
    completeness: float
    low: float = float("nan")
    high: float = float("nan")


@themed
def score_histogram(
    samples: Mapping[str, np.ndarray],
    thresholds: Mapping[str, float] | None = None,
    *,
    bins: int = 40,
    theme: Theme = LIGHT,
) -> Figure:
    """Distribution of scores of several samples, each normalised to its own number, on a logarithmic axis.

    Parameters
    ----------
    samples : mapping of str to ndarray
        Scores by role: `objects` (real data, filled), `negatives`, `positives` (labelled tests, outlined). NaN is left
        out and counts in no normalisation; a sample without a finite score is not drawn.
    thresholds : mapping of str to float, optional
        Vertical marks by their label; those outside the scores' range are left out.
    bins : int
        Number of bins over [0, 1], or over the range of the scores where they leave [0, 1].
    """
    figure, axes = _one_panel()
    finite = {role: values[np.isfinite(values)] for role, values in samples.items()}
    finite = {role: values for role, values in finite.items() if len(values)}
    low = min([0.0, *(values.min() for values in finite.values())])
    high = max([1.0, *(values.max() for values in finite.values())])
    edges = np.linspace(low, high, bins + 1).tolist()
    looks: dict[str, dict[str, Any]] = {
        "objects": {"label": "real objects", "color": theme.sky, "alpha": 0.28, "histtype": "stepfilled", "lw": 0},
        "negatives": {"label": "test negatives", "color": theme.other, "histtype": "step", "lw": 1.8},
        "positives": {"label": "test positives", "color": theme.lens, "histtype": "step", "lw": 1.8},
    }
    for role, values in finite.items():
        look = looks[role]
        label = f"{look.pop('label')} ({len(values):,})"
        axes.hist(values, edges, weights=np.full(len(values), 1 / len(values)), label=label, **look)
    for k, (label, value) in enumerate((thresholds or {}).items()):
        if low <= value <= high:
            axes.axvline(value, color=theme.soft_ink, lw=1, ls=(0, (4, 3)))
            right = value > low + 0.85 * (high - low)
            axes.annotate(
                label,
                (value, 1 - 0.065 * k),
                xycoords=("data", "axes fraction"),
                xytext=(-4 if right else 4, -2),
                textcoords="offset points",
                ha="right" if right else "left",
                va="top",
                size=8,
                color=theme.soft_ink,
            )
    axes.set(yscale="log", xlim=(low, high), xlabel="score", ylabel="fraction of the sample in a bin")
    if finite:
        axes.set_ylim(0.5 / max(len(values) for values in finite.values()), 1.3)
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.12, 1.0), ncols=3, fontsize=8, handlelength=1.2, columnspacing=1.2
        )
    return figure


@themed
def roc_curve(
    false_positive_rate: np.ndarray,
    true_positive_rate: np.ndarray,
    band: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    points: Sequence[OperatingPoint] = (),
    *,
    theme: Theme = LIGHT,
) -> Figure:
    """ROC curve on a logarithmic axis of false positives, with the band of its interval and marked thresholds.

    Parameters
    ----------
    false_positive_rate, true_positive_rate : ndarray, shape (n,)
        The curve, ordered by decreasing threshold.
    band : tuple of three ndarrays, optional
        False-positive rates, and the ends of the interval of the true-positive rate there; NaN leaves a gap.
    points : sequence of OperatingPoint
        Thresholds to mark, each with its completeness written beside it.
    """
    figure, axes = _one_panel()
    positive = false_positive_rate[false_positive_rate > 0]
    start = min([1e-2, *(0.5 * positive[:1]), *(0.5 * point.false_positive_rate for point in points)])
    shown = np.maximum(false_positive_rate, start)  # rate 0 stands at the left edge of a logarithmic axis
    if band is not None:
        axes.fill_between(*band, color=theme.lens, alpha=0.2, lw=0, label="95 % interval")
    axes.plot(shown, true_positive_rate, color=theme.lens, label="this network")
    chance = np.geomspace(start, 1, 100)
    axes.plot(chance, chance, color=theme.soft_ink, lw=1, ls=(0, (4, 3)), label="chance")
    for point in points:
        rate, value = point.false_positive_rate, point.completeness
        if not np.isfinite(value):
            continue
        axes.plot([rate, rate], [0, value], color=theme.soft_ink, lw=1, ls=":")
        if np.isfinite(point.low) and np.isfinite(point.high):
            axes.plot([rate, rate], [point.low, point.high], color=theme.ink, lw=1.4)
        axes.plot([rate], [value], "o", ms=6, color=theme.lens, mec=theme.background, mew=1.4)
        text = f"{value:.2f} at {100 * rate:g} %"
        if value > 0.5:
            axes.annotate(text, (rate, value), (6, -8), textcoords="offset points", size=8.5, va="top")
        else:
            axes.annotate(text, (rate, value), (-6, 8), textcoords="offset points", size=8.5, ha="right")
    axes.set(xscale="log", xlim=(start, 1), ylim=(0, 1.02), xlabel="false-positive rate", ylabel="true-positive rate")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.legend(loc="lower right")
    return figure


@themed
def completeness_curve(table: Mapping[str, np.ndarray], label: str, *, theme: Theme = LIGHT) -> Figure:
    """Completeness in bins of a true quantity, with intervals and the number of objects written over each bin.

    Parameters
    ----------
    table : mapping of str to ndarray, shape (bins,)
        As in `completeness.csv`: the edges `bin_low` and `bin_high`; `completeness` and the ends of its interval
        `completeness_low` and `completeness_high`, NaN where a bin is empty, and then not drawn; `n`, the objects.
    label : str
        Name of the quantity, with its unit.
    """
    figure, axes = _one_panel()
    some = np.isfinite(table["completeness"])
    bin_low, bin_high, value, low, high, number = (
        np.asarray(table[key])[some]
        for key in ("bin_low", "bin_high", "completeness", "completeness_low", "completeness_high", "n")
    )
    centre = (bin_low + bin_high) / 2
    axes.fill_between(
        np.repeat(np.append(bin_low, bin_high[-1:]), 2)[1:-1],
        np.repeat(low, 2),
        np.repeat(high, 2),
        color=theme.lens,
        alpha=0.16,
        lw=0,
    )
    axes.plot(centre, value, color=theme.lens, lw=1.2, alpha=0.7)
    axes.vlines(centre, low, high, color=theme.lens, lw=1.6)
    axes.hlines(value, bin_low, bin_high, color=theme.lens, lw=1.6)
    axes.plot(centre, value, "o", ms=5.5, color=theme.lens, mec=theme.background, mew=1.2)
    for x, n in zip(centre, number, strict=True):
        axes.annotate(f"{int(n):,}", (x, 1.045), ha="center", va="bottom", size=7.5, color=theme.soft_ink)
    axes.set(ylim=(0, 1.13), xlabel=label, ylabel="completeness")
    axes.yaxis.set_major_locator(FixedLocator(list(np.linspace(0, 1, 6))))
    return figure


@themed
def training_curves(epoch: np.ndarray, curves: Mapping[str, np.ndarray], label: str, *, theme: Theme = LIGHT) -> Figure:
    """Quantities by epoch; NaN leaves a gap.

    Parameters
    ----------
    epoch : ndarray, shape (epochs,)
        Epoch numbers.
    curves : mapping of str to ndarray, shape (epochs,)
        Curves by their name.
    label : str
        Label of the vertical axis.
    """
    figure, axes = _one_panel()
    colours = (theme.other, theme.lens, theme.sky, theme.soft_ink, theme.warning)
    styles = ("-", "-", "--", "-.", ":")
    for k, (name, values) in enumerate(curves.items()):
        axes.plot(epoch, values, label=name, color=colours[k % 5], ls=styles[k % 5], marker="o", ms=3.2)
    axes.set(xlabel="epoch", ylabel=label)
    if len(epoch):
        axes.set_xlim(np.min(epoch) - 0.5, np.max(epoch) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(loc="best")
    return figure


def _one_panel() -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE_INCH)
    return figure, figure.subplots()
