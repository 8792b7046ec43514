"""What would let a network see the whole object, with the numbers worked out."""

from __future__ import annotations

import math

from astrocnn.receptive_field.field import ReceptiveField


def for_small_field(field: ReceptiveField, axis: int, scale: float, unit: str, required: float) -> list[str]:
    """Ways to widen a field that is smaller than the object.

    Parameters
    ----------
    field : ReceptiveField
        Of the network.
    axis : int
        The axis that is too short.
    scale : float
        Size of a pixel along it, in `unit`.
    unit : str
        Unit of `scale` and `required`.
    required : float
        Extent of the object.

    Returns
    -------
    list of str
        Two or more, each sufficient by itself.
    """
    had, jump = field.phases[axis][0], field.jump[axis]
    needed = _pixels_for(required, scale)
    proposals = [
        _more_layers(field, axis, needed, scale, unit),
        _dilation(field, axis, needed, scale, unit),
    ]
    kernel = math.ceil((needed - had) / jump) + 1
    kernel += 1 - kernel % 2
    proposals.append(
        f"a kernel of {kernel} in one layer more after {field.measured_at}: r = "
        + _field_of(had + (kernel - 1) * jump, scale, unit)
    )
    if had:
        proposals.append(_binned(math.ceil(needed / had), field.input_size[axis], scale, unit, had))
    return [proposal for proposal in proposals if proposal]


def for_small_input(field: ReceptiveField, scales: tuple[float, ...], unit: str, required: float) -> list[str]:
    """Ways to bring an object into an input that is smaller."""
    pixels = max(_pixels_for(required, scale) for scale in scales)
    axis = min(range(len(scales)), key=lambda index: field.input_size[index] * scales[index])
    size, scale = field.input_size[axis], scales[axis]
    factor = math.ceil(_pixels_for(required, scale) / size)
    return [
        f"inputs of at least {pixels} px",
        f"inputs of {size} px binned by {factor}: {size} px of {scale * factor:.4g} {unit} are "
        f"{size * factor * scale:.4g} {unit}",
    ]


def _more_layers(field: ReceptiveField, axis: int, needed: int, scale: float, unit: str) -> str:
    """3 x 3 layers after the last local one; r grows by 2 j each, and stride 2 doubles j for the next.

    A dense prediction keeps its stride, and so does a map that would shrink to nothing.
    """
    had, jump, missing = field.phases[axis][0], field.jump[axis], needed - field.phases[axis][0]
    rank = " x ".join("3" * len(field.size))
    strided = math.ceil(math.log2(missing / (2 * jump) + 1) - 1e-12)
    strided = max(strided, 1)
    if field.global_kind is not None and field.map_size[axis] >= 2**strided:
        count, stride, grown = strided, 2, had + 2 * jump * (2**strided - 1)
    else:
        count = math.ceil(missing / (2 * jump))
        stride, grown = 1, had + 2 * jump * count
    layers = f"{_count(count)} more {rank} stride-{stride} layer{'s' if count > 1 else ''}"
    return f"{layers} after {field.measured_at}: r = {_field_of(grown, scale, unit)}"


def _dilation(field: ReceptiveField, axis: int, needed: int, scale: float, unit: str) -> str | None:
    """A larger dilation in the last convolution through which the field comes and whose map can hold it."""
    had = field.phases[axis][0]
    for row in reversed(field.layers):
        widens = row.critical and "Conv" in row.kind and row.kernel and row.kernel[axis] > 1
        if not widens or row.stride[axis] != 1 or "Transpose" in row.kind:
            continue
        step = (row.kernel[axis] - 1) * row.jump[axis]
        more = math.ceil((needed - had) / step)
        dilation = int(row.dilation[axis]) + more
        if (row.kernel[axis] - 1) * dilation + 1 <= row.map_size[axis]:
            return (
                f"dilation {dilation} instead of {row.dilation[axis]} in {row.layer}: r = "
                f"{_field_of(had + more * step, scale, unit)}"
            )
    return None


def _binned(factor: int, size: int, scale: float, unit: str, had: int) -> str:
    return (
        f"the input binned by {factor} ({size // factor} px of {scale * factor:.4g} {unit}): r = "
        f"{_field_of(had, scale * factor, unit)}"
    )


def _pixels_for(required: float, scale: float) -> int:
    return math.ceil(required / scale * (1 - 1e-9))


def _field_of(pixels: float, scale: float, unit: str) -> str:
    length = f"{pixels:g} px"
    return length if unit == "px" else f"{length} = {pixels * scale:.4g} {unit}"


def _count(number: int) -> str:
    return "one" if number == 1 else str(number)
