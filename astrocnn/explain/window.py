"""The window that occlusion hides: its side in pixels or samples."""

from __future__ import annotations

from collections.abc import Sequence

from astrocnn.errors import MismatchError
from astrocnn.training.model_folder import ModelCard

SHARE_OF_FIELD = 1 / 6
"""Of what one feature of the last map sees of the input: small enough to tell its parts apart, large enough to hide
more than one pixel's noise."""


def window_px(card: ModelCard, seen: Sequence[int], window: tuple[float, str] | None) -> tuple[int, ...]:
    """Side of the window along each axis, at least one pixel and at most the input.

    Parameters
    ----------
    card : ModelCard
        Scale, and extent of the object where it was stated.
    seen : sequence of int
        What one feature sees of the input, in pixels, along each axis.
    window : tuple of float and str, optional
        A length and its unit; or a share of the object and `share`; by default a sixth of what a feature sees.

    Raises
    ------
    MismatchError
        When the length has another unit than the pixels, or no extent of the object is known.
    """
    if window is None:
        sides = [round(size * SHARE_OF_FIELD) for size in seen]
    else:
        length, unit = window
        if unit == "share":
            needed = card.receptive_field.get("needed")
            if needed is None:
                raise MismatchError(
                    "the model states no extent of its object", where=card.network, expected="a length with a unit",
                    received=f"{length:g} of the object",
                )  # fmt: skip
            length, unit = length * needed, str(card.receptive_field.get("unit", card.scale_unit))
        if card.scale is None or unit != card.scale_unit:
            raise MismatchError(
                "the window has another unit than the model's pixels", where=card.network,
                expected=card.scale_unit or "no length: the pixels have no scale", received=unit,
            )  # fmt: skip
        sides = [round(length / card.scale) for _ in seen]
    return tuple(min(max(1, side), size) for side, size in zip(sides, card.axes_px, strict=True))
