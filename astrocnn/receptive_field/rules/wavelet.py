"""The wavelet transform of a curve: a window of four samples and steps of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.receptive_field.rules.registry import register_rule
from astrocnn.receptive_field.tensor_field import TensorField
from astrocnn.windows import Window


@register_rule("DaubechiesTransform")
def _daubechies_transform(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """Output k reads 2 k - 2 to 2 k + 1.

    What is mirrored at the ends stands in the window anyhow, but for the last value of an odd number of samples, which
    also reads the two samples before.
    """
    return inputs[0].through([Window(kernel=4, stride=2, before=2, after=3)])
