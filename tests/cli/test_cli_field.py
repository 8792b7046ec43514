"""`astrocnn field` on what is not of the zoo, and its looks at gradients."""

import json
import re

import numpy as np
import pytest
from astropy.io import fits

from astrocnn import backend


@pytest.fixture(scope="module")
def curve_file(tmp_path_factory):
    """A network of one's own for light curves of any length, as Keras saves it."""
    keras = backend.prepare()
    x = inputs = keras.Input((None, 1), name="flux")
    for number, dilation in enumerate((1, 2, 4), start=1):
        x = keras.layers.Conv1D(4, 5, padding="same", dilation_rate=dilation, name=f"conv{number}")(x)
    pooled = keras.layers.GlobalMaxPooling1D(name="pool")(x)
    path = tmp_path_factory.mktemp("keras") / "own.keras"
    keras.Model(inputs, keras.layers.Dense(1)(pooled), name="own").save(path)
    return path


def test_a_file_of_keras_in_hours(call, curve_file):
    result = call("field", str(curve_file), "--size", "180", "--scale", "2min", "--covers", "3h")
    assert result.code == 1
    assert "29 px = 0.9667 hour at conv3, before pool (pooling)" in result.out
    assert re.search(r"cost +197 parameters, 32\.4 k multiply-adds", result.out)
    assert call("field", str(curve_file), "--size", "180", "--scale", "2min", "--covers", "0.9h").code == 0
    # Three samples of 2 min joined to one: 29 of 6 min.
    binned = call("field", str(curve_file), "--size", "60", "--scale", "2min", "--binning", "3", "--covers", "2.9h")
    assert binned.code == 0
    assert "29 px = 2.9 hour" in binned.out


def test_a_file_of_keras_that_takes_any_size_needs_one(call, curve_file, tmp_path):
    result = call("field", str(curve_file))
    assert result.code == 2
    assert "takes inputs of any size; to fix, give --size" in result.err
    (tmp_path / "broken.keras").write_bytes(b"PK\x03\x04 broken")
    for name in ("none.keras", "broken.keras"):
        result = call("field", name)
        assert result.code in (1, 2)
        assert name in result.err
        assert result.err.count("\n") == 1


def test_gradient_effective_field_and_figure(call, curve_file, tmp_path):
    looks = ("--confirm", "--effective", "--figure", "out/field.png")
    result = call("field", str(curve_file), "--size", "64", "--scale", "2min", *looks)
    assert result.code == 0
    assert "agrees: feature (32) of conv3" in result.out
    assert "it sees 18-46; by the gradient 18-46" in result.out
    assert re.search(r"50 % of the weight within [\d.]+ px = [\d.]+ hour", result.out)
    assert "mean of 32 inputs of white noise" in result.out
    assert (tmp_path / "out" / "field.png").read_bytes().startswith(b"\x89PNG")
    values = json.loads(call("field", str(curve_file), "--size", "64", "--confirm", "--effective", "--json").out)
    assert values["confirmation"]["agrees"] is True
    assert values["confirmation"]["measured"] == [[18, 46]]
    assert 0 < values["effective"]["radius_50"] < values["effective"]["radius_95"] < 15
    layer = call("field", str(curve_file), "--size", "64", "--layer", "conv2", "--confirm")
    assert "agrees: feature (32) of conv2" in layer.out
    assert "field  13 px" in layer.out


def test_a_network_whose_usual_input_is_not_square(call):
    assert "input 22 x 24 px, 1 band" in call("field", "dmdt").out
    assert "input 26 x 26 px, 1 band" in call("field", "dmdt", "--size", "26").out


def test_costs_of_layers(call):
    small = ("field", "deeplens", "--option", "widths=[8]")
    assert "mult-adds" not in call(*small).out
    header, *rows = call(*small, "--costs").out.splitlines()[2:]
    assert header.split()[-4:] == ["parameters", "mult-adds", "by", "FFT"]
    stem = next(row for row in rows if row.startswith("stem_conv")).split()
    assert stem[-6:] == ["1.57", "k", "3.18", "M", "1.38", "M"]


def test_over_the_samples_of_a_run(call, whole_run, tmp_path):
    """The objects are prepared as the model takes them; the one that is named is drawn."""
    project, _ = whole_run
    run = project.runs / "small"
    samples = (run / "lenses" / "current").resolve()
    looks = ("--effective", "--figure", "field.png", "--over", str(samples))
    result = call("field", str(run / "finder"), *looks)
    assert result.code == 0
    assert "mean of 32 objects of" in result.out
    assert (tmp_path / "field.png").stat().st_size > 10_000
    result = call("field", str(run / "finder"), *looks, "--object", "nobody")
    assert result.code == 2
    assert "nobody" in result.err


def test_over_a_fits_image(call, tmp_path):
    rng = np.random.default_rng(1)
    fits.writeto(tmp_path / "sky.fits", rng.normal(0, 1, (60, 70)).astype("float32"))
    small = ("field", "deeplens", "--option", "widths=[8]", "--option", "units_per_block=1", "--figure", "field.png")
    assert call(*small, "--over", "sky.fits").code == 0
    assert (tmp_path / "field.png").exists()
    result = call(*small, "--size", "64", "--over", "sky.fits")
    assert result.code != 0
    assert "sky.fits: is smaller than the network's input; expected (64, 64); received (60, 70)" in result.err


@pytest.mark.slow
def test_networks_of_keras_by_name(call):
    result = call("field", "keras.applications.ResNet50", "--size", "101")
    assert result.code == 0
    assert "483 px at conv5_block3_out, before avg_pool (pooling)" in result.out
    squeezed = call("field", "keras.applications.MobileNetV3Small", "--size", "101")
    assert "features go on beside expanded_conv_squeeze_excite_avg_pool" in squeezed.out
    unknown = call("field", "keras.applications.ResNet51")
    assert unknown.code == 2
    assert "did you mean ResNet" in unknown.err
