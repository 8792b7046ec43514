"""One training from samples to model folder."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astrocnn import backend
from astrocnn.errors import StageFailed
from astrocnn.networks.base import Network
from astrocnn.networks.registry import configure, plugin_of
from astrocnn.pipeline.identity import backend_identity
from astrocnn.pipeline.provenance import package_versions
from astrocnn.plugins import require_plugins
from astrocnn.receptive_field.coverage import Verdict
from astrocnn.samples.sample_set import SampleSet
from astrocnn.samples.splits import check_leaks
from astrocnn.scoring.calibration import Calibration, fit_logistic
from astrocnn.training.fit import FitSettings, fit
from astrocnn.training.model_card import CARD, ModelCard, read_card
from astrocnn.training.model_folder import NETWORK, load_model, refuse_mismatch, trained_on, write_model
from astrocnn.training.normalise import Normalisation, fit_normalisation
from astrocnn.training.parameters import NetworkTraining
from astrocnn.training.predict import predict_set
from astrocnn.training.shapes import input_size, shape_problems
from astrocnn.training.targets import target_labels, target_problem, target_values

HISTORY, FIELD = "history.csv", "receptive_field.json"
METRICS = ("loss", "validation_loss", "validation_auroc", "validation_rmse")
TRAINING_SPLITS = ("train", "validation")


@dataclass(frozen=True)
class TrainingOrder:
    """Samples, recipe and verdict of one training; `start_from` is a model folder to train on."""

    samples: Path
    samples_hash: str
    recipe: dict[str, Any]
    parameters: NetworkTraining
    verdict: Verdict
    seed: int
    start_from: Path | None = None


def import_model(folder: Path, out: Path) -> None:
    """Copy a trained model folder unchanged; raises StoreError when it is none, or a plugin of it is not there."""
    require_plugins(read_card(folder).plugins, str(folder))
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in ("done.json", "provenance.json", "environment.json", "ledger.parquet"):
            shutil.copyfile(path, out / path.name)
    if not (out / CARD).is_file() or not (out / NETWORK).is_file():
        raise StageFailed("is not a whole model folder", where=str(folder), expected=f"{CARD} and {NETWORK}")


def train_model(
    order: TrainingOrder, out: Path, scratch: Path, progress: Callable[[int, int, str], None]
) -> dict[str, list[str]]:
    """Train, calibrate on the validation set, and write the model folder.

    Returns
    -------
    dict
        Split to the ids that were used.

    Raises
    ------
    LeakError
        When objects of one group stand in several splits.
    StageFailed
        When there is nothing to train on, the network cannot learn it, or objects leave no room for the augmentation.
    """
    samples = SampleSet.open(order.samples)
    check_leaks(samples.column("group"), samples.column("split"))
    train, validation = samples.split("train"), samples.split("validation")
    if not len(train):
        raise StageFailed("no object is in the train split", where=str(order.samples))
    parameters = order.parameters
    size = input_size(samples.meta.shape, parameters.input_px)
    network = configure(str(parameters.network), parameters.options)
    _refuse_unfit(network, parameters, samples.meta.shape)
    outputs = _outputs(network, train, parameters.targets)
    model, normalisation = _start(order, network, train, size, outputs)
    settings = FitSettings(
        training=parameters, size=size, seed=order.seed, loss=network.loss(outputs), targets=parameters.targets
    )
    history = fit(model, train, validation, normalisation, settings, scratch, progress)
    calibration = None
    if not parameters.targets:
        calibration = _calibrate(model, validation, normalisation, size, parameters.views)
    _write_history(out / HISTORY, history)
    card = _card(order, samples, normalisation, calibration, history, size, model)
    write_model(out, card, model, _used(order, train, validation))
    _write_field(out / FIELD, order, card)
    return {"train": train.ids.tolist(), "validation": validation.ids.tolist()}


def _refuse_unfit(network: Network, parameters: NetworkTraining, shape: tuple[int, ...]) -> None:
    """What `check` finds in a pipeline file holds from Python too."""
    if problem := target_problem(network, parameters.targets):
        raise StageFailed(problem, where=network.name)
    for key, problem in shape_problems(parameters, shape):
        raise StageFailed(problem, where=f"{network.name}, {key}")


def _outputs(network: Network, train: SampleSet, targets: Sequence[str]) -> int:
    """Outputs of the network: a fraction for each number it learns, a value and its uncertainty; or classes."""
    if targets:
        numbers = target_values(train, targets).shape[1]
        return 2 * numbers if network.answer == "values" else numbers
    classes = len(train.meta.classes)
    return 1 if classes <= 2 else classes


def _start(
    order: TrainingOrder, network: Network, train: SampleSet, size: tuple[int, ...], outputs: int
) -> tuple[Any, Normalisation]:
    if order.start_from is not None:
        loaded = load_model(order.start_from)
        refuse_mismatch(loaded.card, train.meta, "samples")
        return loaded.network, loaded.card.normalisation
    normalisation = fit_normalisation(train, order.parameters.clip_sigma, normalise=order.parameters.normalise)
    backend.prepare()
    return network.build((*size, train.meta.shape[-1]), outputs=outputs, seed=order.seed), normalisation


def _used(order: TrainingOrder, train: SampleSet, validation: SampleSet) -> dict[str, list[str]]:
    """Columns id, group and split of all that the model has seen, in this training or in one before."""
    before = trained_on(order.start_from) if order.start_from else []
    return {
        name: [*train.column(name).tolist(), *validation.column(name).tolist(), *(row[name] for row in before)]
        for name in ("id", "group", "split")
    }


def _calibrate(
    model: Any, validation: SampleSet, normalisation: Normalisation, size: tuple[int, ...], views: int
) -> Calibration | None:
    labels = target_labels(validation) if len(validation) else np.empty(0)
    if model.output_shape[-1] != 1 or len(np.unique(labels)) < 2:
        return None
    scores, _ = predict_set(model, validation, normalisation, size, views)
    return fit_logistic(scores[:, 0], labels)


def _card(
    order: TrainingOrder, samples: SampleSet, normalisation: Normalisation, calibration: Calibration | None,
    history: list[dict[str, float]], size: tuple[int, ...], model: Any,
) -> ModelCard:  # fmt: skip
    plugin = plugin_of(str(order.parameters.network))
    meta, last = samples.meta, history[-1] if history else {}
    return ModelCard(
        network=str(order.parameters.network), options=order.parameters.options, kind=meta.kind, bands=meta.bands,
        scale=meta.scale, scale_unit=meta.scale_unit, stamp_px=min(meta.shape[:-1]), size_px=min(size), input_size=size,
        normalisation=normalisation, views=order.parameters.views, receptive_field=order.verdict.to_json(),
        classes=() if order.parameters.targets else meta.classes,
        positive=None if order.parameters.targets else meta.positive, targets=order.parameters.targets,
        calibration=calibration, metrics={name: last[name] for name in METRICS if name in last},
        recipe=order.recipe, samples_hash=order.samples_hash, seed=order.seed,
        versions={**package_versions(), **backend_identity()}, plugins=(plugin,) if plugin else (),
        objects={name: counts for name, counts in samples.summary()["splits"].items() if name in TRAINING_SPLITS},
        parameters=sum(math.prod(weight.shape) for weight in model.trainable_weights),
    )  # fmt: skip


def _write_history(path: Path, history: list[dict[str, float]]) -> None:
    names = list(dict.fromkeys(name for row in history for name in row))
    lines = [",".join(names), *(",".join(f"{row.get(name, float('nan')):.9g}" for name in names) for row in history)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_field(path: Path, order: TrainingOrder, card: ModelCard) -> None:
    import json

    from astrocnn.receptive_field.tables import field_of

    field = field_of(configure(card.network, card.options), (*card.axes_px, len(card.bands)))
    content = {"verdict": order.verdict.to_json(), "field": field.to_json()}
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
