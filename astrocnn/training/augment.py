"""Rotation, flips and shifts of stamps, cut from a larger stamp so that no corner is invented."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from astrocnn.central import central_part, stamp_around


class Augmentation(BaseModel):
    """What is done to each training stamp, drawn anew in every epoch."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rotate: Literal["any", "quarter", "none"] = Field(
        "any", description="any angle (bilinear: it smooths the noise a little), exact quarter turns, or none"
    )
    flip: bool = Field(True, description="mirror half of the stamps")
    shift_px: float = Field(0.0, ge=0, description="largest shift along each axis, uniform")

    def stamp_needed(self, size_px: int) -> int:
        """Smallest stamp from which `size_px` can be cut after any draw, of the same parity as `size_px`."""
        turned = size_px * (math.sqrt(2.0) if self.rotate == "any" else 1.0)
        return stamp_around(size_px, turned + 2 * self.shift_px)


def draw_transforms(augmentation: Augmentation, number: int, size_px: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one transform per stamp.

    Parameters
    ----------
    augmentation : Augmentation
    number : int
        Stamps.
    size_px : int
        Side of the stamps they will be applied to.
    rng : numpy.random.Generator
        Always used for four draws per stamp, whatever the options.

    Returns
    -------
    ndarray
        (number, 8) float32 coefficients that map output pixels to input pixels, as `keras.ops.image.affine_transform`
        takes them.
    """
    angle, flip, shift_x, shift_y = rng.random((4, number))
    turns = {"any": 2 * np.pi * angle, "quarter": np.floor(4 * angle) * np.pi / 2, "none": np.zeros(number)}
    theta = turns[augmentation.rotate]
    mirror = np.where(augmentation.flip & (flip < 0.5), -1.0, 1.0)
    dx, dy = ((2 * value - 1) * augmentation.shift_px for value in (shift_x, shift_y))
    centre = (size_px - 1) / 2
    a, b = np.cos(theta) * mirror, -np.sin(theta)
    c, d = np.sin(theta) * mirror, np.cos(theta)
    zero = np.zeros(number)
    rows = [a, b, centre - (a + b) * centre + dx, c, d, centre - (c + d) * centre + dy, zero, zero]
    return np.stack(rows, axis=1).astype(np.float32)


def central_crop(images: Any, size_px: int) -> Any:
    """Cut the central square (n, size_px, size_px, band) out of stamps (n, y, x, band)."""
    return central_part(images, (size_px, size_px), first_axis=1)


def rotate_and_crop(images: Any, transforms: Any, size_px: int) -> Any:
    """Apply transforms to stamps (n, y, x, band) and cut their central squares; a tensor of the backend."""
    from keras import ops

    turned = ops.image.affine_transform(images, transforms, interpolation="bilinear", fill_mode="constant")
    return central_crop(turned, size_px)


def dihedral_views(images: np.ndarray, number: int) -> list[np.ndarray]:
    """The same square stamps (n, y, x, band) seen in 1, 4 (turns) or 8 (turns and their mirror images) exact ways."""
    turned = [np.rot90(images, turn, axes=(1, 2)) for turn in range(4 if number > 1 else 1)]
    return turned + [view[:, :, ::-1] for view in turned] if number == 8 else turned
