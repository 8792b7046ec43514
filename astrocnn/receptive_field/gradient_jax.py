"""A function of arrays compiled, and its gradient by the first of them, by JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray


def gradient(function: Callable[..., Any]) -> Callable[..., NDArray[np.float64]]:
    """Function of the same arrays that gives the derivative of a number by the first of them."""
    evaluated = jax.jit(jax.grad(function))
    return lambda *values: np.asarray(evaluated(*(jax.numpy.asarray(value) for value in values)), float)


def compiled(function: Callable[..., Any]) -> Callable[..., list[NDArray[Any]]]:
    """Function of the same arrays that gives what the function gives, a list of arrays."""
    evaluated = jax.jit(function)
    return lambda *values: [np.asarray(one) for one in evaluated(*(jax.numpy.asarray(value) for value in values))]
