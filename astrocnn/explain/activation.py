"""What excites a unit most: an input made for it, and the real objects that come closest.

Erhan et al. (2009, Univ. Montreal TR 1341) climb the activation of a unit from noise. Without a bound on the input the
result is noise of high contrast; Simonyan et al. (2014) add an L2 penalty, Yosinski et al. (2015, arXiv:1506.06579)
blur now and then. Here the root mean square of the input is held fixed, which bounds the same norm without a constant
to choose, and a narrow Gaussian blur is applied every few steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.explain.opened import Opened
from astrocnn.receptive_field.evaluate import evaluated
from astrocnn.receptive_field.gradient import gradient

STEPS, RATE, BLUR_EVERY, STARTS = 64, 0.15, 4, 16


@dataclass(frozen=True, eq=False)
class Strongest:
    """The objects that excite some units most, the strongest first.

    Attributes
    ----------
    rows : ndarray of int, shape (units, number)
        Which objects, counted in the order they were given; -1 where there are fewer.
    values : ndarray, shape (units, number)
        The activation, the largest over the map; NaN where there are fewer objects.
    positions : ndarray of int, shape (units, number, axes)
        Where on the map; no axes for scores.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    positions: NDArray[np.int64]


def most_exciting_inputs(
    opened: Opened, layer: str | None, units: Sequence[int], *, steps: int = STEPS, rate: float = RATE,
    size: float = 1.0, blur: float = 1.0, seed: int = 0,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:  # fmt: skip
    """Climb from noise to an input that excites a unit.

    Parameters
    ----------
    opened : Opened
        The network.
    layer : str or None
        A layer with spatial axes, whose feature in the middle of the map is excited; None for the scores.
    units : sequence of int
        Its channels, or which scores.
    steps : int
        Steps of the climb.
    rate : float
        Length of a step, as a share of the input's own.
    size : float
        Root mean square of the input; 1 is that of normalised training data.
    blur : float
        Standard deviation in pixels of the Gaussian that is applied every `BLUR_EVERY` steps; 0 for none.
    seed : int
        Of the noise.

    Returns
    -------
    inputs : ndarray of float32, shape (units, *axes, channels)
        In the normalised units of the network.
    reached : ndarray, shape (units,)
        The activation there.

    Raises
    ------
    UnknownName, MismatchError
        When there is no such layer, or it has no spatial axes.
    """
    import keras
    from scipy.ndimage import gaussian_filter

    def activations(value: Any) -> Any:
        return opened.scores(value) if layer is None else _middle(opened, layer, value)

    slope_of, number = opened.score_slope, opened.number_of_scores
    if layer is not None:
        slope_of = gradient(lambda value, which: keras.ops.sum(activations(value) * which))
        number = opened.map_step(layer).channels or 1
    shape = opened.input_shape
    # The same noise for all units, so that each stands alone; several, since a rectified unit may be silent for one.
    noise = np.random.default_rng(seed).standard_normal((STARTS, *shape)).astype(np.float32)
    louder = np.asarray(keras.ops.convert_to_numpy(activations(noise)))[:, list(units)].argmax(axis=0)
    values = noise[louder].astype(float)
    which = np.eye(number, dtype=np.float32)[list(units)]
    sigma = (*(blur for _ in shape[:-1]), 0)
    for step in range(steps):
        slope = slope_of(np.asarray(values, np.float32), which)
        values = values + rate * _of_size(slope, size)
        if blur and step % BLUR_EVERY == 0:
            values = np.stack([gaussian_filter(one, sigma, mode="nearest") for one in values])
        values = _of_size(values, size)
    made = np.asarray(values, np.float32)
    reached = np.asarray(keras.ops.convert_to_numpy(activations(made)), float)
    return made, (reached * which).sum(axis=-1)


def strongest_objects(
    opened: Opened, batches: Iterable[NDArray[Any]], groups: Mapping[str | None, Sequence[int]], number: int
) -> dict[str | None, Strongest]:
    """Find the objects that excite some units most, in constant memory.

    Parameters
    ----------
    opened : Opened
        The network.
    batches : iterable of ndarray, shape (n, *axes, channels)
        Prepared objects; those with values that are not finite are passed over.
    groups : mapping of str or None to sequence of int
        Channels of layers with spatial axes, of which the largest activation over the map counts; under None, scores.
    number : int
        Objects a unit.
    """
    steps = [None if layer is None else opened.map_step(layer) for layer in groups]
    best = {layer: _Best(len(units), number) for layer, units in groups.items()}
    done = 0
    for batch in batches:
        good = np.isfinite(batch).all(axis=tuple(range(1, batch.ndim)))
        rows = np.arange(done, done + len(batch))[good]
        done += len(batch)
        if not len(rows):
            continue
        for (layer, units), found in zip(groups.items(), opened.computed(steps, batch[good]), strict=True):
            best[layer].take(rows, found.reshape(len(rows), -1, found.shape[-1])[..., list(units)])
    sizes = [() if step is None else step.field.map_size for step in steps]
    return {layer: best[layer].result(size) for layer, size in zip(groups, sizes, strict=True)}


class _Best:
    """The largest activations met so far: values, rows and places, each (units, number)."""

    def __init__(self, units: int, number: int) -> None:
        self.values = np.full((units, number), -np.inf)
        self.rows, self.places = np.full((units, number), -1), np.zeros((units, number), int)

    def take(self, rows: NDArray[Any], found: NDArray[Any]) -> None:
        """Look at further objects: their rows, and their activations (n, place, unit)."""
        number, place = self.values.shape[1], found.argmax(axis=1)
        met = np.take_along_axis(found, place[:, None], 1)[:, 0].astype(float)
        values = np.hstack([self.values, met.T])
        first = np.argsort(-values, axis=1, kind="stable")[:, :number]
        known = np.hstack([self.rows, np.tile(rows, (len(values), 1))]), np.hstack([self.places, place.T])
        self.values, self.rows, self.places = (np.take_along_axis(one, first, 1) for one in (values, *known))

    def result(self, sizes: tuple[int, ...]) -> Strongest:
        """What was found, with places as positions on a map of these sizes."""
        values = np.where(self.rows < 0, np.nan, self.values)
        positions = np.stack(np.unravel_index(self.places, sizes), axis=-1) if sizes else self.places[..., :0, None]
        return Strongest(self.rows, values, positions.reshape(*self.rows.shape, len(sizes)))


def _middle(opened: Opened, layer: str, value: Any) -> Any:
    """Channels (n, channels) of the feature in the middle of a layer's map, as a tensor."""
    step = opened.map_step(layer)
    field = step.field
    (tensor,) = evaluated(opened.graph, {opened.entry: value}, [opened.slot(step)])
    place = tuple(size // 2 for size in field.map_size)
    if field.is_list:
        place = (int(np.ravel_multi_index(place, field.map_size)),)
    everything = slice(None)
    return tensor[(everything, everything, *place) if field.channel_axis == 1 else (everything, *place, everything)]


def _of_size(values: NDArray[Any], size: float) -> NDArray[np.float64]:
    """The same arrays, each brought to one root mean square; zeros stay zeros."""
    axes = tuple(range(1, values.ndim))
    return np.asarray(values * (size / np.maximum(np.sqrt((values**2).mean(axis=axes, keepdims=True)), 1e-30)))
