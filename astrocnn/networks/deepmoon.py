"""DeepMoon, the U-Net of Silburt et al. 2019 (Icarus 317, 27) that draws crater rims on elevation maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Answer, Initialisers, Network
from astrocnn.networks.blocks import convolution
from astrocnn.networks.registry import register

LEVELS = 3
"""Times the map is halved; both sides of the network have as many levels."""


@register
class DeepMoon(Network):
    """U-Net that gives each pixel the probability to lie on a crater's rim (Silburt et al. 2019).

    Two 3 x 3 convolutions a level, three levels down by the largest of 2 x 2 and up again by repeating each position
    2 x 2, with the map of the same level from the way down put before it; dropout after each such junction; 1 x 1 and a
    sigmoid. A position at the bottom sees 68 px. The output sees 92 to 100 px, depending on where a pixel lies in the
    8 x 8 block that was one position at the bottom; craters of 5 to 40 px radius, which the paper looks for, fit.

    With its 112 filters, 10 million parameters, the paper trained eight maps of 256 px at a time on a GPU of 16 GB;
    fewer are for smaller machines. Several outputs are several maps, for example rims and floors; they do not exclude
    each other.
    """

    name: ClassVar[str] = "deepmoon"
    paper: ClassVar[str] = "Silburt et al. 2019, Icarus 317, 27"
    sizes: ClassVar[tuple[int, int]] = (64, 1024)
    multiple_of: ClassVar[int] = 2**LEVELS
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((256, 256, 1),)
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"filters": 4}

    filters: int = Field(112, ge=1, description="filters of the first level; the second has 2, the third 4 times these")
    dropout: float = Field(0.15, ge=0, lt=1, description="share of features that is left out after each junction")
    l2: float = Field(1e-6, ge=0, description="weight of the sum of squared kernels in the loss")

    @property
    def answer(self) -> Answer:
        """What the network gives for an object."""
        return "map"

    def loss(self, outputs: int) -> Any:
        """Binary cross-entropy of every pixel, whatever the number of maps."""
        return "binary_crossentropy"

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features, kept = inputs, []
        for level in range(LEVELS):
            features = self._level(features, f"down{level + 1}", self.filters * 2**level, initialisers)
            kept.append(features)
            features = keras.layers.MaxPooling2D(2, name=f"down{level + 1}_pool")(features)
        features = self._level(features, "bottom", self.filters * 2 ** (LEVELS - 1), initialisers)
        for level in reversed(range(LEVELS)):
            name = f"up{level + 1}"
            features = keras.layers.UpSampling2D(2, name=f"{name}_repeat")(features)
            features = keras.layers.Concatenate(name=f"{name}_join")([kept[level], features])
            seed = initialisers.layer_seed(f"{name}_dropout")
            features = keras.layers.Dropout(self.dropout, seed=seed, name=f"{name}_dropout")(features)
            # On the way up a level is half as wide as on the way down, except the first: 2, 1 and 1 times `filters`.
            features = self._level(features, name, self.filters * 2 ** max(level - 1, 0), initialisers)
        return self._convolution(features, "probability", outputs, 1, initialisers, activation="sigmoid")

    def _level(self, features: Any, name: str, filters: int, initialisers: Initialisers) -> Any:
        """Two 3 x 3 convolutions with ReLU."""
        for place in ("first", "second"):
            features = self._convolution(features, f"{name}_{place}", filters, 3, initialisers, activation="relu")
        return features

    def _convolution(
        self, features: Any, name: str, filters: int, kernel: int, initialisers: Initialisers, **options: Any
    ) -> Any:
        import keras

        penalty = keras.regularizers.L2(self.l2) if self.l2 else None
        return convolution(features, name, filters, kernel, initialisers, kernel_regularizer=penalty, **options)
