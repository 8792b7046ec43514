"""The training loop: one process, batches and augmentation drawn from (seed, epoch), exact resume after any epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astrocnn import backend
from astrocnn.errors import StageFailed
from astrocnn.samples.sample_set import SampleSet
from astrocnn.scoring.metrics import auroc
from astrocnn.training.batches import training_batches
from astrocnn.training.checkpoint import load_checkpoint, save_checkpoint
from astrocnn.training.normalise import Normalisation
from astrocnn.training.optimizer import keras_optimizer
from astrocnn.training.parameters import Training
from astrocnn.training.predict import predict_set
from astrocnn.training.targets import object_weights, target_labels, target_values


@dataclass(frozen=True)
class FitSettings:
    """How to train, and what.

    Attributes
    ----------
    training : Training
    size : tuple of int
        The network's input along each axis, cut from the middle of the objects.
    seed : int
        Orders the batches and draws the augmentation.
    loss : Any
        Of the network: a name of Keras or a `keras.losses.Loss` (`Network.loss`).
    targets : tuple of str
        Columns of numbers that are learnt; classes where there are none.
    """

    training: Training
    size: tuple[int, ...]
    seed: int
    loss: Any
    targets: tuple[str, ...] = ()


def fit(
    model: Any,
    train: SampleSet,
    validation: SampleSet,
    normalisation: Normalisation,
    settings: FitSettings,
    scratch: Path,
    progress: Callable[[int, int, str], None],
) -> list[dict[str, float]]:
    """Train a model in place.

    Parameters
    ----------
    model : keras.Model
        From (n, y, x, band) or (n, time, channel) to (n, 1) probabilities of the positive class, (n, class), or numbers
        that begin with the (n, target) that are learnt.
    train, validation : SampleSet
        Labelled, or with the columns that are learnt; the validation set only watches.
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
        One row per epoch: epoch, loss, learning_rate, validation_loss, validation_auroc (two classes) or
        validation_rmse (numbers), seconds.

    Raises
    ------
    StageFailed
        When the training set holds one class only or objects without a label or number, or the loss is no longer
        finite.
    """
    training, answers = settings.training, _answers(model, train, settings)
    weights = train.column("weight")
    if not settings.targets:
        _refuse_one_class(train, answers)
        weights = object_weights(train, answers.reshape(-1), training.class_weight)
    optimizer = keras_optimizer(training.optimizer, training.learning_rate, model.trainable_variables)
    model.compile(optimizer, settings.loss, jit_compile=backend.compiles())
    history = load_checkpoint(scratch, model)
    steps = -(-len(train) // training.batch_size)
    for epoch in range(len(history), training.epochs):
        started = time.monotonic()
        losses = []
        batches = training_batches(train, weights, normalisation, training, settings.size, settings.seed, epoch)
        for step, (inputs, rows, used) in enumerate(batches):
            factor = training.schedule.factor(epoch + (step + 0.5) / steps, training.epochs, steps)
            rate = training.learning_rate * factor
            model.optimizer.learning_rate = rate
            model.reset_metrics()  # before Keras 3.13 the loss is else the mean of all batches so far
            value = float(model.train_on_batch(inputs, answers[rows], used))
            if not np.isfinite(value):
                raise StageFailed("the loss is not finite", received=value, fix="lower learning_rate")
            losses.append(value)
            progress(epoch * steps + step + 1, training.epochs * steps, f"epoch {epoch + 1} loss {value:.3f}")
        row = {"epoch": epoch + 1, "loss": sum(losses) * training.batch_size / len(train), "learning_rate": rate}
        row.update(_watch(model, validation, normalisation, settings))
        history.append({**row, "seconds": time.monotonic() - started})
        save_checkpoint(scratch, model, history)
    return history


def _answers(model: Any, samples: SampleSet, settings: FitSettings) -> np.ndarray:
    """What the loss compares outputs with: (n, 1) or (n,) labels, or (n, target) numbers."""
    if settings.targets:
        return target_values(samples, settings.targets)
    labels = target_labels(samples)
    return labels[:, None] if model.output_shape[-1] == 1 else labels


def _refuse_one_class(train: SampleSet, labels: np.ndarray) -> None:
    if len(np.unique(labels)) < 2:
        only = train.meta.classes[int(train.column("label")[0])] if len(train) else "nothing"
        raise StageFailed(
            "one class only to train on", expected=f"objects of {' and '.join(train.meta.classes)}",
            received=f"{len(labels):,} of {only}", fix="look at the numbers of each class in the stage before",
        )  # fmt: skip


def _watch(model: Any, validation: SampleSet, normalisation: Normalisation, settings: FitSettings) -> dict[str, float]:
    """Numbers of the validation set: the loss, and what people ask for."""
    if not len(validation):
        return {}
    answers = _answers(model, validation, settings)
    outputs = predict_set(model, validation, normalisation, settings.size)[0]
    if settings.targets:
        return _watch_numbers(outputs, answers, settings.loss)
    outputs = np.clip(outputs, 1e-7, 1 - 1e-7)
    labels = answers.reshape(-1)
    if outputs.shape[1] > 1:
        chosen = outputs[np.arange(len(labels)), labels]
        return {"validation_loss": float(-np.log(chosen).mean())}
    chosen = np.where(labels == 1, outputs[:, 0], 1 - outputs[:, 0])
    row = {"validation_loss": float(-np.log(chosen).mean())}
    if 0 < labels.sum() < len(labels):
        row["validation_auroc"] = float(auroc(labels, outputs[:, 0]))
    return row


def _watch_numbers(outputs: np.ndarray, answers: np.ndarray, loss: Any) -> dict[str, float]:
    """Loss, and root of the mean square over objects and numbers, as the Galaxy Zoo challenge counted it."""
    keras = backend.prepare()
    given = outputs.astype(np.float32)
    lost = np.mean(np.asarray(keras.losses.get(loss)(answers, given)))
    error = outputs[:, : answers.shape[1]] - answers
    return {"validation_loss": float(lost), "validation_rmse": float(np.sqrt(np.mean(error**2)))}
