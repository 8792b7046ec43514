"""Augmentation: stamps turned and curves shifted inside what was cut larger, so that nothing is invented at an edge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

from astrocnn.central import central_part, stamp_around
from astrocnn.ranges import PositiveRange, SignedRange

_NOTHING, _ALL_ANGLES = (1.0, 1.0), (0.0, 360.0)
_OF_KIND = {
    "images": ("rotate", "rotation_deg", "flip", "shift_px", "zoom"),
    "curves": ("shift_samples", "reverse"),
}


class Augmentation(BaseModel):
    """What is done to each training object, drawn anew in every epoch.

    Stamps are turned, mirrored, enlarged and shifted in one affine map; curves are shifted and reversed; values are
    changed after normalisation. Each kind of object knows its own options, and the values' are for both.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rotate: Literal["any", "quarter", "none"] = Field(
        "any", description="any angle (bilinear: it smooths the noise a little), exact quarter turns, or none"
    )
    rotation_deg: SignedRange = Field(_ALL_ANGLES, description="the angles of `any`, uniform")
    flip: bool = Field(True, description="mirror half of the stamps")
    shift_px: float = Field(0.0, ge=0, description="largest shift along each axis, uniform")
    zoom: PositiveRange = Field(
        _NOTHING, description="factor that stamps are enlarged by, log-uniform; below 1: made smaller"
    )
    shift_samples: int = Field(
        0, ge=0, description="of curves: largest shift in time, uniform, cut from a longer curve"
    )
    reverse: bool = Field(False, description="of curves: let half of them run backwards")
    gain: PositiveRange = Field(_NOTHING, description="factor of an object's normalised values, uniform")
    offset: float = Field(0.0, ge=0, description="largest number added to an object's normalised values, uniform")
    color_noise: Annotated[tuple[float, ...], Strict(False)] = Field(
        (), description="per band: what one normal deviate, drawn for each object, adds to its normalised values"
    )

    @model_validator(mode="after")
    def _angles_are_of_any(self) -> Self:
        if self.rotate != "any" and self.rotation_deg != _ALL_ANGLES:
            raise ValueError(f"rotation_deg is of rotate: any, and rotate is {self.rotate}")
        return self

    def not_of(self, kind: str) -> list[str]:
        """Options that were stated and change objects of another kind: curves are not turned, images not reversed."""
        return [name for name in _OF_KIND["curves" if kind == "images" else "images"] if name in self.model_fields_set]

    def stamp_needed(self, size_px: int) -> int:
        """Smallest stamp from which `size_px` can be cut after any draw, of the same parity as `size_px`."""
        return stamp_around(size_px, size_px * self._reach() / self.zoom[0] + 2 * self.shift_px)

    def curve_needed(self, samples: int) -> int:
        """Shortest curve from which `samples` can be cut after any draw."""
        return samples + 2 * self.shift_samples

    def _reach(self) -> float:
        """Side of the upright square around a unit square, at the angle where it is largest."""
        if self.rotate != "any":
            return 1.0
        low, high = self.rotation_deg
        if math.floor((high - 45) / 90) >= math.ceil((low - 45) / 90):  # a diagonal stands upright within the range
            return math.sqrt(2.0)
        return max(abs(math.cos(angle)) + abs(math.sin(angle)) for angle in map(math.radians, (low, high)))


