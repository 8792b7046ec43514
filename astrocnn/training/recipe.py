"""A paper's training recipe, as data in `configs/recipes/`: the defaults of what a file leaves out."""

from __future__ import annotations

from functools import cache
from typing import Any

from ruamel.yaml import YAML

from astrocnn.resources import config_folder


@cache
def recipe_defaults(network: str) -> dict[str, Any]:
    """Defaults of the `train` stage for a network: epochs, batch size, learning rate, schedule, clipping.

    Empty for a network without a recipe file, so that the pipeline file must state them.
    """
    file = config_folder() / "recipes" / f"{network}.yaml"
    if not file.is_file():
        return {}
    recipe = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    return {
        "epochs": recipe["epochs"],
        "batch_size": recipe["batch_size"],
        "learning_rate": recipe["optimizer"]["learning_rate"],
        "schedule": {"kind": "step", **recipe["learning_rate_schedule"]},
        "clip_sigma": recipe.get("normalisation", {}).get("clip_sigma"),
    }
