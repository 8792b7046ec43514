"""A small network whose bright pixels are held down by a layer that learns how far."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution
from astrocnn.networks.registry import register


@register
class SoftClip(Network):
    """Learned clipping, two convolutions and one dense layer."""

    name: ClassVar[str] = "soft-clip"
    paper: ClassVar[str] = "none: an example"
    sizes: ClassVar[tuple[int, int]] = (8, 64)
    source_modules: ClassVar[tuple[str, ...]] = ("lens_zoo.layers", "astrocnn.networks.blocks")

    width: int = Field(4, ge=1, description="filters of the convolutions")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        from lens_zoo.layers import LearnedClip

        features = LearnedClip(name="clip")(inputs)
        for number in (1, 2):
            features = convolution(features, f"part{number}", self.width, 5, initialisers, activation="relu")
        return probability(keras.layers.Flatten(name="flatten")(features), outputs, initialisers)
