"""Networks of some hundred weights for curves and for numbers, added to the zoo as a plugin would add them."""

from typing import ClassVar

from pydantic import Field

from astrocnn.networks.base import Network, probability
from astrocnn.networks.registry import register


def features_of(inputs, initialisers):
    """Two convolutions along all axes and the mean over them; 3 + 2 x 4 = 11 samples at stride 1 and 2."""
    import keras

    axes = len(inputs.shape) - 2
    convolution = keras.layers.Conv1D if axes == 1 else keras.layers.Conv2D
    features = inputs
    for number, kernel in ((1, 3), (2, 5)):
        name = f"conv{number}"
        features = convolution(
            6,
            kernel,
            2,
            padding="same",
            activation="elu",
            kernel_initializer=initialisers("he_normal", name),
            name=name,
        )(features)
    pooling = keras.layers.GlobalAveragePooling1D if axes == 1 else keras.layers.GlobalAveragePooling2D
    return pooling(name="global_pool")(features)


@register
class Thread(Network):
    """Tells curves apart."""

    name: ClassVar[str] = "thread"
    paper: ClassVar[str] = "none"
    axis_names: ClassVar[tuple[str, ...]] = ("time",)
    sizes: ClassVar[tuple[int, int]] = (8, 256)

    dropout: float = Field(0.1, ge=0, lt=1, description="dropped features")

    def connect(self, inputs, outputs, initialisers):
        import keras

        seed = initialisers.layer_seed("dropout")
        features = keras.layers.Dropout(self.dropout, seed=seed, name="dropout")(features_of(inputs, initialisers))
        return probability(features, outputs, initialisers)


@register
class Gauge(Network):
    """Gives numbers of stamps, as fractions of votes are given."""

    name: ClassVar[str] = "gauge"
    paper: ClassVar[str] = "none"
    sizes: ClassVar[tuple[int, int]] = (8, 64)

    @property
    def answer(self):
        return "fractions"

    def loss(self, outputs):
        return "mean_squared_error"

    def connect(self, inputs, outputs, initialisers):
        import keras

        kernel = initialisers("glorot_uniform", "numbers")
        dense = keras.layers.Dense(outputs, kernel_initializer=kernel, name="numbers")
        return dense(features_of(inputs, initialisers))


@register
class Meter(Gauge):
    """Gives values with their uncertainty: means, then logarithms of deviations."""

    name: ClassVar[str] = "meter"

    @property
    def answer(self):
        return "values"

    @property
    def usual_outputs(self):
        return 2

    def loss(self, outputs):
        return Network.loss(self, outputs)


@register
class Chart(Gauge):
    """Gives a map."""

    name: ClassVar[str] = "chart"

    @property
    def answer(self):
        return "map"
