"""The theoretical and the effective receptive field drawn over a stamp or a light curve, and what the inputs weigh."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from astrocnn.receptive_field.effective import EffectiveField
from astrocnn.report.field_drawing import FIELD, GROUND, INPUT, OBJECT
from astrocnn.report.stamps import display_picture
from astrocnn.report.theme import LIGHT, Theme, themed

_INNER, _OUTER = "#ffe14d", "#8fd694"  # 50 and 95 % of the weight


@themed
def fields_over_stamp(
    found: EffectiveField,
    stamp: np.ndarray | None,
    bands: tuple[str, ...],
    scale: float,
    required: float | None,
    unit: str,
    *,
    theme: Theme = LIGHT,
) -> Figure:
    """The stamp, if there is one, and the weight of every pixel, with both fields of the middle feature and the object.

    Parameters
    ----------
    found : EffectiveField
        Of two axes.
    stamp : ndarray of float, shape (y, x, band), or None
        Of the size of the network's input, row 0 at the bottom.
    bands : tuple of str
        Names of its bands.
    scale : float
        Size of a pixel, in `unit`.
    required : float or None
        Diameter of the object, in `unit`.
    unit : str
        Of lengths, as written on the axes.
    """
    height, width = found.weights.shape
    extent = (-width / 2 * scale, width / 2 * scale, -height / 2 * scale, height / 2 * scale)
    panels = 1 if stamp is None else 2
    figure = Figure(figsize=(9.4 if panels == 2 else 5.6, 5.4))
    *over, weighed = figure.subplots(1, panels, sharex=True, sharey=True, squeeze=False)[0]
    if stamp is not None:
        over[0].imshow(display_picture(stamp, bands), origin="lower", extent=extent, interpolation="nearest")
        over[0].set(title="Theoretical and effective field")
    weights = found.weights / found.weights.max()
    seen = weighed.imshow(weights, origin="lower", extent=extent, cmap="bone", norm=AsinhNorm(0.02, 0, 1))
    figure.colorbar(seen, ax=weighed, label="weight of a pixel, of the largest", shrink=0.8, ticks=[0.01, 0.1, 1])
    for axes in (*over, weighed):
        _outlines(axes, found, scale, required, unit, named=axes is weighed)
        axes.set(xlim=extent[:2], ylim=extent[2:], xlabel=f"offset ({unit})")
        axes.set_facecolor(GROUND)
        axes.set_aspect("equal")
        axes.grid(False)
    (over or [weighed])[0].set(ylabel=f"offset ({unit})")
    weighed.set(title=f"Mean absolute gradient at {found.layer}")
    figure.legend(loc="outside lower center", ncols=panels)
    return figure


@themed
def fields_over_curve(
    found: EffectiveField,
    curve: np.ndarray | None,
    bands: tuple[str, ...],
    scale: float,
    required: float | None,
    unit: str,
    *,
    theme: Theme = LIGHT,
) -> Figure:
    """Two panels one above the other: the light curve with both fields and the object; the weight of every sample.

    Parameters
    ----------
    found : EffectiveField
        Of one axis.
    curve : ndarray of float, shape (time, channel), or None
        Of the length of the network's input.
    bands : tuple of str
        Names of its channels.
    scale : float
        Time between samples, in `unit`.
    required : float or None
        Length of the object, in `unit`.
    unit : str
        Of times, as written on the axis.
    """
    time = (np.arange(len(found.weights)) - (len(found.weights) - 1) / 2) * scale
    figure = Figure(figsize=(8.4, 5.2))
    above, below = figure.subplots(2, 1, sharex=True)
    middle = (found.centre[0] - (len(time) - 1) / 2) * scale
    (first, last), half = found.theoretical[0], (len(time) - 1) / 2
    spans = [
        ((first - 0.5 - half) * scale, (last + 0.5 - half) * scale, theme.other, 0.16,
         f"theoretical field {(last - first + 1) * scale:.3g} {unit}"),
        (middle - found.radius_95 * scale, middle + found.radius_95 * scale, theme.other, 0.22,
         f"95 % of the weight {2 * found.radius_95 * scale:.3g} {unit}"),
        (middle - found.radius_50 * scale, middle + found.radius_50 * scale, theme.other, 0.4,
         f"50 % of the weight {2 * found.radius_50 * scale:.3g} {unit}"),
    ]  # fmt: skip
    for left, right, colour, opacity, label in spans:
        above.axvspan(left, right, color=colour, alpha=opacity, lw=0, label=label)
        below.axvspan(left, right, color=colour, alpha=opacity, lw=0)
    if required is not None:
        label = f"object to cover {required:.3g} {unit}"
        above.plot([-required / 2, required / 2], [1.04, 1.04], color=theme.lens, lw=4, solid_capstyle="butt",
                   transform=above.get_xaxis_transform(), clip_on=False, label=label)  # fmt: skip
    if curve is not None:
        for channel, name in enumerate(bands or ("curve",)):
            above.plot(time, curve[:, channel], ".", ms=3, color=theme.ink, alpha=1 - 0.5 * (channel > 0), label=name)
    below.plot(time, found.weights / found.weights.max(), color=theme.ink)
    below.set(xlim=(time[0] - scale / 2, time[-1] + scale / 2), ylim=(0, None), xlabel=f"time from the middle ({unit})",
              ylabel="weight, of the largest", title=f"Mean absolute gradient at {found.layer}")  # fmt: skip
    above.set(ylabel="value" if curve is not None else "", title=" ")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def _outlines(
    axes: Axes, found: EffectiveField, scale: float, required: float | None, unit: str, *, named: bool
) -> None:
    """Theoretical field, circles of 50 and 95 % of the weight, and the object, about the middle of the input."""
    shift = [(n - 1) / 2 for n in found.weights.shape]
    (bottom, top), (left, right) = found.theoretical
    corner = ((left - 0.5 - shift[1]) * scale, (bottom - 0.5 - shift[0]) * scale)
    width, height = (right - left + 1) * scale, (top - bottom + 1) * scale
    hidden = width > found.weights.shape[1] * scale and height > found.weights.shape[0] * scale
    middle = tuple((place - half) * scale for place, half in zip(found.centre, shift, strict=True))[::-1]
    beyond = ", beyond the input" if hidden else ""
    shapes = [
        (Rectangle(corner, width, height), FIELD, f"theoretical field {max(width, height):.3g} {unit}{beyond}"),
        (Circle(middle, found.radius_95 * scale), _OUTER,
         f"95 % of the weight within {found.radius_95 * scale:.3g} {unit}"),
        (Circle(middle, found.radius_50 * scale), _INNER,
         f"50 % of the weight within {found.radius_50 * scale:.3g} {unit}"),
    ]  # fmt: skip
    if required is not None:
        label = f"object to cover {required:.3g} {unit} across"
        shapes.append((Circle((0, 0), required / 2), OBJECT, label))
    for shape, colour, label in shapes:
        shape.set(fill=False, edgecolor=colour, linewidth=2, linestyle=(0, (5, 3)) if colour == OBJECT else "-")
        shape.set_label(label if named else "")
        axes.add_patch(shape)
    size = found.weights.shape
    border = Rectangle((-size[1] / 2 * scale, -size[0] / 2 * scale), size[1] * scale, size[0] * scale)
    border.set(fill=False, edgecolor=INPUT, linewidth=1)
    axes.add_patch(border)
