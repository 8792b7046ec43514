"""The network of Ulas 2023 for folded light curves of eclipsing binaries drawn as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, dense_head, dropped
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class CurveImage(Network):
    """Five convolutions on the picture of a folded light curve, for eclipsing binaries (Ulas 2023).

    Convolutions of 3 pixels, each followed by pooling; dropout, and one dense layer. Its picture is grey, 128 px wide
    and high, and its classes are three: contact, detached and semi-detached. As coded in the last version of
    github.com/burakulas/ebclass; the version before had four convolutions and a dense layer of 128. A feature sees
    94 px, three quarters of the picture.
    """

    name: ClassVar[str] = "curve-image"
    paper: ClassVar[str] = "Ulas 2023, arXiv:2306.02686"
    sizes: ClassVar[tuple[int, int]] = (32, 256)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((128, 128, 1),)
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"widths": [4, 4, 4], "dense_widths": [8]}

    widths: tuple[Width, ...] = Field(
        (32, 32, 64, 128, 256), min_length=1, max_length=5, description="filters of the convolutions"
    )
    dense_widths: tuple[Width, ...] = Field((256,), description="units of the dense layers")
    dropout: float = Field(0.5, ge=0, lt=1, description="share that is dropped before the dense layers")
    penalty: float = Field(1e-3, ge=0, description="times the sum of squared weights of each convolution, in the loss")

    @property
    def usual_outputs(self) -> int:
        """Contact, detached and semi-detached."""
        return 3

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = inputs
        for number, width in enumerate(self.widths, start=1):
            features = convolution(
                features, f"block{number}", width, 3, initialisers, kind="glorot_uniform", activation="relu",
                kernel_regularizer=keras.regularizers.L2(self.penalty),
            )  # fmt: skip
            features = keras.layers.MaxPooling2D(2, name=f"block{number}_pool")(features)
        features = keras.layers.Flatten(name="flatten")(features)
        features = dropped(features, "dropout", self.dropout, initialisers)
        features = dense_head(features, self.dense_widths, "relu", initialisers)
        return probability(features, outputs, initialisers)
