"""Which objects are explained, for which class, and by what units: the choices where none are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrocnn.errors import DataError, MismatchError, PipelineFileError, UnknownName
from astrocnn.explain.opened import Opened
from astrocnn.samples.sample_set import SampleSet
from astrocnn.spelling import suggestion
from astrocnn.training.model_folder import ModelCard


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes
    ----------
    objects : int or sequence of str
        Ids, or how many: the highest-scoring of each class in turn, the positive class first.
    wanted : str, optional
        The class whose score is explained; by default the one searched for, else the one each object is taken for.
    layers : sequence of str
        Layers whose maps are shown; some spread over the network by default.
    units : int or sequence of str
        `LAYER:NUMBER` each, or how many: those of the last map that speak most for the first object's class.
    copies : int
        Noisy copies that saliency is averaged over; 0 for the plain gradient.
    window : tuple of float and str, optional
        Side of what occlusion hides: a number and its unit, or a share of the object and `share`.
    seed : int
        Of all noise.
    """

    objects: int | Sequence[str] = 3
    wanted: str | None = None
    layers: Sequence[str] = ()
    units: int | Sequence[str] = 4
    copies: int = 0
    window: tuple[float, str] | None = None
    seed: int = 0


def chosen_output(card: ModelCard, wanted: str | None) -> int | None:
    """Column of the network's output that is explained; None where it is that of each object's own class.

    Raises
    ------
    UnknownName
        When the model knows no such class, or gives no score of it.
    """
    if wanted is None:
        return None if len(card.classes) > 2 and card.positive is None else card.positive_output
    if len(card.classes) > 2 and wanted in card.classes:
        return card.classes.index(wanted)
    scored = card.classes if len(card.classes) > 2 else (card.positive,) if card.positive else ()
    if wanted in scored:
        return card.positive_output
    raise UnknownName(f"the model gives no score of a class {wanted!r}", where=card.network,
                      fix=suggestion(wanted, scored))  # fmt: skip


def class_name(card: ModelCard, output: int) -> str:
    """The class that a score is of; empty for a network without classes."""
    if len(card.classes) > 2:
        return card.classes[output]
    return card.positive or ""


def choose_objects(samples: SampleSet, outputs: NDArray[np.float64], output: int | None, number: int) -> list[int]:
    """Rows of the highest-scoring objects of each class in turn, the positive class first, then by label.

    Objects without a label make a class of their own, the last. Those without a finite score are left out.

    Parameters
    ----------
    samples : SampleSet
        The objects.
    outputs : ndarray, shape (n, output)
        Of the network.
    output : int or None
        The score they are ranked by; the largest where None.
    number : int
        Objects wanted.

    Raises
    ------
    DataError
        When no object has a finite score.
    """
    score = outputs.max(axis=1) if output is None else outputs[:, output]
    labels, positive = samples.column("label"), samples.meta.positive_label
    ranked = []
    for label in sorted(np.unique(labels).tolist(), key=lambda one: (one != positive, one < 0, one)):
        scored = np.flatnonzero((labels == label) & np.isfinite(score))
        ranked.append(scored[np.argsort(-score[scored], kind="stable")].tolist())
    turns = max(map(len, ranked), default=0)
    rows = [one[turn] for turn in range(turns) for one in ranked if turn < len(one)]
    if not rows:
        raise DataError("no object has a score", where=repr(samples), expected="an object of finite values")
    return rows[:number]


def named_units(opened: Opened, names: Sequence[str]) -> list[tuple[str, int]]:
    """Layers and numbers of units written as `LAYER:NUMBER`.

    Raises
    ------
    PipelineFileError
        When a name is not written so.
    UnknownName, MismatchError
        When there is no such layer, it has no spatial axes, or not so many channels.
    """
    found = []
    for name in names:
        layer, _, number = name.rpartition(":")
        if not layer or not number.isdigit():
            raise PipelineFileError("not a unit", expected="LAYER:NUMBER, as conv1:3", received=name)
        channels = opened.map_step(layer).channels or 1
        if int(number) >= channels:
            raise MismatchError(
                "the layer has fewer channels", where=layer, expected=f"a number from 0 to {channels - 1}",
                received=number,
            )  # fmt: skip
        found.append((layer, int(number)))
    return found
