"""The pictures of an explanation: what is drawn, its caption with its limits, and the files of a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from astrocnn.explain.explanation import Explanation
from astrocnn.receptive_field.effective import EffectiveField
from astrocnn.report.effective_drawing import fields_over_curve, fields_over_stamp
from astrocnn.report.gallery import compass_of
from astrocnn.report.maps_drawing import (
    LayerMap,
    filters_along_time,
    filters_as_tiles,
    maps_along_time,
    maps_as_tiles,
)
from astrocnn.report.stamps import display_bands
from astrocnn.report.theme import write_png
from astrocnn.report.units_drawing import units_as_curves, units_as_stamps
from astrocnn.report.where_drawing import Ground, where_along_curve, where_on_stamp

RECORD = "pictures.json"
_RECORDED = ("file", "number", "shows", "alt", "caption")
_SALIENCY, _GRAD_CAM, _OCCLUSION = "Saliency", "Grad-CAM", "Occlusion"


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes
    ----------
    file : str
        Name of its PNG.
    draw : callable
        Takes `theme=` and gives the figure.
    alt, caption : str
        What it shows, and what it cannot show.
    number : int or None
        Of the object it is about, in the order of the explanation, from 0.
    shows : list of dict
        What it holds: `what`, `object`, `layer`, `unit`, `score`; None where that has no meaning.
    """

    file: str
    draw: Callable[..., Figure]
    alt: str
    caption: str
    number: int | None = None
    shows: list[dict[str, Any]] = field(default_factory=list)


def pictures_of(explanation: Explanation) -> list[Picture]:
    """All pictures of an explanation: object by object, then those of the network."""
    facts = explanation.facts
    objects = range(len(facts["objects"]))
    found = [picture for k in objects for make in (_where, _effective, _maps) for picture in make(explanation, k)]
    return [*found, *_filters(explanation), *_units(explanation)]


def write_pictures(explanation: Explanation, folder: Path) -> list[Path]:
    """Write every picture as PNG, and `pictures.json`, which says what each holds; returns their paths.

    Pictures of an earlier explanation in the same folder are removed.
    """
    record = folder / RECORD
    earlier = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else []
    for row in earlier:
        (folder / Path(row["file"]).name).unlink(missing_ok=True)
    pictures = pictures_of(explanation)
    paths = [write_png(picture.draw(), folder / picture.file) for picture in pictures]
    rows = [{name: getattr(picture, name) for name in _RECORDED} for picture in pictures]
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    record.write_text(text + "\n", encoding="utf-8")
    return paths


def object_line(row: dict[str, Any]) -> str:
    """An object, its score, and what it is where that is known."""
    known = f", known as {row['label']}" if row["label"] else ""
    return f"{row['id']}: {row['class'] or 'score'} {row['score']:.3f}{known}"


def _where(explanation: Explanation, k: int) -> Iterator[Picture]:
    facts, arrays = explanation.facts, explanation.arrays
    unit = f"{facts['score_is']} per sigma"
    maps = {_SALIENCY: arrays["saliency"][k], _GRAD_CAM: arrays["grad_cam"][k], _OCCLUSION: arrays["occlusion"][k]}
    labels = {_SALIENCY: unit, _GRAD_CAM: "weighted activation", _OCCLUSION: f"fall of the {facts['score_is']}"}
    draw = where_on_stamp if facts["kind"] == "images" else where_along_curve
    averaged = f", averaged over {facts['copies']} noisy copies (Smilkov et al. 2017)" if facts["copies"] else ""
    side = _length(facts, max(facts["window_px"]))
    caption = (
        f"{_SALIENCY}: change of the {facts['score_is']} with each value, the largest of the bands"
        f"{averaged}. A slope at this one input tells nothing of larger changes, and is no proof of what was "
        f"recognised. {_GRAD_CAM}: the map of {facts['grad_cam_layer']} weighed by what speaks for the class; as "
        f"coarse as that map, and blind to what speaks against. {_OCCLUSION}: fall of the {facts['score_is']} when "
        f"a window of {side} is hidden by the mean of the training data; no training sample had such a "
        "hole, and what two places tell alike is missed."
    )
    row = facts["objects"][k]
    shows = [
        _row(explanation, k, what, layer)
        for what, layer in (("saliency", None), ("grad_cam", facts["grad_cam_layer"]), ("occlusion", None))
    ]
    yield Picture(
        _file(explanation, k, "where"),
        partial(draw, object_line(row), arrays["stamps"][k], maps, labels, _ground(facts, k)),
        f"{row['id']} beside maps of where the network looks", caption, k, shows,
    )  # fmt: skip


def _effective(explanation: Explanation, k: int) -> Iterator[Picture]:
    facts, arrays = explanation.facts, explanation.arrays
    found = facts["effective"][k]
    if found is None:
        return
    seen = EffectiveField(
        found["network"], found["layer"], tuple(found["position"]), np.asarray(arrays[f"effective_{k}"], float),
        tuple(tuple(ends) for ends in found["theoretical"]), found["number"],
    )  # fmt: skip
    draw = fields_over_stamp if facts["kind"] == "images" else fields_over_curve
    stamp, scale, unit = arrays["stamps"][k], facts["scale"] or 1.0, facts["scale_unit"] or "px"
    yield Picture(
        _file(explanation, k, "field"),
        partial(draw, seen, stamp, tuple(facts["bands"]), scale, facts["needed"], unit),
        f"Effective receptive field of {found['layer']} over {facts['objects'][k]['id']}",
        f"What the middle feature of {found['layer']} weighs of this object: the mean absolute gradient of its "
        "channels (Luo et al. 2016). It is of one feature in the middle, not of the score.",
        k, [_row(explanation, k, "effective_field", found["layer"])],
    )  # fmt: skip


