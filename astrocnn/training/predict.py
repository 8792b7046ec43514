"""Outputs of a network for a set of objects: fixed padded batches in object order, averaged over exact views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from astrocnn.samples.sample_set import SampleSet
from astrocnn.training.augment import central_crop, dihedral_views
from astrocnn.training.normalise import Normalisation

BATCH = 256
"""Objects in a batch, the last one padded, so that one graph serves all and a score does not depend on the batching."""


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
    """Outputs for the central square of every object.

    Parameters
    ----------
    network : keras.Model
        From (n, y, x, band) to (n, output).
    samples : SampleSet
        Of the bands and scale the network was trained on.
    normalisation : Normalisation
        Fitted on its training data.
    size_px : int
        Side of its input.
    views : int
        1, 4 or 8 exact turns and mirror images to average over.
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
        data = central_crop(batch.data, size_px)
        finite = np.isfinite(data).all(axis=(1, 2, 3))  # before clipping, which makes a number of an infinity
        images = normalisation.apply(np.where(finite[:, None, None, None], data, 0.0))
        outputs = np.stack([predict_padded(network, view) for view in dihedral_views(images, views)]).astype(float)
        mean[batch.indices] = np.where(finite[:, None], outputs.mean(axis=0), np.nan)
        spread[batch.indices] = np.where(finite[:, None], outputs.std(axis=0), np.nan)
        if progress is not None:
            progress(int(batch.indices[-1]) + 1, len(samples), "")
    return mean, spread
