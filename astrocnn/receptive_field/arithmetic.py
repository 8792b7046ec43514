"""Receptive-field arithmetic along one axis: which inputs a feature sees, through any sequence of layers.

Two pictures are carried side by side. The unbounded one is the arithmetic of the lecture: the map continues for ever,
so sizes and jumps are the same everywhere; it gives r (size), j (jump), start and padding. The bounded one holds the
box of every feature of the real map, where padding holds nothing to see; it is what a gradient test measures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from astrocnn.errors import ReceptiveFieldError
from astrocnn.windows import Indices

Edges = NDArray[np.float64]  # whole numbers; infinite where a feature sees nothing


class Reading(Protocol):
    """How any layer reads its input along one axis: a `Window`, or a `resampling.Resampling`.

    `kernel`, `stride`, `dilation` and `spacing` are for the layer table; what counts is `read`.
    """

    @property
    def kernel(self) -> int:
        """Inputs that an output reads, at most."""
        ...

    @property
    def stride(self) -> int:
        """Step between outputs, in places."""
        ...

    @property
    def dilation(self) -> int:
        """Step between what one output reads."""
        ...

    @property
    def spacing(self) -> int:
        """Places between inputs."""
        ...

    @property
    def reach(self) -> int:
        """Positions that must be there, padding included."""
        ...

    @property
    def period(self) -> int:
        """After this many outputs the pattern of what is read repeats."""
        ...

    @property
    def shift(self) -> int:
        """By how many inputs it has then moved."""
        ...

    def size(self, n: int) -> int:
        """Number of outputs for n inputs."""
        ...

    def read(self, outputs: Indices) -> Iterator[tuple[Indices, NDArray[np.bool_]]]:
        """Yield, for one tap after the other, the input that each output reads, and whether it reads one."""
        ...


@dataclass(frozen=True, eq=False)
class AxisField:
    """What the features of a map see of the input along one axis.

    Attributes
    ----------
    input_size : int
        Length of the input along this axis.
    low, high : ndarray
        Unbounded picture: first and last input seen by the features 0, ..., period - 1.
    advance : int
        Inputs by which the unbounded pattern moves after one period.
    first, last : ndarray
        Bounded picture: first and last input that each feature of the map really sees.
    """

    input_size: int
    low: Edges
    high: Edges
    advance: int
    first: Edges
    last: Edges

    @classmethod
    def of_input(cls, size: int) -> AxisField:
        """Return the field of the input itself: every pixel sees itself."""
        pixels = np.arange(size, dtype=float)
        return cls(size, np.zeros(1), np.zeros(1), 1, pixels, pixels)

    @property
    def map_size(self) -> int:
        """Number of features along this axis, n."""
        return len(self.first)

    @property
    def period(self) -> int:
        """Number of features after which the pattern repeats; more than one only after upsampling."""
        return len(self.low)

    @property
    def phases(self) -> tuple[int, int]:
        """Smallest and largest size over the phases of the pattern."""
        sizes = np.maximum(self.high - self.low + 1, 0)
        return int(sizes.min()), int(sizes.max())

    @property
    def size(self) -> int:
        """Size r of the receptive field in input pixels, the largest where it depends on the phase."""
        return self.phases[1]

    @property
    def jump(self) -> float:
        """Distance j between neighbouring features in input pixels."""
        ratio = self.advance / self.period
        return int(ratio) if ratio == int(ratio) else ratio

    @property
    def start(self) -> float:
        """Centre of the first field, 0.5 being the centre of the first pixel."""
        return float(self.low[self._first_phase] + self.high[self._first_phase] + 1) / 2

    @property
    def padding(self) -> int:
        """Effective padding P: how far the first field begins before the first pixel."""
        return -int(self.low[self._first_phase])

    @property
    def _first_phase(self) -> int:
        """The first feature that sees anything; a transposed convolution may leave others blind."""
        return int(np.isfinite(self.low).argmax())

    @property
    def offset(self) -> float:
        """Distance of the map's centre from the input's centre, in input pixels, positive towards higher indices."""
        low, high = self.unbounded(np.arange(self.map_size))
        seeing = np.isfinite(low)
        centres = (low[seeing] + high[seeing] + 1) / 2
        return float((centres[0] + centres[-1]) / 2 - self.input_size / 2) if len(centres) else 0.0

    def unbounded(self, features: Indices) -> tuple[Edges, Edges]:
        """First and last input seen by any features, also such that lie outside the map."""
        moved = (features // self.period) * self.advance
        return self.low[features % self.period] + moved, self.high[features % self.period] + moved

    def through(self, window: Reading) -> AxisField:
        """Field after a layer.

        Raises
        ------
        ReceptiveFieldError
            When the map is too small for the layer.
        """
        length = window.size(self.map_size)
        if length < 1:
            raise ReceptiveFieldError(
                "the map is too small for this layer",
                expected=f"at least {window.reach} positions, padding included",
                received=self.map_size,
                fix="give a larger input shape",
            )
        repeats = self.period // math.gcd(self.period, window.shift)
        phases = np.arange(repeats * window.period)
        low, high = np.full(len(phases), np.inf), np.full(len(phases), -np.inf)
        for source, reads in window.read(phases):
            tap_low, tap_high = self.unbounded(source)
            low = np.minimum(low, np.where(reads, tap_low, np.inf))
            high = np.maximum(high, np.where(reads, tap_high, -np.inf))
        if not np.isfinite(low).any():
            raise ReceptiveFieldError("no feature after this layer sees the input", fix="change its stride")
        first, last = np.full(length, np.inf), np.full(length, -np.inf)
        for source, reads in window.read(np.arange(length)):
            inside = reads & (source >= 0) & (source < self.map_size)
            source = source.clip(0, self.map_size - 1)
            first = np.minimum(first, np.where(inside, self.first[source], np.inf))
            last = np.maximum(last, np.where(inside, self.last[source], -np.inf))
        advance = self.advance * (repeats * window.shift // self.period)
        return AxisField(self.input_size, low, high, advance, first, last)


def union(fields: Sequence[AxisField]) -> tuple[AxisField, float]:
    """Field of features that read several maps at the same position, and how far apart the maps' centres are.

    Parameters
    ----------
    fields : sequence of AxisField
        Fields of the branches; the same input, map size and jump.

    Returns
    -------
    field : AxisField
        From the smallest first to the largest last input.
    misalignment : float
        Largest distance between the centres of two branches, in input pixels; 0 when they are aligned. After upsampling
        it is their mean distance over the phases: the positions that were one before look from either side of its
        centre, as they should.

    Raises
    ------
    ReceptiveFieldError
        When the maps differ in size, or in jump, so that no one position corresponds to another.
    """
    for name in ("map_size", "jump"):
        values = sorted({getattr(field, name) for field in fields})
        if len(values) > 1:
            raise ReceptiveFieldError(f"branches differ in {name.replace('_', ' ')}", received=values)
    phases = np.arange(math.lcm(*(field.period for field in fields)))
    edges = [field.unbounded(phases) for field in fields]
    low, high = np.array([low for low, _ in edges]), np.array([high for _, high in edges])
    seen = np.isfinite(low)
    centres = (np.where(seen, low, 0) + np.where(seen, high, 0)) / 2
    apart = [
        abs(float((centres[one] - centres[other])[both].mean()))
        for one, other in combinations(range(len(fields)), 2)
        if (both := seen[one] & seen[other]).any()
    ]
    advance = fields[0].advance * len(phases) // fields[0].period
    first = np.min([field.first for field in fields], axis=0)
    last = np.max([field.last for field in fields], axis=0)
    merged = AxisField(fields[0].input_size, low.min(axis=0), high.max(axis=0), advance, first, last)
    return merged, max(apart, default=0.0)


def closed_form(kernels: Sequence[int], strides: Sequence[int], paddings: Sequence[int]) -> tuple[int, int, int]:
    """Size, stride and padding of a chain of layers, without recursion.

    Parameters
    ----------
    kernels, strides, paddings : sequence of int
        Per layer from the input on: kernel (dilated: d (k - 1) + 1), stride, positions padded before.

    Returns
    -------
    size, stride, padding : int
        r = 1 + sum (k_l - 1) prod_{i<l} s_i; S = prod s_l; P = sum p_l prod_{i<l} s_i
        (Araujo, Norris & Sim 2019, "Computing receptive fields of convolutional neural networks", Distill).
    """
    size, stride, padding = 1, 1, 0
    for kernel, step, pad in zip(kernels, strides, paddings, strict=True):
        size += (kernel - 1) * stride
        padding += pad * stride
        stride *= step
    return size, stride, padding
