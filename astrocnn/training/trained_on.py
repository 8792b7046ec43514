"""What a model was trained on, `trained_on.csv`: which objects its networks have seen, and which each left out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrocnn.samples.sample_set import SampleSet

TRAINED_ON = "trained_on.csv"
EVERY = -1
"""Fold of an object that no network left out."""


@dataclass(frozen=True)
class TrainedOn:
    """Objects that a training read, arrays (n,).

    Attributes
    ----------
    ids, groups, splits : ndarray of str
    folds : ndarray of int
        The fold that an object is in: networks that leave it out have not seen the object. `EVERY` where all have.
    """

    ids: np.ndarray
    groups: np.ndarray
    splits: np.ndarray
    folds: np.ndarray

    @classmethod
    def of(cls, samples: SampleSet, folds: np.ndarray | None = None) -> TrainedOn:
        """All objects of a set; none is left out where no folds are given."""
        every = np.full(len(samples), EVERY)
        ids, groups, splits = (samples.column(name).astype(str) for name in ("id", "group", "split"))
        return cls(ids, groups, splits, every if folds is None else folds)

    @classmethod
    def nothing(cls) -> TrainedOn:
        """No object."""
        none = np.empty(0, dtype=str)
        return cls(none, none, none, np.empty(0, np.int64))

    def __add__(self, other: TrainedOn) -> TrainedOn:
        """All objects of both trainings."""
        return TrainedOn(
            *(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__dataclass_fields__)
        )

    def seen(self, ids: np.ndarray, groups: np.ndarray, left_out: int = EVERY) -> np.ndarray:
        """Whether a network that left out this fold has seen each object or one of its group, (k,) of bool."""
        read = (self.folds != left_out) | (self.folds == EVERY)
        return np.isin(groups.astype(str), self.groups[read]) | np.isin(ids.astype(str), self.ids[read])

    def write(self, folder: Path) -> None:
        """Write `trained_on.csv`: id, group, split, and fold where there are folds."""
        folded = bool((self.folds != EVERY).any())
        columns = {"id": self.ids.tolist(), "group": self.groups.tolist(), "split": self.splits.tolist()}
        if folded:
            columns["fold"] = ["" if fold == EVERY else str(fold) for fold in self.folds.tolist()]
        with (folder / TRAINED_ON).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))


def read_trained_on(folder: Path) -> TrainedOn:
    """Read what a model was trained on; nothing where the list is missing."""
    path = folder / TRAINED_ON
    if not path.is_file():
        return TrainedOn.nothing()
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    ids, groups, splits = (np.array([row[name] for row in rows], dtype=str) for name in ("id", "group", "split"))
    return TrainedOn(ids, groups, splits, np.array([int(row.get("fold") or EVERY) for row in rows], np.int64))
