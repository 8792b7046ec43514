"""Transits put into real light curves: multiplied into windows of flux, before anything is detrended or normalised."""

from __future__ import annotations

import numpy as np

from astrocnn.errors import DataError
from astrocnn.samples.seeds import BLOCK
from astrocnn.simulate.curve_population import signal_truth
from astrocnn.simulate.transit_population import TransitPopulation, draw_signals

_NORMAL_QUARTILE = 0.6744897501960817
"""Median absolute value of a standard normal deviate."""


def white_noise(flux: np.ndarray) -> np.ndarray:
    """Noise of single samples of curves (n, time), from the median absolute difference of neighbours; (n,).

    What changes slowly cancels in the differences, and a transit touches few of them.

    Raises
    ------
    DataError
        When a curve has no two neighbours that are both finite.
    """
    differences = np.abs(np.diff(flux, axis=1))
    empty = np.flatnonzero(~np.isfinite(differences).any(axis=1))
    if len(empty):
        rows = ", ".join(map(str, empty[:5]))
        raise DataError(
            f"curves without two neighbouring samples: {rows}", expected="finite flux", fix="leave them out"
        )
    return np.nanmedian(differences, axis=1) / (_NORMAL_QUARTILE * np.sqrt(2.0))


def inject_signals(
    flux: np.ndarray, population: TransitPopulation, generator: np.random.Generator, *, interval_hour: float,
    exposure_day: float,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:  # fmt: skip
    """Put signals of a population into windows of real light curves.

    Parameters
    ----------
    flux : ndarray
        (n, time), n at most BLOCK: linear flux, not magnitudes, in any unit, on equal steps; NaN where missing. Not yet
        detrended: what detrending does to a transit then happens to these.
    population : TransitPopulation
        The ranges; signal over noise is that over the window's own white noise.
    generator : numpy.random.Generator
        That of the block; used for the same number of draws whatever n.
    interval_hour, exposure_day : float
        From one sample to the next; time that a sample collects light.

    Returns
    -------
    tuple
        Flux (n, time), NaN where it was; windows that nothing is put into come back bit for bit. And columns of truth,
        as of `signal_truth`. A signal that falls mostly on missing samples is in `snr` as small as it is.

    Raises
    ------
    DataError
        When a window has no positive median or no two neighbouring samples.
    """
    if len(flux) > BLOCK or not np.isfinite(flux).any(axis=1).all() or not (np.nanmedian(flux, axis=1) > 0).all():
        raise DataError(
            "windows that transits cannot be put into", expected=f"at most {BLOCK} windows of positive linear flux",
            received=f"{len(flux)} windows", fix="leave empty windows out, and turn magnitudes into flux first",
        )  # fmt: skip
    number, samples = flux.shape
    noise = np.ones(BLOCK)
    noise[:number] = white_noise(flux) / np.nanmedian(flux, axis=1)
    time_day = (np.arange(samples) - (samples - 1) / 2.0) * interval_hour / 24.0
    signals = draw_signals(population, generator, noise, samples * interval_hour, interval_hour).rows(slice(0, number))
    model = signals.curves(time_day, exposure_day)
    return flux * model, signal_truth(signals, model, noise[:number], np.isnan(flux))