def _maps(explanation: Explanation, k: int) -> Iterator[Picture]:
    facts, arrays = explanation.facts, explanation.arrays
    if not facts["layers"]:
        return
    layers = [
        LayerMap(layer, arrays[f"maps_{k}_{n}"], places)
        for n, (layer, places) in enumerate(zip(facts["layers"], facts["places"], strict=True))
    ]
    if facts["kind"] == "images":
        draw: Callable[..., Figure] = partial(maps_as_tiles, layers)
    else:
        draw = partial(maps_along_time, layers, _ground(facts, k), facts["size_px"])
    yield Picture(
        _file(explanation, k, "maps"), draw, f"Feature maps of {facts['objects'][k]['id']}, layer by layer",
        "What layers make of it: of each the channels that vary most, every one between its own smallest and largest "
        "value, so that brightness cannot be compared between channels. That a channel answers does not mean that the "
        "score depends on it.",
        k, [_row(explanation, k, "feature_maps", layer) for layer in facts["layers"]],
    )  # fmt: skip


def _filters(explanation: Explanation) -> Iterator[Picture]:
    facts, arrays = explanation.facts, explanation.arrays
    if facts["filters_layer"] is None:
        return
    draw, colours = filters_along_time, ""
    if facts["kind"] == "images":
        draw = filters_as_tiles
        grey, signed = "grey is no weight", "mean over the bands, orange positive, blue negative"
        colours = f"; {grey if display_bands(tuple(facts['bands'])) else signed}"
    yield Picture(
        "network-filters.png", partial(draw, arrays["filters"], tuple(facts["bands"])),
        f"Filters of {facts['filters_layer']}",
        f"The filters of {facts['filters_layer']}, each on its own scale{colours}. Only what such filters make of an "
        "object tells what they do.",
        None, [_row(explanation, None, "filters", facts["filters_layer"])],
    )  # fmt: skip


def _units(explanation: Explanation) -> Iterator[Picture]:
    facts, arrays = explanation.facts, explanation.arrays
    draw = units_as_stamps if facts["kind"] == "images" else units_as_curves
    ground = _ground(facts, None)
    for number, group in enumerate(facts["units"]):
        layer = group["layer"]
        names = [
            f"{facts['score_is']} of {name or unit}" if group["is_score"] else f"{layer}, channel {unit}"
            for unit, name in zip(group["units"], group["classes"], strict=True)
        ]
        titles = [f"{name}: {value:.3g} for the made input" for name, value in
                  zip(names, group["reached"], strict=True)]  # fmt: skip
        shows = [
            {"what": what, "object": identifier, "layer": layer, "unit": unit, "score": value}
            for unit, reached, real in zip(group["units"], group["reached"], group["real"], strict=True)
            for what, identifier, value in [
                ("made_input", None, reached), *(("exciting_object", one["id"], one["value"]) for one in real)
            ]
        ]  # fmt: skip
        yield Picture(
            f"network-units-{number + 1}.png",
            partial(draw, titles, arrays[f"made_{number}"], arrays[f"real_{number}"], group["real"], ground),
            f"What excites {'the score' if group['is_score'] else 'channels of ' + layer} most",
            f"Made: an input that climbs the activation from noise, held to the root mean square of training data and "
            f"blurred; one of many such inputs, and none that the sky would make. Then the objects that come closest, "
            f"of {facts['searched']} looked at in {facts['samples']}"
            + ("." if group["is_score"] else "; outlined is what the unit sees there, where that is less than all."),
            None, shows,
        )  # fmt: skip


def _row(explanation: Explanation, k: int | None, what: str, layer: str | None) -> dict[str, Any]:
    """What a picture holds of an object and the score that is explained."""
    row = {} if k is None else explanation.facts["objects"][k]
    of_score = what in ("saliency", "grad_cam", "occlusion")
    return {
        "what": what, "object": row.get("id"), "layer": layer or (explanation.facts["score_layer"] if row else None),
        "unit": row["unit"] if of_score else None, "score": row.get("score"),
    }  # fmt: skip


def _file(explanation: Explanation, k: int, what: str) -> str:
    """File name of a picture of an object: its number, what of its id is fit for a name, and what is shown."""
    name = re.sub(r"[^\w.+-]+", "_", explanation.facts["objects"][k]["id"])[:60]
    return f"{k + 1:02d}-{name}-{what}.png"


def _ground(facts: dict[str, Any], k: int | None) -> Ground:
    matrix = None if k is None else facts["objects"][k]["cd"]
    compass = None if matrix is None else compass_of(np.reshape(matrix, (2, 2)))
    return Ground(tuple(facts["bands"]), facts["scale"], facts["scale_unit"], compass)


def _length(facts: dict[str, Any], pixels: int) -> str:
    """A length in pixels or samples, and on the sky or in time."""
    word = "px" if facts["kind"] == "images" else "samples"
    return f"{pixels} {word}" + (f" ({pixels * facts['scale']:.3g} {facts['scale_unit']})" if facts["scale"] else "")
