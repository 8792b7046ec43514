"""The two kinds of cells of the neocognitron (Fukushima 1980, Biological Cybernetics 36, 193)."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

# Keeps the slope of the root finite where all that a cell reads is dark.
DARK = 1e-12

STRENGTH = 16.0
"""q, by which the paper's learning multiplies a pattern in its second and third stage."""


def decreasing_weights(side: int) -> NDArray[np.float64]:
    """Weights of the fixed connections: positive, less with distance from the middle, of sum one.

    Parameters
    ----------
    side : int
        Cells along each axis.

    Returns
    -------
    ndarray
        Shape (side, side), a Gaussian of standard deviation side / 4. The paper asks for a decrease and gives no form.
    """
    along = np.exp(-((np.arange(side) - (side - 1) / 2) ** 2) / (2 * (side / 4) ** 2))
    weights = np.outer(along, along)
    return weights / weights.sum()


@keras.saving.register_keras_serializable("astrocnn")
class SimpleCells(keras.layers.Layer):
    """S-cells: answer to one pattern in their field, however bright, and to nothing that is not alike enough.

    With e = sum a u over the cells in the field and v = sqrt(sum c u**2), which the inhibiting V-cell gives, it gives

        r max(0, (1 + e) / (1 + r / (1 + r) b v) - 1).

    The weights a are learned, not negative and the same all over a plane; b is one number a plane, learned and not
    negative; c is fixed, `decreasing_weights` shared among all planes read. Where a = c times a pattern and b = v of
    that pattern, as the paper's learning makes them, e / (b v) is the cosine between pattern and input, weighted by c,
    and the cell is silent unless it exceeds r / (1 + r): the larger r, the more selective. Cells start with random
    patterns and half of that b, so that they answer to much at first and a gradient reaches them.

    Parameters
    ----------
    planes : int
        Planes of cells, each for one pattern.
    kernel_size : int
        Side of a cell's field.
    selectivity : float
        r.
    seed : int, optional
        Of the initial weights.
    **options
        As of any Keras layer.

    Notes
    -----
    From (n, y, x, plane), not negative, to (n, y, x, planes); outside the map all is dark. The paper has the factor
    2 r / (1 + r) and learns b half as fast, which is the same. NaN in a cell's field makes it NaN.
    """

    def __init__(
        self, planes: int, kernel_size: int = 5, selectivity: float = 4.0, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.planes, self.kernel_size, self.selectivity, self.seed = planes, kernel_size, selectivity, seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights: a for random patterns, b for half the inhibition with which these would be learned."""
        read = int(input_shape[-1] or 1)
        self.fixed = decreasing_weights(self.kernel_size)[:, :, None, None] / read
        # Cubes make a few inputs of a pattern stand out, so that patterns differ.
        pattern = np.random.default_rng(self.seed).random((self.kernel_size, self.kernel_size, read, self.planes)) ** 3
        pattern /= np.sqrt((pattern**2).mean(axis=(0, 1, 2)))
        seen = np.sqrt((self.fixed * pattern**2).sum(axis=(0, 1, 2)))
        self.kernel = self._not_negative("kernel", STRENGTH * self.fixed * pattern)
        self.inhibition = self._not_negative("inhibition", STRENGTH * seen / 2)

    def _not_negative(self, name: str, values: NDArray[np.float64]) -> Any:
        initialiser, constraint = keras.initializers.Constant(values), keras.constraints.NonNeg()
        return self.add_weight(shape=values.shape, initializer=initialiser, constraint=constraint, name=name)

    @property
    def multiply_adds_per_position(self) -> int:
        """Sums of the S-cells of all planes, and of the V-cell."""
        return math.prod(self.kernel.shape) + self.kernel_size**2

    def call(self, inputs: Any) -> Any:
        """Cells' outputs."""
        excitation = keras.ops.conv(inputs, self.kernel, padding="same")
        share = self.selectivity / (1 + self.selectivity)
        answer = (1 + excitation) / (1 + share * self.inhibition * self.surround(inputs)) - 1
        return self.selectivity * keras.ops.relu(answer)

    def surround(self, inputs: Any) -> Any:
        """What the V-cells give, v, shape (n, y, x, 1)."""
        precise = keras.backend.result_type(inputs.dtype, "float32")  # float16 has no place for small squares
        squares = keras.ops.sum(keras.ops.square(keras.ops.cast(inputs, precise)), axis=-1, keepdims=True)
        fixed = keras.ops.convert_to_tensor(self.fixed, precise)
        mean = keras.ops.conv(squares, fixed, padding="same")
        return keras.ops.cast(keras.ops.sqrt(mean + DARK), inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the input, with as many planes as this layer has."""
        return (*input_shape[:-1], self.planes)

    def get_config(self) -> dict[str, Any]:
        """Arguments to build the layer again."""
        own = {name: getattr(self, name) for name in ("planes", "kernel_size", "selectivity", "seed")}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("astrocnn")
class ComplexCells(keras.layers.Layer):
    """C-cells: answer to what S-cells of one plane find anywhere in their field.

    With e = sum d u over the S-cells of a plane in the field, and v the mean of e over all planes, a cell gives

        x / (alpha + x),  x = max(0, (1 + e) / (1 + v) - 1),

    between 0 and 1; d is fixed, `decreasing_weights`. So planes inhibit each other, and strong answers saturate.

    Parameters
    ----------
    kernel_size : int
        Side of a cell's field.
    strides : int
        Distance of neighbouring cells.
    saturation : float
        alpha, the x of which half of the greatest answer comes.
    lateral_inhibition : bool
        Whether planes inhibit each other; if not, x = e.
    **options
        As of any Keras layer.

    Notes
    -----
    From (n, y, x, plane), not negative, to (n, ceil(y / strides), ceil(x / strides), plane), padded as Keras's `same`.
    No weights. The paper cuts off below zero after the quotient, which an x below -alpha would pass. NaN in a cell's
    field makes all planes NaN there.
    """

    def __init__(
        self, kernel_size: int = 5, strides: int = 2, saturation: float = 0.5, lateral_inhibition: bool = True,
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(**options)
        self.kernel_size, self.strides = kernel_size, strides
        self.saturation, self.lateral_inhibition = saturation, lateral_inhibition

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Count the sums of the C-cells of all planes."""
        self.multiply_adds_per_position = self.kernel_size**2 * int(input_shape[-1] or 1)

    def call(self, inputs: Any) -> Any:
        """Cells' outputs."""
        fixed = np.repeat(decreasing_weights(self.kernel_size)[:, :, None, None], inputs.shape[-1], axis=2)
        fixed = keras.ops.convert_to_tensor(fixed, inputs.dtype)
        answer = keras.ops.depthwise_conv(inputs, fixed, strides=self.strides, padding="same")
        if self.lateral_inhibition:
            mean = keras.ops.mean(answer, axis=-1, keepdims=True)
            answer = keras.ops.relu((1 + answer) / (1 + mean) - 1)
        return answer / (self.saturation + answer)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the input, thinned out by the strides."""
        number, *sizes, planes = input_shape
        return (number, *(size if size is None else -(-size // self.strides) for size in sizes), planes)

    def get_config(self) -> dict[str, Any]:
        """Arguments to build the layer again."""
        own = {name: getattr(self, name) for name in ("kernel_size", "strides", "saturation", "lateral_inhibition")}
        return {**super().get_config(), **own}
