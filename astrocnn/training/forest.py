"""Boosted trees on features, the base line beside networks: scikit-learn's, on the same folds as a training of them.

It is an extra, `pip install "astrocnn[forest]"` (Pedregosa et al. 2011, JMLR 12, 2825), and is imported only here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from astrocnn.errors import MismatchError, UnknownName
from astrocnn.samples.folds import FoldsBy
from astrocnn.samples.sample_set import SampleSet
from astrocnn.training.predict_model import ModelOutputs, joined_outputs, who_is_asked
from astrocnn.training.targets import ClassWeight, object_weights, target_labels
from astrocnn.training.trained_on import EVERY
from astrocnn.training.trainings import trainings


class ForestOptions(BaseModel):
    """How the trees are grown; the defaults are those of scikit-learn."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    iterations: int = Field(100, ge=1, le=10_000, description="rounds of boosting, a tree for each class")
    learning_rate: float = Field(0.1, gt=0, description="what a tree's answer is multiplied by")
    leaves: int = Field(31, ge=2, description="most leaves of a tree")
    minimum_leaf: int = Field(20, ge=1, description="fewest objects in a leaf")
    penalty: float = Field(0.0, ge=0, description="penalty on the squares of what leaves answer")
    share_of_features: float = Field(1.0, gt=0, le=1, description="share of the features that each split may choose of")
    class_weight: ClassWeight = Field("none", description="let classes weigh the same, or as many as they are")
    ensemble: int = Field(
        1, ge=1, le=64, description="forests that differ in their seed and are averaged; with folds, so many for each"
    )
    folds: int | None = Field(
        None, ge=2, le=32, description="leave one of so many folds of train and validation out of each forest"
    )
    folds_by: FoldsBy = Field("group", description="random folds of groups, or neighbouring pieces of the sky")


def forest_outputs(
    samples: SampleSet,
    objects: SampleSet,
    options: ForestOptions,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> ModelOutputs:
    """Grow a forest, or one for each fold left out, and ask about objects those that have not seen them.

    Parameters
    ----------
    samples : SampleSet
        Labelled features, of any shape; values may be missing (NaN). With folds the splits train and validation are
        divided as `train` divides them with the same seed; without, the split train is learnt.
    objects : SampleSet
        To be scored, of the same features.
    options : ForestOptions
    seed : int
        Of the run.
    progress : callable, optional
        Called as `progress(done, total, text)` after each forest.

    Returns
    -------
    ModelOutputs
        Probabilities: of two classes one column, that of the class searched for or of the second; else one a class.

    Raises
    ------
    MismatchError
        When the objects have other features.
    UnknownName
        When scikit-learn is not installed.
    StageFailed
        When there is nothing to train on, or an object of it has no label.
    """
    if samples.meta.bands != objects.meta.bands or samples.meta.shape != objects.meta.shape:
        raise MismatchError(
            "the objects have other features", expected=", ".join(samples.meta.bands),
            received=", ".join(objects.meta.bands), fix="represent both in the same way",
        )  # fmt: skip
    work = trainings(samples, networks=options.ensemble, folds=options.folds, folds_by=options.folds_by, seed=seed)
    left_out = [one.number % options.folds if options.folds else EVERY for one in work.each]
    ids, groups = objects.ids, objects.column("group")
    seen = np.stack([work.trained_on.seen(ids, groups, fold) for fold in left_out])
    asked, classes = who_is_asked(seen), len(samples.meta.classes)
    each = np.full((len(seen), len(objects), 1 if classes <= 2 else classes), np.nan)
    for number, one in enumerate(work.each):
        forest, labels = _grown(one.train, options, seed + number)
        rows = np.flatnonzero(asked[number])
        found = np.zeros((len(rows), max(classes, 2)))  # a class that is not in the training has no column
        if len(rows):
            found[:, labels] = forest.predict_proba(_features(objects.select(rows)))
        each[number, rows] = found[:, 1:] if classes <= 2 else found
        if progress is not None:
            progress(number + 1, len(seen), "")
    return joined_outputs(each, np.zeros_like(each), seen)


def _grown(train: SampleSet, options: ForestOptions, seed: int) -> tuple[Any, np.ndarray]:
    """A forest, and the labels of its columns."""
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ModuleNotFoundError as error:
        raise UnknownName(
            "forests need the package scikit-learn", expected="it installed", received="no such package",
            fix='pip install "astrocnn[forest]"',
        ) from error  # fmt: skip
    forest = HistGradientBoostingClassifier(
        max_iter=options.iterations, learning_rate=options.learning_rate, max_leaf_nodes=options.leaves,
        min_samples_leaf=options.minimum_leaf, l2_regularization=options.penalty,
        max_features=options.share_of_features,
        early_stopping=False, random_state=seed,
    )  # fmt: skip
    labels = target_labels(train)
    forest.fit(_features(train), labels, object_weights(train, labels, options.class_weight))
    return forest, forest.classes_


def _features(samples: SampleSet) -> np.ndarray:
    """All values of each object, (n, feature) of float64; an infinite one counts as missing."""
    values = samples.read(np.arange(len(samples))).reshape(len(samples), -1).astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)
