"""Merging what several tensors see, without Keras."""

from dataclasses import replace

import pytest

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.arithmetic import AxisField
from astrocnn.receptive_field.field import Misalignment
from astrocnn.receptive_field.tensor_field import TensorField, merge
from astrocnn.windows import Window


def image(size=20, axes=2):
    return TensorField((AxisField.of_input(size),) * axes)


def convolved(field, kernel, **options):
    margin = (kernel - 1) // 2
    return field.through([Window(kernel, before=margin, after=margin, **options)] * len(field.axes))


def test_merge_of_one_is_itself():
    field = image()
    assert merge([field]) is field


def test_merge_takes_the_union_and_the_trail_of_the_largest():
    narrow, wide = convolved(image(), 3), convolved(image(), 7)
    merged = merge([replace(narrow, trail=(None, "narrow")), replace(wide, trail=(None, "wide"))])
    assert merged.size == (7, 7)
    assert merged.trail == (None, "wide")
    assert merged.windows is None
    assert merged.misaligned == ()


def test_merge_keeps_what_was_misaligned_before_once():
    field = replace(image(), misaligned=(Misalignment("early", 2.0),))
    shifted = field.through([Window(before=-1, after=1)] * 2)
    assert merge([field, shifted]).misaligned == (Misalignment("early", 2.0), Misalignment("", 1.0))


def test_global_operations():
    field = convolved(image(), 3)
    pooled = field.become_global("pooling")
    assert (pooled.size, pooled.map_size, pooled.is_whole) == ((), (), True)
    assert pooled.global_operation.source is field
    assert pooled.become_global("flatten") is pooled  # the first one counts
    assert pooled.through([Window(3)] * 2) is pooled  # a convolution of what is whole sees the whole
    again = convolved(merge([field, pooled]), 5)
    assert (again.size, again.global_operation) == ((7, 7), pooled.global_operation)
    assert not again.is_whole
    assert again.become_global("flatten").global_operation is pooled.global_operation


def test_merge_of_whole_tensors_keeps_the_largest_field():
    small, large = convolved(image(), 3).become_global("pooling"), convolved(image(), 9).become_global("flatten")
    for order in ([small, large], [large, small]):
        assert merge(order).global_operation is large.global_operation
        assert merge(order).is_whole


def test_refusals():
    with pytest.raises(ReceptiveFieldError, match="number of spatial axes"):
        merge([image(axes=1), image(axes=2)])
    with pytest.raises(ReceptiveFieldError, match=r"another number of spatial axes.*expected 2; received 1"):
        image().through([Window(3)])
