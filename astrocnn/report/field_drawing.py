"""The receptive field drawn over the object it must cover."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from astrocnn.report.theme import LIGHT, Theme, themed

GROUND, INPUT, FIELD, OBJECT = "#05070c", "#d5dbe6", "#7fb2f5", "#ffa657"  # on the dark of a stamp in every theme
LARGEST_VIEW = 4.0  # in units of the input: a field beyond it is named in words, or the stamp would be a speck


@themed
def field_over_stamp(
    stamp: np.ndarray,
    scale: float,
    field: float,
    required: float | None,
    unit: str,
    *,
    theme: Theme = LIGHT,
) -> Figure:
    """The stamp with three outlines about its centre: what a unit sees, the network's input, what must be covered.

    Parameters
    ----------
    stamp : ndarray of uint8, shape (y, x, 3)
        Display picture of the network's input, row 0 at the bottom.
    scale : float
        Size of a pixel, in `unit`.
    field : float
        Side of the theoretical receptive field, in `unit`.
    required : float or None
        Diameter of the object that must be covered, in `unit`; None leaves the circle out.
    unit : str
        Unit of lengths on the sky, as written on the axes.
    """
    height, width = stamp.shape[0] * scale, stamp.shape[1] * scale
    side = max(height, width)
    hidden = field > LARGEST_VIEW * side
    half = 0.5 * 1.06 * max(side, required or 0.0, 0.0 if hidden else field)
    figure = Figure(figsize=(5.2, 5.9))
    axes = figure.subplots()
    axes.set_facecolor(GROUND)
    axes.imshow(stamp, origin="lower", extent=(-width / 2, width / 2, -height / 2, height / 2), interpolation="nearest")
    corner = (-width / 2, -height / 2)
    axes.add_patch(Rectangle(corner, width, height, fill=False, ec=INPUT, lw=1.4, ls=(0, (5, 3))))
    lines = [(INPUT, f"input {_size(width, height, unit)}")]
    if hidden:
        lines.append((FIELD, f"field {field:.3g} {unit}: far beyond this drawing"))
    else:
        axes.add_patch(Rectangle((-field / 2, -field / 2), field, field, fill=False, ec=FIELD, lw=2))
        lines.append((FIELD, f"field {field:.3g} {unit}"))
    if required is not None:
        axes.add_patch(Circle((0, 0), required / 2, fill=False, ec=OBJECT, lw=2))
        lines.append((OBJECT, f"object to cover {required:.3g} {unit}"))
    for k, (colour, text) in enumerate(lines):  # in a band of their own above the drawing
        axes.text(-0.95 * half, (1.32 - 0.12 * k) * half, text, color=colour, size=9, weight="bold", va="center")
    axes.set(xlim=(-half, half), ylim=(-half, 1.42 * half), xlabel=f"offset ({unit})", ylabel=f"offset ({unit})")
    axes.set_aspect("equal")
    axes.grid(False)
    return figure


@themed
def field_as_lengths(window: float, field: float, required: float | None, unit: str, *, theme: Theme = LIGHT) -> Figure:
    """The same three as bars, for what has one axis, such as time, or where there is no stamp to draw on.

    Parameters
    ----------
    window, field, required : float
        Length of the input, of the theoretical field, and of what must be covered, in `unit`; None where not stated.
    unit : str
        Unit of the three.
    """
    figure = Figure(figsize=(5.2, 2.0))
    axes: Axes = figure.subplots()
    bars = [("input", window, theme.soft_ink), ("field", field, theme.other)]
    if required is not None:
        bars.append(("object to cover", required, theme.lens))
    for k, (label, length, colour) in enumerate(bars):
        axes.barh(-k, length, height=0.55, color=colour)
        axes.annotate(f" {label} {length:.4g} {unit}", (length, -k), va="center", size=9)
    axes.set(yticks=[], xlabel=unit, xlim=(0, 1.55 * max(length for _, length, _ in bars)))
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    return figure


def _size(width: float, height: float, unit: str) -> str:
    return f"{width:.3g} {unit}" if np.isclose(width, height) else f"{width:.3g} x {height:.3g} {unit}"
