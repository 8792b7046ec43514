"""The training loop: one process, batches and augmentation drawn from (seed, epoch), exact resume after any epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astrocnn import backend
from astrocnn.errors import StageFailed
from astrocnn.samples.sample_set import SampleSet
from astrocnn.scoring.metrics import auroc
from astrocnn.training.augment import Augmentation, draw_transforms, rotate_and_crop
from astrocnn.training.checkpoint import load_checkpoint, save_checkpoint
from astrocnn.training.normalise import Normalisation
from astrocnn.training.predict import predict_set
from astrocnn.training.schedule import Schedule


@dataclass(frozen=True)
class FitSettings:
    """How to train.

    Attributes
    ----------
    epochs, batch_size : int
    learning_rate : float
        Of Adam, before the schedule's factor.
    schedule : Schedule
    augmentation : Augmentation
    size_px : int
        Side of the network's input, cut from the stamps' centres.
    seed : int
        Orders the batches and draws the augmentation.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: Schedule
    augmentation: Augmentation
    size_px: int
    seed: int


def fit(
    model: Any,
    train: SampleSet,
    validation: SampleSet,
    normalisation: Normalisation,
    settings: FitSettings,
    scratch: Path,
    progress: Callable[[int, int, str], None],
) -> list[dict[str, float]]:
    """Train a binary or multi-class model in place.

    Parameters
    ----------
    model : keras.Model
        From (n, y, x, band) to (n, 1) probabilities of the positive class, or (n, class).
    train, validation : SampleSet
        Labelled; the validation set only watches.
    normalisation : Normalisation
        Fitted on `train`.
    settings : FitSettings
    scratch : Path
        Folder of the checkpoint; training goes on from the one it finds.
    progress : callable
        Called after each step.

    Returns
    -------
    list of dict
        One row per epoch: epoch, loss, validation_loss, validation_auroc (two classes), learning_rate, seconds.

    Raises
    ------
    StageFailed
        When the training set holds one class only or objects without a label, or the loss is no longer finite.
    """
    keras = backend.prepare()
    labels = target_labels(train)
    if len(np.unique(labels)) < 2:
        only = train.meta.classes[int(train.column("label")[0])] if len(train) else "nothing"
        raise StageFailed(
            "one class only to train on", expected=f"objects of {' and '.join(train.meta.classes)}",
            received=f"{len(labels):,} of {only}", fix="look at the numbers of each class in the stage before",
        )  # fmt: skip
    binary = model.output_shape[-1] == 1
    loss = "binary_crossentropy" if binary else "sparse_categorical_crossentropy"
    optimizer = keras.optimizers.Adam(settings.learning_rate)
    model.compile(optimizer, loss, jit_compile=backend.compiles())
    optimizer.build(model.trainable_variables)
    history = load_checkpoint(scratch, model)
    steps = -(-len(train) // settings.batch_size)
    for epoch in range(len(history), settings.epochs):
        started = time.monotonic()
        losses = []
        for step, (images, rows, weights) in enumerate(_batches(train, normalisation, settings, epoch)):
            rate = settings.learning_rate * settings.schedule.factor(epoch + (step + 0.5) / steps, settings.epochs)
            model.optimizer.learning_rate = rate
            model.reset_metrics()  # before Keras 3.13 the loss is else the mean of all batches so far
            value = float(model.train_on_batch(images, labels[rows][:, None] if binary else labels[rows], weights))
            if not np.isfinite(value):
                raise StageFailed("the loss is not finite", received=value, fix="lower learning_rate")
            losses.append(value)
            progress(epoch * steps + step + 1, settings.epochs * steps, f"epoch {epoch + 1} loss {value:.3f}")
        row = {"epoch": epoch + 1, "loss": sum(losses) * settings.batch_size / len(train), "learning_rate": rate}
        row.update(_watch(model, validation, normalisation, settings.size_px, binary))
        history.append({**row, "seconds": time.monotonic() - started})
        save_checkpoint(scratch, model, history)
    return history


def target_labels(samples: SampleSet) -> np.ndarray:
    """Labels that a network learns: 1 for the class searched for where there are two, else the number of the class.

    Raises
    ------
    StageFailed
        When an object has no label.
    """
    labels = samples.column("label").astype(np.int64)
    if (labels < 0).any():
        names = ", ".join(samples.ids[labels < 0][:5])
        raise StageFailed("objects without a label", where=names, expected="a label for every object to train on")
    two_classes = len(samples.meta.classes) == 2 and samples.meta.positive is not None
    return (labels == samples.meta.positive_label).astype(np.int64) if two_classes else labels


def _batches(
    train: SampleSet, normalisation: Normalisation, settings: FitSettings, epoch: int
) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    """Augmented batches of one size: the last is filled up from the epoch's first, so that one graph is compiled."""
    rng = np.random.default_rng([settings.seed, epoch])
    weights = train.column("weight")
    first: np.ndarray | None = None
    for batch in train.shuffled_batches(settings.batch_size, settings.seed, epoch):
        rows, data = batch.indices, batch.data
        real = len(rows)
        if first is None:
            first = rows
        if real < settings.batch_size:
            rows = np.concatenate([rows, np.resize(first, settings.batch_size - real)])
            data = np.concatenate([data, train.read(rows[real:])])
        used = np.where(np.arange(len(rows)) < real, weights[rows], 0.0)
        transforms = draw_transforms(settings.augmentation, len(rows), data.shape[1], rng)
        yield rotate_and_crop(normalisation.apply(data), transforms, settings.size_px), rows, used.astype(np.float32)


def _watch(
    model: Any, validation: SampleSet, normalisation: Normalisation, size_px: int, binary: bool
) -> dict[str, float]:
    if not len(validation):
        return {}
    labels = target_labels(validation)
    outputs = np.clip(predict_set(model, validation, normalisation, size_px)[0], 1e-7, 1 - 1e-7)
    if not binary:
        chosen = outputs[np.arange(len(labels)), labels]
        return {"validation_loss": float(-np.log(chosen).mean())}
    chosen = np.where(labels == 1, outputs[:, 0], 1 - outputs[:, 0])
    row = {"validation_loss": float(-np.log(chosen).mean())}
    if 0 < labels.sum() < len(labels):
        row["validation_auroc"] = float(auroc(labels, outputs[:, 0]))
    return row
