"""Gradient of one feature with respect to one input, by JAX."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray


def gradient(
    model: Any, values: list[NDArray[np.float32]], entry: int, feature: tuple[Any, ...]
) -> NDArray[np.float64]:
    """Derivative of `model(values)[feature].sum()` by `values[entry]`, of that input's shape."""

    def output(value: Any) -> Any:
        inputs = [*values[:entry], value, *values[entry + 1 :]]
        return model(inputs if len(inputs) > 1 else inputs[0], training=False)[feature].sum()

    return np.asarray(jax.grad(output)(values[entry]), float)
