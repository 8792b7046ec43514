"""The trainings that make one model: one, or several networks of an ensemble, or one for each fold left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astrocnn.errors import StageFailed
from astrocnn.samples.folds import FoldsBy, folds_by_group, folds_by_position
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.splits import check_leaks
from astrocnn.training.trained_on import TrainedOn

TRAINING_SPLITS = ("train", "validation")


@dataclass(frozen=True)
class OneTraining:
    """What one network learns from, and what watches it.

    Attributes
    ----------
    number : int
        Of the network, from 0.
    train, validation : SampleSet
        With folds, the validation set is the fold that is left out: it only watches.
    """

    number: int
    train: SampleSet
    validation: SampleSet


@dataclass(frozen=True)
class Trainings:
    """All trainings of a model, and what they read together."""

    each: tuple[OneTraining, ...]
    everything: SampleSet
    trained_on: TrainedOn


def trainings(
    samples: SampleSet, *, networks: int = 1, folds: int | None = None, folds_by: FoldsBy = "group", seed: int = 0
) -> Trainings:
    """Divide labelled samples among the trainings of a model; the split `test` is never read.

    Parameters
    ----------
    samples : SampleSet
        With splits.
    networks : int
        Networks that differ in their seed; with folds, so many for each fold.
    folds : int, optional
        Leave one of so many folds out of each training; they share the objects of the splits train and validation.
    folds_by : {"group", "position"}
        Random folds of whole groups, or neighbouring pieces of the sky.
    seed : int
        Of the random folds.

    Raises
    ------
    LeakError
        When objects of one group stand in several splits.
    StageFailed
        When no object is in the split that is trained on.
    """
    check_leaks(samples.column("group"), samples.column("split"))
    splits = samples.column("split")
    if folds is None:
        train, validation = (samples.select(splits == split) for split in TRAINING_SPLITS)
        _refuse_nothing(train, "the train split")
        both = samples.select(np.concatenate([np.flatnonzero(splits == split) for split in TRAINING_SPLITS]))
        each = tuple(OneTraining(number, train, validation) for number in range(networks))
        return Trainings(each, train, TrainedOn.of(both))
    everything = samples.select(np.isin(splits, TRAINING_SPLITS))
    _refuse_nothing(everything, "the train or validation split")
    fold = _folds(everything, folds, folds_by, seed)
    each = tuple(
        OneTraining(number, everything.select(fold != number % folds), everything.select(fold == number % folds))
        for number in range(networks * folds)
    )
    return Trainings(each, everything, TrainedOn.of(everything, fold))


def _folds(samples: SampleSet, number: int, by: FoldsBy, seed: int) -> np.ndarray:
    groups = samples.column("group")
    if by == "group":
        return folds_by_group(groups, samples.column("label"), number, seed)
    return folds_by_position(samples.column("ra"), samples.column("dec"), groups, number)


def _refuse_nothing(samples: SampleSet, what: str) -> None:
    if not len(samples):
        raise StageFailed(f"no object is in {what}", where=repr(samples))
