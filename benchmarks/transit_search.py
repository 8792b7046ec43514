"""The search of a 27-day TESS curve, network included, against box least squares alone as one would write it.

Here: detrending, boxes that hold against red noise, the windows of the `pearson` network every 5 samples, harmonics,
vetting. There: astropy's BoxLeastSquares on all points of the curve that was detrended already, with the same periods
and durations. Both must find the planet. One thread; the ratio is of the processor's time, which does not grow where
others work beside. Run: `python benchmarks/transit_search.py`.
"""

from time import perf_counter, process_time

import numpy as np
from astropy.timeseries import BoxLeastSquares

from astrocnn import backend
from astrocnn.networks.registry import configure
from astrocnn.search.options import SearchOptions
from astrocnn.search.search import search_star
from astrocnn.search.window_scores import WindowScorer
from astrocnn.simulate.eclipse_curves import transit_curves
from astrocnn.simulate.orbit import Orbits
from astrocnn.time_series.box_search import box_grid
from astrocnn.time_series.detrend import detrend
from astrocnn.training.engines import scoring_engine
from astrocnn.training.model_card import ModelCard
from astrocnn.training.normalise import Normalisation

MINUTE, PERIOD, TIMES = 1 / 1440, 3.7, 3


def tess_curve() -> tuple[np.ndarray, np.ndarray]:
    """A planet of a spotted star with red noise, 2 minutes, 27.4 days with a gap of a day."""
    rng = np.random.default_rng(1)
    time = 1325.0 + np.arange(0, 27.4, 2 * MINUTE)
    time = time[np.abs(time - 1338.5) > 0.5]
    planet = Orbits(*(np.array([value]) for value in (PERIOD, 1326.2, 9.0, 0.3, 0.0, 90.0, 0.04)))
    flux = transit_curves(time, planet, np.array([0.4]), np.array([0.2]), exposure_day=2 * MINUTE)[0]
    red = np.convolve(rng.normal(0, 1e-3, len(time) + 200), np.ones(201) / 201, "valid")
    return time, 2e4 * (flux + red + rng.normal(0, 1e-3, len(time)) + 0.004 * np.sin(time / 1.3))


def scorer() -> WindowScorer:
    """The network as it was drawn: what it says takes as long as what it would say."""
    backend.prepare()
    card = ModelCard(
        network="pearson", options={}, kind="curves", bands=("flux",), scale=1 / 30, scale_unit="hour", stamp_px=180,
        size_px=180, input_size=(180,), normalisation=Normalisation(mean=(0.0,), sigma=(1.0,), own=True), views=1,
        receptive_field={}, classes=("nothing", "transit"), positive="transit", metrics={}, recipe={}, samples_hash="",
        seed=1, versions={},
    )  # fmt: skip
    engine = scoring_engine(configure("pearson", {}).build((180, 1), seed=1))
    return WindowScorer(card, (engine,), least_covered=0.5)


def plain_boxes(time: np.ndarray, flux: np.ndarray, options: SearchOptions) -> float:
    """Period by astropy alone."""
    model, best = BoxLeastSquares(time, flux), (-np.inf, np.nan)
    for piece in box_grid(time[-1] - time[0], options.box):
        found = model.power(1 / piece.grid.frequencies(), list(piece.duration_day))
        best = max(best, (float(found.power.max()), float(found.period[np.argmax(found.power)])))
    return best[1]


def main() -> None:
    options, network = SearchOptions(), scorer()
    time, flux = tess_curve()
    search_star(time, flux, "flux", options, network)  # compiles the network
    ours, busy = [], []
    for _ in range(TIMES):
        start, begun = perf_counter(), process_time()
        search = search_star(time, flux, "flux", options, network)
        ours.append(perf_counter() - start)
        busy.append(process_time() - begun)
    flat = detrend(time, flux, window_hour=options.window_hour).flux
    start, begun = perf_counter(), process_time()
    plain = plain_boxes(time, flat, options)
    theirs, theirs_busy = perf_counter() - start, process_time() - begun
    for name, period in (("search", search.candidates[0].ephemeris.period_day), ("boxes", plain)):
        if abs(period - PERIOD) > 0.02:
            raise SystemExit(f"{name}: period {period}, expected {PERIOD}")
    print(
        f"{len(time)} points: search {min(ours):.2f} s ({min(busy):.2f} s of the processor) with network and vetting, "
        f"astropy's boxes {theirs:.2f} s ({theirs_busy:.2f} s), ratio {theirs_busy / min(busy):.1f}"
    )


if __name__ == "__main__":
    main()
