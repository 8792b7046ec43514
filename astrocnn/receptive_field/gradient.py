"""Gradients, and functions compiled, by whichever backend Keras uses."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.errors import AstrocnnError


def gradient(function: Callable[..., Any]) -> Callable[..., NDArray[np.float64]]:
    """Differentiate a function of arrays by the first of them.

    Parameters
    ----------
    function : callable
        From tensors of the backend to a tensor of no axes; it makes no new weights.

    Returns
    -------
    callable
        From arrays to an array of float64 of the shape of the first; zeros where the function does not depend on it.
        Compiled once for each set of shapes.

    Raises
    ------
    AstrocnnError
        When Keras runs on another backend than TensorFlow or JAX.
    """
    return _of_backend().gradient(function)


def compiled(function: Callable[..., Any]) -> Callable[..., list[NDArray[Any]]]:
    """Compile a function of arrays.

    Parameters
    ----------
    function : callable
        From tensors of the backend to a list of tensors; it makes no new weights.

    Returns
    -------
    callable
        From arrays to a list of arrays. Compiled once for each set of shapes.

    Raises
    ------
    AstrocnnError
        When Keras runs on another backend than TensorFlow or JAX.
    """
    return _of_backend().compiled(function)


def _of_backend() -> Any:
    import keras

    backend = keras.backend.backend()
    if backend not in ("tensorflow", "jax"):
        raise AstrocnnError("no gradient for this backend", expected="tensorflow or jax", received=backend)
    return import_module(f"astrocnn.receptive_field.gradient_{backend}")
