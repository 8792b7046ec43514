"""The rotation-invariant network of Dieleman, Willett & Dambre 2015 (MNRAS 450, 1441) for galaxy morphology."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from astrocnn.errors import MismatchError, PipelineFileError
from astrocnn.networks.base import Answer, Initialisers, Network, probability
from astrocnn.networks.blocks import convolution, dense
from astrocnn.networks.decision_tree import DecisionTree, named_tree
from astrocnn.networks.registry import register

VIEW_PX, PART_PX = 69, 45
POOLED = (True, True, False, True)
"""After which convolutions the map is halved."""
CONVOLUTION_SIGMAS = (0.01, 0.01, 0.01, 0.1)
"""Width of the normal distribution that the kernels start from; with all biases at 0.1 (authors' code)."""

Width = Annotated[int, Field(ge=1)]


@register
class Dieleman(Network):
    """Network for galaxy morphology that sees sixteen turned and mirrored parts of a galaxy (Dieleman et al. 2015).

    The galaxy is seen upright and turned by 45 degrees, each plain and mirrored, and each of these four views of 69 px
    is cut into its four corners of 45 px, turned so that the centre lies in the same corner. All go through the same
    four convolutions, and two dense layers of maxout units weigh their features together: 37 fractions of votes.

    The stamp is larger than a view by the square root of 2, so that the turned views find sky in their corners: 99 px.
    A stamp of 98 px is served too, with views of 68 px: the middle of an even stamp lies between pixels, and the views
    keep to it, so that turning the galaxy by a quarter permutes the parts exactly. Parts and weights are the same. A
    pixel of the paper has 0.06 Petrosian radii (three of the challenge's images joined to one): the field of 37 px has
    2.22.

    What is trained on are fractions of all volunteers (`decision_tree.weighted_fractions`). To begin as the authors
    did, train with `normalised: false` first and give the weights to a network that is built without.
    """

    name: ClassVar[str] = "dieleman"
    paper: ClassVar[str] = "Dieleman, Willett & Dambre 2015, MNRAS 450, 1441"
    sizes: ClassVar[tuple[int, int]] = (98, 99)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((99, 99, 3), (98, 98, 3))
    source_modules: ClassVar[tuple[str, ...]] = (
        "astrocnn.networks.blocks", "astrocnn.networks.layers.dihedral_views", "astrocnn.networks.layers.untied_bias",
        "astrocnn.networks.layers.maxout", "astrocnn.networks.layers.tree_fractions", "astrocnn.networks.decision_tree",
    )  # fmt: skip
    smoke_options: ClassVar[Mapping[str, Any]] = {"widths": [2, 2, 4, 4], "dense_width": 8}

    kernels: Literal["6-5-3-3", "8-4-3-3"] = Field(
        "6-5-3-3", description="sides of the kernels: the best network's, or those of the variant; both see 37 px"
    )
    widths: tuple[Width, Width, Width, Width] = Field((32, 64, 128, 128), description="filters of each convolution")
    untied_biases: bool = Field(True, description="one bias per position and filter, not one per filter")
    dense_width: Width = Field(2048, description="maxout units of each of the two dense layers")
    dropout: float = Field(0.5, ge=0, lt=1, description="fraction of a dense layer's inputs left out in training")
    head: Literal["tree", "classes"] = Field(
        "tree", description="fractions of votes that follow a decision tree, or probabilities of classes"
    )
    tree: str | DecisionTree = Field(
        "galaxy-zoo-2",
        description="name of a decision tree, or one written out: its questions with their answers",
    )
    as_asked: bool = Field(
        False,
        description="weigh each question by who was asked it, also where the released fractions do not: those of "
        "Galaxy Zoo 2 count 'anything odd?' as asked of everybody",
    )
    normalised: bool = Field(
        True,
        description="divide each question's answers by their sum and follow the tree; false: clip to 0 and 1",
    )
    undecided: Literal["zero", "softmax"] = Field(
        "zero",
        description="a question with no positive number: zero, as the authors, without a gradient; or softmax",
    )

    @field_validator("tree")
    @classmethod
    def _known(cls, tree: str | DecisionTree) -> str | DecisionTree:
        if isinstance(tree, str):
            named_tree(tree)
        return tree

    @property
    def answer(self) -> Answer:
        """Fractions of votes, or classes."""
        return "fractions" if self.head == "tree" else "classes"

    @property
    def usual_outputs(self) -> int:
        """The answers of the tree: 37."""
        return self.decision_tree.size if self.head == "tree" else super().usual_outputs

    @property
    def decision_tree(self) -> DecisionTree:
        """The tree that the answers follow."""
        tree = named_tree(self.tree) if isinstance(self.tree, str) else self.tree
        return tree.as_asked() if self.as_asked else tree

    def loss(self, outputs: int) -> Any:
        """Mean squared error of the fractions."""
        return "mean_squared_error" if self.head == "tree" else super().loss(outputs)

    def check_input(self, input_shape: tuple[int, ...]) -> None:
        """Refuse an input shape this network does not serve; stamps must be square."""
        super().check_input(input_shape)
        if input_shape[0] != input_shape[1]:
            smallest, largest = self.sizes
            raise MismatchError(
                "the network does not serve this input shape",
                where=self.name,
                expected=f"a square: ({smallest}, {smallest}, band) or ({largest}, {largest}, band)",
                received=tuple(input_shape),
                fix="cut square stamps",
            )

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor."""
        from astrocnn.networks.layers.dihedral_views import DihedralViews, JoinViews

        if self.head == "tree" and outputs != self.usual_outputs:
            raise PipelineFileError(
                "the decision tree has another number of answers",
                where=self.name,
                expected=f"outputs of {self.usual_outputs}, or head classes",
                received=outputs,
            )
        view = VIEW_PX - (VIEW_PX - inputs.shape[1]) % 2
        features = DihedralViews(view, PART_PX, name="views")(inputs)
        for number in range(len(self.widths)):
            features = self._convolved(features, number, initialisers)
        features = JoinViews(name="join")(features)
        for name in ("first", "second"):
            features = self._maxout(features, name, initialisers)
        features = self._dropped(features, "answers", initialisers)
        if self.head == "classes":
            return probability(features, outputs, initialisers)
        return self._fractions(features, outputs, initialisers)

    def _convolved(self, features: Any, number: int, initialisers: Initialisers) -> Any:
        """A convolution with its bias, rectified and pooled."""
        import keras

        from astrocnn.networks.layers.untied_bias import UntiedBias

        name, bias = f"conv{number + 1}", keras.initializers.Constant(0.1)
        sigma = CONVOLUTION_SIGMAS[number]
        features = convolution(
            features, name, self.widths[number], int(self.kernels.split("-")[number]), initialisers, padding="valid",
            kernel_initializer=initialisers("random_normal", f"{name}_conv", stddev=sigma),
            use_bias=not self.untied_biases, bias_initializer=bias,
        )  # fmt: skip
        if self.untied_biases:
            features = UntiedBias(bias, name=f"{name}_bias")(features)
        features = keras.layers.Activation("relu", name=f"{name}_relu")(features)
        return keras.layers.MaxPooling2D(2, name=f"{name}_pool")(features) if POOLED[number] else features

    def _maxout(self, features: Any, name: str, initialisers: Initialisers) -> Any:
        from astrocnn.networks.layers.maxout import Maxout

        features = self._dropped(features, name, initialisers)
        features = _dense(features, name, 2 * self.dense_width, 0.001, 0.01, initialisers)
        return Maxout(2, name=f"{name}_maxout")(features)

    def _fractions(self, features: Any, outputs: int, initialisers: Initialisers) -> Any:
        from astrocnn.networks.layers.tree_fractions import TreeFractions

        numbers = _dense(features, "answers", outputs, 0.01, 0.1, initialisers)
        return TreeFractions(self.decision_tree, self.normalised, self.undecided, name="fractions")(numbers)

    def _dropped(self, features: Any, name: str, initialisers: Initialisers) -> Any:
        """Dropout on what a dense layer reads."""
        import keras

        seed = initialisers.layer_seed(f"{name}_dropout")
        return keras.layers.Dropout(self.dropout, seed=seed, name=f"{name}_dropout")(features)


def _dense(features: Any, name: str, units: int, sigma: float, bias: float, initialisers: Initialisers) -> Any:
    """Dense layer, linear, from normal weights and equal biases."""
    import keras

    return dense(
        features, name, units, initialisers, bias_initializer=keras.initializers.Constant(bias),
        kernel_initializer=initialisers("random_normal", f"{name}_dense", stddev=sigma),
    )  # fmt: skip
