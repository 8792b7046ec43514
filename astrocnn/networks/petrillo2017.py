"""The lens finder of Petrillo et al. 2017 (MNRAS 472, 1129) for the Kilo-Degree Survey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, dense, normalised
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class Petrillo2017(Network):
    """Four convolutions and two wide dense layers for lenses in KiDS (Petrillo et al. 2017).

    Convolutions of 7, 3, 3 and 3 pixels, the first two followed by pooling; 99 % of the weights stand in the first
    dense layer. It is built as the authors of CMU DeepLens coded it (github.com/McWilliamsCenter/CMUDeepLens): batch
    normalisation everywhere, and no bias before it. The dropout and maxout of the paper's own network could not be
    verified and are left out. A feature sees 30 px, 6.3 arcsec at 0.21 arcsec: less than the rings it is for, so
    that a pipeline with it has to state `receptive_field: warn`.
    """

    name: ClassVar[str] = "petrillo2017"
    paper: ClassVar[str] = "Petrillo et al. 2017, MNRAS 472, 1129"
    sizes: ClassVar[tuple[int, int]] = (32, 128)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((60, 60, 1), (60, 60, 3))
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"widths": [4, 4, 4, 4], "dense_widths": [8]}

    widths: tuple[Width, Width, Width, Width] = Field((32, 64, 128, 128), description="filters of the convolutions")
    dense_widths: tuple[Width, ...] = Field((1024, 1024), description="units of the dense layers")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = inputs
        for number, (width, kernel) in enumerate(zip(self.widths, (7, 3, 3, 3), strict=True), start=1):
            name = f"block{number}"
            features = convolution(features, name, width, kernel, initialisers, use_bias=False)
            features = normalised(features, name)
            if number <= 2:
                features = keras.layers.MaxPooling2D(2, name=f"{name}_pool")(features)
        features = keras.layers.Flatten(name="flatten")(features)
        for number, width in enumerate(self.dense_widths, start=1):
            features = dense(features, f"head{number}", width, initialisers, use_bias=False)
            features = normalised(features, f"head{number}")
        return probability(features, outputs, initialisers)
