"""The eight ways to turn and mirror a square by quarters: the group p4m without its shifts, as numbers 0 to 7.

Element 4 m + r mirrors (x reversed) if m is 1 and then turns by r quarters as `numpy.rot90` does, counter-clockwise
where y grows downwards. What follows from it (products, inverses) is computed, not tabled.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from astrocnn.errors import MismatchError

ORDER = 8
"""Elements of the group."""


def transformed(image: Any, element: int, axes: tuple[int, int] = (0, 1)) -> np.ndarray:
    """Image after an element has acted on it.

    Parameters
    ----------
    image : ndarray
        Any shape.
    element : int
        0 to 7; 0 changes nothing.
    axes : tuple of int
        The axes y and x.
    """
    mirrored, quarters = divmod(element, 4)
    return np.rot90(np.flip(image, axes[1]) if mirrored else image, quarters, axes)


def product(first: int, second: int) -> int:
    """The element that acts as `second` and then `first`: a mirror image turns the other way round."""
    (mirror, quarters), (mirror_before, quarters_before) = divmod(first, 4), divmod(second, 4)
    turned = quarters + (-quarters_before if mirror else quarters_before)
    return 4 * ((mirror + mirror_before) % 2) + turned % 4


def inverse(element: int) -> int:
    """The element that undoes another; every mirror image undoes itself."""
    return element if element >= 4 else -element % 4


def filters_of(name: str, channels: int) -> int:
    """Filters of features with eight orientations of each.

    Raises
    ------
    MismatchError
        When the number of channels is no multiple of 8; `name` is the layer that says so.
    """
    if channels % ORDER:
        raise MismatchError(
            "the features do not have eight orientations", where=name, expected="a multiple of 8 channels",
            received=channels, fix="begin with a LiftingConvolution",
        )  # fmt: skip
    return channels // ORDER
