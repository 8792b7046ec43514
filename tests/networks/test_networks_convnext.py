"""ConvNeXt: parameters, fields and wiring as published, and its layer scale alone."""

import keras
import numpy as np
import pytest
from scipy.special import ndtr

from astrocnn.errors import PipelineFileError
from astrocnn.networks import registry
from astrocnn.networks.layers.layer_scale import LayerScale
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field

SMALL = {"patch": 4, "widths": [4, 6], "depths": [1, 2]}


def parameters_by_hand(widths, depths, patch, bands, outputs):
    total = patch * patch * bands * widths[0] + widths[0] + 2 * widths[0]  # stem and its normalisation
    for before, width, depth in zip([None, *widths], widths, depths, strict=False):
        if before is not None:
            total += 2 * before + 4 * before * width + width
        # depthwise 7 x 7, normalisation, to four times the width and back, layer scale
        total += depth * ((49 + 1) * width + 2 * width + (4 * width + 4) * width + (4 * width + 1) * width + width)
    return total + 2 * widths[-1] + widths[-1] * outputs + outputs


def trainable(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


def test_published_parameters():
    """ConvNeXt-T and -S of the paper, on three bands and 1000 classes: 29 M and 50 M; atto: 3.7 M."""
    assert parameters_by_hand((96, 192, 384, 768), (3, 3, 9, 3), 4, 3, 1000) == 28_589_128
    assert parameters_by_hand((96, 192, 384, 768), (3, 3, 27, 3), 4, 3, 1000) == 50_223_688
    assert parameters_by_hand((40, 80, 160, 320), (2, 2, 6, 2), 4, 3, 1000) == pytest.approx(3.7e6, rel=0.01)


def test_parameters_of_the_default():
    model = registry.build("convnext", (64, 64, 3))
    by_hand = parameters_by_hand((40, 80, 160, 320), (2, 2, 6, 2), 2, 3, 1)
    assert trainable(model) == by_hand == pytest.approx(3.4e6, rel=0.01)


@pytest.mark.parametrize(("patch", "fields"), [(2, (26, 76, 368, 568)), (4, (52, 152, 736, 1136))])
def test_field_of_each_stage(patch, fields):
    """By hand: r + (7 - 1) j for each unit, r + j and j = 2 j at each entry, from r = j = patch."""
    model = registry.build("convnext", (64, 64, 1), patch=patch, widths=[1, 1, 1, 1])
    field = receptive_field(model)
    ends = [field.row(f"stage{stage}_unit{unit}_add") for stage, unit in ((1, 2), (2, 2), (3, 6), (4, 2))]
    assert tuple(row.size[0] for row in ends) == fields
    assert [row.map_size[0] * patch for row in ends] == [64, 32, 16, 8]
    assert (field.jump, field.global_kind) == ((8 * patch, 8 * patch), "pooling")
    assert (field.misaligned, field.offset) == ((), (0, 0))
    size, jump, by_hand = patch, patch, []
    for depth in (2, 2, 6, 2):
        by_hand.append(size := size + depth * 6 * jump)
        size, jump = size + jump, 2 * jump
    assert tuple(by_hand) == fields


def test_the_gradient_shows_the_same_field():
    model = registry.build("convnext", (96, 96, 1), patch=2, widths=[2, 3], depths=[1, 1])
    outcome = confirm(model)
    assert outcome.agrees
    assert [last - first + 1 for first, last in outcome.measured] == [40, 40]  # 2 + 12, + 2, + 24


def forward_by_hand(model, images):
    """The network written out in numpy from the paper's description, with the model's weights by layer name."""

    def weights(name):
        return [np.asarray(values, float) for values in model.get_layer(name).get_weights()]

    def norm(x, name):
        scale, shift = weights(f"{name}_norm")
        x = x - x.mean(axis=-1, keepdims=True)
        return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6) * scale + shift

    def squares(x, name):
        kernel, bias = weights(f"{name}_conv")
        side = kernel.shape[0]
        n, height, width, bands = x.shape
        cut = x.reshape(n, height // side, side, width // side, side, bands)
        return np.einsum("nyixjc,ijco->nyxo", cut, kernel) + bias

    def unit(x, name):
        kernel, bias = weights(f"{name}_depthwise")
        padded = np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)))
        patches = np.lib.stride_tricks.sliding_window_view(padded, (7, 7), axis=(1, 2))
        y = norm(np.einsum("nyxcij,ijc->nyxc", patches, kernel[..., 0]) + bias, name)
        for place in ("widen", "narrow"):
            kernel, bias = weights(f"{name}_{place}_dense")
            y = y @ kernel + bias
            y = y * ndtr(y) if place == "widen" else y
        return x + y * weights(f"{name}_scale")[0]

    x = norm(squares(images, "stem"), "stem")
    x = unit(x, "stage1_unit1")
    x = squares(norm(x, "stage2_entry"), "stage2_entry")
    x = unit(unit(x, "stage2_unit1"), "stage2_unit2")
    kernel, bias = weights("probability")
    return 1 / (1 + np.exp(-(norm(x.mean(axis=(1, 2)), "head") @ kernel + bias)))


