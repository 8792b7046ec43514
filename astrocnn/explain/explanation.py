"""All looks at a trained model and some of its objects together: numbers by name, and the arrays they describe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from astrocnn.errors import DataError
from astrocnn.explain.activation import most_exciting_inputs, strongest_objects
from astrocnn.explain.choose import Request, choose_objects, chosen_output, class_name, named_units
from astrocnn.explain.feature_maps import feature_maps, first_filters, layers_to_show
from astrocnn.explain.grad_cam import GradCam, grad_cam
from astrocnn.explain.occlusion import occlusion
from astrocnn.explain.opened import BATCH, Opened, open_network
from astrocnn.explain.saliency import input_gradient, saliency_map
from astrocnn.explain.window import window_px
from astrocnn.receptive_field.effective import effective_fields
from astrocnn.samples.central import central_part
from astrocnn.samples.sample_set import SampleSet
from astrocnn.training.model_folder import TrainedModel, refuse_mismatch
from astrocnn.training.predict import network_inputs, predict_set

FORMAT_VERSION = 1
LOOKED_AT = 512
"""Real objects, spread evenly over the samples, among which those that excite a unit most are sought."""
REAL_OBJECTS = 4
"""Shown for each unit."""

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
        From one input to scores of each object.
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
    named = None if isinstance(request.units, int) else named_units(opened, request.units)
    layers = list(request.layers) or layers_to_show(opened)
    for layer in layers:
        opened.map_step(layer)  # before any compute
    rows = None if isinstance(request.objects, int) else [samples.position(one) for one in request.objects]
    if rows is None:
        scores, _ = predict_set(model.network, samples, card.normalisation, card.size_px, card.views, tell)
        rows = choose_objects(samples, scores, output, int(request.objects))  # type: ignore[arg-type]
        scores = scores[rows]
    else:
        scores, _ = predict_set(
            model.network, samples.select(np.array(rows)), card.normalisation, card.size_px, card.views
        )
    looks = _Looks(model, samples, request, opened, rows, scores, output, tell)
    explanation = Explanation(looks.facts(where))
    for look in (looks.where, looks.fields, lambda: looks.maps(layers), lambda: looks.units(named)):
        facts, arrays = look()
        explanation.facts |= facts
        explanation.arrays |= arrays
    return explanation


Found = tuple[dict[str, Any], dict[str, np.ndarray]]


class _Looks:
    """The looks one by one, at objects that are read and prepared once."""

    def __init__(
        self, model: TrainedModel, samples: SampleSet, request: Request, opened: Opened, rows: Sequence[int],
        scores: np.ndarray, output: int | None, tell: Progress,
    ) -> None:  # fmt: skip
        self.model, self.card, self.samples, self.request = model, model.card, samples, request
        self.opened, self.rows, self.scores, self.tell = opened, np.array(rows), scores, tell
        data = samples.read(self.rows)
        self.inputs, finite = network_inputs(data, self.card.normalisation, self.card.size_px)
        if not finite.all():
            names = ", ".join(samples.ids[self.rows[~finite]])
            raise DataError("values that are not finite", where=names, fix="choose another object")
        self.stamps = self._middle(data)
        self.outputs = scores.argmax(axis=1) if output is None else np.full(len(rows), output)
        self.cam: GradCam = grad_cam(opened, self.inputs, self.outputs)

    def facts(self, where: str) -> dict[str, Any]:
        """What is explained: the model and the objects."""
        card, meta = self.card, self.samples.meta
        (before,) = self.opened.computed([None], self.inputs)
        labels, ids = self.samples.column("label")[self.rows], self.samples.ids[self.rows]
        sky = self.samples.read_wcs(self.rows) if "wcs" in self.samples.planes else None
        objects = [
            {
                "id": str(ids[k]), "label": meta.classes[labels[k]] if 0 <= labels[k] < len(meta.classes) else None,
                "class": class_name(card, int(output)), "unit": int(output), "score": float(self.scores[k, output]),
                "before_activation": float(before[k, output]),
                "cd": None if sky is None else sky[k, 4:].tolist(),
            }
            for k, output in enumerate(self.outputs)
        ]  # fmt: skip
        return {
            "format_version": FORMAT_VERSION, "network": card.network, "samples": where, "kind": card.kind,
            "bands": list(card.bands), "scale": card.scale, "scale_unit": card.scale_unit, "size_px": card.size_px,
            "views": card.views, "needed": card.receptive_field.get("needed"), "score_is": self.opened.score_is,
            "score_layer": self.opened.graph.calls[-1].name, "objects": objects,
        }  # fmt: skip

    def where(self) -> Found:
        """Where the network looks: saliency, Grad-CAM, occlusion."""
        slope = input_gradient(self.opened, self.inputs, self.outputs, self.request.copies, seed=self.request.seed)
        seen = [min(axis.size, axis.input_size) for axis in self.opened.step(self.opened.last_map).field.axes]
        window = window_px(self.card, seen, self.request.window)
        hidden = []
        for k, (value, output) in enumerate(zip(self.inputs, self.outputs, strict=True)):
            self.tell(k, len(self.rows), "occlusion")
            hidden.append(occlusion(self.opened, value, int(output), window))
        facts = {"copies": self.request.copies, "window_px": list(window), "grad_cam_layer": self.cam.layer}
        maps = {"saliency": saliency_map(slope), "grad_cam": self.cam.on_input, "occlusion": np.stack(hidden)}
        return facts, {"stamps": self.stamps, **{name: np.asarray(value, np.float32) for name, value in maps.items()}}

    def fields(self) -> Found:
        """The effective field of the middle feature of the last map, for each object by itself."""
        self.tell(0, 1, "effective field")
        seen = effective_fields(self.model.network, self.inputs, self.cam.layer, seed=self.request.seed)
        facts = ("network", "layer", "position", "theoretical", "number")
        found = [None if one is None else {name: getattr(one, name) for name in facts} for one in seen]
        arrays = {
            f"effective_{k}": np.asarray(one.weights, np.float32) for k, one in enumerate(seen) if one is not None
        }
        return {"effective": found}, arrays

    def maps(self, layers: Sequence[str]) -> Found:
        """What layers make of each object, and the filters of the first one."""
        found = feature_maps(self.opened, self.inputs, layers)
        arrays = {f"maps_{k}_{n}": maps[k] for k in range(len(self.rows)) for n, maps in enumerate(found.values())}
        filters = first_filters(self.opened)
        if filters is not None:
            arrays["filters"] = filters.kernels
        return {"layers": list(found), "filters_layer": None if filters is None else filters.layer}, arrays

    def units(self, named: Sequence[tuple[str, int]] | None) -> Found:
        """What excites the scores and some units most: inputs made for it, and real objects."""
        groups: dict[str | None, list[int]] = {None: sorted(set(self.outputs.tolist()))}
        if named is None:
            best = np.argsort(-self.cam.contributions[0], kind="stable")
            groups[self.cam.layer] = best[: int(self.request.units)].tolist()  # type: ignore[arg-type]
        for name, unit in named or ():
            groups.setdefault(name, []).append(unit)
        searched = self.samples.select(
            np.unique(np.linspace(0, len(self.samples) - 1, min(len(self.samples), LOOKED_AT)).round().astype(int))
        )
        groups = {layer: units for layer, units in groups.items() if units}
        best_of_all = strongest_objects(self.opened, self._batches(searched), groups, REAL_OBJECTS)
        facts: list[dict[str, Any]] = []
        arrays = {}
        for number, (layer, units) in enumerate(groups.items()):
            self.tell(number, len(groups), "what excites units")
            made, reached = most_exciting_inputs(self.opened, layer, units, seed=self.request.seed)
            best_of = best_of_all[layer]
            arrays[f"made_{number}"] = self.card.normalisation.undo(made)
            arrays[f"real_{number}"] = np.stack([self._middle(searched.read(rows)) for rows in best_of.rows])
            facts.append({
                "layer": layer or self.opened.graph.calls[-1].name, "units": units, "reached": reached.tolist(),
                "is_score": layer is None,
                "classes": [class_name(self.card, unit) if layer is None else None for unit in units],
                "real": [
                    [{"id": str(searched.ids[row]), "value": float(value), "box": self._box(layer, place)}
                     for row, value, place in zip(*found, strict=True) if row >= 0]
                    for found in zip(best_of.rows, best_of.values, best_of.positions, strict=True)
                ],
            })  # fmt: skip
        return {"units": facts, "searched": len(searched)}, arrays

    def _box(self, layer: str | None, place: np.ndarray) -> list[list[int]] | None:
        """First and last pixel along each axis that a feature sees; None for a score, which sees all."""
        if layer is None:
            return None
        return [list(ends) for ends in self.opened.step(layer).field.box(place.tolist())]

    def _middle(self, data: np.ndarray) -> np.ndarray:
        """The part of objects that the network sees, in their own unit."""
        middle: np.ndarray = central_part(data, (self.card.size_px,) * (data.ndim - 2), first_axis=1)
        return middle

    def _batches(self, samples: SampleSet) -> Iterator[np.ndarray]:
        """Prepared objects; NaN where an object cannot be used."""
        for batch in samples.batches(BATCH):
            inputs, finite = network_inputs(batch.data, self.card.normalisation, self.card.size_px)
            inputs[~finite] = np.nan
            yield inputs
