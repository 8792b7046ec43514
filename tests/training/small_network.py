"""A network of some hundred weights for the tests, added to the zoo as a plugin would add it."""

from typing import ClassVar

from pydantic import Field

from astrocnn.networks.base import Network, probability
from astrocnn.networks.registry import register


@register
class Pocket(Network):
    """Three convolutions with batch normalisation and dropout, then global average pooling.

    Its receptive field is 5, 5 + 4 * 2 = 13 and 13 + 4 * 4 = 29 pixels after the three convolutions; with `depth: 2`
    it is 13.
    """

    name: ClassVar[str] = "pocket"
    paper: ClassVar[str] = "none"
    sizes: ClassVar[tuple[int, int]] = (8, 64)

    filters: int = Field(4, ge=1, description="filters of each convolution")
    depth: int = Field(3, ge=1, le=3, description="convolutions")
    dropout: float = Field(0.1, ge=0, lt=1, description="dropped features")

    def connect(self, inputs, outputs, initialisers):
        import keras

        features = inputs
        for number in range(1, self.depth + 1):
            kernel = initialisers("he_normal", f"conv{number}")
            strides = 1 if number == 3 else 2
            features = keras.layers.Conv2D(
                self.filters, 5, strides, padding="same", kernel_initializer=kernel, name=f"conv{number}"
            )(features)
            features = keras.layers.BatchNormalization(momentum=0.8, name=f"norm{number}")(features)
            features = keras.layers.Activation("elu", name=f"elu{number}")(features)
        features = keras.layers.GlobalAveragePooling2D(name="global_pool")(features)
        seed = initialisers.layer_seed("dropout")
        features = keras.layers.Dropout(self.dropout, seed=seed, name="dropout")(features)
        return probability(features, outputs, initialisers)


@register
class Slab(Network):
    """One convolution, and then one dense layer over the whole map: its field is 5 pixels."""

    name: ClassVar[str] = "slab"
    paper: ClassVar[str] = "none"
    sizes: ClassVar[tuple[int, int]] = (8, 64)

    def connect(self, inputs, outputs, initialisers):
        import keras

        features = keras.layers.Conv2D(2, 5, padding="same", activation="elu", name="conv")(inputs)
        return probability(keras.layers.Flatten(name="flatten")(features), outputs, initialisers)