def test_forward_pass_against_numpy():
    """All weights random, the factors of the branches large enough to count; float32 against float64."""
    model = registry.build("convnext", (32, 40, 2), seed=3, **SMALL)
    rng = np.random.default_rng(0)
    model.set_weights([values + rng.normal(0, 0.3, values.shape) for values in model.get_weights()])
    images = rng.normal(0, 1, (3, 32, 40, 2)).astype("float32")
    expected = forward_by_hand(model, images)
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(model.predict_on_batch(images), expected, atol=1e-5)


def test_odd_sizes_lose_no_pixels():
    model = registry.build("convnext", (45, 45, 1), **SMALL)
    assert model.get_layer("stage1_unit1_add").output.shape[1:3] == (12, 12)
    assert model.get_layer("stage2_unit1_add").output.shape[1:3] == (6, 6)


def test_stochastic_depth_grows_to_the_last_unit_and_skips_whole_branches():
    model = registry.build("convnext", (32, 32, 1), stochastic_depth=0.5, layer_scale=1.0, **SMALL)
    skips = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert [(layer.name, layer.rate) for layer in skips] == [("stage2_unit1_skip", 0.25), ("stage2_unit2_skip", 0.5)]
    branch = np.ones((64, 2, 2, 6), "float32")
    kept = np.asarray(skips[1](branch, training=True)).reshape(64, -1)
    assert set(np.unique(kept)) == {0.0, 2.0}
    assert (kept == kept[:, :1]).all()
    assert registry.build("convnext", (32, 32, 1), **SMALL).count_params() == trainable(model)


def test_depths_and_widths_belong_together():
    with pytest.raises(PipelineFileError, match=r"as many depths as widths .* here 3.*"):
        registry.configure("convnext", {"widths": [4, 8, 16]})


def test_layer_scale_alone():
    layer = LayerScale(0.5)
    values = np.random.default_rng(1).normal(0, 1, (2, 3, 4)).astype("float32")
    np.testing.assert_allclose(layer(values), values / 2, rtol=1e-6)
    layer.factor.assign([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(layer(values), values * [1, 2, 3, 4], rtol=1e-6)
    assert layer.compute_output_shape((None, 7, 4)) == (None, 7, 4)
    again = LayerScale.from_config(layer.get_config())
    assert (again.initial, again.name) == (0.5, layer.name)
    half = LayerScale(dtype="mixed_float16")
    assert keras.backend.standardize_dtype(half(np.ones((1, 2), "float16")).dtype) == "float16"
    assert float(keras.ops.max(half(np.ones((1, 2), "float16")))) == pytest.approx(1e-6, rel=0.05)
