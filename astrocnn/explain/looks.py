"""The looks at a trained model and some objects, each as plain numbers by name and the arrays they describe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from astrocnn.central import central_part
from astrocnn.errors import DataError
from astrocnn.explain.activation import most_exciting_inputs, strongest_objects
from astrocnn.explain.choose import class_name
from astrocnn.explain.feature_maps import feature_maps, first_filters
from astrocnn.explain.grad_cam import GradCam, grad_cam
from astrocnn.explain.occlusion import occlusion
from astrocnn.explain.opened import BATCH, Opened
from astrocnn.explain.saliency import input_gradient, saliency_map
from astrocnn.receptive_field.effective import effective_fields
from astrocnn.samples.sample_set import SampleSet
from astrocnn.training.model_folder import TrainedModel
from astrocnn.training.predict import network_inputs

LOOKED_AT = 512
"""Real objects, spread evenly over the samples, among which those that excite a unit most are sought."""
REAL_OBJECTS = 4
"""Shown for each unit."""

Found = tuple[dict[str, Any], dict[str, np.ndarray]]


class Looks:
    """The looks one by one, at objects that are read and prepared once.

    Parameters
    ----------
    model : TrainedModel
        The model.
    opened : Opened
        Its network.
    samples : SampleSet
        Where the objects come from, and those that excite units are sought.
    rows : sequence of int
        The objects.
    scores : ndarray, shape (n, output)
        Of the objects, over all views.
    output : int or None
        The score that is explained; that of each object's own class where None.
    seed : int
        Of all noise.
    tell : callable
        Called as `tell(done, total, text)`.

    Raises
    ------
    DataError
        When an object has values that are not finite.
    """

    def __init__(
        self, model: TrainedModel, opened: Opened, samples: SampleSet, rows: Sequence[int], scores: np.ndarray,
        output: int | None, seed: int, tell: Callable[[int, int, str], None],
    ) -> None:  # fmt: skip
        self.model, self.card, self.samples, self.opened = model, model.card, samples, opened
        self.rows, self.scores, self.seed, self.tell = np.array(rows), scores, seed, tell
        data = samples.read(self.rows)
        self.inputs, finite = network_inputs(data, self.card.normalisation, self.card.axes_px)
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
            "network": card.network, "samples": where, "kind": card.kind,
            "bands": list(card.bands), "scale": card.scale, "scale_unit": card.scale_unit, "size_px": card.size_px,
            "views": card.views, "needed": card.receptive_field.get("needed"), "score_is": self.opened.score_is,
            "score_layer": self.opened.graph.calls[-1].name, "objects": objects,
        }  # fmt: skip

    def where(self, copies: int, window: Sequence[int]) -> Found:
        """Where the network looks: saliency over so many noisy copies, Grad-CAM, occlusion by a window in pixels."""
        slope = input_gradient(self.opened, self.inputs, self.outputs, copies, seed=self.seed)
        hidden = []
        for k, (value, output) in enumerate(zip(self.inputs, self.outputs, strict=True)):
            self.tell(k, len(self.rows), "occlusion")
            hidden.append(occlusion(self.opened, value, int(output), window))
        facts = {"copies": copies, "window_px": list(window), "grad_cam_layer": self.cam.layer}
        maps = {"saliency": saliency_map(slope), "grad_cam": self.cam.on_input, "occlusion": np.stack(hidden)}
        return facts, {"stamps": self.stamps, **{name: np.asarray(value, np.float32) for name, value in maps.items()}}

    def fields(self) -> Found:
        """The effective field of the middle feature of the last map, for each object by itself."""
        self.tell(0, 1, "effective field")
        seen = effective_fields(self.model.network, self.inputs, self.cam.layer, seed=self.seed)
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
        fields = [self.opened.step(layer).field.axes for layer in found]
        facts = {
            "layers": list(found), "places": [[[axis.start, axis.jump] for axis in axes] for axes in fields],
            "filters_layer": None if filters is None else filters.layer,
        }  # fmt: skip
        return facts, arrays

    def units(self, named: int | Sequence[tuple[str, int]]) -> Found:
        """What excites the scores and some units most: inputs made for it, and real objects.

        Of a number of units those channels of the last map are taken that speak most for the first object's class.
        """
        groups: dict[str | None, list[int]] = {None: sorted(set(self.outputs.tolist()))}
        if isinstance(named, int):
            best = np.argsort(-self.cam.contributions[0], kind="stable")
            groups |= {self.cam.layer: best[:named].tolist()} if named and self.opened.maps else {}
        else:
            for name, unit in named:
                groups.setdefault(name, []).append(unit)
        searched = self.samples.select(
            np.unique(np.linspace(0, len(self.samples) - 1, min(len(self.samples), LOOKED_AT)).round().astype(int))
        )
        best_of_all = strongest_objects(self.opened, self._batches(searched), groups, REAL_OBJECTS)
        facts: list[dict[str, Any]] = []
        arrays = {}
        for number, (layer, units) in enumerate(groups.items()):
            self.tell(number, len(groups), "what excites units")
            made, reached = most_exciting_inputs(self.opened, layer, units, seed=self.seed)
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
        middle: np.ndarray = central_part(data, self.card.axes_px, first_axis=1)
        return middle

    def _batches(self, samples: SampleSet) -> Iterator[np.ndarray]:
        """Prepared objects; NaN where an object cannot be used."""
        for batch in samples.batches(BATCH):
            inputs, finite = network_inputs(batch.data, self.card.normalisation, self.card.axes_px)
            inputs[~finite] = np.nan
            yield inputs
