"""One training from samples to model folder."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from astrocnn import backend
from astrocnn.errors import MismatchError, StageFailed
from astrocnn.networks.base import Network
from astrocnn.networks.registry import configure, plugin_of
from astrocnn.pipeline.identity import backend_identity
from astrocnn.pipeline.provenance import package_versions
from astrocnn.plugins import require_plugins
from astrocnn.receptive_field.coverage import Verdict
from astrocnn.samples.sample_set import SampleSet
from astrocnn.scoring.calibration import Calibration, fit_logistic, fit_temperature
from astrocnn.training.fit import FitSettings, fit
from astrocnn.training.model_card import CARD, ModelCard, read_card
from astrocnn.training.model_folder import (
    NETWORK,
    TrainedModel,
    load_model,
    load_network,
    network_file,
    refuse_mismatch,
    write_model,
)
from astrocnn.training.normalise import Normalisation, fit_normalisation
from astrocnn.training.parameters import NetworkTraining
from astrocnn.training.predict_model import predict_model
from astrocnn.training.shapes import input_size, shape_problems
from astrocnn.training.targets import target_labels, target_problem, target_values, without_label
from astrocnn.training.trained_on import EVERY, TrainedOn, read_trained_on
from astrocnn.training.trainings import TRAINING_SPLITS, Trainings, trainings

HISTORY, FIELD = "history.csv", "receptive_field.json"
METRICS = ("loss", "validation_loss", "validation_auroc", "validation_rmse")


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
) -> tuple[dict[str, list[str]], list[str]]:
    """Train the networks of a model, calibrate it on what they have not seen, and write the model folder.

    With folds the normalisation is that of all objects together: it holds no labels.

    Returns
    -------
    used : dict of str to list of str
        Ids that were used, by split.
    unlabelled : list of str
        Ids of those splits that were left out because they have no label.

    Raises
    ------
    LeakError
        When objects of one group stand in several splits.
    StageFailed
        When there is nothing to train on, the network cannot learn it, or objects leave no room for the augmentation.
    """
    samples, parameters = SampleSet.open(order.samples), order.parameters
    missing = without_label(samples, parameters.targets)
    unlabelled, samples = samples.select(missing), samples.select(~missing)
    work = trainings(
        samples, networks=parameters.ensemble, folds=parameters.folds, folds_by=parameters.folds_by, seed=order.seed
    )
    size = input_size(samples.meta.shape, parameters.input_px)
    network = configure(str(parameters.network), parameters.options)
    _refuse_unfit(network, parameters, samples.meta.shape)
    starts = load_model(order.start_from) if order.start_from is not None else None
    normalisation = _normalisation(starts, work.everything, parameters)
    models, histories = [], []
    for one in work.each:
        outputs, seed = _outputs(network, one.train, parameters.targets), order.seed + one.number
        if starts is not None:
            model = load_network(Path(str(order.start_from)) / network_file(one.number % len(starts.networks)))
        else:
            backend.prepare()
            model = network.build((*size, samples.meta.shape[-1]), outputs=outputs, seed=seed)
        settings = FitSettings(
            training=parameters, size=size, seed=seed, loss=network.loss(outputs), targets=parameters.targets
        )
        beside = scratch if one.number == 0 else scratch / f"network-{one.number + 1}"
        told = _progress_of(one.number, len(work.each), progress)
        histories.append(fit(model, one.train, one.validation, normalisation, settings, beside, told))
        models.append(model)
    card = _card(order, samples, normalisation, histories, size, models)
    used = _used(order, work.trained_on)
    if not parameters.targets:
        card = card.model_copy(update=_calibration(TrainedModel(card, tuple(models), used), work))
    _write_histories(out, histories)
    write_model(out, card, models, used)
    _write_field(out / FIELD, order, card)
    ids, splits = work.trained_on.ids, work.trained_on.splits
    used_in = {split: ids[splits == split].tolist() for split in TRAINING_SPLITS}
    return used_in, unlabelled.ids[np.isin(unlabelled.column("split"), TRAINING_SPLITS)].tolist()


def _progress_of(
    number: int, networks: int, progress: Callable[[int, int, str], None]
) -> Callable[[int, int, str], None]:
    """Progress of one training as a part of that of all."""
    if networks == 1:
        return progress
    return lambda done, total, text: progress(
        number * total + done, networks * total, f"network {number + 1} of {networks} {text}"
    )


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


def _normalisation(starts: TrainedModel | None, train: SampleSet, parameters: NetworkTraining) -> Normalisation:
    if starts is not None:
        refuse_mismatch(starts.card, train.meta, "samples")
        _refuse_other_classes(starts.card, train)
        return starts.card.normalisation
    return fit_normalisation(train, parameters.clip_sigma, normalise=parameters.normalise)


def _refuse_other_classes(card: ModelCard, train: SampleSet) -> None:
    if card.classes != tuple(train.meta.classes):
        raise MismatchError(
            "the model that is trained on tells other classes", where=card.network, expected=", ".join(card.classes),
            received=", ".join(train.meta.classes), fix="name these classes, in this order, where the samples are made",
        )  # fmt: skip


def _used(order: TrainingOrder, now: TrainedOn) -> TrainedOn:
    """All that the networks have seen, in this training or in one before, of which none is left out."""
    if order.start_from is None:
        return now
    before = read_trained_on(order.start_from)
    return now + replace(before, folds=np.full(len(before.ids), EVERY))


def _calibration(model: TrainedModel, work: Trainings) -> dict[str, Calibration | float]:
    """What makes scores probabilities, as the card has it: for one output the calibration, for classes a temperature.

    From scores of the validation set; with folds, from those of all objects, by networks that left them out.
    """
    watched = work.everything if model.card.folds else work.each[0].validation
    labels = target_labels(watched) if len(watched) else np.empty(0)
    if len(np.unique(labels)) < 2:
        return {}
    outputs = predict_model(model, watched, engines=model.networks).mean
    if outputs.shape[1] == 1:
        return {"calibration": fit_logistic(outputs[:, 0], labels)}
    return {"temperature": fit_temperature(outputs, labels)}


def _card(
    order: TrainingOrder, samples: SampleSet, normalisation: Normalisation,
    histories: list[list[dict[str, float]]], size: tuple[int, ...], models: list[Any],
) -> ModelCard:  # fmt: skip
    plugin = plugin_of(str(order.parameters.network))
    meta, last = samples.meta, _mean_history(histories)[-1] if histories[0] else {}
    return ModelCard(
        network=str(order.parameters.network), options=order.parameters.options, kind=meta.kind, bands=meta.bands,
        scale=meta.scale, scale_unit=meta.scale_unit, stamp_px=min(meta.shape[:-1]), size_px=min(size), input_size=size,
        normalisation=normalisation, views=order.parameters.views, receptive_field=order.verdict.to_json(),
        classes=() if order.parameters.targets else meta.classes,
        positive=None if order.parameters.targets else meta.positive, targets=order.parameters.targets,
        metrics={name: last[name] for name in METRICS if name in last},
        recipe=order.recipe, samples_hash=order.samples_hash, seed=order.seed,
        versions={**package_versions(), **backend_identity()}, plugins=(plugin,) if plugin else (),
        objects={name: counts for name, counts in samples.summary()["splits"].items() if name in TRAINING_SPLITS},
        parameters=sum(math.prod(weight.shape) for weight in models[0].trainable_weights),
        networks=len(models), folds=order.parameters.folds or 0,
    )  # fmt: skip


def _mean_history(histories: list[list[dict[str, float]]]) -> list[dict[str, float]]:
    """One row an epoch, the mean over networks of what all of them have."""
    rows = []
    for epoch in zip(*histories, strict=True):
        names = [name for name in epoch[0] if all(name in row for row in epoch)]
        rows.append({name: sum(row[name] for row in epoch) / len(epoch) for name in names})
    return rows


def _write_histories(out: Path, histories: list[list[dict[str, float]]]) -> None:
    """`history.csv`; of several networks that of each beside the mean."""
    _write_history(out / HISTORY, _mean_history(histories))
    if len(histories) > 1:
        for number, history in enumerate(histories):
            _write_history(out / f"history-{number + 1}.csv", history)


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
