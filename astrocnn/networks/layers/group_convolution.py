"""Convolutions over turned and mirrored copies of their filters, after which turning the input turns the features."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from astrocnn.errors import PipelineFileError
from astrocnn.networks.layers.dihedral_group import ORDER, filters_of, inverse, product, transformed


class DihedralConvolution(keras.layers.Layer):
    """What lifting and group convolution share: a bank of turned filters, and one ordinary convolution with it.

    Parameters
    ----------
    filters : int
        Filters, each seen in eight orientations.
    kernel_size : int
        Side of the square kernels.
    padding : {"same", "valid"}
        `same` needs an odd kernel: an even one is padded on one side only, which no turn keeps.
    use_bias : bool
        Whether to add a bias, one for all orientations of a filter.
    kernel_initializer, bias_initializer
        As in Keras's layers.

    Raises
    ------
    PipelineFileError
        For an even kernel with `same`.
    """

    read_elements: ClassVar[int]
    """Orientations in the input: 1 in an image, 8 in features."""

    def __init__(
        self, filters: int, kernel_size: int, padding: str = "same", use_bias: bool = True,
        kernel_initializer: Any = "he_normal", bias_initializer: Any = "zeros", **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(**options)
        if padding == "same" and kernel_size % 2 == 0:
            raise PipelineFileError(
                "an even kernel cannot be padded alike on all sides", where=self.name, expected="an odd kernel_size",
                received=kernel_size, fix="or state padding valid",
            )  # fmt: skip
        self.filters, self.kernel_size, self.padding, self.use_bias = filters, kernel_size, padding, use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Make the filters in their first orientation."""
        if self.read_elements == ORDER:
            filters_of(self.name, input_shape[-1])
        self.kernel = self.add_weight(
            shape=(self.kernel_size, self.kernel_size, input_shape[-1], self.filters),
            initializer=self.kernel_initializer,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer=self.bias_initializer, name="bias")
        self._sources = bank_sources(self.kernel_size, self.read_elements)

    def filter_bank(self) -> Any:
        """All orientations of the filters, (y, x, channel, 8 filters), channels and filters sorted by element."""
        side, elements = self.kernel_size, self.read_elements
        each = self.kernel.shape[2] // elements
        taps = ops.reshape(self.kernel, (side * side * elements, each, self.filters))
        bank = ops.reshape(ops.take(taps, self._sources.ravel(), axis=0), (-1, elements, ORDER, each, self.filters))
        bank = ops.transpose(bank, (0, 1, 3, 2, 4))
        return ops.reshape(bank, (side, side, elements * each, ORDER * self.filters))

    def call(self, inputs: Any) -> Any:
        """One convolution with eight times the filters."""
        outputs = ops.conv(inputs, self.filter_bank(), padding=self.padding, data_format="channels_last")
        return outputs + ops.tile(self.bias, ORDER) if self.use_bias else outputs

    @property
    def multiply_adds_per_position(self) -> int:
        """Each kernel is summed over in eight orientations."""
        return ORDER * math.prod(self.kernel.shape)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """Eight orientations of each filter."""
        lost = 0 if self.padding == "same" else self.kernel_size - 1
        sizes = (None if n is None else n - lost for n in input_shape[1:-1])
        return (input_shape[0], *sizes, ORDER * self.filters)

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "padding": self.padding,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }


@keras.saving.register_keras_serializable("astrocnn")
class LiftingConvolution(DihedralConvolution):
    """Convolve an image with each filter in eight orientations: from an image to features over the group p4m.

    Parameters
    ----------
    filters, kernel_size, padding, use_bias, kernel_initializer, bias_initializer
        As in `DihedralConvolution`.

    Raises
    ------
    PipelineFileError
        For an even kernel with `same` padding.

    Notes
    -----
    From (n, y, x, band) to (n, y, x, 8 filters). Channel g filters + o is the image correlated with filter o after the
    element g of `dihedral_group` has acted on it, y(g) = x * (g k). Turning the image by h turns each map and moves it
    to another element: y[h x](g) = h y[x](h^-1 g), exactly. NaN spreads over a kernel's reach. Cohen & Welling
    2016 (ICML, arXiv:1602.07576), equation 10.
    """

    read_elements = 1


@keras.saving.register_keras_serializable("astrocnn")
class GroupConvolution(DihedralConvolution):
    """Convolve features over the group p4m with filters over it: every filter sees all orientations, turned with it.

    Parameters
    ----------
    filters, kernel_size, padding, use_bias, kernel_initializer, bias_initializer
        As in `DihedralConvolution`.

    Raises
    ------
    PipelineFileError
        For an even kernel with `same` padding.
    MismatchError
        When the number of channels is no multiple of 8.

    Notes
    -----
    From (n, y, x, 8 channels) to (n, y, x, 8 filters), both sorted by element as `LiftingConvolution` gives them:
    y(g) = sum over h of f(h) * (g k(g^-1 h)). Turning the input by u gives y[u f](g) = u y[f](u^-1 g). A filter has
    8 channels kernel_size^2 weights; the convolution that is computed has eight times as many. NaN spreads over a
    kernel's reach. Cohen & Welling 2016 (ICML, arXiv:1602.07576), equation 11.
    """

    read_elements = ORDER


def bank_sources(side: int, elements: int) -> NDArray[np.int32]:
    """Where each tap of the filter bank is read from.

    Parameters
    ----------
    side : int
        Of the kernels.
    elements : int
        Orientations in the input, 1 or 8.

    Returns
    -------
    ndarray of shape (side, side, elements, 8)
        For each place, input orientation h and output orientation g: the number of the tap of (side, side, elements),
        laid out in a row, that stands there in g k(g^-1 h).
    """
    taps = np.arange(side * side * elements, dtype=np.int32).reshape(side, side, elements)
    orders = [[product(inverse(g), h) for h in range(elements)] if elements > 1 else [0] for g in range(ORDER)]
    return np.stack([transformed(taps, g)[..., order] for g, order in enumerate(orders)], axis=-1)
