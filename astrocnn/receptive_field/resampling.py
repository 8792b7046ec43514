"""How interpolation and adaptive pooling read their input along one axis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrocnn.errors import ReceptiveFieldError
from astrocnn.windows import Indices

_REACHES = {"nearest": 0, "bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}
"""Half-width of each kernel in pixels; all but `nearest` are zero at whole distances other than 0."""


@dataclass(frozen=True)
class Resampling:
    """Output i of `n_out` reads the `n_in` inputs around ((2 i + 1) n_in / n_out - 1) / 2, the half-pixel convention.

    Attributes
    ----------
    n_in, n_out : int
        Numbers of inputs and outputs.
    kind : str
        An interpolation of Keras, or `adaptive`: pooling of floor(i n_in / n_out) to ceil((i + 1) n_in / n_out) - 1.
    antialias : bool
        Whether the kernel is widened where there are fewer outputs than inputs.
    """

    n_in: int
    n_out: int
    kind: str
    antialias: bool = False
    dilation: int = 1

    def __post_init__(self) -> None:
        if self.kind not in (*_REACHES, "adaptive"):
            expected = ", ".join(_REACHES)
            raise ReceptiveFieldError("unknown interpolation", expected=expected, received=self.kind)

    @property
    def stride(self) -> int:
        """Numerator of the step between neighbouring outputs, in lowest terms."""
        return self.n_in // math.gcd(self.n_in, self.n_out)

    @property
    def spacing(self) -> int:
        """Denominator of the step."""
        return self.n_out // math.gcd(self.n_in, self.n_out)

    @property
    def period(self) -> int:
        """After this many outputs the pattern of what is read repeats."""
        return self.spacing

    @property
    def shift(self) -> int:
        """By how many inputs it has then moved."""
        return self.stride

    @property
    def kernel(self) -> int:
        """Largest number of inputs that an output reads."""
        first, last = self._ends(np.arange(self.period))
        return int((last - first).max()) + 1

    @property
    def reach(self) -> int:
        """Inputs that must be there."""
        return 1

    def size(self, n: int) -> int:
        """Number of outputs."""
        return self.n_out

    def read(self, outputs: Indices) -> Iterator[tuple[Indices, NDArray[np.bool_]]]:
        """Yield, for one tap after the other, the input that each output reads, and whether it reads one.

        What lies beyond the ends is read at the ends, which are read anyhow, so it need not be counted.
        """
        first, last = self._ends(outputs)
        for tap in range(self.kernel):
            yield first + tap, first + tap <= last

    def _ends(self, outputs: Indices) -> tuple[Indices, Indices]:
        p, q = self.stride, self.spacing
        if self.kind == "adaptive":
            return outputs * p // q, -(-(outputs + 1) * p // q) - 1
        # All in units of 1 / (2 q) input, so that it stays exact.
        centre = (2 * outputs + 1) * p - q
        if self.kind == "nearest":
            nearest = (centre + q) // (2 * q)
            return nearest, nearest
        widened = self.antialias and p > q
        half = np.full(outputs.shape, 2 * _REACHES[self.kind] * (p if widened else q))
        if not widened:  # exactly on an input: the kernel is zero at all others
            half[centre % (2 * q) == 0] = 1
        return (centre - half) // (2 * q) + 1, -(-(centre + half) // (2 * q)) - 1
