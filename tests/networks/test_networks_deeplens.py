"""DeepLens: parameter counts, layers and weights as published."""

import keras
import numpy as np
import pytest

from astrocnn.errors import MismatchError
from astrocnn.networks import registry
from astrocnn.receptive_field.measure import receptive_field

SMALL = {"widths": [4, 8], "units_per_block": 1, "stem_width": 4}


def count(variables):
    return sum(int(np.prod(variable.shape)) for variable in variables)


@pytest.fixture(scope="module")
def deeplens():
    return registry.build("deeplens", (45, 45, 1))


def parameters_by_hand(bands):
    """Trainable parameters from the architecture's description, layer by layer."""
    total = 7 * 7 * bands * 32 + 2 * 32  # stem without bias, scale and shift of its normalisation
    width = 32
    for block, out in enumerate((32, 64, 128, 256, 512)):
        for unit in range(3):
            inner = out // 2
            total += 0 if block == unit == 0 else 2 * width  # leading normalisation
            total += width * inner + 2 * inner + 9 * inner * inner + 2 * inner + inner * out + out
            if width != out:
                total += width * out + out  # shortcut with bias
            width = out
    return total + 512 + 1


def test_published_parameter_counts(deeplens):
    assert count(deeplens.trainable_variables) == parameters_by_hand(1) == 3_508_545
    assert count(deeplens.non_trainable_variables) == 10_944
    assert parameters_by_hand(4) == 3_513_249


@pytest.mark.parametrize(("bands", "parameters"), [(3, 3_511_681), (4, 3_513_249)])
def test_parameters_of_more_bands(bands, parameters):
    model = registry.build("deeplens", (45, 45, bands))
    assert count(model.trainable_variables) == parameters == parameters_by_hand(bands)


def test_layers(deeplens):
    kinds = [type(layer).__name__ for layer in deeplens.layers]
    assert kinds.count("Conv2D") == 1 + 3 * 15 + 4
    assert kinds.count("Add") == 15
    assert kinds[-2:] == ["GlobalAveragePooling2D", "Dense"]
    assert "MaxPooling2D" not in kinds
    by_name = {layer.name: layer for layer in deeplens.layers}
    assert "block1_unit1_norm" not in by_name
    for layer in deeplens.layers:
        if isinstance(layer, keras.layers.Conv2D):
            feeds_norm = layer.name.endswith(("stem_conv", "_reduce_conv", "_spatial_conv"))
            assert layer.use_bias != feeds_norm, layer.name
            first = "GlorotUniform" if layer.name == "stem_conv" else "HeNormal"
            assert type(layer.kernel_initializer).__name__ == first
            halves = layer.name.endswith(("unit1_reduce_conv", "shortcut_conv")) and not layer.name.startswith("block1")
            assert layer.strides == ((2, 2) if halves else (1, 1)), layer.name
    # The shortcut branches off after the normalisation and activation.
    (source,) = by_name["block2_unit1_shortcut_conv"]._inbound_nodes[0].input_tensors
    assert source is by_name["block2_unit1_elu"].output


def test_maps_of_the_paper(deeplens):
    """45, 45, 23, 12, 6, 3 and 101, 101, 51, 26, 13, 7 (authors' code)."""
    ends = [f"block{block}_unit3_add" for block in range(1, 6)]
    assert [deeplens.get_layer(name).output.shape[1] for name in ends] == [45, 23, 12, 6, 3]
    field = receptive_field(deeplens, input_shape=(101, 101, 1))
    assert [field.row(name).map_size[0] for name in ends] == [101, 51, 26, 13, 7]


def test_receptive_field(deeplens):
    field = receptive_field(deeplens)
    ends = [field.row(f"block{block}_unit3_add") for block in range(1, 6)]
    assert [row.size for row in ends] == [(size, size) for size in (13, 25, 49, 97, 193)]
    assert (field.size, field.jump, field.padding) == ((193, 193), (16, 16), (96, 96))
    assert (field.global_at, field.global_kind, field.misaligned) == ("global_pool", "pooling", ())


@pytest.mark.parametrize("shape", [(44, 44, 1), (45, 102, 1), (45, 45), (45, 45, 0), (45, 45, 1, 1)])
def test_shapes_that_are_not_served(shape):
    with pytest.raises(MismatchError, match="y, x from 45 to 101"):
        registry.build("deeplens", shape)


