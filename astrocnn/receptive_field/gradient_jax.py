"""Gradient of a function of arrays by the first of them, by JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray


def gradient(function: Callable[..., Any]) -> Callable[..., NDArray[np.float64]]:
    """Function of the same arrays that gives the derivative of a number by the first of them."""
    compiled = jax.jit(jax.grad(function))

    def evaluated(*values: Any) -> NDArray[np.float64]:
        return np.asarray(compiled(*(jax.numpy.asarray(value) for value in values)), float)

    return evaluated
