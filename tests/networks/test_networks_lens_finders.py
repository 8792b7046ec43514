"""The lens finders of KiDS and of the Bologna challenge: parameters, maps and fields as published."""

import keras
import numpy as np
import pytest

from astrocnn.networks import registry
from astrocnn.receptive_field.measure import receptive_field


def trainable(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


@pytest.fixture(autouse=True)
def forget_models():
    keras.backend.clear_session()


def test_petrillo_2017():
    """Layer by layer: (7^2 + 2) 32, then 9 in out + 2 out, 28,800 inputs of the first dense layer, no bias before a
    batch normalisation."""
    model = registry.build("petrillo2017", (60, 60, 1))
    convolutions = 49 * 32 + 9 * (32 * 64 + 64 * 128 + 128 * 128) + 2 * (32 + 64 + 128 + 128)
    head = 15 * 15 * 128 * 1024 + 1024 * 1024 + 2 * 2 * 1024 + 1025
    assert trainable(model) == convolutions + head == 30_786_785
    assert [model.get_layer(f"block{n}_relu").output.shape[1] for n in (1, 2, 3, 4)] == [60, 30, 15, 15]
    field = receptive_field(model)
    assert (field.size, field.jump, field.global_kind, field.offset) == ((30, 30), (4, 4), "flatten", (0, 0))
    verdict = field.covers("10arcsec", scale="0.21arcsec")
    assert verdict.level == "error"
    assert verdict.had == pytest.approx(6.3)
    assert field.covers("10arcsec", scale="0.21arcsec", policy="warn").level == "warning"


@pytest.mark.parametrize(("bands", "parameters"), [(1, 11_170_753), (3, 11_177_025)])
def test_petrillo_2019(bands, parameters):
    model = registry.build("petrillo2019", (60, 60, bands))
    assert trainable(model) == parameters
    assert [model.get_layer(f"stage{n}_unit2_add").output.shape[1] for n in (1, 2, 3, 4)] == [15, 8, 4, 2]
    field = receptive_field(model)
    assert [field.row(f"stage{n}_unit2_add").size[0] for n in (1, 2, 3, 4)] == [43, 99, 211, 435]
    assert (field.jump, field.padding, field.misaligned) == ((32, 32), (217, 217), ())


def test_petrillo_2019_with_the_small_stem():
    model = registry.build("petrillo2019", (60, 60, 1), stem="small")
    assert trainable(model) == 11_170_753 - (49 - 9) * 64
    field = receptive_field(model)
    assert [field.row(f"stage{n}_unit2_add").size[0] for n in (1, 2, 3, 4)] == [11, 25, 53, 109]
    assert (field.jump, field.map_size) == ((8, 8), (8, 8))


@pytest.mark.parametrize("bands", [1, 4])
def test_lastro(bands):
    """Its table gives about 5.674 M; its first dense layer reads 5 x 5 positions: 69 + 4 * 8 = 101."""
    model = registry.build("lastro", (101, 101, bands))
    assert trainable(model) == pytest.approx(5.674e6, rel=1e-3)
    field = receptive_field(model)
    ends = [row.size[0] for row in field.layers if row.kind in ("Conv2D", "MaxPooling2D")]
    assert ends == [4, 6, 7, 11, 15, 17, 25, 33, 37, 53, 69]
    assert (field.map_size, field.jump, field.padding) == ((5, 5), (8, 8), (0, 0))
    assert field.size[0] + (field.map_size[0] - 1) * field.jump[0] == 101
