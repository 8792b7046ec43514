"""Gradient of a function of one array, by JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray


def gradient(function: Callable[[Any], Any], value: NDArray[np.float32]) -> NDArray[np.float64]:
    """Derivative of a number that `function` gives by the array it takes."""
    return np.asarray(jax.grad(function)(jax.numpy.asarray(value)), float)
