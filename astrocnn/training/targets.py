"""What a network learns of each object: its class, or numbers of the sample table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from astrocnn.errors import StageFailed
from astrocnn.networks.base import Network
from astrocnn.samples.sample_set import SampleSet

ClassWeight = Literal["balanced", "none"]


def target_problem(network: Network, targets: Sequence[str]) -> str | None:
    """Why a network cannot learn these columns, or the classes where none are named; None when it can."""
    if network.answer == "classes":
        return "it tells classes, and targets: names columns of numbers; leave it out" if targets else None
    if network.answer not in ("fractions", "values"):
        return (
            f"it gives a {network.answer} for an object, which samples with classes do not teach; expected a network"
            " that tells classes, fractions or values"
        )
    return None if targets else f"it gives {network.answer}; to fix, name the columns it learns in targets:"


def without_label(samples: SampleSet, targets: Sequence[str]) -> np.ndarray:
    """Objects that a training leaves out, (n,) of bool: those without a label, where classes are learnt.

    Raises
    ------
    StageFailed
        When no object has a label.
    """
    missing = samples.column("label") < 0 if not targets else np.zeros(len(samples), bool)
    if len(samples) and missing.all():
        raise StageFailed(
            "no object has a label", where=repr(samples), expected="objects of the classes to learn",
            fix="name their classes where the samples are made",
        )  # fmt: skip
    return missing


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


def target_values(samples: SampleSet, targets: Sequence[str]) -> np.ndarray:
    """Numbers that a network learns, (n, number) float32, in the order of the columns; of (n, k) columns all k.

    Raises
    ------
    StageFailed
        When there is no such column, or a value is not a finite number.
    """
    columns = []
    for name in targets:
        if name not in samples.columns:
            listed = ", ".join(samples.columns)
            raise StageFailed(f"no column {name!r} to learn", expected=f"one of {listed}", fix="change targets:")
        column = samples.column(name)
        if column.dtype.kind not in "biuf":
            raise StageFailed(f"column {name!r} holds no numbers", received=column.dtype, fix="change targets:")
        columns.append(column.reshape(len(samples), -1).astype(np.float32))
    values = np.concatenate(columns, axis=1)
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        names = ", ".join(samples.ids[~finite][:5])
        raise StageFailed("objects without a finite number to learn", where=names, expected=", ".join(targets))
    return values


def object_weights(samples: SampleSet, labels: np.ndarray, class_weight: ClassWeight) -> np.ndarray:
    """Weights of the objects in the loss, (n,): those of the table, balanced so that each class has the same sum."""
    weights = samples.column("weight")
    if class_weight == "none":
        return weights
    sums = np.bincount(labels, weights)
    factors = sums.sum() / np.count_nonzero(sums) / np.where(sums > 0, sums, 1.0)
    return (weights * factors[labels]).astype(np.float32)
