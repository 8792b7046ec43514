"""What layers make of an object, and the filters of the first layer, as tiles or along time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.colors
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from astrocnn.explain.feature_maps import strongest_channels
from astrocnn.report.stamps import display_bands
from astrocnn.report.theme import LIGHT, Theme, themed
from astrocnn.report.where_drawing import Ground, for_and_against

FILTERS, ACROSS = 32, 8
"""Filters shown at most, and tiles in a row: the channels shown of a layer."""
_TILE_PX = 48
_NUMBER: dict[str, Any] = {"fontsize": 7, "fontweight": "normal"}


@dataclass(frozen=True)
class LayerMap:
    """What a layer gives for one object: its name, (*axes, channels), and centre and jump along each axis in pixels."""

    layer: str
    values: np.ndarray
    places: Sequence[Sequence[float]] = ()


@themed
def maps_as_tiles(layers: Sequence[LayerMap], *, theme: Theme = LIGHT) -> Figure:
    """A row for each layer: its channels that vary most, each between its own smallest and largest value.

    Parameters
    ----------
    layers : sequence of LayerMap
        Of two axes, row 0 at the bottom as in the stamp.
    """
    figure = Figure(figsize=(9.4, 1.56 * len(layers)))
    for axes, layer in zip(figure.subplots(len(layers), 1, squeeze=False)[:, 0], layers, strict=True):
        channels = strongest_channels(layer.values, ACROSS)
        tiles = np.moveaxis(layer.values[..., channels], -1, 0)
        low, high = (edge(tiles, axis=(1, 2), keepdims=True) for edge in (np.min, np.max))
        _tiled(axes, (tiles - low) / np.maximum(high - low, 1e-30), channels.tolist(), theme, cmap="bone")
        rows, columns, number = layer.values.shape
        axes.set_title(f"{layer.layer}: {columns} \N{MULTIPLICATION SIGN} {rows}, {number} channels", fontsize=8.5)
    return figure


@themed
def maps_along_time(layers: Sequence[LayerMap], ground: Ground, length: int, *, theme: Theme = LIGHT) -> Figure:
    """A panel for each layer: its channels that vary most as rows of colour, along one axis of time.

    Parameters
    ----------
    layers : sequence of LayerMap
        Of one axis; their features stand where they look.
    ground : Ground
        Scale of the samples.
    length : int
        Samples of the input.
    """
    figure = Figure(figsize=(8.4, 0.8 + 1.15 * len(layers)))
    panels = figure.subplots(len(layers), 1, sharex=True, squeeze=False)[:, 0]
    scale = ground.scale or 1.0
    for axes, layer in zip(panels, layers, strict=True):
        channels = strongest_channels(layer.values, ACROSS)
        values = layer.values[:, channels].T
        low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
        start, jump = layer.places[0]
        left = (start - jump / 2 - length / 2) * scale
        extent = (left, left + len(layer.values) * jump * scale, len(channels) - 0.5, -0.5)
        axes.imshow((values - low) / np.maximum(high - low, 1e-30), aspect="auto", interpolation="nearest",
                    cmap="bone", extent=extent)  # fmt: skip
        axes.set_yticks(range(len(channels)), [str(channel) for channel in channels], fontsize=6)
        axes.set_title(f"{layer.layer}: {len(layer.values)} positions, {layer.values.shape[1]} channels")
        axes.grid(False)
    panels[-1].set(xlabel=ground.time_label, xlim=(-length / 2 * scale, length / 2 * scale))
    return figure


@themed
def filters_as_tiles(kernels: np.ndarray, bands: tuple[str, ...], *, theme: Theme = LIGHT) -> Figure:
    """The filters of the first layer: in colour for three bands (grey is no weight), else the mean over the bands.

    Parameters
    ----------
    kernels : ndarray, shape (y, x, band, filter)
        Row 0 at the bottom as in the stamp.
    bands : tuple of str
        Names of the bands.
    """
    tiles = np.moveaxis(kernels[..., :FILTERS], -1, 0)
    chosen = display_bands(bands)
    tiles = tiles[..., list(chosen)] if chosen else tiles.mean(axis=-1)
    most = np.abs(tiles).max(axis=tuple(range(1, tiles.ndim)), keepdims=True)
    tiles = tiles / np.maximum(most, 1e-30)
    figure = Figure(figsize=(9.4, 0.2 + 1.22 * -(-len(tiles) // ACROSS)))
    looks: dict[str, Any] = {} if chosen else {"cmap": for_and_against(theme), "vmin": -1, "vmax": 1}
    _tiled(figure.subplots(), 0.5 + 0.5 * tiles if chosen else tiles, range(len(tiles)), theme, **looks)
    return figure


@themed
def filters_along_time(kernels: np.ndarray, bands: tuple[str, ...], *, theme: Theme = LIGHT) -> Figure:
    """The filters of the first layer as lines, one for each channel of the curve.

    Parameters
    ----------
    kernels : ndarray, shape (time, channel, filter)
        Weights.
    bands : tuple of str
        Names of the channels.
    """
    shown = min(FILTERS, kernels.shape[-1])
    rows = -(-shown // ACROSS)
    figure = Figure(figsize=(9.4, 0.4 + rows))
    panels = figure.subplots(rows, ACROSS, squeeze=False).ravel()
    for number, axes in enumerate(panels):
        axes.set_axis_off()
        if number >= shown:
            continue
        axes.axhline(0, color=theme.soft_ink, lw=0.6)
        for channel, name in enumerate(bands):
            colour = (theme.lens, theme.other, theme.ink)[channel % 3]
            axes.plot(kernels[:, channel, number], color=colour, lw=1.2, marker=".", ms=3, label=name)
        axes.set_title(f"{number}", **_NUMBER)
    if len(bands) > 1:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(bands))
    return figure


def _tiled(axes: Axes, tiles: np.ndarray, numbers: Iterable[int], theme: Theme, **looks: Any) -> None:
    """Tiles (tile, y, x) or (tile, y, x, colour) in rows of eight, each with its number, as one picture."""
    repeat = -(-_TILE_PX // max(tiles.shape[1:3]))
    tiles = tiles.repeat(repeat, axis=1).repeat(repeat, axis=2)
    number, height, width = tiles.shape[:3]
    rows, step = -(-number // ACROSS), (round(1.17 * height), round(1.06 * width))
    canvas = np.full((rows * step[0], ACROSS * step[1], *tiles.shape[3:]), np.nan)
    for k, (tile, name) in enumerate(zip(tiles, numbers, strict=True)):
        bottom, left = (rows - 1 - k // ACROSS) * step[0], (k % ACROSS) * step[1]
        canvas[bottom : bottom + height, left : left + width] = tile
        axes.text(left + width / 2, bottom + height + 0.02 * step[0], f"{name}", ha="center", va="bottom", **_NUMBER)
    if canvas.ndim == 3:  # colours know no missing value
        canvas = np.where(np.isnan(canvas), matplotlib.colors.to_rgb(theme.background), canvas)
    axes.imshow(canvas, origin="lower", interpolation="nearest", **looks)
    axes.set_anchor("W")
    axes.set_axis_off()
