"""What stands between group convolutions and after them: normalisation and pooling over orientations."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from astrocnn.errors import PipelineFileError
from astrocnn.networks.layers.dihedral_group import ORDER, filters_of


@keras.saving.register_keras_serializable("astrocnn")
class GroupBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation with one mean, variance, scale and shift for all eight orientations of a filter.

    With one for each channel, as Keras has it, the orientations would be scaled differently, and turning the input
    would change more than the order of the features.

    Parameters
    ----------
    **options
        Those of `keras.layers.BatchNormalization`, without `axis`.

    Raises
    ------
    MismatchError
        When the number of channels is no multiple of 8.

    Notes
    -----
    Input and output (n, y, x, 8 filters), sorted by element as group convolutions give them. NaN stays where it is when
    scored, and makes all of its filter NaN in training. Cohen & Welling 2016 (ICML, arXiv:1602.07576).
    """

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Make the statistics, one for each filter."""
        super().build((*input_shape[:-1], filters_of(self.name, input_shape[-1])))
        self.input_spec = None  # which asks for as many channels as there are filters

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise with the orientations as further positions along x."""
        rows, columns = ops.shape(inputs)[1:3]
        filters = filters_of(self.name, inputs.shape[-1])
        apart = ops.reshape(inputs, (-1, rows, columns * ORDER, filters))
        return ops.reshape(super().call(apart, training=training), ops.shape(inputs))


@keras.saving.register_keras_serializable("astrocnn")
class GroupPooling(keras.layers.Layer):
    """Keep of each filter the largest or the mean of its eight orientations: features that do not tell which it was.

    Turning the input then only turns the maps; pooled over all positions, they do not change at all.

    Parameters
    ----------
    kind : {"maximum", "mean"}
        What is kept.

    Raises
    ------
    PipelineFileError
        For any other kind.
    MismatchError
        When the number of channels is no multiple of 8.

    Notes
    -----
    From (n, *axes, 8 filters), sorted by element as group convolutions give them, to (n, *axes, filters). A NaN in any
    orientation goes on to its filter. Cohen & Welling 2016 (ICML, arXiv:1602.07576), section 6.3 (coset pooling).
    """

    def __init__(self, kind: str = "maximum", **options: Any) -> None:
        super().__init__(**options)
        if kind not in ("maximum", "mean"):
            raise PipelineFileError(
                "unknown pooling of orientations", where=self.name, expected="maximum or mean", received=kind
            )
        self.kind = kind

    def call(self, inputs: Any) -> Any:
        """Pool over the orientations."""
        apart = (*ops.shape(inputs)[:-1], ORDER, filters_of(self.name, inputs.shape[-1]))
        pool = ops.max if self.kind == "maximum" else ops.mean
        return pool(ops.reshape(inputs, apart), axis=-2)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """One map for each filter."""
        return (*input_shape[:-1], filters_of(self.name, input_shape[-1]))

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        return {**super().get_config(), "kind": self.kind}
