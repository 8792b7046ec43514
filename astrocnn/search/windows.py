"""Windows slid over a whole curve for a network, and what their probabilities say of every sample."""

from __future__ import annotations

import numpy as np


def sliding_starts(samples: int, length: int, step: int) -> np.ndarray:
    """First samples of the windows over a curve: every `step` samples, and one that ends at the curve's last sample.

    Pearson et al. 2018 take a step of 5 of 180 samples. Empty for a curve shorter than a window.
    """
    if samples < length:
        return np.empty(0, np.int64)
    starts = np.arange(0, samples - length + 1, step)
    return starts if starts[-1] == samples - length else np.append(starts, samples - length)


def centred_starts(place: np.ndarray, length: int) -> np.ndarray:
    """First samples of windows that have these places, in samples, in their middle; they may begin before the curve."""
    return np.round(np.asarray(place) - 0.5 * (length - 1)).astype(np.int64)


def cut_windows(flux: np.ndarray, starts: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut windows out of a curve, as networks take them.

    Parameters
    ----------
    flux : array (samples,)
        NaN where nothing was observed.
    starts : array (n,) of int
        First sample of each window; what lies beyond the curve counts as not observed.
    length : int

    Returns
    -------
    windows : array (n, length, 1) of float32
        Samples that were not observed hold the mean of their window, as in training, so that scaling makes them 0.
    covered : array (n,)
        Share of observed samples. A window without any holds zeros.
    """
    place = starts[:, None] + np.arange(length)
    inside = (place >= 0) & (place < len(flux))
    values = np.where(inside, flux[np.clip(place, 0, max(len(flux) - 1, 0))], np.nan) if len(flux) else np.nan * place
    return filled_windows(values)


def filled_windows(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows (n, length) with NaN, as `cut_windows` gives them."""
    observed = np.isfinite(values)
    count = observed.sum(axis=1)
    mean = np.where(observed, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    filled = np.where(observed, values, mean[:, None]).astype(np.float32)
    return filled[:, :, None], count / values.shape[1]


def probability_per_sample(starts: np.ndarray, probability: np.ndarray, length: int, samples: int) -> np.ndarray:
    """Mean probability of the windows that cover each sample.

    Pearson et al. 2018 add the windows' probabilities and rescale the sums of a curve to 0 to 1. A sum is lower at the
    ends and at gaps, where fewer windows lie, and rescaling makes a 1 in every curve: the mean is comparable along a
    curve and from star to star.

    Parameters
    ----------
    starts : array (n,) of int
        First sample of each window, within the curve.
    probability : array (n,)
        NaN for windows that were left out.
    length, samples : int
        Of a window and of the curve.

    Returns
    -------
    array (samples,)
        NaN for samples that no window covers.
    """
    scored = np.isfinite(probability)
    starts, probability = starts[scored], probability[scored]
    ends = np.bincount(starts + length, minlength=samples + 1), np.bincount(starts + length, probability, samples + 1)
    number = np.cumsum(np.bincount(starts, minlength=samples + 1) - ends[0])[:samples]
    total = np.cumsum(np.bincount(starts, probability, samples + 1) - ends[1])[:samples]
    mean = np.full(samples, np.nan)
    np.divide(total, number, out=mean, where=number > 0)
    return np.clip(mean, 0.0, 1.0)
