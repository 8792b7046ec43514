"""Draw the figure of docs/detrending.md: `python docs/draw_detrending.py`. Every number in it is computed here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from astrocnn.report.theme import LIGHT, Theme, themed, write_png
from astrocnn.simulate.star_noise import damped_random_walk
from astrocnn.time_series.detrend import detrend
from astrocnn.time_series.ephemeris import Ephemeris
from astrocnn.time_series.windows import Average

IMAGES = Path(__file__).parent / "images"
DURATION_HOUR, DAYS, CADENCE_MINUTE = 3.0, 20.0, 5.0
WINDOWS_OVER_DURATION = (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 20.0)
STARS = 4
METHODS: tuple[Average, ...] = ("biweight", "median", "mean")


def star(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Times in days, and relative flux with spots, red noise with a memory of half a day, and white noise of 1e-3."""
    generator = np.random.default_rng(seed)
    time = np.arange(0.0, DAYS, CADENCE_MINUTE / 1440)
    memory = np.array([0.5 * 1440 / CADENCE_MINUTE])
    red = 3e-4 * damped_random_walk(generator.normal(size=(1, len(time))), memory)[0]
    spots = 3e-3 * np.sin(2 * np.pi * time / 7.0 + seed)
    return time, 1.0 + spots + red + generator.normal(0.0, 1e-3, len(time))


def depth_kept(
    ratio: float, snr: float, method: Average = "biweight", *, masked: bool = False, dip_sigma: float | None = 3.5
) -> float:
    """What is left of the depth of transits with a signal to noise in white noise of `snr` each."""
    planet = Ephemeris(3.3, 1.7, DURATION_HOUR)
    depth = snr * 1e-3 / np.sqrt(DURATION_HOUR * 60 / CADENCE_MINUTE)
    kept = []
    for seed in range(STARS):
        time, flux = star(seed)
        inside = planet.covers(time)
        found = [
            detrend(
                time,
                values,
                window_hour=ratio * DURATION_HOUR,
                method=method,
                dip_sigma=dip_sigma,
                transits=(planet,) if masked else (),
            ).flux
            for values in (flux, flux * (1 - depth * inside))
        ]
        lost = (found[0] - found[1]) / depth
        kept.append(lost[inside].mean() - lost[~inside].mean())
    return float(np.mean(kept))


@themed
def depth_figure(*, theme: Theme = LIGHT) -> Figure:
    """Depth kept against duration over window, for transits that can be seen one by one, and for those that cannot."""
    figure = Figure(figsize=(9.4, 3.8))
    panels = figure.subplots(1, 2, sharey=True)
    colours = dict(zip(METHODS, (theme.other, theme.lens, theme.sky), strict=True))
    shares = 1 / np.array(WINDOWS_OVER_DURATION)
    for axes, snr in zip(panels, (3.0, 10.0), strict=True):
        axes.axhspan(0.95, 1.05, color=theme.grid, zorder=0)
        axes.plot(shares, 1 - shares, color=theme.soft_ink, lw=1, ls=":", label="1 - duration / window")
        lines = [(method, {"method": method}, "-", colours[method]) for method in METHODS]
        lines.append(("biweight, dips not looked for", {"dip_sigma": None}, "--", colours["biweight"]))
        lines.append(("biweight, known transits masked", {"masked": True}, "-", theme.warning))
        for label, options, style, colour in lines:
            kept = [depth_kept(ratio, snr, **options) for ratio in WINDOWS_OVER_DURATION]
            axes.plot(shares, kept, style, marker="o", ms=3, lw=1.4, color=colour, label=label)
        axes.axvline(1 / 6, color=theme.soft_ink, lw=0.8)
        axes.set_title(f"signal to noise of {snr:g} in each transit")
        axes.set(xlabel="duration / window", ylim=(0.3, 1.1))
    panels[0].set_ylabel("depth kept")
    panels[0].legend(fontsize=7.5, loc="lower left")
    return figure


if __name__ == "__main__":
    write_png(depth_figure(), IMAGES / "detrend_depth.png", 110)
