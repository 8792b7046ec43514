"""The LASTRO EPFL baseline of the Bologna lens-finding challenge (Metcalf et al. 2019, A&A 625, A119)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, dense
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class Lastro(Network):
    """Eight unpadded convolutions and three dense layers, of the Bologna challenge (Metcalf et al. 2019).

    A convolution of 4 pixels and seven of 3, the first three pairs followed by pooling, dropout before the last pair;
    its first dense layer reads the map of a 101 px stamp as a 5 x 5 convolution would, and so sees exactly the stamp.
    """

    name: ClassVar[str] = "lastro"
    paper: ClassVar[str] = "Metcalf et al. 2019, A&A 625, A119, section on LASTRO EPFL"
    sizes: ClassVar[tuple[int, int]] = (69, 128)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((101, 101, 1), (101, 101, 4))
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"widths": [4, 4, 4, 4], "dense_widths": [8]}

    widths: tuple[Width, Width, Width, Width] = Field((16, 32, 64, 128), description="filters of each pair")
    dense_widths: tuple[Width, ...] = Field((1024, 1024, 1024), description="units of the dense layers")
    dropout: float = Field(0.5, ge=0, lt=1, description="share that is dropped; the paper does not state it")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = inputs
        for pair, width in enumerate(self.widths, start=1):
            if pair == len(self.widths):
                features = keras.layers.Dropout(
                    self.dropout, seed=initialisers.layer_seed("dropout"), name="dropout"
                )(features)  # fmt: skip
            for place in (1, 2):
                kernel = 4 if pair == place == 1 else 3
                name = f"pair{pair}_{place}"
                features = convolution(features, name, width, kernel, initialisers, padding="valid", activation="relu")
            if pair < len(self.widths):
                features = keras.layers.MaxPooling2D(2, name=f"pair{pair}_pool")(features)
        features = keras.layers.Flatten(name="flatten")(features)
        for number, width in enumerate(self.dense_widths, start=1):
            features = dense(features, f"head{number}", width, initialisers, activation="relu")
        return probability(features, outputs, initialisers)