def draw_transforms(
    augmentation: Augmentation, number: int, size_px: int | Sequence[int], rng: np.random.Generator
) -> np.ndarray:
    """Draw one transform per stamp.

    Parameters
    ----------
    augmentation : Augmentation
    number : int
        Stamps.
    size_px : int or (int, int)
        Side of the stamps they will be applied to, or (y, x).
    rng : numpy.random.Generator
        Used for four draws per stamp, and for one more where a zoom is asked for.

    Returns
    -------
    ndarray
        (number, 8) float32 coefficients that map output pixels to input pixels, as `keras.ops.image.affine_transform`
        takes them.
    """
    angle, flip, shift_x, shift_y = rng.random((4, number))
    low, high = np.deg2rad(augmentation.rotation_deg)
    turns = {"any": low + (high - low) * angle, "quarter": np.floor(4 * angle) * np.pi / 2, "none": np.zeros(number)}
    theta = turns[augmentation.rotate]
    mirror = np.where(augmentation.flip & (flip < 0.5), -1.0, 1.0)
    dx, dy = ((2 * value - 1) * augmentation.shift_px for value in (shift_x, shift_y))
    height, width = (size_px, size_px) if isinstance(size_px, int) else size_px
    x, y = (width - 1) / 2, (height - 1) / 2
    step = 1.0  # input pixels in an output pixel
    if augmentation.zoom != _NOTHING:
        smallest, largest = np.log(augmentation.zoom)
        step = np.exp(-(smallest + (largest - smallest) * rng.random(number)))
    a, b = np.cos(theta) * mirror * step, -np.sin(theta) * step
    c, d = np.sin(theta) * mirror * step, np.cos(theta) * step
    zero = np.zeros(number)
    rows = [a, b, x - (a * x + b * y) + dx, c, d, y - (c * x + d * y) + dy, zero, zero]
    return np.stack(rows, axis=1).astype(np.float32)


def central_crop(data: Any, size: int | Sequence[int]) -> Any:
    """Cut the middle out of stamps (n, y, x, band), a square or (y, x), or of curves (n, time, channel)."""
    axes = data.ndim - 2
    return central_part(data, (size,) * axes if isinstance(size, int) else tuple(size), first_axis=1)


def rotate_and_crop(images: Any, transforms: Any, size: int | Sequence[int]) -> Any:
    """Apply transforms to stamps (n, y, x, band) and cut out their middles; a tensor of the backend."""
    from keras import ops

    turned = ops.image.affine_transform(images, transforms, interpolation="bilinear", fill_mode="constant")
    return central_crop(turned, size)


def shift_and_cut(curves: np.ndarray, augmentation: Augmentation, samples: int, rng: np.random.Generator) -> np.ndarray:
    """Cut `samples` out of curves (n, time, channel), each at a place and in a direction of its own."""
    number, length = curves.shape[:2]
    shift = augmentation.shift_samples
    starts = (length - samples) // 2 + rng.integers(-shift, shift + 1, number)
    backwards = np.logical_and(augmentation.reverse, rng.random(number) < 0.5)
    steps = np.arange(samples)
    rows = starts[:, None] + np.where(backwards[:, None], steps[::-1], steps)
    return curves[np.arange(number)[:, None], rows]


def vary_values(data: Any, augmentation: Augmentation, rng: np.random.Generator) -> Any:
    """Change the normalised values of objects (n, ..., band), each by a gain, an offset and a colour of its own."""
    gain, offset, color = augmentation.gain, augmentation.offset, augmentation.color_noise
    if gain == _NOTHING and not offset and not color:
        return data
    values = np.asarray(data)
    each = (len(values), *(1,) * (values.ndim - 1))
    factor, added = rng.uniform(*gain, each), rng.uniform(-offset, offset, each)
    tint = rng.standard_normal(each) * np.asarray(color or (0.0,))
    return (values * factor + added + tint).astype(np.float32)


def exact_views(data: np.ndarray, number: int) -> list[np.ndarray]:
    """The same objects seen in several exact ways: stamps in 1, 4 or 8, curves in 1 or 2 (also backwards in time)."""
    if data.ndim == 3:
        return [data, data[:, ::-1]][:number]
    return dihedral_views(data, number)


def dihedral_views(images: np.ndarray, number: int) -> list[np.ndarray]:
    """The same square stamps (n, y, x, band) seen in 1, 4 (turns) or 8 (turns and their mirror images) exact ways."""
    turned = [np.rot90(images, turn, axes=(1, 2)) for turn in range(4 if number > 1 else 1)]
    return turned + [view[:, :, ::-1] for view in turned] if number == 8 else turned
