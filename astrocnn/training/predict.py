"""Outputs of a network for a set of objects: fixed padded batches in object order, averaged over exact views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from astrocnn.samples.sample_set import SampleSet
from astrocnn.training.augment import central_crop, exact_views
from astrocnn.training.normalise import Normalisation

BATCH = 256
"""Objects in a batch, the last one padded, so that one graph serves all and a score does not depend on the batching."""


def network_inputs(
    data: np.ndarray, normalisation: Normalisation, size_px: int | Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Prepare objects as a network takes them.

    Parameters
    ----------
    data : ndarray, shape (n, y, x, band) or (n, time, channel)
        Objects of at least the network's size, in the unit of the training data.
    normalisation : Normalisation
        Fitted on its training data.
    size_px : int or sequence of int
        Length of its input along each axis.

    Returns
    -------
    inputs : ndarray of float32, shape (n, *axes, channels)
        The normalised middle; that of zeros for an object with values that are not finite.
    finite : ndarray of bool, shape (n,)
        Whether all values of the middle are finite.
    """
    middle = central_crop(data, size_px)
    # before clipping, which makes a number of an infinity
    finite = np.isfinite(middle).all(axis=tuple(range(1, data.ndim)))
    return normalisation.apply(np.where(finite.reshape(-1, *(1,) * (data.ndim - 1)), middle, 0.0)), finite


def predict_padded(network: Any, images: np.ndarray) -> np.ndarray:
    """Outputs (n, output) of at most `BATCH` images (n, y, x, band) or curves (n, time, channel)."""
    padded = np.zeros((BATCH, *images.shape[1:]), np.float32)
    padded[: len(images)] = images
    return np.asarray(network.predict_on_batch(padded))[: len(images)]


def predict_set(
    network: Any,
    samples: SampleSet,
    normalisation: Normalisation,
    size_px: int | Sequence[int],
    views: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs for the middle of every object: the central part of a stamp or of a curve.

    Parameters
    ----------
    network : keras.Model
        From (n, y, x, band) or (n, time, channel) to (n, output).
    samples : SampleSet
        Of the bands and scale the network was trained on.
    normalisation : Normalisation
        Fitted on its training data.
    size_px : int or sequence of int
        Length of its input along each axis.
    views : int
        Exact views to average over: 1, 4 or 8 turns and mirror images of stamps, 1 or 2 directions of curves.
    progress : callable, optional
        Called as `progress(done, total, text)`.

    Returns
    -------
    mean, spread : ndarray
        (n, output) float64 mean and standard deviation over the views; NaN for an object with values that are not
        finite.
    """
    shape = (len(samples), network.output_shape[-1])
    mean, spread = np.full(shape, np.nan), np.full(shape, np.nan)
    for batch in samples.batches(BATCH):
        mean[batch.indices], spread[batch.indices] = predict_arrays(network, batch.data, normalisation, size_px, views)
        if progress is not None:
            progress(int(batch.indices[-1]) + 1, len(samples), "")
    return mean, spread


def predict_arrays(
    network: Any, data: np.ndarray, normalisation: Normalisation, size_px: int | Sequence[int], views: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs for objects in memory, (n, y, x, band) or (n, time, channel), of any number; else as `predict_set`."""
    shape = (len(data), network.output_shape[-1])
    mean, spread = np.empty(shape), np.empty(shape)
    for start in range(0, len(data), BATCH):
        rows = slice(start, start + BATCH)
        inputs, finite = network_inputs(data[rows], normalisation, size_px)
        outputs = np.stack([predict_padded(network, view) for view in exact_views(inputs, views)]).astype(float)
        mean[rows] = np.where(finite[:, None], outputs.mean(axis=0), np.nan)
        spread[rows] = np.where(finite[:, None], outputs.std(axis=0), np.nan)
    return mean, spread
