"""The model folder: `network.keras` and `model.yaml`, all that is needed to use a trained network years later."""

from __future__ import annotations

import csv
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

NETWORK, TRAINED_ON = "network.keras", "trained_on.csv"
_SCALE_TOLERANCE = 0.01


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
    network = load_network(folder / NETWORK)
    _refuse_other_network(card, network, folder)
    rows = trained_on(folder)
    return TrainedModel(card, network, frozenset(row["group"] for row in rows), frozenset(row["id"] for row in rows))


def _refuse_other_network(card: ModelCard, network: Any, folder: Path) -> None:
    """Refuse a network that takes other inputs than its card says."""
    *sizes, bands = network.input_shape[1:]
    known = [size for size in sizes if size is not None]
    if bands != len(card.bands) or (known and min(known) != card.size_px):
        raise StoreError(
            f"{CARD} and {NETWORK} are not of one model", where=str(folder),
            expected=f"inputs of {card.size_px} px and {len(card.bands)} bands", received=network.input_shape[1:],
            fix="restore the model folder",
        )  # fmt: skip


def trained_on(folder: Path) -> list[dict[str, str]]:
    """Read the id, group and split of every object that a model was trained on; none where the list is missing."""
    path = folder / TRAINED_ON
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


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
