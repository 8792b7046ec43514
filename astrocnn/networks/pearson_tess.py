"""The form of 2019 of the transit finder of Pearson et al., for curves of TESS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, dense_head
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class PearsonTess(Network):
    """Two linear convolutions and dense layers for transits in curves of TESS (Pearson 2019).

    Convolutions of 5 samples, each followed by average pooling over 5 in steps of 2; then 64, 32 and 8 units with ReLU.
    As coded in the folder TESS of github.com/pearsonkyle/Exoplanet-Artificial-Intelligence, where the convolutions have
    no activation: up to the dense layers it is one linear filter bank, of 25 samples, 50 minutes at 2 minutes.
    """

    name: ClassVar[str] = "pearson-tess"
    paper: ClassVar[str] = "Pearson 2019, AJ 158, 243"
    axis_names: ClassVar[tuple[str, ...]] = ("time",)
    sizes: ClassVar[tuple[int, int]] = (25, 4096)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((180, 1),)
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"filters": [4, 4], "dense_widths": [8]}

    filters: tuple[Width, Width] = Field((16, 8), description="filters of the convolutions")
    dense_widths: tuple[Width, ...] = Field((64, 32, 8), description="units of the dense layers")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = inputs
        for number, filters in enumerate(self.filters, start=1):
            name = f"block{number}"
            features = convolution(features, name, filters, 5, initialisers, kind="glorot_uniform", padding="valid")
            features = keras.layers.AveragePooling1D(5, 2, name=f"{name}_pool")(features)
        features = keras.layers.Flatten(name="flatten")(features)
        features = dense_head(features, self.dense_widths, "relu", initialisers)
        return probability(features, outputs, initialisers)
