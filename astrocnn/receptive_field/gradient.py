"""Gradients by whichever backend Keras uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.errors import AstrocnnError


def gradient(function: Callable[[Any], Any], value: NDArray[np.float32]) -> NDArray[np.float64]:
    """Derivative of a number that `function` gives by the array it takes.

    Parameters
    ----------
    function : callable
        From a tensor of the backend to a tensor of no axes.
    value : ndarray of float32
        Where the derivative is taken.

    Returns
    -------
    ndarray of float64
        Of the shape of `value`; zeros where the function does not depend on it.

    Raises
    ------
    AstrocnnError
        When Keras runs on another backend than TensorFlow or JAX.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        from astrocnn.receptive_field.gradient_tensorflow import gradient as by_backend
    elif backend == "jax":
        from astrocnn.receptive_field.gradient_jax import gradient as by_backend
    else:
        raise AstrocnnError("no gradient for this backend", expected="tensorflow or jax", received=backend)
    return by_backend(function, value)
