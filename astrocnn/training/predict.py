"""Outputs of a network for a set of objects: fixed padded batches in object order, averaged over exact views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from astrocnn.samples.central import central_part
from astrocnn.samples.sample_set import SampleSet
from astrocnn.training.augment import dihedral_views
from astrocnn.training.normalise import Normalisation

BATCH = 256
"""Objects in a batch, the last one padded, so that one graph serves all and a score does not depend on the batching."""


def network_inputs(data: np.ndarray, normalisation: Normalisation, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Prepare objects as a network takes them.

    Parameters
    ----------
    data : ndarray, shape (n, y, x, band) or (n, time, channel)
        Objects of at least the network's size, in the unit of the training data.
    normalisation : Normalisation
        Fitted on its training data.
    size_px : int
        Length of its input along each axis.

    Returns
    -------
    inputs : ndarray of float32, shape (n, *axes, channels)
        The normalised middle; that of zeros for an object with values that are not finite.
    finite : ndarray of bool, shape (n,)
        Whether all values of the middle are finite.
    """
    middle = central_part(data, (size_px,) * (data.ndim - 2), first_axis=1)
    # before clipping, which makes a number of an infinity
    finite = np.isfinite(middle).all(axis=tuple(range(1, data.ndim)))
    return normalisation.apply(np.where(finite.reshape(-1, *(1,) * (data.ndim - 1)), middle, 0.0)), finite


def predict_padded(network: Any, images: np.ndarray) -> np.ndarray:
    """Outputs (n, output) of at most `BATCH` images (n, y, x, band)."""
    padded = np.zeros((BATCH, *images.shape[1:]), np.float32)
    padded[: len(images)] = images
    return np.asarray(network.predict_on_batch(padded))[: len(images)]


def predict_set(
    network: Any,
    samples: SampleSet,
    normalisation: Normalisation,
    size_px: int,
    views: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs for the middle of every object: the central square of a stamp, the central part of a curve.

    Parameters
    ----------
    network : keras.Model
        From (n, y, x, band) or (n, time, channel) to (n, output).
    samples : SampleSet
        Of the bands and scale the network was trained on.
    normalisation : Normalisation
        Fitted on its training data.
    size_px : int
        Length of its input along each axis.
    views : int
        1, 4 or 8 exact turns and mirror images to average over; 1 for curves.
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
        images, finite = network_inputs(batch.data, normalisation, size_px)
        outputs = np.stack([predict_padded(network, view) for view in dihedral_views(images, views)]).astype(float)
        mean[batch.indices] = np.where(finite[:, None], outputs.mean(axis=0), np.nan)
        spread[batch.indices] = np.where(finite[:, None], outputs.std(axis=0), np.nan)
        if progress is not None:
            progress(int(batch.indices[-1]) + 1, len(samples), "")
    return mean, spread
