"""The perceptron to which Pearson, Palafox & Griffith 2018 (MNRAS 474, 478) compare their convolutional network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from astrocnn.networks.base import Initialisers, Network, probability
from astrocnn.networks.blocks import dense_head
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]


@register
class Perceptron(Network):
    """Three dense layers on all samples of a curve, for comparison (Pearson et al. 2018).

    64, 32 and 8 units with PReLU, dropout after the first. Without hidden layers, `dense_widths: []`, it is a logistic
    regression, which the authors call a support vector machine. Every sample has weights of its own: a transit at
    another time than in training is another object to it.
    """

    name: ClassVar[str] = "mlp"
    paper: ClassVar[str] = "Pearson, Palafox & Griffith 2018, MNRAS 474, 478"
    axis_names: ClassVar[tuple[str, ...]] = ("time",)
    sizes: ClassVar[tuple[int, int]] = (8, 4096)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((180, 1),)
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"dense_widths": [8]}

    dense_widths: tuple[Width, ...] = Field((64, 32, 8), description="units of the hidden layers; none of them: []")
    dropout: float = Field(0.25, ge=0, lt=1, description="share that is dropped after the first hidden layer")

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        import keras

        features = keras.layers.Flatten(name="flatten")(inputs)
        features = dense_head(features, self.dense_widths, "prelu", initialisers, dropouts=(self.dropout,))
        return probability(features, outputs, initialisers)
