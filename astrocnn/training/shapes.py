"""What a training can do with objects of a shape: the input cut out of them, room to move it, exact views of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from astrocnn.training.augment import Augmentation
from astrocnn.training.parameters import NetworkTraining


def input_size(shape: Sequence[int], input_px: int | None) -> tuple[int, ...]:
    """Size of a network's input along each axis.

    Parameters
    ----------
    shape : sequence of int
        Of one object, bands last.
    input_px : int, optional
        Its side, or length; the whole object by default.
    """
    return tuple(shape[:-1]) if input_px is None else (input_px,) * (len(shape) - 1)


def shape_problems(training: NetworkTraining, shape: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Tell what a training cannot do with objects of a shape, bands last: the key that is wrong, and why."""
    kind, size = "images" if len(shape) == 3 else "curves", input_size(shape, training.input_px)
    if others := training.augment.not_of(kind):
        yield "augment", f"{', '.join(others)} {'change' if len(others) > 1 else 'changes'} no {kind}"
    if problem := room_problem(training.augment, shape[:-1], size):
        yield "augment" if training.input_px is None else "input_px", problem
    if problem := views_problem(kind, training.views, size):
        yield "views", problem
    colors = training.augment.color_noise
    if colors and len(colors) != shape[-1]:
        yield "augment", f"color_noise has {len(colors)} numbers for {shape[-1]} bands; expected one for each"


def room_problem(augmentation: Augmentation, shape: Sequence[int], size: Sequence[int]) -> str | None:
    """Why objects of a shape leave no room for the augmentation around the network's input; None when they do.

    Parameters
    ----------
    augmentation : Augmentation
    shape : sequence of int
        Of one object, without bands: (y, x), or (time,).
    size : sequence of int
        The network's input, likewise.
    """
    images = len(shape) == 2
    needed_of = augmentation.stamp_needed if images else augmentation.curve_needed
    what, unit, move = ("stamps", "px", "turn, enlarge and shift") if images else ("curves", "samples", "shift")
    if images and size[0] != size[1] and augmentation.rotate != "none":
        return f"an input of {size[0]} x {size[1]} px cannot be turned; to fix, set augment.rotate: none"
    for have, want in zip(shape, size, strict=True):
        if have < needed_of(want):
            quarter = ", or set augment.rotate: quarter" if images and augmentation.rotate == "any" else ""
            return (
                f"{what} of {have} {unit} are too small to {move} {want} {unit} inside them; expected"
                f" {needed_of(want)} {unit} or more; to fix, cut larger {what}, lower input_px{quarter}"
            )
        if (have - want) % 2:
            return (
                f"an input of {want} {unit} cannot stand in the middle of {have} {unit}; expected both even or both odd"
            )
    return None


def views_problem(kind: str, number: int, size: Sequence[int]) -> str | None:
    """Why objects of a kind and size cannot be seen in a number of exact ways; None when they can."""
    if number == 1:
        return None
    if kind == "curves":
        return None if number == 2 else f"a curve has 1 or 2 exact views (backwards in time); received {number}"
    if number == 2:
        return "a stamp has 1, 4 or 8 exact views; 2 are those of a curve"
    return None if size[0] == size[1] else f"a stamp of {size[0]} x {size[1]} px has one exact view; received {number}"
