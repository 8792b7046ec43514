"""What layers share that read a map through windows, placed as Keras places them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from astrocnn.errors import MismatchError
from astrocnn.windows import Window, padding_of


class WindowLayer(keras.layers.Layer):
    """A layer that reads windows along one or two axes, with the arguments of Keras's pooling layers.

    Parameters
    ----------
    pool_size : int or tuple of int
        Sides of the window.
    strides : int or tuple of int, optional
        Steps between windows; `pool_size` by default.
    padding : {"valid", "same"}
        Whether windows keep inside the map, or reach beyond it so that ceil(n / stride) of them remain.

    Raises
    ------
    MismatchError
        When a size of the map is open, or smaller than the window.
    """

    def __init__(self, pool_size: Any = 2, strides: Any = None, padding: str = "valid", **options: Any) -> None:
        super().__init__(**options)
        self.pool_size, self.padding = pool_size, padding
        self.strides = pool_size if strides is None else strides

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Check the map."""
        self.windows(input_shape)

    def windows(self, input_shape: Sequence[Any]) -> tuple[Window, ...]:
        """The window along each axis of a map (n, *axes, channel)."""
        sizes = input_shape[1:-1]
        kernel, strides = (per_axis(value, len(sizes)) for value in (self.pool_size, self.strides))
        return windows_of(self.name, sizes, kernel, strides, self.padding)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """One output for each window."""
        windows = self.windows(input_shape)
        outputs = (window.size(n) for window, n in zip(windows, input_shape[1:-1], strict=True))
        return (input_shape[0], *outputs, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        own = {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        return {**super().get_config(), **own}


def per_axis(value: Any, axes: int) -> tuple[int, ...]:
    """A number for each axis, from one number or as many as there are axes."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


def windows_of(
    name: str, sizes: Sequence[Any], kernel: Sequence[int], strides: Sequence[int], padding: str
) -> tuple[Window, ...]:
    """Windows over a map of these sizes, padded by one of Keras's modes.

    Raises
    ------
    MismatchError
        When a size is open (None), or no window fits; `name` is the layer that says so.
    """
    windows = tuple(
        Window(k, s, 1, *padding_of(padding, n or k, k, s)) for n, k, s in zip(sizes, kernel, strides, strict=True)
    )
    if not all(n and window.size(n) > 0 for window, n in zip(windows, sizes, strict=True)):
        raise MismatchError(
            "the map does not hold the layer's windows",
            where=name,
            expected=f"known sizes, {tuple(kernel)} or more with padding",
            received=tuple(sizes),
        )
    return windows


def taps(inputs: Any, windows: Sequence[Window]) -> Any:
    """What each window reads, with zeros beyond the edges of the map: (place in the window, n, *outputs, channel)."""
    edges = [(0, 0), *((window.before, window.after) for window in windows), (0, 0)]
    padded = ops.pad(inputs, edges)
    spans = [window.stride * (window.size(n) - 1) + 1 for window, n in zip(windows, inputs.shape[1:-1], strict=True)]

    def tap(place: Sequence[int]) -> Any:
        along = zip(place, spans, windows, strict=True)
        return padded[(slice(None), *(slice(start, start + span, window.stride) for start, span, window in along))]

    return ops.stack([tap(place) for place in itertools.product(*(range(window.kernel) for window in windows))])


def full_precision(dtype: str) -> str:
    """Type to compute in where half precision is too coarse: float64 stays, all else is float32."""
    return "float64" if dtype == "float64" else "float32"
