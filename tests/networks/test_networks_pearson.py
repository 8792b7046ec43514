"""The transit finders of Pearson et al. and what they are compared to: parameters, maps and fields as published."""

import numpy as np
import pytest
from zoo_examples import trainable

from astrocnn.errors import PipelineFileError
from astrocnn.networks import registry
from astrocnn.receptive_field.measure import receptive_field

# Three dense layers with a PReLU of one slope for each unit, and the output; without the first layer's weights.
HEAD = 2 * 64 + (64 * 32 + 2 * 32) + (32 * 8 + 2 * 8) + (8 + 1)


def sizes(field):
    return [row.size[0] for row in field.layers if row.kind in ("Conv1D", "AveragePooling1D")]


def maps(model):
    return [layer.output.shape[1] for layer in model.layers if layer.name.endswith(("_conv", "_pool", "flatten"))]


def test_the_form_of_the_shipped_weights():
    model = registry.build("pearson", (180, 1))
    assert trainable(model) == (6 * 4 + 4) + 58 * 4 * 64 + HEAD == 17_397
    assert maps(model) == [175, 58, 232]
    field = receptive_field(model)
    assert sizes(field) == [6, 8]
    assert (field.jump, field.padding, field.global_kind) == ((3,), (0,), "flatten")


def test_the_form_of_the_script():
    """Its PReLU at the convolutions has no part in the 12,113: it was never trained, and begins as a ReLU."""
    model = registry.build("pearson", (180, 1), form="script")
    assert trainable(model) == (5 * 8 + 8) + (5 * 8 * 8 + 8) + 18 * 8 * 64 + HEAD == 12_113
    assert maps(model) == [176, 58, 54, 18, 144]
    field = receptive_field(model)
    assert sizes(field) == [5, 7, 19, 25]
    assert field.jump == (9,)


def test_a_feature_sees_less_than_a_transit():
    field = receptive_field(registry.build("pearson", (180, 1)))
    verdict = field.covers("3h", scale="0.0333333h")
    assert verdict.level == "error"
    assert verdict.had == pytest.approx(16 / 60, rel=1e-4)
    assert field.covers("3h", scale="0.0333333h", policy="warn").level == "warning"


def test_the_form_for_tess():
    model = registry.build("pearson-tess", (180, 1))
    head = 312 * 64 + 64 + (64 * 32 + 32) + (32 * 8 + 8) + (8 + 1)
    assert trainable(model) == (5 * 16 + 16) + (5 * 16 * 8 + 8) + head == 23_129
    assert maps(model) == [176, 86, 82, 39, 312]
    assert sizes(receptive_field(model)) == [5, 9, 17, 25]
    activations = {layer.name: layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")}
    assert {activations[name] for name in ("block1_conv", "block2_conv")} == {"linear"}


def test_perceptrons():
    assert trainable(registry.build("mlp", (180, 1))) == 180 * 64 + HEAD == 14_041
    assert trainable(registry.build("mlp", (180, 1), dense_widths=[])) == 181
    assert trainable(registry.build("wavelet-mlp", (180, 1))) == 182 * 64 + HEAD
    assert receptive_field(registry.build("mlp", (180, 1))).size == (1,)
    field = receptive_field(registry.build("wavelet-mlp", (180, 1)))
    assert (field.size, field.jump, field.map_size) == ((4,), (2,), (91,))
    with pytest.raises(PipelineFileError, match="network wavelet-mlp, dense_widths"):
        registry.configure("wavelet-mlp", {"dense_widths": []})


def test_dropout_stands_after_the_first_dense_layer_only():
    for name in ("pearson", "mlp", "wavelet-mlp"):
        names = [layer.name for layer in registry.build(name, (180, 1)).layers]
        assert [place for place in names if "dropout" in place] == ["head1_dropout"]
        assert names.index("head1_dropout") == names.index("head1_prelu") + 1
    assert not any("dropout" in layer.name for layer in registry.build("pearson", (180, 1), dropout=0).layers)


def forward_by_hand(model, curves):
    """The script's form in numpy, from its description; all rates of PReLU as the model has them."""
    values = {layer.name: [np.asarray(weight) for weight in layer.weights] for layer in model.layers}

    def pooled(x):
        kept = x.shape[1] // 3 * 3
        return x[:, :kept].reshape(len(x), -1, 3, x.shape[-1]).mean(axis=2)

    x = curves
    for block in ("block1", "block2"):
        kernel, bias = values[f"{block}_conv"]
        windows = np.lib.stride_tricks.sliding_window_view(x, 5, axis=1)
        x = pooled(np.maximum(np.einsum("ntck,kcf->ntf", windows, kernel) + bias, 0))
    x = x.reshape(len(x), -1)
    for number in (1, 2, 3):
        kernel, bias = values[f"head{number}_dense"]
        x = x @ kernel + bias
        x = np.where(x > 0, x, values[f"head{number}_prelu"][0] * x)
    kernel, bias = values["probability"]
    return 1 / (1 + np.exp(-(x @ kernel + bias)))


def test_forward_pass_against_numpy():
    rng = np.random.default_rng(2)
    model = registry.build("pearson", (61, 2), form="script", seed=4)
    model.set_weights([values + 0.1 * rng.normal(size=values.shape) for values in model.get_weights()])
    curves = rng.normal(size=(5, 61, 2)).astype("float32")
    expected = forward_by_hand(model, curves)
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(model.predict_on_batch(curves), expected, atol=1e-5)
