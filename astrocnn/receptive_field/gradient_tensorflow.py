"""A function of arrays compiled, and its gradient by the first of them, by TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def gradient(function: Callable[..., Any]) -> Callable[..., NDArray[np.float64]]:
    """Function of the same arrays that gives the derivative of a number by the first of them."""

    # As a graph, so that the gradients of the weights, which nobody asks for, are left out: besides the time, those of
    # some strided 1 x 1 convolutions of one channel crash in TensorFlow 2.21 with oneDNN.
    @tf.function(autograph=False)
    def derivative(entry: Any, *others: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(entry)
            output = function(entry, *others)
        return tape.gradient(output, entry, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    evaluated = _by_shape(derivative)
    return lambda *values: np.asarray(evaluated(*values), float)


def compiled(function: Callable[..., Any]) -> Callable[..., list[NDArray[Any]]]:
    """Function of the same arrays that gives what the function gives, a list of arrays."""
    evaluated = _by_shape(tf.function(function, autograph=False))
    return lambda *values: [tensor.numpy() for tensor in evaluated(*values)]


def _by_shape(function: Any) -> Callable[..., Any]:
    """The function as one graph for each set of shapes."""
    graphs: dict[Any, Any] = {}

    def evaluated(*values: Any) -> Any:
        tensors = [tf.constant(value) for value in values]
        shapes = tuple(tuple(tensor.shape) for tensor in tensors)
        if shapes not in graphs:
            graphs[shapes] = function.get_concrete_function(*tensors)
        return graphs[shapes](*tensors)

    return evaluated
