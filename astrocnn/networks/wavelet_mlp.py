"""The perceptron on wavelet coefficients of Pearson, Palafox & Griffith 2018 (MNRAS 474, 478)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import dense_head
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class WaveletPerceptron(Network):
    """Three dense layers on the Daubechies wavelet coefficients of a curve (Pearson et al. 2018).

    One level of the transform with four taps (db2), approximation and detail, as PyWavelets computes them: 182 numbers
    for 180 samples. Then the dense layers of `mlp`. They read the numbers in another order than the authors', which
    makes no difference to a dense layer.
    """

    name: ClassVar[str] = "wavelet-mlp"
    paper: ClassVar[str] = "Pearson, Palafox & Griffith 2018, MNRAS 474, 478"
    axis_names: ClassVar[tuple[str, ...]] = ("time",)
    sizes: ClassVar[tuple[int, int]] = (8, 4096)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((180, 1),)
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks", "astrocnn.networks.layers.wavelet")
    smoke_options: ClassVar[Mapping[str, Any]] = {"dense_widths": [8]}

    dense_widths: tuple[Width, ...] = Field((64, 32, 8), min_length=1, description="units of the hidden layers")
    dropout: float = Field(0.25, ge=0, lt=1, description="share that is dropped after the first hidden layer")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        from astrocnn.networks.layers.wavelet import DaubechiesTransform

        features = DaubechiesTransform(name="wavelet")(inputs)
        features = keras.layers.Flatten(name="flatten")(features)
        features = dense_head(features, self.dense_widths, "prelu", initialisers, dropouts=(self.dropout,))
        return probability(features, outputs, initialisers)
