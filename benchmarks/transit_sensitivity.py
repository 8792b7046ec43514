"""Sensitivity of transit finders, from a run of pipelines/pearson2018.yaml: accuracy against depth over noise.

    astrocnn run pipelines/pearson2018.yaml
    python benchmarks/transit_sensitivity.py runs/pearson2018

Writes `docs/images/pearson_sensitivity.png` and prints the numbers behind it, with intervals over the grid's points.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import astrocnn
from astrocnn.report.theme import LIGHT, Theme, themed, write_png
from astrocnn.scoring.bootstrap import bootstrap_by_group

FIGURE = Path(__file__).parents[1] / "docs" / "images" / "pearson_sensitivity.png"
METHODS = {
    "weights": "CNN, as its weights", "script": "CNN, as its script", "wavelet": "wavelets and dense layers",
    "mlp": "dense layers", "box": "least-squares box",
}  # fmt: skip
HIGHEST = 2.0
"""Depth over noise up to which is drawn; the test grid goes to 3."""


def accuracies(right: np.ndarray, steps: np.ndarray, groups: np.ndarray) -> dict[float, tuple[float, float, float]]:
    """Share of right answers at each depth over noise, and its 95 % interval under resampling of grid points."""
    found = {}
    for step in np.unique(steps):
        rows = steps == step
        answers = right[rows].astype(np.float64)

        def share(weights: np.ndarray, answers: np.ndarray = answers) -> np.ndarray:
            return weights @ answers / weights.sum(axis=1)

        low, high = bootstrap_by_group(groups[rows], share, n=300, seed=1)
        found[float(step)] = (float(answers.mean()), float(low[0]), float(high[0]))
    return found


def best_threshold(scores: np.ndarray, transit: np.ndarray) -> float:
    """The score above which calling a transit is right most often."""
    order = np.argsort(scores)
    right = np.cumsum(~transit[order]) + transit.sum() - np.cumsum(transit[order])
    return float(scores[order][right.argmax()])


def measured(run: Path) -> tuple[dict[str, dict[float, tuple[float, float, float]]], dict[float, float]]:
    """Accuracy by method and depth over noise, and the median S/N of a whole transit at each."""
    opened = astrocnn.open_run(run)
    tests, grid = opened["tests"].samples, opened["grid"].samples.split("validation")
    transit = tests.column("label") == 1
    steps, groups = np.round(tests.column("snr_per_point"), 4), tests.column("group")
    results = {}
    for method in METHODS:
        table = opened[f"{method}_scores"].table
        if np.any(np.asarray(table["id"], str) != tests.ids.astype(str)):
            raise SystemExit(f"{method}: scores and samples are in another order")
        threshold = 0.5
        if method == "box":
            on_grid = np.asarray(opened["box_on_grid"].table["mean"], np.float64)
            threshold = best_threshold(on_grid, grid.column("label") == 1)
        called = np.asarray(table["mean"], np.float64) > threshold
        results[method] = accuracies(called == transit, steps, groups)
    total = {float(step): float(np.median(tests.column("snr")[transit & (steps == step)])) for step in np.unique(steps)}
    return results, total


@themed
def sensitivity_figure(
    results: dict[str, dict[float, tuple[float, float, float]]], total: dict[float, float], *, theme: Theme = LIGHT
) -> Figure:
    """Accuracy of each method against depth over noise, with the S/N of the whole transit above."""
    figure = Figure(figsize=(6.4, 4.4))
    axes = figure.subplots()
    colours = (theme.lens, theme.lens, theme.other, theme.other, theme.sky)
    styles = ("-", "--", "-", "--", ":")
    for (method, found), colour, style in zip(results.items(), colours, styles, strict=True):
        steps = [step for step in found if step <= HIGHEST]
        values, low, high = np.array([found[step] for step in steps]).T
        axes.fill_between(steps, low, high, color=colour, alpha=0.15, lw=0)
        axes.plot(steps, values, style, color=colour, marker="o", ms=3.5, label=METHODS[method])
    axes.axhline(0.5, color=theme.soft_ink, lw=1, ls=(0, (4, 3)))
    axes.annotate("chance", (0.02, 0.505), size=8, color=theme.soft_ink)
    axes.set(xlim=(0, HIGHEST), ylim=(0.45, 1.02), xlabel="depth over noise of a sample", ylabel="accuracy")
    axes.legend(loc="lower right")
    step, snr = next(iter(total.items()))
    above = axes.secondary_xaxis("top", functions=(lambda x: x * snr / step, lambda x: x * step / snr))
    above.set_xlabel("median signal to noise of the whole transit")
    return figure


def main() -> None:
    results, total = measured(Path(sys.argv[1]))
    write_png(sensitivity_figure(results, total), FIGURE)
    for method, found in results.items():
        row = ", ".join(
            f"{step:g}: {value:.3f} ({low:.3f} to {high:.3f})" for step, (value, low, high) in found.items()
        )
        print(f"{METHODS[method]}: {row}")
    print("total S/N:", ", ".join(f"{step:g}: {snr:.1f}" for step, snr in total.items()))


if __name__ == "__main__":
    main()
