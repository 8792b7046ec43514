"""The effective receptive field: how much each input weighs for one feature (Luo et al. 2016, NeurIPS 29).

The theoretical field says which inputs a feature can see. The effective one is the mean absolute gradient of the
feature by its inputs: nearly Gaussian, and a fraction of the theoretical field, since central inputs reach the feature
on more paths.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.errors import MismatchError, ReceptiveFieldError
from astrocnn.receptive_field.evaluate import evaluated
from astrocnn.receptive_field.gradient import gradient
from astrocnn.receptive_field.graph import Slot
from astrocnn.receptive_field.target import Target, target_of

BATCH = 8
"""Inputs whose gradients are taken together."""


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """What one feature of a network weighs, per spatial axis, in input pixels (or samples).

    Attributes
    ----------
    network, layer : str
        The model, and the layer whose feature it is.
    position : tuple of int
        The feature.
    weights : ndarray, shape of the input without channels
        Mean absolute gradient over inputs and channels, normalised to a sum of 1.
    theoretical : tuple of (int, int)
        First and last input that the feature can see, per axis; outside the input where padding is seen.
    number : int
        Inputs over which it was averaged.
    """

    network: str
    layer: str
    position: tuple[int, ...]
    weights: NDArray[np.float64]
    theoretical: tuple[tuple[int, int], ...]
    number: int

    @property
    def centre(self) -> tuple[float, ...]:
        """Middle of the theoretical field; 0 is the centre of the first pixel."""
        return tuple((first + last) / 2 for first, last in self.theoretical)

    def radius(self, fraction: float) -> float:
        """Distance from the centre within which this fraction of the weight lies; along one axis half the length.

        Raises
        ------
        ReceptiveFieldError
            When the fraction is not between 0 and 1.
        """
        if not 0 < fraction < 1:
            raise ReceptiveFieldError("not a fraction", expected="a number between 0 and 1", received=fraction)
        grids = np.meshgrid(*(np.arange(n) for n in self.weights.shape), indexing="ij")
        distance = np.sqrt(sum((grid - middle) ** 2 for grid, middle in zip(grids, self.centre, strict=True))).ravel()
        radii, place = np.unique(distance.round(6), return_inverse=True)
        # Of all pixels at one distance, half of the weight counts as nearer.
        rings = np.bincount(place, self.weights.ravel())
        return float(np.interp(fraction, np.cumsum(rings) - rings / 2, radii))

    @property
    def radius_50(self) -> float:
        """Radius that holds 50 % of the weight."""
        return self.radius(0.5)

    @property
    def radius_95(self) -> float:
        """Radius that holds 95 % of the weight."""
        return self.radius(0.95)

    @property
    def sigma(self) -> tuple[float, ...]:
        """Width of a Gaussian fitted to the weights summed over the other axes, per axis; NaN where none can be."""
        return tuple(self._fitted(axis) for axis in range(self.weights.ndim))

    @property
    def fraction(self) -> float:
        """Share of the theoretical field, as far as it lies inside the input, with more than 4.55 % of the peak.

        The measure of Luo et al. (2016), section 4: pixels above 1 - 0.9545 of the largest weight.
        """
        inside = [
            min(last, n - 1) - max(first, 0) + 1
            for (first, last), n in zip(self.theoretical, self.weights.shape, strict=True)
        ]
        return float((self.weights > (1 - 0.9545) * self.weights.max()).sum() / np.prod(inside))

    def to_json(self) -> dict[str, Any]:
        """Numbers for `json.dump`, without the map."""
        return {
            "network": self.network, "layer": self.layer, "position": list(self.position), "inputs": self.number,
            "theoretical": [list(ends) for ends in self.theoretical], "radius_50": self.radius_50,
            "radius_95": self.radius_95, "sigma": list(self.sigma), "fraction": self.fraction,
        }  # fmt: skip

    def _fitted(self, axis: int) -> float:
        from scipy.optimize import OptimizeWarning, curve_fit

        others = tuple(other for other in range(self.weights.ndim) if other != axis)
        profile = self.weights.sum(axis=others)
        place = np.arange(len(profile), dtype=float)
        total = profile.sum()
        middle = float((place * profile).sum() / total)
        width = max(0.5, float(np.sqrt((profile * (place - middle) ** 2).sum() / total)))

        def gaussian(x: Any, height: float, centre: float, sigma: float) -> Any:
            return height * np.exp(-((x - centre) ** 2) / (2 * sigma**2))

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", OptimizeWarning)
                found, _ = curve_fit(gaussian, place, profile, (profile.max(), middle, width), maxfev=2000)
        except (RuntimeError, TypeError, OptimizeWarning):
            return float("nan")
        return abs(float(found[2]))


def effective_field(
    model: Any,
    layer: str | None = None,
    inputs: NDArray[Any] | Mapping[str, NDArray[Any]] | None = None,
    *,
    number: int = 32,
    seed: int = 0,
    position: Sequence[int] | None = None,
    source: str | None = None,
    input_shape: Sequence[int] | None = None,
) -> EffectiveField:
    """Measure the effective receptive field of one feature, with the weights that the model has.

    Parameters
    ----------
    model : keras.Model
        Trained or untrained; as `receptive_field` takes it. Layers run as they do when data are scored.
    layer : str, optional
        The layer; by default the output, or what the first global operation reads.
    inputs : ndarray of shape (n, *axes, channels), or dict of them by the name of the input, optional
        Prepared as the network takes them (normalised); by default `number` inputs of white noise of variance 1.
    number : int
        Inputs of noise.
    seed : int
        Of the noise and of the signs of the channels.
    position : sequence of int, optional
        The feature, per spatial axis; by default the one in the middle of the map.
    source : str, optional
        Name of the input, where several have spatial axes; the first by default.
    input_shape : sequence of int, optional
        Shape of one object, channels included, where the model leaves sizes open.

    Returns
    -------
    EffectiveField
        Of the mean over inputs of abs(d sum_c e_c y_c / d x), summed over input channels, with a random sign e_c for
        each channel of the feature and each input, so that channels do not cancel.

    Raises
    ------
    ReceptiveFieldError
        When the layer comes after a global operation, a layer has no rule, or no input has any weight.
    MismatchError
        When the inputs do not have the shape of the model's.
    """
    target = target_of(model, layer, source, input_shape)
    rng = np.random.default_rng(seed)
    values = _inputs(target, inputs, number, rng)
    place, slopes = _slopes(target, values, position, rng)
    total = sum((slope.sum(axis=0) for slope in slopes), np.zeros(target.steps[0].field.map_size))
    return _field(target, place, total, len(values[target.slot]))


def effective_fields(
    model: Any, inputs: NDArray[Any], layer: str | None = None, *, seed: int = 0
) -> list[EffectiveField | None]:
    """Measure the effective field of the middle feature for each input by itself.

    Parameters
    ----------
    model, layer, seed
        As `effective_field` takes them; the model has one input.
    inputs : ndarray, shape (n, *axes, channels)
        Prepared as the network takes them.

    Returns
    -------
    list of EffectiveField or None
        None for an input for which the feature does not answer at all.
    """
    target = target_of(model, layer)
    rng = np.random.default_rng(seed)
    place, slopes = _slopes(target, _inputs(target, inputs, len(inputs), rng), None, rng)
    each = np.concatenate(list(slopes))
    return [_field(target, place, weights, 1) if weights.any() else None for weights in each]


def _slopes(
    target: Target, values: dict[Slot, NDArray[np.float32]], position: Sequence[int] | None, rng: np.random.Generator
) -> tuple[tuple[int, ...], Iterator[NDArray[np.float64]]]:
    """The feature that is looked at, and batches of abs(d sum_c e_c y_c / d x) for each input, (n, *axes)."""
    import keras

    field = target.steps[-1].field
    place = tuple(position) if position is not None else tuple(size // 2 for size in field.map_size)
    index = (slice(None), slice(None), *place) if field.channel_axis == 1 else (slice(None), *place, slice(None))
    others = [slot for slot in values if slot != target.slot]

    def feature(value: Any, signs: Any, *rest: Any) -> Any:
        known = {target.slot: value, **dict(zip(others, rest, strict=True))}
        first = evaluated(target.graph, known, target.graph.outputs)[0][:: field.copies]
        return keras.ops.sum(first[index] * signs)

    slope_of = gradient(feature)

    def batches() -> Iterator[NDArray[np.float64]]:
        for start in range(0, len(values[target.slot]), BATCH):
            part = {slot: value[start : start + BATCH] for slot, value in values.items()}
            signs = rng.choice((-1.0, 1.0), (len(part[target.slot]), target.steps[-1].channels or 1)).astype("float32")
            slope = np.abs(slope_of(part[target.slot], signs, *(part[slot] for slot in others)))
            yield slope.sum(axis=1 if field.channel_axis == 1 else -1)

    return place, batches()


def _field(target: Target, place: tuple[int, ...], total: NDArray[np.float64], many: int) -> EffectiveField:
    """The field of summed slopes.

    Raises
    ------
    ReceptiveFieldError
        When they are all zero.
    """
    if not total.sum() > 0:
        raise ReceptiveFieldError("the feature depends on no input", where=target.name, fix="look at another position")
    seen = []
    for axis, number_of in zip(target.steps[-1].field.axes, place, strict=True):
        low, high = axis.unbounded(np.array([number_of]))
        seen.append((int(low[0]), int(high[0])))
    return EffectiveField(target.graph.name, target.name, place, total / total.sum(), tuple(seen), many)


def _inputs(
    target: Target, given: NDArray[Any] | Mapping[str, NDArray[Any]] | None, number: int, rng: np.random.Generator
) -> dict[Slot, NDArray[np.float32]]:
    """Values of the model's inputs by their slots."""
    ends = dict(zip(target.graph.inputs, target.graph.input_tensors, strict=True))
    entry = target.steps[0]
    shapes = {slot: tuple(tensor.shape[1:]) for slot, tensor in ends.items()}
    sizes = entry.field.map_size
    shapes[target.slot] = (
        (entry.channels or 1, *sizes) if entry.field.channel_axis == 1 else (*sizes, entry.channels or 1)
    )
    if given is None:
        return {slot: rng.standard_normal((number, *shape)).astype("float32") for slot, shape in shapes.items()}
    named = given if isinstance(given, Mapping) else {ends[target.slot].name: given}
    values = {}
    for slot, tensor in ends.items():
        received = named.get(tensor.name)
        if received is None or received.shape[1:] != shapes[slot]:
            raise MismatchError(
                "the inputs are not those of the model", where=tensor.name, expected=("n", *shapes[slot]),
                received=None if received is None else received.shape,
            )  # fmt: skip
        values[slot] = np.asarray(received, "float32")
    return values
