"""Where a network looks: an object beside its saliency, Grad-CAM and occlusion, on the sky or along time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

from astrocnn.report.gallery import Compass
from astrocnn.report.stamps import display_picture, scale_bar
from astrocnn.report.theme import LIGHT, Theme, themed

HEAT = "inferno"
_ON_A_STAMP = "#f4f6fa"


@dataclass(frozen=True)
class Ground:
    """What pixels or samples are: their band names, size and unit, and how the picture lies on the sky.

    Attributes
    ----------
    bands : tuple of str
        Names of bands or channels.
    scale : float or None
        Size of a pixel or sample.
    unit : str or None
        Of the scale.
    compass : Compass or None
        Directions of north and east.
    """

    bands: tuple[str, ...]
    scale: float | None = None
    unit: str | None = None
    compass: Compass | None = None

    def times(self, length: int) -> np.ndarray:
        """Times of a curve's samples from its middle; sample numbers where no scale is known."""
        return np.asarray((np.arange(length) - (length - 1) / 2) * (self.scale or 1.0))

    @property
    def time_label(self) -> str:
        """Label of an axis of such times."""
        return f"time from the middle ({self.unit or 'samples'})"


@themed
def where_on_stamp(
    title: str, stamp: np.ndarray, maps: Mapping[str, np.ndarray], labels: Mapping[str, str], ground: Ground,
    *, theme: Theme = LIGHT,
) -> Figure:  # fmt: skip
    """Panels side by side: the stamp with its scale bar, and each map with the stamp's outlines on it.

    Parameters
    ----------
    title : str
        Which object, and its score.
    stamp : ndarray of float, shape (y, x, band)
        What the network sees, row 0 at the bottom.
    maps : mapping of str to ndarray, shape (y, x)
        By title. One with negative values is drawn on both sides of nought.
    labels : mapping of str to str
        What the numbers of each map are, by title.
    ground : Ground
        Bands and scale.
    """
    figure = Figure(figsize=(2.75 * (1 + len(maps)), 3.75))
    (over, *panels), (none, *bars) = figure.subplots(2, 1 + len(maps), height_ratios=(1, 0.05))
    none.set_axis_off()
    picture = display_picture(stamp, ground.bands)
    over.imshow(picture, origin="lower", interpolation="nearest")
    over.set_title("Object")
    draw_scale_bar(over, stamp.shape[1], ground)
    if ground.compass is not None:
        _draw_compass(over, ground.compass)
    outline = gaussian_filter(picture.mean(axis=-1), 0.8)
    for axes, bar, (name, values) in zip(panels, bars, maps.items(), strict=True):
        signed = values.min() < 0
        most = float(np.abs(values).max()) or 1.0
        shown = axes.imshow(
            values, origin="lower", interpolation="nearest", vmin=-most if signed else 0, vmax=most,
            cmap=for_and_against(theme) if signed else HEAT,
        )  # fmt: skip
        ink = theme.ink if signed else _ON_A_STAMP
        axes.contour(outline, levels=[64, 140, 215], colors=ink, linewidths=0.7, alpha=0.65)
        axes.set_title(name)
        figure.colorbar(shown, cax=bar, orientation="horizontal", label=labels[name])
    for axes in (over, *panels):
        bare(axes)
    _headed(figure, title)
    return figure


@themed
def where_along_curve(
    title: str, curve: np.ndarray, maps: Mapping[str, np.ndarray], labels: Mapping[str, str], ground: Ground,
    *, theme: Theme = LIGHT,
) -> Figure:  # fmt: skip
    """The light curve, and a panel for each map below it, along one axis of time.

    Parameters
    ----------
    title : str
        Which object, and its score.
    curve : ndarray of float, shape (time, channel)
        What the network sees.
    maps : mapping of str to ndarray, shape (time,)
        By title. One with negative values is drawn on both sides of nought.
    labels : mapping of str to str
        What the numbers of each map are, by title.
    ground : Ground
        Channels and scale.
    """
    times = ground.times(len(curve))
    figure = Figure(figsize=(8.4, 2.4 + 1.5 * len(maps)))
    heights = (1.5, *(1.0 for _ in maps))
    above, *panels = figure.subplots(1 + len(maps), 1, sharex=True, height_ratios=heights)
    for channel, band in enumerate(ground.bands):
        above.plot(times, curve[:, channel], ".", ms=3, color=(theme.ink, theme.other, theme.lens)[channel % 3],
                   label=band)  # fmt: skip
    above.set(title="Object", ylabel=ground.bands[0] if len(ground.bands) == 1 else "value")
    if len(ground.bands) > 1:
        above.legend(loc="best")
    for axes, (name, values) in zip(panels, maps.items(), strict=True):
        axes.fill_between(times, np.maximum(values, 0), step="mid", color=theme.lens, lw=0)
        axes.fill_between(times, np.minimum(values, 0), step="mid", color=theme.other, lw=0)
        axes.axhline(0, color=theme.soft_ink, lw=0.8)
        axes.set_title(f"{name} ({labels[name]})")
    half = (ground.scale or 1.0) / 2
    panels[-1].set(xlabel=ground.time_label, xlim=(times[0] - half, times[-1] + half))
    _headed(figure, title)
    return figure


def for_and_against(theme: Theme) -> LinearSegmentedColormap:
    """Colours from what speaks against a class over nothing to what speaks for it."""
    return LinearSegmentedColormap.from_list("for_and_against", [theme.other, theme.background, theme.lens])


def bare(axes: Axes) -> None:
    """A panel without ticks and grid."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(False)


def draw_scale_bar(axes: Axes, width_pixels: int, ground: Ground) -> None:
    """The bar of the page's stamps in the lower left corner; none where the scale is not known."""
    bar = scale_bar(width_pixels, ground.scale, ground.unit)
    if bar is None:
        return
    axes.plot([0.05, 0.05 + bar.fraction], [0.05, 0.05], color=_ON_A_STAMP, lw=2.4, solid_capstyle="butt",
              transform=axes.transAxes)  # fmt: skip
    axes.text(0.05, 0.075, bar.text, color=_ON_A_STAMP, size=8.5, transform=axes.transAxes, va="bottom")


def _draw_compass(axes: Axes, compass: Compass) -> None:
    """Arrows to north and east in the lower right corner; `Compass` counts downwards, the axes upwards."""
    x, y, length = 0.88, 0.1, 0.09
    for name, (right, down) in (("N", compass.north), ("E", compass.east)):
        axes.plot([x, x + length * right], [y, y - length * down], color=_ON_A_STAMP, lw=1.4, transform=axes.transAxes)
        axes.text(x + 1.5 * length * right, y - 1.5 * length * down, name, color=_ON_A_STAMP, size=8, ha="center",
                  va="center", transform=axes.transAxes)  # fmt: skip


def _headed(figure: Figure, title: str) -> None:
    """A heading over all panels, at the left."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
