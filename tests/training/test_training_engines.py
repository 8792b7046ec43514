"""Engines that score: the same outputs, and the same ranking, as the network that was trained."""

import sys

import keras
import numpy as np
import pytest

from astrocnn.errors import PipelineFileError
from astrocnn.networks import registry
from astrocnn.training.engines import scoring_engine

INPUTS = np.random.default_rng(3).normal(size=(300, 45, 45, 1)).astype("float32") * np.linspace(0.2, 3, 300)[
    :, None, None, None
].astype("float32")


@pytest.fixture(scope="module")
def network():
    model = registry.build("deeplens", (45, 45, 1), seed=4, widths=[8, 16, 16], units_per_block=1, stem_width=8)
    rng = np.random.default_rng(5)
    for layer in model.layers:
        if layer.name.endswith("_norm"):
            layer.set_weights([np.abs(rng.normal(1, 0.3, values.shape)) for values in layer.get_weights()])
    last = model.get_layer("probability")
    last.kernel.assign(0.02 * last.kernel)  # scores that differ
    return model


@pytest.fixture
def _openvino():
    pytest.importorskip("openvino", reason="OpenVINO is not installed (extra: openvino)")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("OpenVINO takes networks from TensorFlow")


def test_keras_ranks_as_the_network_does(network):
    scores = network.predict_on_batch(INPUTS)
    engine = scoring_engine(network)
    assert engine.output_shape == (None, 1)
    received = engine.predict_on_batch(INPUTS)
    np.testing.assert_allclose(received, scores, atol=1e-6)
    apart = np.diff(np.sort(scores[:, 0])) > 1e-5  # closer ones may change places by rounding
    order = scores[:, 0].argsort(kind="stable")
    assert (np.diff(received[order, 0])[apart] > 0).all()
    assert apart.mean() > 0.8


@pytest.mark.usefixtures("_openvino")
def test_openvino_ranks_as_the_network_does(network):
    scores = network.predict_on_batch(INPUTS)
    engine = scoring_engine(network, "openvino")
    assert engine.output_shape == (None, 1)
    received = engine.predict_on_batch(INPUTS)
    np.testing.assert_allclose(received, scores, atol=1e-5)
    np.testing.assert_array_equal(engine.predict_on_batch(INPUTS[:7]), engine.predict_on_batch(INPUTS[:7]))
    order = scores[:, 0].argsort(kind="stable")
    apart = np.diff(scores[order, 0]) > 2e-5
    assert (np.diff(received[order, 0])[apart] > 0).all()
    rough = scoring_engine(network, "openvino", "bfloat16").predict_on_batch(INPUTS)
    np.testing.assert_allclose(rough, scores, atol=0.05)


def test_an_engine_that_is_not_installed(network, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(PipelineFileError, match=r"not installed.*pip install 'astrocnn\[openvino\]'"):
        scoring_engine(network, "openvino")


def test_keras_keeps_its_precision(network):
    with pytest.raises(PipelineFileError, match="engine: openvino"):
        scoring_engine(network, "keras", "bfloat16")


def test_openvino_takes_networks_from_tensorflow(network, monkeypatch):
    pytest.importorskip("openvino", reason="OpenVINO is not installed (extra: openvino)")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(PipelineFileError, match="KERAS_BACKEND=tensorflow"):
        scoring_engine(network, "openvino")
