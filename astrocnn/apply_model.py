"""A trained model on new images: the packaged pipeline `apply-model`, with the model's own bands, scale and size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from astrocnn.errors import MismatchError
from astrocnn.pipeline.config import PipelineConfig, load_config
from astrocnn.plugins import require_plugins
from astrocnn.training.model_card import ModelCard, read_card

PIPELINE = "apply-model"


def scoring_config(
    model: Path,
    images: str,
    name: str,
    *,
    positions: Path | None = None,
    bands: Sequence[str] = (),
    instrument: str | None = None,
    settings: Sequence[str] = (),
) -> PipelineConfig:
    """Configure the scoring of new images by a trained model.

    Parameters
    ----------
    model : Path
        Folder of the model.
    images : str
        A FITS file, a pattern with `{tile}` and `{band}`, or `sample:NAME`.
    name : str
        Name of the run.
    positions : Path, optional
        Table with ra and dec; by default the sources of the images are detected.
    bands : sequence of str, optional
        The images' bands in any order; the model's by default.
    instrument : str, optional
        Name or file; for zero points.
    settings : sequence of str
        `PATH=YAML` laid over the pipeline, as for `--set`.

    Returns
    -------
    PipelineConfig
        For `run_pipeline`.

    Raises
    ------
    StoreError
        When the folder holds no model, or a plugin it was made with is not there.
    MismatchError
        When the bands are not those of the model, or it takes no images of a known scale.
    PipelineFileErrors
        When a setting cannot be.
    """
    card = read_card(model)
    if bands and sorted(bands) != sorted(card.bands):
        raise MismatchError(
            "the model was trained on other bands", where=str(model), expected=", ".join(card.bands),
            received=", ".join(bands),
        )  # fmt: skip
    chosen = {
        "inputs.model": str(model), "inputs.images": images,
        "inputs.positions": None if positions is None else str(positions), "instrument": instrument,
        "stages.objects.bands": list(card.bands), "stages.objects.pixel_scale_arcsec": _scale(card, model),
        "stages.objects.size_arcsec": card.size_px * _scale(card, model),
    }  # fmt: skip
    own = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in chosen.items()]
    config = load_config(PIPELINE, settings=[*own, *settings])
    require_plugins(card.plugins, str(model))  # before the images are read; the settings may have named them
    return replace(config, name=name)


def _scale(card: ModelCard, model: Path) -> float:
    if card.kind != "images" or card.scale is None or card.scale_unit != "arcsec":
        raise MismatchError(
            "the model takes no images with a pixel scale", where=str(model), expected="images, arcsec a pixel",
            received=f"{card.kind}, {card.scale} {card.scale_unit}",
        )  # fmt: skip
    return card.scale
