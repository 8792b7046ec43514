"""Windows along one axis: how layers that mix neighbours read a row of positions, padded as Keras pads it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrocnn.errors import ReceptiveFieldError

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """How a layer reads its input along one axis; every layer that mixes neighbours is one.

    The inputs stand `spacing` apart, with padding around them; output i reads the places
    i * stride - before + t * dilation for t < kernel. Convolution and pooling have a spacing of 1; transposed
    convolution by s has a spacing of s and a stride of 1, nearest-neighbour upsampling also a kernel of s; zero padding
    and cropping have a kernel of 1.

    Attributes
    ----------
    kernel, stride, dilation : int
        Of the layer.
    before, after : int
        Padded places; negative ones are cropped.
    spacing : int
        Distance of the inputs.
    """

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0
    spacing: int = 1

    @property
    def reach(self) -> int:
        """Places from the first to the last one read, the dilated kernel d (k - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def period(self) -> int:
        """After this many outputs the pattern of what is read repeats."""
        return self.spacing // math.gcd(self.spacing, self.stride)

    @property
    def shift(self) -> int:
        """By how many inputs it has then moved."""
        return self.period * self.stride // self.spacing

    def size(self, n: int) -> int:
        """Number of outputs for n inputs."""
        return ((n - 1) * self.spacing + 1 + self.before + self.after - self.reach) // self.stride + 1

    def read(self, outputs: Indices) -> Iterator[tuple[Indices, NDArray[np.bool_]]]:
        """Yield, for one t after the other, the input that each output reads, and whether it reads one."""
        for tap in range(self.kernel):
            place = outputs * self.stride - self.before + tap * self.dilation
            yield place // self.spacing, place % self.spacing == 0


def padding_of(mode: str, n: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Positions padded before and after a map by a padding mode of Keras.

    `same` pads so that ceil(n / stride) outputs remain, the odd one out going after (TensorFlow's rule, which the other
    backends follow); `causal` pads before only; `valid` pads nothing.

    Raises
    ------
    ReceptiveFieldError
        For any other mode.
    """
    reach = dilation * (kernel - 1) + 1
    if mode == "valid":
        return 0, 0
    if mode == "causal":
        return reach - 1, 0
    if mode == "same":
        total = max((math.ceil(n / stride) - 1) * stride + reach - n, 0)
        return total // 2, total - total // 2
    raise ReceptiveFieldError("unknown padding", expected="valid, same or causal", received=repr(mode))
