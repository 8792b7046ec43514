"""Figures of predicted classes and probabilities: the confusion of classes, and stated against observed frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from astrocnn.report.theme import LIGHT, Theme, themed


@themed
def confusion_matrix(counts: np.ndarray, classes: Sequence[str], *, theme: Theme = LIGHT) -> Figure:
    """Share of each true class (row) that is called each class (column), with the number of objects in each cell.

    Parameters
    ----------
    counts : ndarray of int, shape (true, predicted)
    classes : sequence of str
    """
    side = max(3.7, 1.3 + 0.62 * len(classes))
    figure = Figure(figsize=(side + 0.9, side))
    axes = figure.subplots()
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    shades = LinearSegmentedColormap.from_list("share", [theme.background, theme.lens])
    axes.imshow(share, cmap=shades, vmin=0, vmax=1)
    for (row, column), number in np.ndenumerate(counts):
        strong = share[row, column] > 0.6
        axes.annotate(
            f"{share[row, column]:.2f}\n{int(number):,}", (column, row), ha="center", va="center", size=8,
            color=theme.background if strong else theme.ink,
        )  # fmt: skip
    places = range(len(classes))
    axes.set_xticks(places, classes, rotation=30 if len(classes) > 4 else 0)
    axes.set_yticks(places, classes)
    axes.grid(visible=False)
    axes.set(xlabel="called", ylabel="is")
    return figure


@themed
def reliability_curve(table: Mapping[str, np.ndarray], what: str, *, theme: Theme = LIGHT) -> Figure:
    """Observed frequency against the stated probability, with the number of objects in each bin beneath.

    Parameters
    ----------
    table : mapping of str to ndarray, shape (bins,)
        As in `calibration.csv`: `probability_low`, `probability_high`, `mean_probability`, `positive_fraction` (both
        NaN in empty bins) and `n`.
    what : str
        What is observed, for the axis.
    """
    figure = Figure(figsize=(5.2, 4.4))
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    some = np.isfinite(table["mean_probability"])
    stated, observed, number = (
        np.asarray(table[name], np.float64)[some] for name in ("mean_probability", "positive_fraction", "n")
    )
    error = np.sqrt(np.clip(observed * (1 - observed), 0.25 / np.maximum(number, 1), None) / np.maximum(number, 1))
    axes.plot([0, 1], [0, 1], color=theme.soft_ink, lw=1, ls=(0, (4, 3)), label="as stated")
    ends = np.clip([observed - error, observed + error], 0, 1)
    axes.vlines(stated, ends[0], ends[1], color=theme.lens, lw=1.4)
    axes.plot(stated, observed, "o-", ms=5, color=theme.lens, mec=theme.background, mew=1.2, label="observed")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel=what)
    axes.legend(loc="upper left")
    edges = np.append(table["probability_low"], table["probability_high"][-1:])
    below.stairs(table["n"], edges, color=theme.sky, fill=True, alpha=0.28)
    below.set(xlabel="stated probability", ylabel="objects", yscale="log" if max(table["n"]) > 100 else "linear")
    return figure
