"""Colours and matplotlib settings of the report's figures, for light and for dark pages."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
from matplotlib.figure import Figure

RESOLUTION = 160  # dots an inch: sharp on screens of two device pixels a CSS pixel

# Settings that a user's own matplotlibrc could change; a figure is the same on every account.
_FIXED: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "mathtext.fontset": "dejavusans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.8,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.constrained_layout.use": True,
    "figure.dpi": RESOLUTION,
    "text.usetex": False,
    "svg.hashsalt": "astrocnn",
}


@dataclass(frozen=True)
class Theme:
    """Colours of one appearance; `lens`, `other` and `sky` tell positives, negatives and real data apart.

    The three differ in lightness as well as in hue, so that they stay apart for colour-blind readers and in print.
    """

    name: str
    background: str
    ink: str
    soft_ink: str
    grid: str
    lens: str
    other: str
    sky: str
    warning: str

    def settings(self) -> dict[str, Any]:
        """The matplotlib settings of this theme."""
        return {
            **_FIXED,
            "figure.facecolor": self.background,
            "axes.facecolor": self.background,
            "text.color": self.ink,
            "axes.labelcolor": self.ink,
            "axes.titlecolor": self.ink,
            "axes.edgecolor": self.soft_ink,
            "xtick.color": self.soft_ink,
            "ytick.color": self.soft_ink,
            "xtick.labelcolor": self.ink,
            "ytick.labelcolor": self.ink,
            "grid.color": self.grid,
        }

    def applied(self) -> AbstractContextManager[None]:
        """Context in which matplotlib's defaults are this theme's; they are put back afterwards."""
        settings: Any = {**_plain_defaults(), **self.settings()}
        return matplotlib.rc_context(settings)


LIGHT = Theme("light", "#ffffff", "#1b2432", "#5b6676", "#e4e8ee", "#c8540a", "#3b6fb5", "#14213d", "#b3261e")
DARK = Theme("dark", "#121924", "#e3e8f0", "#93a0b4", "#263143", "#ffa657", "#7fb2f5", "#e9eef7", "#ff8a80")

P = ParamSpec("P")


@functools.cache
def _plain_defaults() -> dict[str, Any]:
    """Matplotlib's own defaults, without those that name a backend."""
    return {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")}


def themed(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Let a function that returns a Figure draw under the theme it is given by keyword, `LIGHT` by default."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        theme = kwargs.setdefault("theme", LIGHT)
        if not isinstance(theme, Theme):
            raise TypeError(f"expected a Theme, received {theme!r}")
        with theme.applied():
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()  # ticks are made late, and must be made in these colours
            figure.set_layout_engine("none")  # laid out by now; once more would double the time
        return figure

    return drawn


def png_bytes(figure: Figure, resolution: int = RESOLUTION) -> bytes:
    """The figure as PNG: the same bytes for the same figure, without dates and without the software's version."""
    buffer = io.BytesIO()
    with LIGHT.applied():  # sizes such as "medium" are looked up when drawn; colours are settled by now
        ground = figure.get_facecolor()
        figure.savefig(buffer, format="png", dpi=resolution, facecolor=ground, metadata={"Software": None})
    return buffer.getvalue()


def write_png(figure: Figure, path: str | Path, resolution: int = RESOLUTION) -> Path:
    """Write the figure as a PNG file; folders above it are made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(figure, resolution))
    return path
