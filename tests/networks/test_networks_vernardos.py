"""The network for microlensing curves: totals, sizes and fields as published; and its answer in values."""

import keras
import numpy as np
import pytest
from zoo_examples import trainable

from astrocnn import backend
from astrocnn.errors import PipelineFileError
from astrocnn.networks import registry
from astrocnn.receptive_field.confirm import confirm
from astrocnn.receptive_field.measure import receptive_field

SMALL = registry.get("vernardos").smoke_options


def total_by_hand(samples, filters=32, outputs=10):
    total = 2 * filters
    for _ in range(5):
        total += sum(kernel * filters * filters + filters for kernel in (10, 20, 50)) + 4 * filters
        samples = -(-samples // 2)
    return total + samples * filters * 128 + 128 + 128 * 32 + 32 + 32 * outputs + outputs


@pytest.mark.parametrize(("samples", "total"), [(500, 480_906), (1000, 546_442), (2000, 673_418)])
def test_published_totals_with_statistics(samples, total):
    model = registry.build("vernardos", (samples, 1))
    assert model.count_params() == total == total_by_hand(samples)
    assert trainable(model) == total - 5 * 2 * 32
    assert model.output_shape == (None, 10)


def test_maps_and_receptive_field():
    """Each group of a map with jump j adds (9 + 19 + 49 + 2) j; what a branch sees lies 1.5 j off its shortcut."""
    field = receptive_field(registry.build("vernardos", (500, 1)))
    rows = [field.row(f"group{group}_pool") for group in range(1, 6)]
    assert [row.size[0] for row in rows] == [80, 238, 554, 1186, 2450]
    assert [row.size[0] for row in rows] == [1 + 79 * (2**group - 1) for group in range(1, 6)]
    assert [row.map_size[0] for row in rows] == [250, 125, 63, 32, 16]
    assert (field.jump, field.global_kind) == ((32,), "flatten")
    assert [(finding.layer, finding.offset) for finding in field.misaligned] == [
        (f"group{group}_add", 1.5 * 2 ** (group - 1)) for group in range(1, 6)
    ]
    odd = receptive_field(registry.build("vernardos", (500, 1), kernels=[9, 19, 49], groups=2))
    assert odd.misaligned == ()


@pytest.mark.parametrize("position", [0, 9, 24])
def test_receptive_field_against_the_gradient(position):
    model = registry.build("vernardos", (100, 1), **SMALL)
    assert confirm(model, position=(position,)).agrees


def test_dense_layers():
    model = registry.build("vernardos", (500, 1))
    for number in (1, 2):
        layer = model.get_layer(f"head{number}_dense")
        assert (layer.activation.__name__, float(layer.kernel_regularizer.l2)) == ("linear", pytest.approx(0.1))
        assert model.get_layer(f"head{number}_dropout").rate == 0.75
    # The penalty is 0.1 times the sum of the squared weights: biases go free.
    squares = sum(float(np.sum(np.square(model.get_layer(f"head{n}_dense").kernel))) for n in (1, 2))
    assert float(sum(model.losses)) == pytest.approx(0.1 * squares, rel=1e-5)


def test_values_with_their_uncertainties():
    network = registry.configure("vernardos", {"answers": "values", **SMALL})
    assert (network.answer, network.usual_outputs) == ("values", 4)
    model = network.build((100, 2))
    assert model.output_shape == (None, 4)
    assert model.get_layer("values").activation.__name__ == "linear"
    for odd in (1, 3):
        with pytest.raises(PipelineFileError, match=r"vernardos: each value has an uncertainty.*even number"):
            network.build((100, 2), outputs=odd)


def forward_by_hand(model, curves, groups, kernels):
    """The network in numpy, from its description, with the model's weights by layer name."""
    values = {layer.name: [np.asarray(weight) for weight in layer.weights] for layer in model.layers}

    def windows(x, width, stride, fill):
        """What `same` padding lets each output read, the odd place after the end."""
        total = max((-(-x.shape[1] // stride) - 1) * stride + width - x.shape[1], 0)
        padded = np.pad(x, ((0, 0), (total // 2, total - total // 2), (0, 0)), constant_values=fill)
        return np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)[:, ::stride]

    def convolved(x, name):
        kernel, bias = values[f"{name}_conv"]
        return np.einsum("ntck,kcf->ntf", windows(x, len(kernel), 1, 0), kernel) + bias

    x = convolved(curves, "stem")
    for group in range(1, groups + 1):
        branch = x
        for number in range(1, len(kernels) + 1):
            branch = np.maximum(convolved(branch, f"group{group}_{number}"), 0)
        x = windows(x + branch, 3, 2, -np.inf).max(axis=-1)
        scale, shift, mean, variance = values[f"group{group}_norm"]
        x = (x - mean) / np.sqrt(variance + 1e-3) * scale + shift
    x = x.reshape(len(x), -1)
    for name in ("head1_dense", "values"):
        x = x @ values[name][0] + values[name][1]
    return x


def test_forward_pass_against_numpy():
    rng = np.random.default_rng(5)
    options = {**SMALL, "kernels": [4, 7]}
    model = registry.build("vernardos", (101, 2), seed=6, answers="values", **options)
    model.set_weights(
        [values + (values.ndim == 1) * 0.1 * np.abs(rng.normal(size=values.shape)) for values in model.get_weights()]
    )
    curves = rng.normal(size=(3, 101, 2)).astype("float32")
    expected = forward_by_hand(model, curves, options["groups"], options["kernels"])
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(model.predict_on_batch(curves), expected, atol=1e-4)


def test_training_on_values_lowers_the_loss():
    network = registry.configure("vernardos", {"answers": "values", "dropout": 0, "penalty": 0, **SMALL, "groups": 1})
    model = network.build((100, 1), seed=1)
    loss = network.loss(4)
    rng = np.random.default_rng(3)
    targets = rng.normal(size=(32, 2)).astype("float32")
    curves = rng.normal(size=(32, 100, 1)).astype("float32") + targets[:, :1, None]
    model.compile(keras.optimizers.Adam(0.01), loss, run_eagerly=not backend.compiles(), jit_compile=backend.compiles())
    before = float(loss(targets, model(curves, training=True)))
    for _ in range(12):
        model.train_on_batch(curves, targets)
    assert float(loss(targets, model(curves, training=True))) < before - 0.2
