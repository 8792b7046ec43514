"""The model folder: `network.keras` and `model.yaml`, all that is needed to use a trained network years later.

A model of several networks, of an ensemble or one for each fold left out, has `network-2.keras` and so on beside it.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from astrocnn import backend
from astrocnn.errors import MismatchError, StoreError
from astrocnn.networks import registry
from astrocnn.networks.layers import load_layers
from astrocnn.plugins import require_plugins
from astrocnn.quantities import extent_text
from astrocnn.samples.meta import SampleMeta
from astrocnn.training.model_card import CARD, WORDS, ModelCard, read_card
from astrocnn.training.trained_on import TrainedOn, read_trained_on

NETWORK = "network.keras"
_SCALE_TOLERANCE = 0.01


@dataclass
class TrainedModel:
    """A loaded model folder.

    Attributes
    ----------
    card : ModelCard
    networks : tuple of keras.Model
        Their outputs are averaged.
    trained : TrainedOn
        What they were trained on.
    """

    card: ModelCard
    networks: tuple[Any, ...]
    trained: TrainedOn = field(default_factory=TrainedOn.nothing)

    @property
    def network(self) -> Any:
        """The first network: all are of one architecture."""
        return self.networks[0]

    def seen(self, ids: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Whether each network was trained on each object or one of its group, (network, object) of bool."""
        folds = [self.card.left_out(number) for number in range(len(self.networks))]
        return np.stack([self.trained.seen(ids, groups, fold) for fold in folds])


def network_file(number: int) -> str:
    """Name of the file of a network, counted from 0."""
    return NETWORK if number == 0 else f"network-{number + 1}.keras"


def write_model(folder: Path, card: ModelCard, networks: Sequence[Any], trained: TrainedOn) -> None:
    """Write the networks, `model.yaml` and `trained_on.csv` into a folder."""
    for number, network in enumerate(networks):
        network.save(folder / network_file(number))
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    with (folder / CARD).open("w", encoding="utf-8") as stream:
        yaml.dump(card.model_dump(mode="json"), stream)
    trained.write(folder)


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
        with warnings.catch_warnings():
            # a layer whose weights are not found is else left as it was drawn, with a warning
            warnings.filterwarnings("error", "(?s).*retain their freshly-initialized weights", UserWarning)
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, UserWarning, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(f"cannot be loaded: {error}", where=str(path), fix="restore the file") from error


def load_model(folder: str | Path) -> TrainedModel:
    """Load a model folder; code is never loaded from it.

    Raises
    ------
    StoreError
        When it is not a model folder, is damaged, or needs a plugin that is not there.
    """
    folder = Path(folder)
    card = read_card(folder)
    require_plugins(card.plugins, str(folder))
    if card.network in registry.names():
        registry.load_layers_of(card.network)
    networks = tuple(load_network(folder / network_file(number)) for number in range(card.networks))
    for number, network in enumerate(networks):
        _refuse_other_network(card, network, folder / network_file(number))
    return TrainedModel(card, networks, read_trained_on(folder))


def _refuse_other_network(card: ModelCard, network: Any, path: Path) -> None:
    """Refuse a network that takes other inputs than its card says."""
    *sizes, bands = network.input_shape[1:]
    known = [size for size in sizes if size is not None]
    if bands != len(card.bands) or (known and min(known) != card.size_px):
        raise StoreError(
            f"{CARD} and {path.name} are not of one model", where=str(path.parent),
            expected=f"inputs of {card.size_px} px and {len(card.bands)} bands", received=network.input_shape[1:],
            fix="restore the model folder",
        )  # fmt: skip


def refuse_mismatch(card: ModelCard, meta: SampleMeta, where: str) -> None:
    """Refuse data that are not what a model was trained on.

    A model whose objects were each brought to one size has no scale, and takes any.

    Raises
    ------
    MismatchError
        When the kind of objects, bands, scale (beyond 1 %) or size differ; the message names both values.
    """
    if meta.kind != card.kind:
        raise MismatchError(
            "the model was trained on other objects", where=where, expected=card.kind, received=meta.kind,
            fix=f"give {card.kind}, or a model for {meta.kind}",
        )  # fmt: skip
    objects, samples, sample, bands = WORDS[card.kind]
    if tuple(meta.bands) != card.bands:
        raise MismatchError(
            f"the model was trained on other {bands}", where=where, expected=card.bands, received=tuple(meta.bands),
            fix=f"give the {bands} it was trained on, in that order",
        )  # fmt: skip
    same_unit = meta.scale is not None and meta.scale_unit == card.scale_unit
    if card.scale is not None and not (same_unit and np.isclose(meta.scale or 0, card.scale, rtol=_SCALE_TOLERANCE)):
        raise MismatchError(
            f"the model was trained at another {sample} scale", where=where,
            expected=f"{card.scale:g} {card.scale_unit} a {sample}",
            received="none stated" if meta.scale is None else f"{meta.scale:g} {meta.scale_unit} a {sample}",
            fix=f"resample the {card.kind}, or train at this scale",
        )  # fmt: skip
    if any(have < want for have, want in zip(meta.shape, card.axes_px, strict=False)):
        raise MismatchError(
            f"the {objects} are smaller than the model's input", where=where,
            expected=f"at least {extent_text(card.axes_px, card.scale, card.scale_unit, samples)}",
            received=extent_text(meta.shape[:-1], meta.scale, meta.scale_unit, samples), fix=f"cut larger {objects}",
        )  # fmt: skip
