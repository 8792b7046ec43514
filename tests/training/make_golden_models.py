"""Golden models: how those in `golden_models/` were made, and what comes out of them.

    python tests/training/make_golden_models.py NAME...

writes the named ones anew, with the network, seed and steps of `RECIPES`. A folder that is there is the promise that
models of its format load and mean the same: none is written anew because it no longer loads. A new format or a network
with a layer of another kind gets a folder of its own beside the others.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from astrocnn import backend
from astrocnn.networks import registry
from astrocnn.pipeline.identity import backend_identity
from astrocnn.pipeline.provenance import package_versions
from astrocnn.scoring.calibration import Calibration
from astrocnn.training.model_card import ModelCard
from astrocnn.training.model_folder import load_model, write_model
from astrocnn.training.normalise import Normalisation
from astrocnn.training.trained_on import EVERY, TrainedOn

FOLDER = Path(__file__).with_name("golden_models")
EXPECTED = "expected.json"
NUMBER = 4
"""Objects whose output is kept."""


class Recipe(NamedTuple):
    """A network in a small form, the input it is built for, and what else its card says."""

    network: str
    shape: tuple[int, ...]
    options: dict[str, Any]
    card: dict[str, Any]
    outputs: int = 1


RECIPES = {
    "deeplens": Recipe(
        "deeplens", (45, 45, 1), {"widths": [4, 8], "units_per_block": 1, "stem_width": 4},
        {"bands": ("VIS",), "scale": 0.1, "scale_unit": "arcsec"},
    ),
    "petrillo2017": Recipe(
        "petrillo2017", (32, 32, 3), {"widths": [4, 4, 4, 4], "dense_widths": [8]},
        {
            "bands": ("g", "r", "i"), "scale": 0.21, "scale_unit": "arcsec", "stamp_px": 46, "views": 4,
            "calibration": Calibration(kind="logistic", prevalence=0.5, slope=1.25, offset=-0.3),
        },
    ),
    "lastro": Recipe(
        "lastro", (69, 69, 2), {"widths": [4, 4, 4, 4], "dense_widths": [8]},
        {
            "bands": ("r", "i"), "classes": ("spiral", "elliptical", "merger"), "positive": "merger",
            "calibration": Calibration(
                kind="isotonic", prevalence=0.2, scores=(0.1, 0.5, 0.9), probabilities=(0.01, 0.4, 0.97)
            ),
        },
        outputs=3,
    ),
    "dieleman": Recipe(
        "dieleman", (98, 98, 1), {"widths": [2, 2, 4, 4], "dense_width": 4, "head": "classes"}, {"bands": ("r",)}
    ),
    "neocognitron": Recipe(
        "neocognitron", (16, 16, 1), {"planes": [4, 4], "selectivity": [4.0, 1.5]}, {"bands": ("r",)}
    ),
    "p4m": Recipe("p4m", (21, 21, 2), {"widths": [1, 2], "stem_kernel": 3}, {"bands": ("g", "r")}),
    "mlp-folds": Recipe(
        "mlp", (30, 1), {"dense_widths": [4]},
        {"bands": ("TESS",), "scale": 0.5, "scale_unit": "hour", "networks": 2, "folds": 2},
    ),
    "wavelet-mlp": Recipe(
        "wavelet-mlp", (180, 1), {"dense_widths": [8]}, {"bands": ("TESS",), "scale": 1 / 30, "scale_unit": "hour"}
    ),
}  # fmt: skip


def inputs_of(shape: tuple[int, ...]) -> np.ndarray:
    """Normalised objects that any machine makes the same: waves along each axis, and a bright one."""
    number = np.arange(NUMBER * int(np.prod(shape)), dtype=np.float64).reshape(NUMBER, *shape)
    values = np.sin(0.37 * number) + np.cos(0.011 * number)
    values[1] *= 10
    return values.astype(np.float32)


def outputs_of(folder: Path) -> np.ndarray:
    """What each network of a model gives for its inputs, (n, outputs of all)."""
    networks = load_model(folder).networks
    given = inputs_of(networks[0].input_shape[1:])
    outputs = [np.asarray(network.predict_on_batch(given), np.float64) for network in networks]
    return np.concatenate(outputs, axis=1)


def write(name: str) -> None:
    """Make a golden model: built, trained for three steps so that no weight or statistic is trivial, and written."""
    backend.prepare()
    recipe = RECIPES[name]
    models = [_trained(recipe, seed=5 + number) for number in range(recipe.card.get("networks", 1))]
    size, bands = recipe.shape[0], recipe.shape[-1]
    card = {
        "network": recipe.network, "options": recipe.options, "size_px": size, "stamp_px": size, "views": 1,
        "kind": "images" if len(recipe.shape) == 3 else "curves", "scale": None, "scale_unit": None,
        "normalisation": Normalisation(
            mean=tuple(0.1 * (n + 1) for n in range(bands)), sigma=tuple(1.5 + n for n in range(bands)), clip_sigma=250
        ),
        "receptive_field": {
            "level": "warning", "policy": "warn", "had": 6.3, "needed": 4.5, "input_size": 6.72, "unit": "arcsec",
            "reasons": ["a reason"], "cures": ["a cure"], "network": recipe.network, "limiting_layer": "block4_conv",
            "message": "a reason. To fix: a cure",
        },
        "classes": ("nonlens", "lens"), "positive": "lens", "metrics": {"loss": 0.1 + 0.2, "validation_auroc": 0.75},
        "recipe": {"epochs": 3, "batch_size": NUMBER, "learning_rate": 0.002, "schedule": {"kind": "cosine"}},
        "samples_hash": "0123456789abcdef" * 2, "seed": 5, "versions": {**package_versions(), **backend_identity()},
        "objects": {"train": {"nonlens": 2, "lens": 2}, "validation": {"lens": 1}},
        "parameters": sum(int(np.prod(weight.shape)) for weight in models[0].trainable_weights), **recipe.card,
    }  # fmt: skip
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    rows = (["a-1", 'b, "2"'], ["a", "b"], ["train", "validation"])
    trained = TrainedOn(
        *(np.array(names) for names in rows), np.array([0, 1] if "folds" in recipe.card else [EVERY] * 2)
    )
    write_model(folder, ModelCard.model_validate(card), models, trained)
    expected = {"card": json.loads(load_model(folder).card.model_dump_json()), "outputs": outputs_of(folder).tolist()}
    (folder / EXPECTED).write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


def _trained(recipe: Recipe, seed: int) -> Any:
    keras, network = backend.prepare(), registry.configure(recipe.network, recipe.options)
    model = network.build(recipe.shape, outputs=recipe.outputs, seed=seed)
    images, labels = inputs_of(recipe.shape), np.arange(NUMBER) % max(2, recipe.outputs)
    model.compile(keras.optimizers.Adam(0.002), network.loss(recipe.outputs))
    for _ in range(3):
        model.train_on_batch(images, labels.reshape(-1, 1))
    return model


if __name__ == "__main__":
    for given in sys.argv[1:]:
        write(given)