def weights(seed):
    return registry.build("deeplens", (45, 45, 2), seed=seed, **SMALL).get_weights()


def test_the_seed_gives_the_weights():
    first, again, other = weights(3), weights(3), weights(4)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    kernels = [index for index, values in enumerate(first) if values.ndim > 1]
    assert all(not np.array_equal(first[index], other[index]) for index in kernels)


def test_layers_of_equal_shape_start_differently(deeplens):
    """One seed for all layers would give equal kernels to the units of a block."""
    kernels = [deeplens.get_layer(f"block5_unit{unit}_spatial_conv").kernel.numpy() for unit in (1, 2, 3)]
    assert not np.allclose(kernels[1], kernels[2])
    # He et al. 2015: variance 2 / fan_in; a normal cut at two sigma and rescaled; 589,824 draws know it to 0.2 %.
    assert kernels[1].std() == pytest.approx(np.sqrt(2 / (9 * 256)), rel=0.01)


# Keras 3.15 copies TensorFlow's tensors in a way numpy 2 announces the end of; nothing of ours can avoid it.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_saved_and_loaded_predicts_the_same(tmp_path):
    model = registry.build("deeplens", (45, 50, 3), seed=1, **SMALL)
    images = np.random.default_rng(0).normal(size=(4, 45, 50, 3)).astype("float32")
    before = model.predict_on_batch(images)
    assert before.shape == (4, 1)
    assert ((before > 0) & (before < 1)).all()
    model.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded.predict_on_batch(images), before)
    assert receptive_field(loaded) == receptive_field(model)


def forward_by_hand(model, images, blocks, units):
    """The network written out in numpy from the paper's description, with the model's weights by layer name."""

    def conv(x, name, stride=1):
        layer = model.get_layer(f"{name}_conv")
        kernel = np.asarray(layer.kernel)
        margin = kernel.shape[0] // 2
        padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
        patches = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
        out = np.einsum("nyxcij,ijco->nyxo", patches, kernel)
        return out + np.asarray(layer.bias) if layer.use_bias else out

    def activate(x, name):
        layer = model.get_layer(f"{name}_norm")
        gamma, beta, mean, variance = (np.asarray(values) for values in layer.get_weights())
        x = (x - mean) / np.sqrt(variance + 1e-4) * gamma + beta
        return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))

    x = activate(conv(images, "stem"), "stem")
    for block in range(1, blocks + 1):
        for unit in range(1, units + 1):
            name, stride = f"block{block}_unit{unit}", 2 if block > 1 and unit == 1 else 1
            first = block == unit == 1
            activated = x if first else activate(x, name)
            shortcut = conv(activated, f"{name}_shortcut", stride) if unit == 1 and block > 1 else x
            y = activate(conv(activated, f"{name}_reduce", stride), f"{name}_reduce")
            y = activate(conv(y, f"{name}_spatial"), f"{name}_spatial")
            x = shortcut + conv(y, f"{name}_expand")
    dense = model.get_layer("probability")
    return 1 / (1 + np.exp(-(x.mean(axis=(1, 2)) @ np.asarray(dense.kernel) + np.asarray(dense.bias))))


def test_forward_pass_against_numpy():
    """The wiring, with random normalisation statistics; float32 sums of some 1e3 terms agree to 1e-4."""
    model = registry.build("deeplens", (45, 46, 2), seed=5, widths=[8, 16, 24], units_per_block=2, stem_width=8)
    rng = np.random.default_rng(1)
    model.set_weights(
        [values + (values.ndim == 1) * 0.1 * np.abs(rng.normal(size=values.shape)) for values in model.get_weights()]
    )
    images = rng.normal(size=(3, 45, 46, 2)).astype("float32")
    expected = forward_by_hand(model, images, blocks=3, units=2)
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(model.predict_on_batch(images), expected, atol=1e-4)


def test_one_step_of_training_reaches_every_weight():
    model = registry.build("deeplens", (45, 45, 1), seed=2, **SMALL)
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    images = np.random.default_rng(2).normal(size=(8, 45, 45, 1)).astype("float32")
    model.train_on_batch(images, np.arange(8) % 2)
    names = [variable.path for variable in model.weights]
    still = [name for name, a, b in zip(names, before, model.get_weights(), strict=True) if np.array_equal(a, b)]
    assert still == []
