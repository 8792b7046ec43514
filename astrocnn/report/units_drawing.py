"""What excites units most: an input made for each, and the real objects that come closest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from astrocnn.report.field_drawing import FIELD
from astrocnn.report.stamps import display_picture
from astrocnn.report.theme import LIGHT, Theme, themed
from astrocnn.report.where_drawing import Ground, bare, draw_scale_bar

_LONGEST_ID = 26
_SMALL: dict[str, Any] = {"fontsize": 6.8, "fontweight": "normal"}


@themed
def units_as_stamps(
    titles: Sequence[str], made: np.ndarray, real: np.ndarray, found: Sequence[Sequence[Mapping[str, Any]]],
    ground: Ground, *, theme: Theme = LIGHT,
) -> Figure:  # fmt: skip
    """A row for each unit: the made input, and real objects with an outline of what the unit sees there.

    Parameters
    ----------
    titles : sequence of str
        What each unit is, and what it reaches.
    made : ndarray, shape (unit, y, x, band)
        Made inputs, in the unit of the data.
    real : ndarray, shape (unit, object, y, x, band)
        Real objects.
    found : sequence of sequence of mapping
        For each unit and object `id`, `value` and `box` (first and last pixel along y and x; None for all).
    ground : Ground
        Bands and scale.
    """
    figure, panels = _rows(titles, real.shape[1], 2.4)
    for row, axes_of_row in enumerate(panels):
        axes_of_row[0].imshow(display_picture(made[row], ground.bands), origin="lower", interpolation="nearest")
        for axes, stamp, what in zip(axes_of_row[1:], real[row], found[row], strict=False):
            axes.imshow(display_picture(stamp, ground.bands), origin="lower", interpolation="nearest")
            _outline(axes, what["box"], stamp.shape)
            axes.set_title(_name(what), **_SMALL)
        for axes in axes_of_row:
            bare(axes)
        draw_scale_bar(axes_of_row[0], made.shape[2], ground)
    return figure


@themed
def units_as_curves(
    titles: Sequence[str], made: np.ndarray, real: np.ndarray, found: Sequence[Sequence[Mapping[str, Any]]],
    ground: Ground, *, theme: Theme = LIGHT,
) -> Figure:  # fmt: skip
    """The same for light curves: what the unit sees of a real object is shaded.

    Parameters
    ----------
    titles, found, ground
        As in `units_as_stamps`; `box` holds the first and last sample.
    made : ndarray, shape (unit, time, channel)
        Made inputs.
    real : ndarray, shape (unit, object, time, channel)
        Real objects.
    """
    figure, panels = _rows(titles, real.shape[1], 1.9)
    times, half = ground.times(made.shape[1]), (ground.scale or 1.0) / 2
    for row, axes_of_row in enumerate(panels):
        curves = [(made[row], None), *zip(real[row], found[row], strict=False)]
        for axes, (curve, what) in zip(axes_of_row, curves, strict=False):
            for channel in range(curve.shape[1]):
                colour = (theme.ink, theme.other, theme.lens)[channel % 3]
                axes.plot(times, curve[:, channel], ".", ms=1.6, color=colour)
            if what is not None:
                axes.set_title(_name(what), **_SMALL)
            if what is not None and what["box"] is not None:
                first, last = what["box"][0]
                axes.axvspan(times[max(first, 0)] - half, times[min(last, len(times) - 1)] + half, color=theme.lens,
                             alpha=0.2, lw=0)  # fmt: skip
        for axes in axes_of_row:
            axes.set(yticks=[])
            axes.tick_params(labelsize=7)
        for axes in axes_of_row[len(curves) :]:
            axes.set_axis_off()
    figure.supxlabel(ground.time_label, fontsize=9)
    return figure


def _rows(titles: Sequence[str], objects: int, height: float) -> tuple[Figure, list[Any]]:
    """A row of panels for each unit, with its title above it."""
    figure = Figure(figsize=(9.4, height * len(titles)))
    panels = []
    for part, title in zip(figure.subfigures(len(titles), 1, squeeze=False)[:, 0], titles, strict=True):
        part.suptitle(title, x=0.01, ha="left", fontsize=8.5, fontweight="bold")
        panels.append(part.subplots(1, 1 + objects))
        panels[-1][0].set_title("made", **_SMALL)
    return figure, panels


def _name(what: Mapping[str, Any]) -> str:
    """Its id, shortened in the middle, and how much it excites the unit."""
    name = str(what["id"])
    if len(name) > _LONGEST_ID:
        name = f"{name[: _LONGEST_ID // 2 - 1]}\N{HORIZONTAL ELLIPSIS}{name[-_LONGEST_ID // 2 :]}"
    return f"{name}\n{what['value']:.3g}"


def _outline(axes: Axes, box: Sequence[Sequence[int]] | None, shape: tuple[int, ...]) -> None:
    """What a unit sees, unless that is the whole stamp."""
    if box is None or all(last - first + 1 >= side for (first, last), side in zip(box, shape, strict=False)):
        return
    (bottom, top), (left, right) = box
    axes.add_patch(
        Rectangle((left - 0.5, bottom - 0.5), right - left + 1, top - bottom + 1, fill=False, ec=FIELD, lw=1.6)
    )
