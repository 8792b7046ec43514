"""Labelled samples beside what a model, or a table of scores, says of them: what an evaluation measures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from astrocnn.errors import DataError, LeakError
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


def class_rows(samples: SampleSet, probabilities: np.ndarray) -> LabelledClasses:
    """Rows of probabilities of each class, (n, class), or of the second of two, (n, 1)."""
    if probabilities.shape[1] == 1 and len(samples.meta.classes) == 2:
        probabilities = np.concatenate([1 - probabilities, probabilities], axis=1)
    labels = samples.column("label").astype(np.int64)
    return LabelledClasses(
        samples.ids, samples.column("group"), labels, probabilities, tuple(samples.meta.classes), truth_of(samples)
    )


def truth_of(samples: SampleSet) -> dict[str, np.ndarray]:
    """The columns beside ids, labels and positions that hold one value an object."""
    columns = {name: samples.column(name) for name in samples.columns if name not in _NOT_TRUTH}
    return {name: values for name, values in columns.items() if values.ndim == 1}


def scored_outputs(table: Mapping[str, np.ndarray], samples: SampleSet, where: str) -> dict[str, np.ndarray]:
    """Columns of a Scores table in the order of the samples; NaN for an object that has no score.

    Parameters
    ----------
    table : mapping of str to ndarray
        A Scores table; each id once.
    samples : SampleSet
    where : str
        Name of the table, for errors.

    Returns
    -------
    dict
        `outputs` (n, class) of several classes, else (n, 1); `probability` (n,).

    Raises
    ------
    LeakError
        When an object is in it that its networks were trained on.
    DataError
        When no object of the samples is in it, an id stands in it twice, or the classes are others.
    """
    ids, classes = table["id"].astype(str), samples.meta.classes
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
    names = ["mean"]
    if len(classes) > 2 and not is_search(samples):
        names = [f"mean_{name}" for name in classes]
        if missing := [name for name in names if name not in table]:
            raise DataError("scores of other classes", where=where, expected=", ".join(names), received=missing)
    outputs = np.stack([np.where(found, table[name][rows], np.nan) for name in names], axis=1)
    return {"outputs": outputs, "probability": np.where(found, table["probability"][rows], np.nan)}
