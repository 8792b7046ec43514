"""What `astrocnn show` says of a trained model: what it finds, on what data, made of what, and how good it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrocnn.pipeline.store import PROVENANCE, read_json
from astrocnn.quantities import extent_text

if TYPE_CHECKING:
    from astrocnn.training.model_card import ModelCard

_PACKAGES = ("astrocnn", "keras", "tensorflow", "jax", "numpy")
_SKILL = ("auroc", "auprc", "completeness_at_1pct_fpr", "completeness_at_0p1pct_fpr", "accuracy", "rmse")
"""The metrics of an Evaluation that stand in its line, as far as it has them."""
_NOTHING: tuple[Any, ...] = (None, False, 0, "none", [], [1.0, 1.0], [0.0, 360.0])
"""Values of an augmentation that is not made."""


def model_rows(card: ModelCard, folder: Path) -> Iterator[tuple[str, str]]:
    """Word and text of each thing there is to say of a model."""
    yield "finds", _finds(card)
    yield from _takes(card)
    yield from _trained_on(card, folder)
    yield "recipe", _recipe(card)
    yield "on validation", _numbers(card.metrics) or "not measured"
    for stage, metrics in evaluations(folder):
        skill = _numbers({name: metrics[name] for name in _SKILL if name in metrics})
        yield "evaluated", f"{skill}: astrocnn show {stage}"
    yield from _field(card)
    if card.parameters is not None:
        yield "weights", f"{card.parameters:,} trainable"
    yield "probability", _probability(card)
    yield "versions", ", ".join(f"{name} {card.versions[name]}" for name in _PACKAGES if name in card.versions)
    if "backend" in card.versions:
        yield "backend", f"{card.versions['backend']}, {card.versions.get('dtype', 'precision not known')}"
    for number, plugin in enumerate(card.plugins):
        yield "plugins" if number == 0 else "", str(plugin)


def evaluations(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Evaluations of a model that stand in its run: `RUN/STAGE` and metrics of each."""
    run = folder.parent.parent
    for file in sorted(run.glob("*/current/metrics.json")):
        identity = (read_json(file.with_name(PROVENANCE)) or {}).get("identity", {})
        models = identity.get("sources", {}).get("model", [])
        if any(digest == folder.name for _, digest, _ in models):
            yield f"{run.name}/{file.parents[1].name}", json.loads(file.read_text(encoding="utf-8"))


def _finds(card: ModelCard) -> str:
    options = ", ".join(f"{key} {value}" for key, value in card.options.items()) or "as in the paper"
    others = ", ".join(name for name in card.classes if name != card.positive)
    several = ", ".join(card.targets or card.classes) or "no classes"
    what = f"{card.positive} from {others}" if card.positive else several
    return f"{what}, by {card.network}: {options}"


def _takes(card: ModelCard) -> Iterator[tuple[str, str]]:
    from astrocnn.training.model_card import WORDS

    objects, samples, sample, bands = WORDS[card.kind]
    size = extent_text(card.axes_px, card.scale, card.scale_unit, samples)
    scale = "each brought to one size" if card.scale is None else f"{card.scale:g} {card.scale_unit} a {sample}"
    cut = f", cut from {objects} of {card.stamp_px} {samples}" if card.stamp_px != card.size_px else ""
    yield "takes", f"{card.kind} of {size}, {scale}{cut}; {bands} {', '.join(card.bands)}"
    for number, text in enumerate(_normalisation(card)):
        yield "normalisation" if number == 0 else "", text
    if card.views > 1:
        yield "views", f"the mean of {card.views} turns and mirror images"


def _normalisation(card: ModelCard) -> Iterator[str]:
    given = card.normalisation
    numbers = list(zip(card.bands, given.mean, given.sigma, strict=False))
    if any((mean, sigma) != (0, 1) for _, mean, sigma in numbers):
        for band, mean, sigma in numbers:
            yield f"{band}: (value - {mean:.5g}) / {sigma:.5g}" if sigma else f"{band}: 0, as it was {mean:.5g} for all"
    if given.own:
        yield "each object by its own mean and deviation"
    if given.clip_sigma is not None:
        yield f"clipped beyond {given.clip_sigma:g}"


def _trained_on(card: ModelCard, folder: Path) -> Iterator[tuple[str, str]]:
    """Samples by their hash, with the objects of each split and class; of format 1, those of each split."""
    from astrocnn.training.trained_on import read_trained_on

    objects = {split: _counts(classes) for split, classes in card.objects.items()}
    if not objects:
        splits = Counter(read_trained_on(folder).splits.tolist())
        objects = {split: f"{number:,} objects" for split, number in splits.items()}
    yield "trained on", f"samples {card.samples_hash}, seed {card.seed}"
    yield from (("", f"{split}: {text}") for split, text in objects.items())


def _recipe(card: ModelCard) -> str:
    """Epochs, batch, rate and schedule; augmentation by what it does."""
    recipe = card.recipe
    schedule, augment = recipe.get("schedule") or {}, recipe.get("augment") or {}
    done = [key if value is True else f"{key} {value}" for key, value in augment.items() if value not in _NOTHING]
    parts = [
        f"{recipe['epochs']} epochs" if "epochs" in recipe else "",
        f"batches of {recipe['batch_size']}" if "batch_size" in recipe else "",
        f"learning rate {recipe['learning_rate']:g}" if "learning_rate" in recipe else "",
        f"{schedule['kind']} schedule" if "kind" in schedule else "",
        f"augmented: {', '.join(done)}" if done else "",
    ]
    return ", ".join(part for part in parts if part) or "not known"


def _field(card: ModelCard) -> Iterator[tuple[str, str]]:
    """What the gate found, on the sky or in time, with its policy and reasons."""
    field = card.receptive_field
    judged = f"{field.get('level', 'not judged')}, policy {field.get('policy', 'error')}"
    if "had" in field:
        pixels = f"{field['had'] / card.scale:.4g} px = " if card.scale and field["unit"] != "px" else ""
        needed = f", {field['needed']:.4g} {field['unit']} needed" if field.get("needed") else ""
        judged = f"{pixels}{field['had']:.4g} {field['unit']}{needed}: {judged}"
    yield "receptive field", judged
    yield from (("", reason) for reason in field.get("reasons", ()))


def _probability(card: ModelCard) -> str:
    if card.calibration is None:
        return "not calibrated"
    return f"{card.calibration.kind} calibration, where {100 * card.calibration.prevalence:.3g} % are positive"


def _counts(classes: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in classes.items())


def _numbers(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
