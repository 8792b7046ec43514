"""Layers that see an object in turned and mirrored parts, and bring them back together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from astrocnn.receptive_field.rules.registry import register_rule
from astrocnn.receptive_field.tensor_field import TensorField
from astrocnn.windows import Window


@register_rule("DihedralViews")
def _views(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """The first part, upright and not mirrored: the first rows and columns of the middle of the stamp.

    Of the other fifteen, seven are its exact copies, turned by quarters and mirrored about the centre of the stamp, and
    eight its copies turned by 45 degrees, each pixel interpolated between four of the stamp. All fields have the same
    side, along the axes of their part: those of the latter stand on a corner in the stamp.
    """
    windows = []
    for size in inputs[0].map_size:
        margin = (size - layer.view) // 2
        windows.append(Window(before=-margin, after=margin + layer.part - size))
    return replace(inputs[0].through(windows), copies=layer.copies)


@register_rule("JoinViews")
def _join(layer: Any, inputs: Sequence[TensorField]) -> TensorField:
    """The next layer weighs every position of every part: as Flatten, with one row per object again."""
    return replace(inputs[0].become_global("flatten"), copies=1)
