"""Batches of one epoch as a network is trained on them: shuffled, normalised, augmented, all of one size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from astrocnn.samples.sample_set import SampleSet
from astrocnn.training.augment import Augmentation, draw_transforms, rotate_and_crop, shift_and_cut, vary_values
from astrocnn.training.normalise import Normalisation
from astrocnn.training.parameters import Training


def training_batches(
    train: SampleSet,
    weights: np.ndarray,
    normalisation: Normalisation,
    training: Training,
    size: Sequence[int],
    seed: int,
    epoch: int,
) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    """Yield the batches of an epoch.

    The last is filled up from the epoch's first with weights of 0, so that one graph is compiled.

    Parameters
    ----------
    train : SampleSet
    weights : ndarray, shape (n,)
        Of each object in the loss.
    normalisation : Normalisation
    training : Training
        Its batch size and augmentation.
    size : sequence of int
        The network's input along each axis.
    seed, epoch : int
        They alone decide the order and the augmentation.

    Yields
    ------
    inputs : tensor or ndarray, shape (batch_size, *size, band)
    rows : ndarray of int
        Which objects they are.
    used : ndarray of float32
        Their weights.
    """
    rng, batch_size = np.random.default_rng([seed, epoch]), training.batch_size
    first: np.ndarray | None = None
    for batch in train.shuffled_batches(batch_size, seed, epoch):
        rows, data = batch.indices, batch.data
        real = len(rows)
        if first is None:
            first = rows
        if real < batch_size:
            rows = np.concatenate([rows, np.resize(first, batch_size - real)])
            data = np.concatenate([data, train.read(rows[real:])])
        used = np.where(np.arange(len(rows)) < real, weights[rows], 0.0)
        yield augmented(data, normalisation, training.augment, size, rng), rows, used.astype(np.float32)


def augmented(
    data: np.ndarray,
    normalisation: Normalisation,
    augmentation: Augmentation,
    size: Sequence[int],
    rng: np.random.Generator,
) -> Any:
    """Normalise and augment objects (n, y, x, band) or (n, time, channel), and cut the network's input out of them.

    By constants values are normalised before they are interpolated; by an object's own mean and deviation afterwards,
    of the part that the network takes, as when objects are scored.
    """
    own = normalisation.own
    placed = _place(data if own else normalisation.apply(data), augmentation, size, rng)
    return vary_values(normalisation.apply(np.asarray(placed)) if own else placed, augmentation, rng)


def _place(data: np.ndarray, augmentation: Augmentation, size: Sequence[int], rng: np.random.Generator) -> Any:
    if data.ndim == 3:
        return shift_and_cut(data, augmentation, size[0], rng)
    return rotate_and_crop(data, draw_transforms(augmentation, len(data), data.shape[1:3], rng), size)
