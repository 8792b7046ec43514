"""Compilation of pure `keras.ops` functions; the only file of the simulators that knows backends by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from astrocnn import backend


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of tensors.

    Parameters
    ----------
    function : callable
        Pure function of tensors (or dicts of them) of fixed shapes, written with `keras.ops`.

    Returns
    -------
    callable
        The same function: compiled by XLA on TensorFlow and JAX, as it is on other backends.
    """
    name = backend.prepare().backend.backend()
    if name == "tensorflow":
        import tensorflow

        return tensorflow.function(function, jit_compile=True)
    if name == "jax":
        import jax

        return jax.jit(function)
    return function
