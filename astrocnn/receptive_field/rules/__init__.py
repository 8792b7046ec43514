"""What each kind of layer does to the receptive field, by the name of its class.

A rule takes the layer and what its inputs see, and returns what its output sees::

    @register_rule("MyLayer")
    def my_layer(layer, inputs):
        return inputs[0].through([Window(kernel=3, before=1, after=1)] * len(inputs[0].axes))

Inputs that see the whole input already never reach a rule: what follows them sees the whole input too.
"""

from __future__ import annotations

from astrocnn.receptive_field.rules import (
    cells,
    dihedral,
    merging,
    operations,
    pointwise,
    resampling,
    reshaping,
    units,
    wavelet,
    whole,
    windows,
)
from astrocnn.receptive_field.rules.registry import apply_rule, has_rule, register_rule

__all__ = [
    "apply_rule", "cells", "dihedral", "has_rule", "merging", "operations", "pointwise", "register_rule",
    "resampling", "reshaping", "units", "wavelet", "whole", "windows",
]  # fmt: skip
