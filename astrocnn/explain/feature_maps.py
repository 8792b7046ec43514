"""Feature maps: what each layer makes of an object; and the filters of the first layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.explain.opened import Opened
from astrocnn.receptive_field.walk import Step

FEWEST_LAYERS, MOST_LAYERS = 4, 8
"""Layers shown where none are named, if there are so many."""


@dataclass(frozen=True, eq=False)
class Filters:
    """Kernels of the first convolution, (*axes, band, filter)."""

    layer: str
    kernels: NDArray[np.float32]


def feature_maps(opened: Opened, inputs: NDArray[Any], layers: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Compute the maps of some layers.

    Parameters
    ----------
    opened : Opened
        The network.
    inputs : ndarray, shape (n, *axes, channels)
        Prepared as the network takes them.
    layers : sequence of str
        Layers with spatial axes.

    Returns
    -------
    dict of str to ndarray of float32, shape (n, *axes of the map, channels)
        By layer, in the order given.

    Raises
    ------
    UnknownName, MismatchError
        When there is no such layer, or it has no spatial axes.
    """
    steps = [opened.map_step(layer) for layer in layers]
    return dict(zip((step.name for step in steps), opened.computed(steps, inputs), strict=True))


def layers_to_show(opened: Opened, most: int = MOST_LAYERS) -> list[str]:
    """Names of layers that show how a map is made, in order.

    The first one and the last of each size of the map; where those are fewer than four, layers that widen the field,
    spread evenly. A layer is followed by what looks no further (normalisation, activation), and shown after that.
    """
    ends: list[Step] = []
    for step in opened.maps:
        widens = step.changed and step.field.windows is not None
        if widens or not ends:
            ends.append(step)
        else:
            ends[-1] = step
    sizes = [step.field.map_size for step in ends]
    shown = [step for k, step in enumerate(ends) if k == 0 or sizes[k] not in sizes[k + 1 :]]
    shown = ends if len(shown) < FEWEST_LAYERS else shown
    places = range(len(shown)) if len(shown) <= most else np.linspace(0, len(shown) - 1, most).round().astype(int)
    return [shown[k].name for k in places]


def first_filters(opened: Opened) -> Filters | None:
    """Kernels of the first convolution over the input; None where the first layer with weights is another."""
    for step in opened.maps:
        kernel = None if step.call is None else getattr(step.call.layer, "kernel", None)
        if kernel is None:
            continue
        kernels = np.asarray(kernel, np.float32)
        return Filters(step.name, kernels) if kernels.ndim == len(step.field.axes) + 2 else None
    return None


def strongest_channels(maps: NDArray[Any], number: int) -> NDArray[np.int64]:
    """Channels of a map (*axes, channels) that vary most over it, the strongest first; equal ones by number."""
    spread = np.asarray(maps, float).reshape(-1, maps.shape[-1]).std(axis=0)
    return np.argsort(-spread, kind="stable")[:number]
