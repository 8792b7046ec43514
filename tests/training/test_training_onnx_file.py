"""ONNX files: the output of Keras, for any batch, and all that is needed to use them without this package."""

import json
import sys
from functools import cache

import keras
import numpy as np
import pytest
from make_golden_models import FOLDER, RECIPES, inputs_of

from astrocnn import backend
from astrocnn.errors import InputMissing, StageFailed
from astrocnn.training import onnx_file
from astrocnn.training.model_folder import load_model
from astrocnn.training.normalise import Normalisation
from astrocnn.training.onnx_file import export_onnx

on_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="ONNX files are written there")


@pytest.fixture(scope="module")
def runtime():
    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed", exc_type=ImportError)
    return pytest.importorskip("onnxruntime", reason="the extra onnx is not installed", exc_type=ImportError)


@pytest.fixture(scope="module")
def written(runtime, tmp_path_factory):
    """written(name): a golden model as ONNX, what was told of it, and a session of the runtime; each made once."""

    @cache
    def write(name):
        made = export_onnx(FOLDER / name, tmp_path_factory.mktemp(name) / "model.onnx")
        return made, runtime.InferenceSession(made.path, providers=["CPUExecutionProvider"])

    return write


@on_tensorflow
@pytest.mark.parametrize("name", RECIPES)
def test_the_output_is_that_of_keras_for_any_batch(name, written):
    made, session = written(name)
    assert made.difference <= 1e-5
    networks = load_model(FOLDER / name).networks
    images = inputs_of(networks[0].input_shape[1:])
    for number in (1, 3, 4):
        (got,) = session.run([made.output], {made.input: images[:number]})
        expected = np.mean([network.predict_on_batch(images[:number]) for network in networks], axis=0)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)
    assert [path.name for path in made.path.parent.iterdir()] == ["model.onnx"]


@on_tensorflow
def test_the_file_says_what_goes_in_and_what_comes_out(written):
    _, session = written("petrillo2017")
    (given,), (made,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.shape, given.type) == ("images", ["batch", 32, 32, 3], "tensor(float)")
    assert (made.name, made.shape) == ("probability", ["batch", 1])
    about = session.get_modelmeta()
    assert (about.producer_name, about.description) == ("astrocnn", "petrillo2017 for images in g, r, i")
    said = {key: json.loads(value) for key, value in about.custom_metadata_map.items()}
    assert (said["bands"], said["scale"], said["scale_unit"], said["size"]) == (
        ["g", "r", "i"],
        0.21,
        "arcsec",
        [32, 32],
    )
    assert (said["classes"], said["positive"], said["views"]) == (["nonlens", "lens"], "lens", 4)
    assert said["calibration"]["slope"] == 1.25
    assert said["normalisation"]["sigma"] == [1.5, 2.5, 3.5]
    assert said["normalisation"]["clip_sigma"] == 250
    assert "(value - mean) / sigma" in said["normalisation"]["is"]


def test_a_channel_that_was_the_same_for_all_is_0_by_the_metadata_too():
    card = load_model(FOLDER / "petrillo2017").card
    assert "where sigma is 0" not in onnx_file.metadata(card)["normalisation"]
    constants = Normalisation(mean=(1.0, 0.05, 2.0), sigma=(1.5, 0.0, 3.5))
    said = json.loads(onnx_file.metadata(card.model_copy(update={"normalisation": constants}))["normalisation"])
    assert said["is"] == "(value - mean) / sigma of each band, 0 where sigma is 0"


@on_tensorflow
def test_the_metadata_are_enough_to_score_raw_images(written):
    """Without this package: normalise as the file says, and run."""
    model, (_, session) = load_model(FOLDER / "deeplens"), written("deeplens")
    said = json.loads(session.get_modelmeta().custom_metadata_map["normalisation"])
    raw = np.random.default_rng(1).normal(3, 40, (5, 45, 45, 1)).astype(np.float32)
    normalised = np.clip((raw - said["mean"]) / said["sigma"], -said["clip_sigma"], said["clip_sigma"])
    (got,) = session.run(None, {"images": normalised.astype(np.float32)})
    expected = model.network.predict_on_batch(model.card.normalisation.apply(raw))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)


@on_tensorflow
def test_a_file_with_another_output_is_not_written(runtime, tmp_path, monkeypatch):
    original = onnx_file._difference
    monkeypatch.setattr(onnx_file, "_difference", lambda one, two, folder: original(one, two + np.nan, folder))
    with pytest.raises(StageFailed, match=r"another output than Keras.*at most 1e-05; received nan"):
        export_onnx(FOLDER / "deeplens", tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("value", "wrong", "passes"), [(0.5, 9e-6, True), (0.5, 2e-5, False), (1e3, 5e-3, True)])
def test_outputs_are_equal_to_a_hundred_thousandth_of_themselves_or_of_one(value, wrong, passes):
    expected = np.full((3, 1), value)
    if passes:
        assert onnx_file._difference(expected, expected + wrong, FOLDER) == pytest.approx(wrong / max(1, value))
    else:
        with pytest.raises(StageFailed, match="another output"):
            onnx_file._difference(expected, expected + wrong, FOLDER)


@on_tensorflow
@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "tf2onnx"])
def test_a_missing_package_is_told_with_its_cure(package, runtime, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputMissing, match=rf"{package} is not installed.*pip install 'astrocnn\[onnx\]'"):
        export_onnx(FOLDER / "deeplens", tmp_path / "model.onnx")


def test_a_running_backend_is_not_changed():
    running = keras.backend.backend()
    backend.require(running)
    other = "jax" if running == "tensorflow" else "tensorflow"
    with pytest.raises(StageFailed, match=f"expected {other}; received {running}.*KERAS_BACKEND={other}"):
        backend.require(other)
