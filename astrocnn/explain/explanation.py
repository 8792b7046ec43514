"""All looks at a trained model and some of its objects together: numbers by name, and the arrays they describe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from astrocnn.explain.choose import Request, choose_objects, chosen_output, named_units
from astrocnn.explain.feature_maps import layers_to_show
from astrocnn.explain.looks import Looks
from astrocnn.explain.opened import open_network
from astrocnn.explain.window import window_px
from astrocnn.samples.sample_set import SampleSet
from astrocnn.training.model_folder import TrainedModel, refuse_mismatch
from astrocnn.training.predict import predict_set

FORMAT_VERSION = 1

Progress = Callable[[int, int, str], None]


@dataclass
class Explanation:
    """What was found.

    Attributes
    ----------
    facts : dict
        Plain JSON data: the model, the objects, layers, units, scores.
    arrays : dict of str to ndarray
        What is drawn, by name:

        - `stamps` (n, *axes, channels): the objects as the network sees them, in their own unit
        - `saliency`, `grad_cam`, `occlusion` (n, *axes)
        - `effective_K` (*axes): weights of the effective field of object number K
        - `maps_K_L` (*axes of the map, channels): of object K, layer number L
        - `filters` (*axes, channels, filter)
        - `made_G` (unit, *axes, channels) and `real_G` (unit, object, *axes, channels): of group G of units
    """

    facts: dict[str, Any]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def explain(
    model: TrainedModel, samples: SampleSet, request: Request, where: str, progress: Progress | None = None
) -> Explanation:
    """Look inside a trained model.

    Parameters
    ----------
    model : TrainedModel
        From one input to scores of each object; of several networks the first is looked into.
    samples : SampleSet
        Of the bands, scale and size it was trained on.
    request : Request
        Which objects, layers and units.
    where : str
        What the samples are called, for messages.
    progress : callable, optional
        Called as `progress(done, total, text)`.

    Raises
    ------
    MismatchError
        When the samples are not what the model was trained on.
    UnknownName
        When an object, layer or class is not there; the nearest name is given.
    DataError
        When an object that was asked for has values that are not finite.
    """
    card = model.card
    refuse_mismatch(card, samples.meta, where)
    opened = open_network(model.network)
    tell = progress or (lambda done, total, text: None)
    output = chosen_output(card, request.wanted)
    units = request.units if isinstance(request.units, int) else named_units(opened, request.units)
    layers = list(request.layers) or layers_to_show(opened)
    for layer in layers:
        opened.map_step(layer)  # refused before any compute
    seen = [min(axis.size, axis.input_size) for axis in opened.step(opened.last_map).field.axes]
    window = window_px(card, seen, request.window)
    if isinstance(request.objects, int):
        scores, _ = predict_set(model.network, samples, card.normalisation, card.axes_px, card.views, tell)
        rows = choose_objects(samples, scores, output, request.objects)
        scores = scores[rows]
    else:
        rows = [samples.position(one) for one in request.objects]
        some = samples.select(np.array(rows))
        scores, _ = predict_set(model.network, some, card.normalisation, card.axes_px, card.views)
    looks = Looks(model, opened, samples, rows, scores, output, request.seed, tell)
    explanation = Explanation({"format_version": FORMAT_VERSION, **looks.facts(where)})
    for facts, arrays in (
        looks.where(request.copies, window), looks.fields(), looks.maps(layers), looks.units(units),
    ):  # fmt: skip
        explanation.facts |= facts
        explanation.arrays |= arrays
    return explanation
