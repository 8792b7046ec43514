"""DeepMoon: parameters, maps, fields and wiring as published."""

import keras
import numpy as np
import pytest

from astrocnn.networks import registry
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field

WIDTHS = {"down1": 1, "down2": 2, "down3": 4, "bottom": 4, "up3": 2, "up2": 1, "up1": 1}
"""Filters of each level in units of the first's, in the order in which they are passed."""


def parameters_by_hand(n, bands=1):
    """9 in out + out of each convolution; at a junction the level's map on the way down comes to what comes up."""
    total, width = 0, bands
    for name, factor in WIDTHS.items():
        if name.startswith("up"):
            width += n * WIDTHS[name.replace("up", "down")]
        for _ in range(2):
            total += 9 * width * n * factor + n * factor
            width = n * factor
    return total + width + 1


def layers_of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.fixture(scope="module")
def narrow():
    return registry.build("deepmoon", (64, 72, 1), filters=2, seed=1)


@pytest.mark.parametrize(("filters", "bands"), [(2, 1), (3, 2)])
def test_parameters(filters, bands):
    model = registry.build("deepmoon", (64, 64, bands), filters=filters)
    assert model.count_params() == parameters_by_hand(filters, bands)


def test_published_parameters():
    assert parameters_by_hand(112) == 10_278_017


@pytest.mark.slow
def test_the_published_size_has_the_published_parameters():
    model = registry.build("deepmoon", (256, 256, 1))
    assert sum(int(np.prod(variable.shape)) for variable in model.trainable_variables) == 10_278_017
    assert model.non_trainable_variables == [] or all("seed" in v.path for v in model.non_trainable_variables)


def test_maps_and_layers(narrow):
    sizes = {name: narrow.get_layer(f"{name}_second_conv").output.shape[1:] for name in WIDTHS}
    assert sizes == {
        "down1": (64, 72, 2), "down2": (32, 36, 4), "down3": (16, 18, 8), "bottom": (8, 9, 8),
        "up3": (16, 18, 4), "up2": (32, 36, 2), "up1": (64, 72, 2),
    }  # fmt: skip
    assert narrow.output_shape == (None, 64, 72, 1)
    convolutions = layers_of(narrow, keras.layers.Conv2D)
    assert len(convolutions) == 15
    for layer in convolutions:
        last = layer.name == "probability_conv"
        assert (layer.kernel_size, layer.activation.__name__) == (((1, 1), "sigmoid") if last else ((3, 3), "relu"))
        assert type(layer.kernel_initializer).__name__ == "HeNormal"
        assert float(layer.kernel_regularizer.l2) == pytest.approx(1e-6)
    assert [layer.rate for layer in layers_of(narrow, keras.layers.Dropout)] == [0.15] * 3
    # The map from the way down stands first.
    assert [join.input[0].shape[-1] for join in layers_of(narrow, keras.layers.Concatenate)] == [8, 4, 2]


def test_receptive_field(narrow):
    field = receptive_field(narrow)
    assert field.row("bottom_second_conv").size == (68, 68)
    assert field.row("bottom_second_conv").jump == (8, 8)
    assert (field.size, field.phases, field.jump) == ((100, 100), ((92, 100), (92, 100)), (1, 1))
    assert (field.misaligned, field.global_at) == ((), None)


def test_the_gradient_shows_the_same_field():
    """Of every 8 pixels in a row, those 2 to 5 see 100 px, the others 92; as far from the edge as that needs."""
    model = registry.build("deepmoon", (112, 112, 1), filters=1)
    outcome = confirm(model, position=(57, 52))
    assert outcome.agrees
    assert [last - first + 1 for first, last in outcome.measured] == [92, 100]


def forward_by_hand(model, images):
    """The network written out in numpy from the paper's description, with the model's weights by layer name."""

    def conv(x, name):
        kernel, bias = (np.asarray(values) for values in model.get_layer(f"{name}_conv").get_weights())
        margin = kernel.shape[0] // 2
        padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
        patches = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], axis=(1, 2))
        return np.einsum("nyxcij,ijco->nyxo", patches, kernel) + bias

    def level(x, name):
        for place in ("first", "second"):
            x = np.maximum(conv(x, f"{name}_{place}"), 0)
        return x

    x, kept = images, []
    for number in (1, 2, 3):
        x = level(x, f"down{number}")
        kept.append(x)
        n, height, width, channels = x.shape
        x = x.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))
    x = level(x, "bottom")
    for number in (3, 2, 1):
        x = np.concatenate([kept.pop(), x.repeat(2, axis=1).repeat(2, axis=2)], axis=-1)
        x = level(x, f"up{number}")
    return 1 / (1 + np.exp(-conv(x, "probability")))


def test_forward_pass_against_numpy(narrow):
    images = np.random.default_rng(0).normal(0, 1, (2, 64, 72, 1)).astype("float32")
    expected = forward_by_hand(narrow, images)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(narrow.predict_on_batch(images), expected, atol=1e-5)


def test_several_maps_do_not_exclude_each_other():
    network = registry.configure("deepmoon", {"filters": 2})
    assert (network.answer, network.loss(3)) == ("map", "binary_crossentropy")
    model = network.build((64, 64, 1), outputs=3)
    maps = model.predict_on_batch(np.ones((1, 64, 64, 1), "float32"))
    assert maps.shape == (1, 64, 64, 3)
    assert not np.allclose(maps.sum(axis=-1), 1)


def test_no_penalty_without_weight():
    model = registry.build("deepmoon", (64, 64, 1), filters=1, l2=0.0)
    assert model.losses == []
