"""Labelled samples beside what a model, or a table of scores, says of them: what an evaluation measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from astrocnn.errors import DataError, LeakError, MismatchError
from astrocnn.samples.sample_set import SampleSet
from astrocnn.scoring.class_evaluation import LabelledClasses
from astrocnn.scoring.evaluation import Labelled
from astrocnn.scoring.flags import TRAINED_ON

_NOT_TRUTH = ("id", "group", "label", "split", "weight", "coverage", "ra", "dec")


def is_search(samples: SampleSet) -> bool:
    """Whether one class is searched for, so that its ROC is measured; else all classes are told apart."""
    return samples.meta.positive is not None


def searched_rows(samples: SampleSet, scores: np.ndarray, probability: np.ndarray | None) -> Labelled:
    """Rows of scores of the class that is searched for.

    Parameters
    ----------
    samples : SampleSet
        Labelled, with a class that is searched for.
    scores, probability : arrays (n,)
    """
    labels = (samples.column("label") == samples.meta.positive_label).astype(np.int8)
    return Labelled(samples.ids, samples.column("group"), labels, scores, truth_of(samples), probability)


def class_rows(samples: SampleSet, probabilities: np.ndarray, classes: Sequence[str]) -> LabelledClasses:
    """Rows of probabilities of each class, (n, class), or of the second of two, (n, 1).

    Classes are matched by name: samples may lack some of those that are told apart.

    Raises
    ------
    MismatchError
        When the samples have a class that is not told.
    """
    if unknown := [name for name in samples.meta.classes if name not in classes]:
        raise MismatchError(
            "the samples have classes that are not told apart", where=repr(samples), expected=", ".join(classes),
            received=", ".join(unknown), fix="give classes: of these alone where the samples are made",
        )  # fmt: skip
    if probabilities.shape[1] == 1 and len(classes) == 2:
        probabilities = np.concatenate([1 - probabilities, probabilities], axis=1)
    names = [classes.index(name) for name in samples.meta.classes]
    labels = np.array(names, np.int64)[samples.column("label").astype(np.int64)]
    groups = samples.column("group")
    return LabelledClasses(samples.ids, groups, labels, probabilities, tuple(classes), truth_of(samples))


def truth_of(samples: SampleSet) -> dict[str, np.ndarray]:
    """The columns beside ids, labels and positions that hold one value an object."""
    columns = {name: samples.column(name) for name in samples.columns if name not in _NOT_TRUTH}
    return {name: values for name, values in columns.items() if values.ndim == 1}


@dataclass(frozen=True)
class Outputs:
    """What a model or a table says of n samples.

    Attributes
    ----------
    values : ndarray, shape (n, class)
        Of each class; (n, 1) of the class that is searched for, or of the second of two.
    probability : ndarray, shape (n,)
        Calibrated, of the class that is searched for; NaN where there is none.
    classes : tuple of str
        That are told apart.
    """

    values: np.ndarray
    probability: np.ndarray
    classes: tuple[str, ...]

    def select(self, rows: np.ndarray) -> Outputs:
        """Those of some samples."""
        return Outputs(self.values[rows], self.probability[rows], self.classes)


def scored_outputs(table: Mapping[str, np.ndarray], samples: SampleSet, where: str) -> Outputs:
    """Columns of a Scores table in the order of the samples; NaN for an object that has no score.

    Parameters
    ----------
    table : mapping of str to ndarray
        A Scores table; each id once.
    samples : SampleSet
    where : str
        Name of the table, for errors.

    Raises
    ------
    LeakError
        When an object is in it that its networks were trained on.
    DataError
        When no object of the samples is in it, an id stands in it twice, or it tells no classes.
    """
    ids = table["id"].astype(str)
    order = np.argsort(ids, kind="stable")
    known = ids[order]
    if len(np.unique(known)) < len(known):
        raise DataError("an id stands twice in the scores", where=where, expected="each object once")
    wanted = samples.ids.astype(str)
    place = np.clip(np.searchsorted(known, wanted), 0, max(len(known) - 1, 0))
    found = known[place] == wanted if len(known) else np.zeros(len(wanted), bool)
    if not found.any():
        raise DataError("no object of the samples is in the scores", where=where, expected="scores of these samples")
    rows = order[place]
    seen = found & (table["flags"][rows] & TRAINED_ON > 0)
    if seen.any():
        some = ", ".join(wanted[seen][:5])
        raise LeakError(
            f"{seen.sum()} objects to be evaluated were trained on: {some}", where=where,
            fix="evaluate a split that training did not read, or train with folds",
        )  # fmt: skip
    classes = tuple(name.removeprefix("mean_") for name in table if name.startswith("mean_"))
    if is_search(samples) or not classes:
        names, classes = ["mean"], tuple(samples.meta.classes)
        if len(classes) > 2 and not is_search(samples):
            raise DataError("scores that tell no classes", where=where, expected="columns mean_<class>")
    else:
        names = [f"mean_{name}" for name in classes]
    values = np.stack([np.where(found, table[name][rows], np.nan) for name in names], axis=1)
    return Outputs(values, np.where(found, table["probability"][rows], np.nan), classes)
