"""What would let a network see the whole object, with the numbers worked out and the cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from astrocnn.quantities import count_text
from astrocnn.receptive_field.cost import fourier_multiply_adds
from astrocnn.receptive_field.field import LayerRow, ReceptiveField


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
        Two or more, each sufficient by itself, with what it costs in parameters and multiply-adds of one object.
    """
    short = _Shortage(field, axis, scale, unit, _pixels_for(required, scale))
    proposals = [_more_layers(short), _dilation(short), _stride(short), _larger_kernel(short), _binning(short)]
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


@dataclass(frozen=True)
class _Shortage:
    """A field that is too short along one axis."""

    field: ReceptiveField
    axis: int
    scale: float
    unit: str
    needed: int

    @property
    def had(self) -> int:
        """Pixels that are seen, where it is fewest."""
        return self.field.phases[self.axis][0]

    @property
    def jump(self) -> float:
        return self.field.jump[self.axis]

    @property
    def rank(self) -> int:
        return len(self.field.size)

    @property
    def is_dense_prediction(self) -> bool:
        """Whether the map is the output, so that it must keep its size."""
        return self.field.global_kind is None

    def grown(self, pixels: float) -> str:
        """The new field, in pixels and on the sky."""
        length = f"{pixels:g} px"
        return f"r = {length}" if self.unit == "px" else f"r = {length} = {pixels * self.scale:.4g} {self.unit}"


def _more_layers(short: _Shortage) -> str:
    """3 x 3 layers after the last local one; r grows by 2 j each, and stride 2 doubles j for the next.

    A dense prediction keeps its stride, and so does a map that would shrink to nothing.
    """
    had, jump, missing = short.had, short.jump, short.needed - short.had
    strided = max(1, math.ceil(math.log2(missing / (2 * jump) + 1) - 1e-12))
    if not short.is_dense_prediction and short.field.map_size[short.axis] >= 2**strided:
        count, stride, grown = strided, 2, had + 2 * jump * (2**strided - 1)
    else:
        count = math.ceil(missing / (2 * jump))
        stride, grown = 1, had + 2 * jump * count
    rank = " x ".join("3" * short.rank)
    layers = f"{_count(count)} more {rank} stride-{stride} layer{'s' if count > 1 else ''}"
    return f"{layers} after {short.field.measured_at}: {short.grown(grown)}{_added(short, 3, stride, count)}"


def _dilation(short: _Shortage) -> str | None:
    """A larger dilation in the last convolution through which the field comes and whose map can hold it."""
    for row in reversed(short.field.layers):
        if not _is_convolution(row, short.axis) or row.stride[short.axis] != 1:
            continue
        step = (row.kernel[short.axis] - 1) * row.jump[short.axis]
        more = math.ceil((short.needed - short.had) / step)
        dilation = int(row.dilation[short.axis]) + more
        if (row.kernel[short.axis] - 1) * dilation + 1 <= row.map_size[short.axis]:
            return (
                f"dilation {dilation} instead of {row.dilation[short.axis]} in {row.layer}: "
                f"{short.grown(short.had + more * step)}, at no cost"
            )
    return None


def _stride(short: _Shortage) -> str | None:
    """Stride 2 in the last convolution of a chain after which enough field is gained: what follows counts twice."""
    seeing = [row for row in short.field.layers if row.size]
    if short.is_dense_prediction or short.field.map_size[short.axis] < 2 or not all(row.critical for row in seeing[1:]):
        return None
    for number in range(len(seeing) - 1, 0, -1):
        row = seeing[number]
        here = row.size[short.axis]
        grown = here + 2 * (short.had - here)
        if grown < short.needed or not _is_convolution(row, short.axis) or row.stride[short.axis] != 1:
            continue
        from_here = [later.multiply_adds or 0 for later in seeing[number:]]
        saved = sum(from_here) * (1 - 0.5**short.rank)
        return f"stride 2 instead of 1 in {row.layer}: {short.grown(grown)}, {count_text(saved)} multiply-adds fewer"
    return None


def _larger_kernel(short: _Shortage) -> str:
    kernel = math.ceil((short.needed - short.had) / short.jump) + 1
    kernel += 1 - kernel % 2
    grown = short.had + (kernel - 1) * short.jump
    after = short.field.measured_at
    text = f"a kernel of {kernel} in one layer more after {after}: {short.grown(grown)}{_added(short, kernel, 1, 1)}"
    channels = short.field.row(after).channels
    if channels is None:
        return text
    by_fourier = fourier_multiply_adds(short.field.map_size, (kernel,) * short.rank, channels, channels)
    return f"{text} (or {count_text(by_fourier)} by Fourier transform)"


def _binning(short: _Shortage) -> str | None:
    if not short.had:
        return None
    factor = math.ceil(short.needed / short.had)
    size, spent = short.field.input_size[short.axis], short.field.multiply_adds
    fewer = f", about {count_text(spent * (1 - factor**-short.rank))} multiply-adds fewer" if spent else ""
    grown = short.had * short.scale * factor
    return (
        f"the input binned by {factor} ({size // factor} px of {short.scale * factor:.4g} {short.unit}): "
        f"r = {short.had} px = {grown:.4g} {short.unit}{fewer}"
    )


def _added(short: _Shortage, kernel: int, stride: int, count: int) -> str:
    """Cost of convolutions that keep the K channels: K (K k^d + 1) parameters and K^2 k^d n^d multiply-adds."""
    channels = short.field.row(short.field.measured_at).channels
    if channels is None:
        return ""
    taps = kernel**short.rank
    parameters = count * channels * (channels * taps + 1)
    spent, size = 0, short.field.map_size
    for _ in range(count):
        size = tuple(math.ceil(n / stride) for n in size)
        spent += channels**2 * taps * math.prod(size)
    return f", +{count_text(parameters)} parameters, +{count_text(spent)} multiply-adds"


def _is_convolution(row: LayerRow, axis: int) -> bool:
    """Whether a convolution widens the field along an axis, on the way of the largest field."""
    widens = row.critical and "Conv" in row.kind and "Transpose" not in row.kind
    return widens and len(row.kernel) > axis and row.kernel[axis] > 1


def _pixels_for(required: float, scale: float) -> int:
    return math.ceil(required / scale * (1 - 1e-9))


def _count(number: int) -> str:
    return "one" if number == 1 else str(number)
