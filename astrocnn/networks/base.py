"""What a network is: strict options, the shapes it serves, and a Keras model built from them."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from astrocnn.errors import MismatchError, PipelineFileError

Answer = Literal["classes", "fractions", "values", "map", "features"]
"""What a network gives for an object: (n, 1) or (n, class) probabilities; (n, answer) fractions of votes; (n, 2 value)
values with their uncertainty, first the means of all, then the natural logarithms of their standard deviations, trained
on (n, value) targets; (n, y, x, 1) probabilities of a map; or (n, feature) features that have no meaning by themselves.
"""


class Initialisers:
    """Weight initialisers whose seeds follow from one seed and the layer's name.

    Two networks of the same options and seed get equal weights, and a layer added at the end changes no other's.

    Parameters
    ----------
    seed : int
        Seed of the whole network.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def layer_seed(self, layer_name: str) -> int:
        """Seed of one layer, in [0, 2**31)."""
        digest = hashlib.sha256(f"{self.seed}/{layer_name}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1

    def __call__(self, kind: str, layer_name: str, **settings: Any) -> Any:
        """Keras initialiser of a kind (`he_normal`, `glorot_uniform`, ...) for the layer of that name.

        Settings are those of the kind: `stddev` of `random_normal`.
        """
        import keras

        initialiser = keras.initializers.get(kind)
        return type(initialiser)(**{**initialiser.get_config(), **settings, "seed": self.layer_seed(layer_name)})


class Network(BaseModel, ABC):
    """Options of a network and how it is built; the fields of a subclass are the options a pipeline file may set.

    The first line of a subclass's docstring is what `astrocnn list networks` prints. Its module must not import Keras
    at the top, so that options are checked without it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str]
    """Name in pipeline files."""
    paper: ClassVar[str]
    """The paper the network comes from."""
    axis_names: ClassVar[tuple[str, ...]] = ("y", "x")
    """Spatial axes of the input, without the bands."""
    sizes: ClassVar[tuple[int, int]]
    """Smallest and largest input served along each axis, in pixels or samples."""
    multiple_of: ClassVar[int] = 1
    """What a size must be a multiple of, where maps are halved and brought back."""
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ()
    """Input shapes whose receptive-field tables are shipped."""
    source_modules: ClassVar[tuple[str, ...]] = ()
    """Further modules the layers come from; with this class's own they key the cached receptive-field tables."""
    smoke_options: ClassVar[Mapping[str, Any]] = {}
    """Options of a form with few weights, for smoke runs and tests."""

    @property
    def answer(self) -> Answer:
        """What the network gives for an object."""
        return "classes"

    @property
    def usual_outputs(self) -> int:
        """Outputs that are built where no number is asked for."""
        return 1

    def loss(self, outputs: int) -> Any:
        """Loss the network is trained with: a name of Keras or a `keras.losses.Loss`.

        Parameters
        ----------
        outputs : int
            As in `build`.
        """
        if self.answer == "values":
            from astrocnn.networks.layers.gaussian_likelihood import GaussianNegativeLogLikelihood

            return GaussianNegativeLogLikelihood()
        return "binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy"

    @classmethod
    def summary(cls) -> str:
        """First line of the docstring."""
        return (cls.__doc__ or cls.name).strip().splitlines()[0]

    def check_input(self, input_shape: tuple[int, ...]) -> None:
        """Refuse an input shape this network does not serve.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of one object, bands last: (y, x, band) or (time, channel).

        Raises
        ------
        MismatchError
            When the number of axes, a size or the number of bands does not fit.
        """
        smallest, largest = self.sizes
        served = len(input_shape) == len(self.axis_names) + 1 and input_shape[-1] >= 1
        sizes = input_shape[:-1]
        if not served or not all(smallest <= size <= largest and size % self.multiple_of == 0 for size in sizes):
            axes = ", ".join(self.axis_names)
            step = f", multiples of {self.multiple_of}," if self.multiple_of > 1 else ""
            raise MismatchError(
                "the network does not serve this input shape",
                where=self.name,
                expected=f"({axes}, band) with {axes} from {smallest} to {largest}{step} and at least one band",
                received=tuple(input_shape),
                fix="change the size of the cutouts, or resample them",
            )

    def build(self, input_shape: tuple[int, ...], outputs: int | None = None, seed: int = 0) -> Any:
        """Build the network with fresh weights.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of one object, bands last.
        outputs : int, optional
            `usual_outputs` by default. Of a network that answers with classes: 1 for the probability of the positive
            class (sigmoid), else the number of classes (softmax). With values: two for each.
        seed : int
            Seed of the initial weights.

        Returns
        -------
        keras.Model
            Functional model from (n, *input_shape) to (n, outputs), or as `answer` says.

        Raises
        ------
        MismatchError
            When the input shape is not served.
        PipelineFileError
            When `outputs` is less than one, or odd where each value has an uncertainty.
        """
        outputs = self.usual_outputs if outputs is None else outputs
        if outputs < 1:
            raise PipelineFileError(
                "a network needs an output", where=self.name, expected="outputs of 1 or more", received=outputs
            )
        if self.answer == "values" and outputs % 2:
            raise PipelineFileError(
                "each value has an uncertainty", where=self.name, expected="an even number of outputs",
                received=outputs, fix="ask for two outputs for each value",
            )  # fmt: skip
        self.check_input(input_shape)
        import keras

        inputs = keras.Input(tuple(input_shape), name="input")
        initialisers = Initialisers(seed)
        return keras.Model(inputs, self.connect(inputs, outputs, initialisers), name=self.name)

    @abstractmethod
    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor.

        Every layer has a name of its own: seeds, layer tables and stored weights refer to it.
        """


def probability(features: Any, outputs: int, initialisers: Initialisers) -> Any:
    """Last layer of a classifier: sigmoid of one unit, or softmax over classes."""
    import keras

    activation = "sigmoid" if outputs == 1 else "softmax"
    kernel = initialisers("glorot_uniform", "probability")
    return keras.layers.Dense(outputs, activation=activation, kernel_initializer=kernel, name="probability")(features)


def values_with_uncertainty(features: Any, outputs: int, initialisers: Initialisers) -> Any:
    """Last layer of a network that answers with values: linear, half means and half logarithms of their deviations."""
    import keras

    kernel = initialisers("glorot_uniform", "values")
    return keras.layers.Dense(outputs, kernel_initializer=kernel, name="values")(features)
