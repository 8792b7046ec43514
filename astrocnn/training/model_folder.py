"""The model folder: `network.keras` and `model.yaml`, all that is needed to use a trained network years later."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from astrocnn import backend
from astrocnn.errors import MismatchError, StoreError
from astrocnn.networks.layers import load_layers
from astrocnn.samples.meta import SampleMeta
from astrocnn.scoring.calibration import Calibration
from astrocnn.training.normalise import Normalisation

FORMAT_VERSION = 1
CARD, NETWORK, TRAINED_ON = "model.yaml", "network.keras", "trained_on.csv"
_SCALE_TOLERANCE = 0.01


class ModelCard(BaseModel):
    """What `model.yaml` says: on what a network works, how it was made, how good it is.

    Attributes
    ----------
    network, options
        Name in the zoo and its options.
    kind, bands, scale, scale_unit, stamp_px, size_px
        Objects it takes: kind, bands in order, pixel scale, side of the stamps it was trained from and of its input.
    normalisation : Normalisation
    views : int
        Exact turns and mirror images whose outputs are averaged.
    receptive_field : dict
        Verdict of the gate, with policy and numbers.
    classes, positive
        Names of the labels, and the one searched for.
    calibration : Calibration, optional
        From score to probability at the training set's prevalence.
    metrics : dict
        Last epoch's numbers on the validation set.
    recipe : dict
        Parameters of the training.
    samples_hash : str
        Content hash of the training samples.
    seed : int
    versions : dict
        Packages and backend.
    plugins : list
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
    normalisation: Normalisation
    views: int
    receptive_field: dict[str, Any]
    classes: tuple[str, ...]
    positive: str | None
    calibration: Calibration | None = None
    metrics: dict[str, float]
    recipe: dict[str, Any]
    samples_hash: str
    seed: int
    versions: dict[str, str]
    plugins: list[str] = []

    @property
    def positive_output(self) -> int:
        """Column of the network's output that says how much an object looks like the class searched for.

        Raises
        ------
        MismatchError
            When none of several classes is searched for.
        """
        if len(self.classes) <= 2:
            return 0
        if self.positive is None:
            raise MismatchError("no class is searched for", where=self.network, expected=f"one of {self.classes}")
        return self.classes.index(self.positive)


@dataclass
class TrainedModel:
    """A loaded model folder."""

    card: ModelCard
    network: Any
    trained_groups: frozenset[str]
    trained_ids: frozenset[str]


def write_model(folder: Path, card: ModelCard, network: Any, trained: Mapping[str, Sequence[str]]) -> None:
    """Write `network.keras`, `model.yaml` and `trained_on.csv` (columns id, group, split) into a folder."""
    network.save(folder / NETWORK)
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    with (folder / CARD).open("w", encoding="utf-8") as stream:
        yaml.dump(card.model_dump(mode="json"), stream)
    with (folder / TRAINED_ON).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["id", "group", "split"])
        writer.writerows(zip(trained["id"], trained["group"], trained["split"], strict=True))


def read_card(folder: Path) -> ModelCard:
    """Read `model.yaml`; needs no Keras.

    Raises
    ------
    StoreError
        When there is none, it is damaged, or a newer version of the format.
    """
    path = folder / CARD
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        version = data.get("format_version") if isinstance(data, dict) else None
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise StoreError(
                "model of a newer format", where=str(path), expected=f"format_version {FORMAT_VERSION} or less",
                received=version, fix="install a newer astrocnn",
            )  # fmt: skip
        return ModelCard.model_validate(data)
    except FileNotFoundError as error:
        raise StoreError("is no model folder", where=str(folder), expected=f"a file {CARD} in it") from error
    except (OSError, YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise StoreError(f"cannot be read: {error}", where=str(path), fix="restore the model folder") from error


def load_network(path: Path) -> Any:
    """Load a `.keras` file without running code from it, and without what only its training needs.

    Raises
    ------
    StoreError
        When it is damaged, or holds what cannot be loaded safely.
    """
    keras = backend.prepare()
    load_layers()
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(f"cannot be loaded: {error}", where=str(path), fix="restore the file") from error


def load_model(folder: str | Path) -> TrainedModel:
    """Load a model folder; code is never loaded from it.

    Raises
    ------
    StoreError
        When it is not a model folder or is damaged.
    """
    folder = Path(folder)
    card = read_card(folder)
    network = load_network(folder / NETWORK)
    rows = trained_on(folder)
    return TrainedModel(card, network, frozenset(row["group"] for row in rows), frozenset(row["id"] for row in rows))


def trained_on(folder: Path) -> list[dict[str, str]]:
    """Read the id, group and split of every object that a model was trained on; none where the list is missing."""
    path = folder / TRAINED_ON
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def refuse_mismatch(card: ModelCard, meta: SampleMeta, where: str) -> None:
    """Refuse data that are not what a model was trained on.

    Raises
    ------
    MismatchError
        When kind, bands, scale (beyond 1 %) or size differ; the message names both values.
    """
    if meta.kind != card.kind:
        raise MismatchError(
            "the model was trained on other objects", where=where, expected=card.kind, received=meta.kind
        )
    if tuple(meta.bands) != card.bands:
        raise MismatchError(
            "the model was trained on other bands", where=where, expected=card.bands, received=tuple(meta.bands),
            fix="give the bands it was trained on, in that order",
        )  # fmt: skip
    if card.scale is not None and (
        meta.scale_unit != card.scale_unit
        or meta.scale is None
        or not np.isclose(meta.scale, card.scale, rtol=_SCALE_TOLERANCE)
    ):
        raise MismatchError(
            "the model was trained at another pixel scale", where=where, expected=f"{card.scale:g} {card.scale_unit}",
            received=f"{meta.scale} {meta.scale_unit}", fix="resample the images, or train at this scale",
        )  # fmt: skip
    if min(meta.shape[:-1]) < card.size_px:
        raise MismatchError(
            "the stamps are smaller than the model's input", where=where, expected=f"at least {card.size_px} px",
            received=f"{meta.shape[:-1]} px", fix="cut larger stamps",
        )  # fmt: skip
