"""Networks on pictures of light curves: parameters, maps and fields."""

from itertools import pairwise

import pytest
from zoo_examples import trainable

from astrocnn.errors import MismatchError
from astrocnn.networks import registry
from astrocnn.receptive_field.measure import receptive_field


def test_curve_image():
    model = registry.build("curve-image", (128, 128, 1))
    widths = (1, 32, 32, 64, 128, 256)
    convolutions = sum(9 * before * width + width for before, width in pairwise(widths))
    assert trainable(model) == convolutions + (4 * 4 * 256 + 1) * 256 + 257 * 3 == 1_446_691
    field = receptive_field(model)
    rows = [row for row in field.layers if row.kind in ("Conv2D", "MaxPooling2D")]
    assert [row.size[0] for row in rows] == [3, 4, 8, 10, 18, 22, 38, 46, 78, 94]
    assert [row.map_size[0] for row in rows if row.kind == "MaxPooling2D"] == [64, 32, 16, 8, 4]
    assert (field.jump, field.global_kind) == ((32, 32), "flatten")
    assert model.get_layer("dropout").rate == 0.5
    assert float(model.get_layer("block3_conv").kernel_regularizer.l2) == pytest.approx(1e-3)


def test_its_form_of_four_convolutions():
    model = registry.build("curve-image", (128, 128, 1), widths=[32, 32, 64, 128], dense_widths=[128])
    convolutions = 320 + 9248 + 18_496 + 73_856
    assert trainable(model) == convolutions + (8 * 8 * 128 + 1) * 128 + 129 * 3


def test_differences_of_magnitude_and_time():
    model = registry.build("dmdt", (22, 24, 1))
    assert model.output_shape == (None, 7)
    assert trainable(model) == 10 * 32 + (11 * 12 * 32 + 1) * 128 + 129 * 7
    field = receptive_field(model)
    assert (field.size, field.map_size, field.global_kind) == ((4, 4), (11, 12), "flatten")
    deeper = registry.build("dmdt", (26, 26, 1), widths=[8, 16], kernel=5, dense_widths=[], dropout=0)
    assert trainable(deeper) == 26 * 8 + 25 * 8 * 16 + 16 + (6 * 6 * 16 + 1) * 7
    assert [layer.name for layer in deeper.layers if "dropout" in layer.name] == []
    with pytest.raises(MismatchError, match=r"expected \(magnitude_difference, time_difference, band\)"):
        registry.build("dmdt", (22, 12, 1))
