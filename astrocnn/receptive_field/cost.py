"""What a layer costs: its parameters, and the multiply-adds of one object, directly and by Fourier transform."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from astrocnn.receptive_field.graph import Call
from astrocnn.receptive_field.tensor_field import TensorField

_STATISTICS = {"moving_mean", "moving_variance", "mean", "variance", "count", "seed_generator_state"}
_WEIGHS = (
    "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "Dense",
    "EinsumDense", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "FourierConv1D",
    "FourierConv2D",
)  # fmt: skip
_WINDOWS = (
    "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "FourierConv1D", "FourierConv2D",
)  # fmt: skip
_STEPS = ("SimpleRNN", "LSTM", "GRU", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


@dataclass(frozen=True)
class Cost:
    """Cost of one call of a layer.

    Attributes
    ----------
    parameters : int
        Trainable parameters, K_j (K_{j-1} L_j^2 + 1) for a convolution of K_j filters of side L_j with bias; 0 where
        the layer was called before.
    multiply_adds : int or None
        Of the sums over kernels, for one object: K_j K_{j-1} L_j^2 n^2 for a convolution with n^2 outputs. None where
        a size is open. Additions of biases, activations and pooling are not counted. Of a layer that is not Keras's,
        what its `multiply_adds_per_position` says.
    multiply_adds_fft : int or None
        The same by Fourier transform; None for what is not a convolution of neighbours.
    """

    parameters: int = 0
    multiply_adds: int | None = 0
    multiply_adds_fft: int | None = None


def cost_of(call: Call, inputs: Sequence[TensorField], output: TensorField) -> Cost:
    """Cost of a call, from the layer's weights and the sizes of the maps.

    Parameters
    ----------
    call : Call
        The call.
    inputs, output : TensorField
        What it reads and gives, at the sizes that are looked at.
    """
    weights = [weight for weight in getattr(call.layer, "weights", ()) if weight.name not in _STATISTICS]
    parameters = 0 if call.repeated else sum(math.prod(weight.shape) for weight in weights)
    kernels = [math.prod(weight.shape) for weight in weights if len(weight.shape) > 1]
    kind = type(call.layer).__name__
    if kind in _WEIGHS:
        read = kind.endswith("Transpose")
        tensor = call.sources[0] if read else call.tensors[0]
        places = _places(inputs[0] if read else output, tensor)
        return Cost(parameters, _times(sum(kernels), places), _by_fourier(call, inputs[0], output))
    own = getattr(call.layer, "multiply_adds_per_position", None)
    if own is not None:
        return Cost(parameters, _times(int(own), _places(output, call.tensors[0])))
    if kind in _STEPS:
        return Cost(parameters, _times(sum(kernels), _places(inputs[0], call.sources[0])))
    if kind == "MultiHeadAttention":
        queries, keys = _places(inputs[0], call.sources[0]), _places(inputs[-1], call.sources[-1])
        width = call.layer.num_heads * (call.layer.key_dim + (call.layer.value_dim or call.layer.key_dim))
        pairs = None if queries is None or keys is None else queries * keys * width
        projected = [_times(size, queries if place in (0, 3) else keys) for place, size in enumerate(kernels)]
        known = None if pairs is None or None in projected else sum(size or 0 for size in projected) + pairs
        return Cost(parameters, known)
    return Cost(parameters)


def fourier_multiply_adds(
    size: Sequence[int], kernel: Sequence[int], inputs: int, outputs: int, groups: int = 1
) -> int:
    """Multiply-adds of a convolution by real Fourier transforms, for one object.

    Parameters
    ----------
    size, kernel : sequence of int
        Sides of the input and of the (dilated) kernel; both are padded to M = prod(size + kernel - 1) places.
    inputs, outputs : int
        Channels.
    groups : int
        Groups of channels that do not mix.

    Returns
    -------
    int
        (inputs + outputs) (5 / 4) M log2 M for the transforms (5 M log2 M real operations of a complex radix-2
        transform, halved for real data, two of them to a multiply-add; Cooley & Tukey 1965), and
        2 M inputs outputs / groups for the products. The kernels are transformed once for all objects and not counted,
        and a stride saves nothing: every place is computed.
    """
    places = math.prod(n + k - 1 for n, k in zip(size, kernel, strict=True))
    return round((inputs + outputs) * 1.25 * places * math.log2(places) + 2 * places * inputs * outputs / groups)


def _by_fourier(call: Call, field: TensorField, output: TensorField) -> int | None:
    layer = call.layer
    if type(layer).__name__ not in _WINDOWS:
        return None
    windows = output.windows if output.windows and not field.is_whole else ()
    reach = [window.reach for window in windows[call.held :]]
    if not reach or max(reach) == 1:
        return None
    channels, given = (tensor.shape[field.channel_axis] for tensor in (call.sources[0], call.tensors[0]))
    groups = channels if "Depthwise" in type(layer).__name__ else layer.groups
    held = field.copies * math.prod(field.map_size[: call.held])
    return held * fourier_multiply_adds(field.map_size[call.held :], reach, channels, given, groups)


def _places(field: TensorField, tensor: Any) -> int | None:
    """Positions of a tensor: as the walk knows them, else as Keras does."""
    if field.axes:
        return field.copies * math.prod(field.map_size)
    sizes = tensor.shape[1:-1]
    return None if None in sizes else math.prod(sizes)


def _times(size: int, places: int | None) -> int | None:
    return None if places is None else size * places
