"""The card of a model folder, `model.yaml`: what stands in it, and how those of older formats are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from astrocnn.errors import MismatchError, StoreError
from astrocnn.plugins import Plugin
from astrocnn.samples.meta import AXES
from astrocnn.scoring.calibration import Calibration
from astrocnn.training.normalise import Normalisation

FORMAT_VERSION = 3
CARD = "model.yaml"


class Words(NamedTuple):
    """How the objects of a kind are spoken of."""

    objects: str
    samples: str
    sample: str
    bands: str


WORDS = {
    "images": Words("stamps", "px", "pixel", "bands"),
    "curves": Words("curves", "time steps", "time step", "channels"),
}


class ModelCard(BaseModel):
    """What `model.yaml` says: on what a network works, how it was made, how good it is.

    Attributes
    ----------
    network, options
        Name in the zoo and its options.
    kind, bands, scale, scale_unit, stamp_px, size_px
        Objects it takes: kind, bands in order, pixel scale, side (or length) of those it was trained from and of its
        input.
    input_size : tuple of int
        The input along each axis; empty in models of format 1, where all sides are the same.
    normalisation : Normalisation
    views : int
        Exact turns and mirror images whose outputs are averaged.
    receptive_field : dict
        Verdict of the gate, with policy and numbers.
    classes, positive
        Names of the labels, and the one searched for.
    targets : tuple of str
        Columns of numbers it gives instead, in the order of its first outputs.
    calibration : Calibration, optional
        From score to probability at the training set's prevalence.
    temperature : float, optional
        Of the probabilities of several classes; see `astrocnn.scoring.calibration.tempered`.
    metrics : dict
        Last epoch's numbers on the validation set.
    recipe : dict
        Parameters of the training.
    samples_hash : str
        Content hash of the training samples.
    seed : int
    versions : dict
        Packages and backend.
    plugins : tuple of Plugin
        What from outside the network is made of: name, version and hash.
    objects : dict
        Number of objects by split and class; empty in models of format 1.
    parameters : int, optional
        Trainable weights of a network; not known in models of format 1.
    networks : int
        Networks whose outputs are averaged.
    folds : int
        Folds of which the networks leave one out each, in turn; 0 where all are trained on the same objects.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: int = FORMAT_VERSION
    network: str
    options: dict[str, Any]
    kind: str
    bands: tuple[str, ...]
    scale: float | None
    scale_unit: str | None
    stamp_px: int
    size_px: int
    input_size: tuple[int, ...] = ()
    normalisation: Normalisation
    views: int
    receptive_field: dict[str, Any]
    classes: tuple[str, ...]
    positive: str | None
    targets: tuple[str, ...] = ()
    calibration: Calibration | None = None
    temperature: float | None = None
    metrics: dict[str, float]
    recipe: dict[str, Any]
    samples_hash: str
    seed: int
    versions: dict[str, str]
    plugins: tuple[Plugin, ...] = ()
    objects: dict[str, dict[str, int]] = {}
    parameters: int | None = None
    networks: int = Field(1, ge=1)
    folds: int = 0

    def left_out(self, network: int) -> int:
        """Fold that a network, counted from 0, was not trained on; -1 where there are no folds."""
        return network % self.folds if self.folds else -1

    @property
    def axes_px(self) -> tuple[int, ...]:
        """Size of the input along each axis, without the bands."""
        return self.input_size or (self.size_px,) * (len(AXES[self.kind]) - 1)

    @property
    def positive_output(self) -> int:
        """Column of the network's output that says how much an object looks like the class searched for.

        Raises
        ------
        MismatchError
            When none of several classes is searched for, or the model gives numbers.
        """
        self.refuse_numbers()
        if len(self.classes) <= 2:
            return 0
        if self.positive is None:
            raise MismatchError("no class is searched for", where=self.network, expected=f"one of {self.classes}")
        return self.classes.index(self.positive)

    def refuse_numbers(self) -> None:
        """Raise MismatchError when the model gives numbers, and no score to search or tell classes by."""
        if self.targets:
            raise MismatchError(
                "the model gives numbers, and no score to search by", where=self.network, expected="a model of classes",
                received=f"one of {', '.join(self.targets)}", fix="use predict_set from Python",
            )  # fmt: skip


def _from_1(data: dict[str, Any]) -> dict[str, Any]:
    """Format 1, of astrocnn 0.1: plugins were not recorded."""
    return {**data, "format_version": 2, "plugins": []}


def _from_2(data: dict[str, Any]) -> dict[str, Any]:
    """Format 2, of astrocnn 0.1: a model had one network."""
    return {**data, "format_version": 3, "networks": 1, "folds": 0}


_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1, 2: _from_2}
"""How a card of a format becomes one of the next."""


def read_card(folder: Path) -> ModelCard:
    """Read `model.yaml` of any format up to this one; needs no Keras.

    Raises
    ------
    StoreError
        When there is none, it is damaged, or of a newer format; says which version can read that.
    """
    path = folder / CARD
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        version = data.get("format_version") if isinstance(data, dict) else None
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise StoreError(
                "model of a newer format", where=str(path), expected=f"format_version {FORMAT_VERSION} or less",
                received=version, fix=f"install {_writer(data)}",
            )  # fmt: skip
        while version in _UPGRADES:
            data = _UPGRADES[version](data)
            version = data["format_version"]
        return ModelCard.model_validate(data)
    except FileNotFoundError as error:
        raise StoreError("is no model folder", where=str(folder), expected=f"a file {CARD} in it") from error
    except (OSError, YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise StoreError(f"cannot be read: {error}", where=str(path), fix="restore the model folder") from error


def _writer(data: dict[str, Any]) -> str:
    """The version that wrote a card, which can read it."""
    versions = data.get("versions")
    written = versions.get("astrocnn") if isinstance(versions, dict) else None
    return f"astrocnn {written}, which wrote it, or newer" if written else "a newer astrocnn"
