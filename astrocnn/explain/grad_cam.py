"""Grad-CAM: which places of the last map speak for a class (Selvaraju et al. 2017, ICCV, equations 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.explain.opened import Opened, as_map
from astrocnn.receptive_field.evaluate import evaluated
from astrocnn.receptive_field.gradient import gradient
from astrocnn.receptive_field.tensor_field import TensorField


@dataclass(frozen=True, eq=False)
class GradCam:
    """Grad-CAM of some objects.

    Attributes
    ----------
    layer : str
        The layer whose map is weighed.
    weights : ndarray, shape (n, channels)
        Mean gradient of the score by each channel of the map, alpha in the paper.
    places : ndarray, shape (n, *axes of the map)
        max(0, sum over channels of weight times map).
    contributions : ndarray, shape (n, channels)
        Weight times the sum of the channel over its map: what speaks for the class (or against it), channel by channel.
    on_input : ndarray, shape (n, *axes of the input)
        `places`, interpolated linearly between the centres of what the features see.
    """

    layer: str
    weights: NDArray[np.float64]
    places: NDArray[np.float64]
    contributions: NDArray[np.float64]
    on_input: NDArray[np.float64]


def grad_cam(opened: Opened, inputs: NDArray[Any], outputs: NDArray[Any], layer: str | None = None) -> GradCam:
    """Weigh the channels of a map by the gradient of a score, and sum them.

    Parameters
    ----------
    opened : Opened
        The network.
    inputs : ndarray, shape (n, *axes, channels)
        Prepared as the network takes them, finite.
    outputs : ndarray of int, shape (n,)
        Which score of each object.
    layer : str, optional
        The last layer with spatial axes before a global operation by default.

    Raises
    ------
    UnknownName, MismatchError
        When there is no such layer, or it has no spatial axes.
    """
    import keras

    step = opened.map_step(layer or opened.last_map)
    slot = opened.slot(step)

    def score(features: Any, value: Any, which: Any) -> Any:
        known = {opened.entry: value, slot: features}  # features may be the input itself
        return keras.ops.sum(evaluated(opened.graph, known, opened.graph.outputs)[0] * which)

    slope_of = gradient(score)
    raw = [_raw(opened, slot, value) for value in inputs]
    which = opened.one_hot(outputs)
    slopes = [slope_of(raw[k], np.asarray(inputs[k], np.float32)[None], which[k][None]) for k in range(len(inputs))]
    maps = as_map(np.concatenate(raw), step.field).astype(float)
    axes = tuple(range(1, maps.ndim - 1))
    weights = as_map(np.concatenate(slopes), step.field).mean(axis=axes)
    weighed = maps * np.expand_dims(weights, axes)
    places = np.maximum(weighed.sum(axis=-1), 0)
    return GradCam(step.name, weights, places, weighed.sum(axis=axes), on_the_input(places, step.field))


def on_the_input(places: NDArray[Any], field: TensorField) -> NDArray[np.float64]:
    """Values of a map (n, *axes) at every pixel of the input, linear between the centres of what the features see.

    Beyond the first and last centre the value is theirs.
    """
    values = np.asarray(places, float)
    for number, axis in enumerate(field.axes, start=1):
        low, high = axis.unbounded(np.arange(axis.map_size))
        seeing = np.isfinite(low)
        centres, pixels = (low[seeing] + high[seeing]) / 2, np.arange(axis.input_size)
        shares = np.stack([np.interp(pixels, centres, one) for one in np.eye(len(centres))])  # (feature, pixel)
        lines = np.compress(seeing, values, axis=number)
        values = np.moveaxis(np.tensordot(lines, shares, axes=(number, 0)), -1, number)
    return values


def _raw(opened: Opened, slot: int, value: NDArray[Any]) -> NDArray[np.float32]:
    """What a layer gives for one object, as it stands in the network."""
    import keras

    (tensor,) = evaluated(opened.graph, {opened.entry: np.asarray(value, np.float32)[None]}, [slot])
    return np.asarray(keras.ops.convert_to_numpy(tensor), np.float32)
