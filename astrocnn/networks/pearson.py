"""The transit finder of Pearson, Palafox & Griffith 2018 (MNRAS 474, 478)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, dense_head
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]

# Kernel and filters of each convolution.
_CONVOLUTIONS = {"weights": ((6, 4),), "script": ((5, 8), (5, 8))}


@register
class Pearson(Network):
    """Short convolutions and dense layers for transits in curves of 180 samples (Pearson et al. 2018).

    Convolutions and average pooling over 3, then 64, 32 and 8 units with PReLU, dropout after the first. The authors'
    code (github.com/pearsonkyle/Exoplanet-Artificial-Intelligence) holds two forms: `weights` is that of the trained
    network beside it, one convolution of 6 samples; `script` that of the training script, two of 5. A feature sees 8
    or 25 samples, 16 or 50 minutes at the paper's 2 minutes: less than a transit lasts, so that the dense layers have
    to put it together, and a pipeline with it has to state `receptive_field: warn`.
    """

    name: ClassVar[str] = "pearson"
    paper: ClassVar[str] = "Pearson, Palafox & Griffith 2018, MNRAS 474, 478"
    axis_names: ClassVar[tuple[str, ...]] = ("time",)
    sizes: ClassVar[tuple[int, int]] = (25, 4096)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((180, 1),)
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"dense_widths": [8]}

    form: Literal["weights", "script"] = Field("weights", description="the shipped weights' layers, or the script's")
    dense_widths: tuple[Width, ...] = Field((64, 32, 8), description="units of the dense layers")
    dropout: float = Field(0.25, ge=0, lt=1, description="share that is dropped after the first dense layer")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = inputs
        for number, (kernel, filters) in enumerate(_CONVOLUTIONS[self.form], start=1):
            # The script hands a PReLU to each convolution as its activation. Its slope begins at zero, and the Keras
            # of that time did not train it there: a ReLU, and no parameters.
            features = convolution(
                features, f"block{number}", filters, kernel, initialisers,
                kind="glorot_uniform", padding="valid", activation="relu",
            )  # fmt: skip
            features = keras.layers.AveragePooling1D(3, name=f"block{number}_pool")(features)
        features = keras.layers.Flatten(name="flatten")(features)
        features = dense_head(features, self.dense_widths, "prelu", initialisers, dropouts=(self.dropout,))
        return probability(features, outputs, initialisers)
