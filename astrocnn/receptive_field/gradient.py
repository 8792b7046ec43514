"""Gradients by whichever backend Keras uses."""

from __future__ import annotations

from collections.abc import Callable
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
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        from astrocnn.receptive_field.gradient_tensorflow import gradient as by_backend
    elif backend == "jax":
        from astrocnn.receptive_field.gradient_jax import gradient as by_backend
    else:
        raise AstrocnnError("no gradient for this backend", expected="tensorflow or jax", received=backend)
    return by_backend(function)
