"""Draw the figures of docs/convolution.md: `python docs/draw_lecture.py`. Every number in them is computed here."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import convolve2d, correlate2d

from astrocnn import backend
from astrocnn.receptive_field.arithmetic import AxisField
from astrocnn.receptive_field.cost import fourier_multiply_adds
from astrocnn.receptive_field.effective import effective_field
from astrocnn.receptive_field.measure import receptive_field
from astrocnn.report.theme import LIGHT, Theme, themed, write_png
from astrocnn.windows import Window, padding_of

IMAGES = Path(__file__).parent / "images"


def stamp(n: int = 41) -> np.ndarray:
    """A galaxy with an arc on one side, so that left and right can be told apart."""
    y, x = np.mgrid[:n, :n] - n // 2
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    arc = np.exp(-((radius - 12) ** 2) / 4) * np.exp(-((angle - 0.6) ** 2) / 0.4)
    noise = np.random.default_rng(1).normal(0, 0.02, (n, n))
    return np.exp(-radius / 4) + 0.6 * arc + noise


@themed
def convolution_and_correlation(*, theme: Theme = LIGHT) -> Figure:
    """A picture, a kernel without symmetry, and what both operations make of them."""
    picture = stamp()
    kernel = np.zeros((9, 9))
    kernel[1, 1:8] = kernel[1:8, 1] = 1 / 13  # an L
    figure = Figure(figsize=(9.4, 2.9))
    panels = figure.subplots(1, 4, width_ratios=(1, 0.55, 1, 1))
    made = {
        "picture": picture,
        "kernel": kernel,
        "cross-correlation (what layers do)": correlate2d(picture, kernel, mode="same"),
        "convolution (kernel turned by 180°)": convolve2d(picture, kernel, mode="same"),
    }
    for axes, (title, values) in zip(panels, made.items(), strict=True):
        axes.imshow(values, origin="lower", cmap="bone")
        axes.set_title(title, fontsize=8.5)
        _bare(axes)
    return figure


@themed
def output_sizes(*, theme: Theme = LIGHT) -> Figure:
    """Which inputs each output reads, for the padding modes and strides of Keras, in front of 7 inputs."""
    rows = [
        ("valid, F = 3, S = 1", Window(3)),
        ("valid, F = 3, S = 2", Window(3, 2)),
        ("same, F = 3, S = 1", Window(3, 1, 1, *padding_of("same", 7, 3))),
        ("same, F = 4, S = 2", Window(4, 2, 1, *padding_of("same", 7, 4, 2))),
        ("causal, F = 3, S = 1", Window(3, 1, 1, *padding_of("causal", 7, 3))),
        ("valid, F = 3, d = 2", Window(3, 1, 2)),
    ]
    figure = Figure(figsize=(9.4, 4.2))
    for axes, (title, window) in zip(figure.subplots(2, 3).ravel(), rows, strict=True):
        n = window.size(7)
        places = np.arange(-window.before, 7 + window.after)
        padded = (places < 0) | (places > 6)
        axes.scatter(places[padded], np.zeros(padded.sum()), 110, marker="s", fc="none", ec=theme.soft_ink, ls=":")
        axes.scatter(places[~padded], np.zeros((~padded).sum()), 110, marker="s", color=theme.other)
        read = np.array([[source for source, _ in window.read(np.array([i]))] for i in range(n)]).reshape(n, -1)
        for output, taps in enumerate(read):
            middle = taps.mean()
            axes.plot([middle, middle], [1, 1], "o", color=theme.lens, ms=9)
            for tap in taps:
                axes.plot([tap, middle], [0.13, 0.86], color=theme.soft_ink, lw=0.7 if output else 1.8)
        axes.set(title=f"{title}: {n} outputs", xlim=(-3.6, 8.6), ylim=(-0.35, 1.3))
        _bare(axes)
    return figure


@themed
def cost_of_transforms(*, theme: Theme = LIGHT) -> Figure:
    """Multiply-adds of a layer by the side of its kernel, summed directly and by Fourier transform."""
    sides, n = np.arange(1, 32, 2), 64
    figure = Figure(figsize=(5.6, 3.6))
    axes = figure.subplots()
    for channels, style in ((1, ":"), (32, "-")):
        direct = [channels**2 * side**2 * n**2 for side in sides]
        fourier = [fourier_multiply_adds((n, n), (int(side),) * 2, channels, channels) for side in sides]
        axes.plot(sides, direct, style, color=theme.lens, label=f"directly, {channels} to {channels} channels")
        axes.plot(sides, fourier, style, color=theme.other, label=f"by transform, {channels} to {channels}")
        first = next(side for side, one, two in zip(sides, direct, fourier, strict=True) if two < one)
        axes.annotate(f"from {first} x {first}", (first, fourier[list(sides).index(first)]), (first + 2, 0.35e6 *
                      channels**1.55), arrowprops={"arrowstyle": "-", "color": theme.soft_ink}, fontsize=8)  # fmt: skip
    axes.set(yscale="log", xlabel="side of the kernel (pixels)", ylabel="multiply-adds, 64 x 64 outputs")
    axes.legend(fontsize=7.5)
    return figure


@themed
def pooling_kinds(*, theme: Theme = LIGHT) -> Figure:
    """What 4 x 4 pooling leaves of an arc: the largest, the mean, and means of powers between the two."""
    picture = np.clip(stamp(44), 0, None)
    blocks = picture.reshape(11, 4, 11, 4)
    made = {"44 x 44 pixels": picture, "largest of 4 x 4": blocks.max(axis=(1, 3)), "mean": blocks.mean(axis=(1, 3))}
    for p in (2, 8):
        made[f"mean of powers, p = {p}"] = (blocks**p).mean(axis=(1, 3)) ** (1 / p)
    figure = Figure(figsize=(9.4, 2.3))
    for axes, (title, values) in zip(figure.subplots(1, 5), made.items(), strict=True):
        axes.imshow(values, origin="lower", cmap="bone", vmin=0, vmax=0.8)
        axes.set_title(title, fontsize=8.5)
        _bare(axes)
    return figure


@themed
def ways_to_grow(*, theme: Theme = LIGHT) -> Figure:
    """Field after each of eight layers: small kernels, large ones, a dilation that doubles, strides."""
    ways = {
        "3 x 3": [Window(3, before=1, after=1)] * 8,
        "7 x 7": [Window(7, before=3, after=3)] * 8,
        "3 x 3, dilation 1, 2, 4, ...": [Window(3, 1, 2**i, 2**i, 2**i) for i in range(8)],
        "3 x 3, stride 2 in every second": [Window(3, 1 + i % 2, before=1, after=1) for i in range(8)],
    }
    figure = Figure(figsize=(5.6, 3.6))
    axes = figure.subplots()
    for (label, windows), marker in zip(ways.items(), "osD^", strict=True):
        field, sizes = AxisField.of_input(2048), [1]
        for window in windows:
            field = field.through(window)
            sizes.append(field.size)
        axes.plot(range(9), sizes, marker=marker, ms=4, label=f"{label}: {sizes[-1]} px")
    axes.set(yscale="log", xlabel="layers", ylabel="receptive field (pixels)")
    axes.legend()
    return figure


@themed
def effective_fields(*, theme: Theme = LIGHT) -> Figure:
    """Weight of each pixel for the middle feature: equal weights, random weights, with shortcuts, with dilation."""
    import keras
    from keras import layers

    def stack(kind: str) -> keras.Model:
        x = inputs = keras.Input((65, 65, 1))
        for number in range(8):
            start = "ones" if kind == "equal weights" else keras.initializers.HeNormal(seed=number)
            width, dilation = (1, 1) if kind == "equal weights" else (16, 3 if kind == "dilation 3" else 1)
            y = layers.Conv2D(width, 3, padding="same", dilation_rate=dilation, kernel_initializer=start)(x)
            y = y if kind == "equal weights" else layers.ReLU()(y)
            x = layers.Add()([x, y]) if kind == "random, shortcuts" and number else y
        return keras.Model(inputs, x)

    figure = Figure(figsize=(9.4, 2.9))
    kinds = ("equal weights", "random weights", "random, shortcuts", "dilation 3")
    for axes, kind in zip(figure.subplots(1, 4), kinds, strict=True):
        model = stack(kind)
        found = effective_field(model, number=64)
        side = receptive_field(model).size[0]
        axes.imshow(np.sqrt(found.weights), origin="lower", cmap="bone", extent=(-32.5, 32.5, -32.5, 32.5))
        axes.plot(*(np.array([-1, 1, 1, -1, -1]) * side / 2, np.array([-1, -1, 1, 1, -1]) * side / 2), color="#7fb2f5")
        turn = np.linspace(0, 2 * np.pi, 100)
        axes.plot(found.radius_50 * np.cos(turn), found.radius_50 * np.sin(turn), color="#ffe14d", lw=1.4)
        axes.set_title(f"{kind}\nfield {side} px, half within {found.radius_50:.1f}", fontsize=8.5)
        _bare(axes)
    return figure


def _bare(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


FIGURES = {
    "correlation": convolution_and_correlation,
    "padding": output_sizes,
    "fourier": cost_of_transforms,
    "pooling": pooling_kinds,
    "growth": ways_to_grow,
    "effective": effective_fields,
}


def main() -> None:
    """Write all figures."""
    backend.prepare()
    for name, draw in FIGURES.items():
        write_png(draw(), IMAGES / f"convolution-{name}.png", 110)


if __name__ == "__main__":
    main()
