"""Fractions of votes that agree with the decision tree the volunteers followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import keras
from keras import ops

from astrocnn.errors import MismatchError
from astrocnn.networks.decision_tree import DecisionTree

EPSILON = 1e-12
"""Added to each question's sum, as in the authors' code."""


@keras.saving.register_keras_serializable("astrocnn")
class TreeFractions(keras.layers.Layer):
    """Turn one number per answer into the fractions of all volunteers who gave each answer.

    Negative numbers become 0, the answers of each question are divided by their sum, and multiplied by the fraction
    that was asked the question (`DecisionTree.descend`). Unlike a softmax this can say 0 and 1.

    Parameters
    ----------
    tree : DecisionTree or mapping
        The tree; its content is stored with the network.
    normalised : bool
        If not, each number is only clipped to [0, 1]: how the authors train first (10,000 galaxies), since training can
        stall where it starts with the tree. The layer has no weights, so the same network goes on with it: set
        `layer.normalised = True` and compile the model anew, or give the weights to a network that was built so.
    undecided : {"zero", "softmax"}
        What becomes of a question none of whose numbers is positive. `zero`, as the authors: all its answers and what
        follows are 0, and as a rectified number below 0 has no gradient, training cannot lift them again. `softmax`:
        that of its numbers, which adds up to one and has a gradient.

    Raises
    ------
    MismatchError
        When there are not as many numbers as answers.

    Notes
    -----
    Input and output (n, answer), in the tree's columns. Computed in single precision at least, where epsilon is not 0.
    NaN makes its question and what follows NaN. Dieleman, Willett & Dambre 2015 (MNRAS 450, 1441), and the authors'
    code (github.com/benanne/kaggle-galaxies, custom.py).
    """

    def __init__(
        self, tree: DecisionTree | Mapping[str, Any], normalised: bool = True,
        undecided: Literal["zero", "softmax"] = "zero", **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(**options)
        self.tree = DecisionTree.model_validate(tree)
        self.normalised = normalised
        self.undecided = undecided

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Refuse another number of answers."""
        if input_shape[-1] != self.tree.size:
            raise MismatchError(
                "not one number per answer", where=self.name, expected=self.tree.size, received=input_shape[-1]
            )

    def call(self, inputs: Any) -> Any:
        """Fractions of all volunteers."""
        if not self.normalised:
            return ops.clip(inputs, 0.0, 1.0)
        numbers = ops.cast(inputs, keras.backend.result_type(self.compute_dtype, "float32"))
        answers = {name: self._among_those_asked(part) for name, part in self.tree.split(numbers).items()}
        _, weighted = self.tree.descend(answers)
        return ops.cast(ops.concatenate(list(weighted.values()), axis=-1), self.compute_dtype)

    def _among_those_asked(self, numbers: Any) -> Any:
        """Fractions of one question's answers among those who were asked it."""
        votes = ops.relu(numbers)
        total = ops.sum(votes, axis=-1, keepdims=True)
        fractions = votes / (total + EPSILON)
        if self.undecided == "zero":
            return fractions
        return ops.where(total > 0, fractions, ops.softmax(numbers, axis=-1))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        tree = self.tree.model_dump(mode="json")
        return {**super().get_config(), "tree": tree, "normalised": self.normalised, "undecided": self.undecided}
