"""Saliency: the gradient of a score by the input, plain or averaged over noisy copies.

Simonyan et al. (2014, arXiv:1312.6034) take the gradient for one input. Smilkov et al. (2017, arXiv:1706.03825,
SmoothGrad) average it over copies with noise, since it jumps from pixel to pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrocnn.explain.opened import Opened

NOISE = 0.1
"""Noise of SmoothGrad, as a share of the range of an input: 10 to 20 % in Smilkov et al. (2017), section 3."""


def input_gradient(
    opened: Opened, inputs: NDArray[Any], outputs: NDArray[Any], copies: int = 0, noise: float = NOISE, seed: int = 0
) -> NDArray[np.float64]:
    """Differentiate one score of each object by its input.

    Parameters
    ----------
    opened : Opened
        The network.
    inputs : ndarray, shape (n, *axes, channels)
        Prepared as the network takes them (normalised), finite.
    outputs : ndarray of int, shape (n,)
        Which score of each object.
    copies : int
        Noisy copies of each object that the gradient is averaged over; 0 for the gradient of the object itself.
    noise : float
        Standard deviation of the noise, as a share of the range (largest minus smallest value) of the object.
    seed : int
        Of the noise.

    Returns
    -------
    ndarray of float64, shape (n, *axes, channels)
        By how much the score grows when one value grows by one, to first order.
    """
    rng = np.random.default_rng(seed)
    found = []
    for value, which in zip(inputs, opened.one_hot(outputs), strict=True):
        spread = noise * (value.max() - value.min())
        noisy = rng.normal(0, spread, (copies, *value.shape)) if copies else np.zeros((1, *value.shape))
        slopes = [opened.score_slope(np.asarray(value + one, np.float32)[None], which[None])[0] for one in noisy]
        found.append(np.mean(slopes, axis=0))
    return np.stack(found)


def saliency_map(slope: NDArray[Any]) -> NDArray[np.float64]:
    """Largest absolute gradient over the channels, (n, *axes): the map of Simonyan et al. (2014), section 3.1."""
    return np.asarray(np.abs(slope).max(axis=-1), float)
