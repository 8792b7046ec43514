"""The network of two folded views: parameters and maps of both forms, and where the input is cut."""

import keras
import numpy as np
import pytest
from zoo_examples import small, trainable

from astrocnn.errors import MismatchError
from astrocnn.networks import registry
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field


def parameters_by_hand(global_map, local_map, dense_layers):
    total, width = 0, 1
    for widths in ((16, 32, 64, 128, 256), (16, 32)):
        width = 1
        for filters in widths:
            total += 5 * width * filters + filters + 5 * filters * filters + filters
            width = filters
    return total + (256 * global_map + 32 * local_map + 1) * 512 + (dense_layers - 1) * 513 * 512 + 513


def pooled(field, view):
    return [row for row in field.layers if row.layer.startswith(view) and row.layer.endswith("_pool")]


def test_recreation():
    model = registry.build("folded-views", (2202, 1), form="recreation")
    assert trainable(model) == parameters_by_hand(51, 40, 3) == 8_530_657
    field = receptive_field(model)
    assert [row.map_size[0] for row in pooled(field, "global")] == [995, 492, 240, 114, 51]
    assert [row.map_size[0] for row in pooled(field, "local")] == [94, 40]


def test_paper():
    model = registry.build("folded-views", (2202, 1))
    assert trainable(model) == parameters_by_hand(59, 46, 4)
    field = receptive_field(model)
    assert [row.map_size[0] for row in pooled(field, "global")] == [999, 498, 247, 122, 59]
    assert [row.map_size[0] for row in pooled(field, "local")] == [98, 46]
    assert [row.size[0] for row in pooled(field, "global")] == [13, 37, 85, 181, 373]
    assert [row.size[0] for row in pooled(field, "local")] == [15, 43]
    assert (field.size, field.global_kind) == ((373,), "flatten")


@pytest.mark.parametrize(("layer", "size"), [("global2_pool", 37), ("local2_pool", 43)])
def test_receptive_field_against_the_gradient(layer, size):
    model = small("folded-views", (574, 1), form="recreation")
    assert receptive_field(model, layer).size == (size,)
    assert confirm(model, layer, (20,)).agrees


def test_each_view_reaches_its_own_blocks_only():
    model = small("folded-views", (620, 1), local_samples=60)
    views = keras.Model(model.input, [model.get_layer(f"{view}_flatten").output for view in ("global", "local")])
    curve = np.random.default_rng(0).normal(size=(1, 620, 1)).astype("float32")
    before = [keras.ops.convert_to_numpy(view) for view in views(curve)]
    for part, changed in ((slice(0, 560), [True, False]), (slice(560, 620), [False, True])):
        other = curve.copy()
        other[:, part] += 1
        after = [keras.ops.convert_to_numpy(view) for view in views(other)]
        assert [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == changed


def test_a_global_view_that_is_too_short():
    with pytest.raises(MismatchError, match=r"folded-views: the global view is too short.*at least 373"):
        registry.build("folded-views", (600, 1), local_samples=300)
    shortest = registry.build("folded-views", (574, 1), form="recreation")
    assert shortest.get_layer("global5_pool").output.shape[1] == 1
