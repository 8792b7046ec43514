"""`astrocnn show` and `astrocnn export` of trained models: of a run, from elsewhere, of images and of curves."""

import json
import re
import shutil
from pathlib import Path

import pytest

from astrocnn.cli.model_facts import model_rows
from astrocnn.plugins import Plugin
from astrocnn.training.model_card import CARD, read_card
from astrocnn.training.normalise import Normalisation

GOLDEN = Path(__file__).parents[1] / "training" / "golden_models"


def text_of(card, folder):
    return "\n".join(f"{word:<16} {text}" for word, text in model_rows(card, folder))


@pytest.fixture
def card():
    """card(**changes): a golden model's card."""
    return lambda **changes: read_card(GOLDEN / "petrillo2017").model_copy(update=changes)


def test_a_model_is_shown_for_people(whole_run, call):
    result = call("show", whole_run[1]["finder"].folder)
    assert result.code == 0
    for pattern in (
        r"finds +lens from nonlens, by pocket",
        r"takes +images of 16 x 16 px = 3\.2 x 3\.2 arcsec, 0\.2 arcsec a pixel, cut from stamps of 24 px; bands g",
        r"normalisation +g: \(value - [\d.]+\) / [\d.]+\n +r: \(value",
        r"trained on +samples [0-9a-f]{32}, seed 3\n +train: 30 lens, 30 nonlens\n +validation: 12 lens, 12 nonlens\n",
        r"recipe +2 epochs, batches of 16, learning rate 0\.01, cosine schedule, augmented: flip, rotate any\n",
        r"on validation +loss [\d.]+, validation_auroc [\d.]+",
        r"evaluated +auroc [\d.]+, .*: astrocnn show small/skill\n",
        r"receptive field +29 px = 5\.8 arcsec, [\d.]+ arcsec needed: warning, policy error\n +the receptive",
        r"weights +1,041 trainable\n",
        r"probability +logistic calibration, where 50 % are positive",
        r"versions +astrocnn [\d.]+, keras",
        r"plugins +small_network\.py unversioned \(sha256 [0-9a-f]{64}\)\n",
    ):
        assert re.search(pattern, result.out), pattern


def test_json_keeps_the_whole_card(whole_run, call):
    folder = whole_run[1]["finder"].folder
    data = json.loads(call("show", folder, "--json").out)
    assert data["card"] == json.loads(read_card(folder).model_dump_json())
    assert data["evaluations"]["small/skill"]["auroc"] == whole_run[1]["skill"].metrics["auroc"]


def test_a_model_of_another_run_has_no_evaluation(whole_run, call, tmp_path):
    """One of its name that stood in the same run would have another hash."""
    run = tmp_path / "small"
    shutil.copytree(whole_run[1].root, run, symlinks=True)
    folder = (run / "finder" / "current").resolve()
    other = folder.with_name("f" * 32)
    folder.rename(other)
    assert "evaluated" not in call("show", other).out
    assert json.loads(call("show", other, "--json").out)["evaluations"] == {}


@pytest.mark.parametrize("name", sorted(folder.name for folder in GOLDEN.iterdir()))
def test_folders_from_elsewhere_and_of_all_formats_are_shown(name, call):
    result = call("show", GOLDEN / name)
    assert result.code == 0, result.err
    assert "finds" in result.out
    if name.endswith("format-1"):
        assert re.search(r"trained on .*\n +train: 1 objects\n +validation: 1 objects", result.out)


def test_a_model_without_a_scale_is_shown(card):
    text = text_of(card(scale=None, scale_unit=None), GOLDEN / "petrillo2017")
    assert "images of 32 x 32 px, each brought to one size, cut from stamps of 46 px; bands g, r, i" in text


def test_a_model_of_curves_is_shown_in_its_own_words(card):
    of_curves = card(
        kind="curves", scale=0.5, scale_unit="hour", size_px=200, stamp_px=400, bands=("flux",),
        receptive_field={"level": "ok", "policy": "error", "had": 12.5, "needed": 10.0, "unit": "hour", "reasons": []},
        classes=("none", "transit", "eclipse"), positive="transit",
    )  # fmt: skip
    text = text_of(of_curves, GOLDEN / "petrillo2017")
    assert "curves of 200 time steps = 100 hour, 0.5 hour a time step, cut from curves of 400 time steps" in text
    assert "; channels flux" in text
    assert "25 px = 12.5 hour, 10 hour needed: ok, policy error" in text
    assert "finds            transit from none, eclipse, by petrillo2017" in text


def test_a_channel_that_was_the_same_for_all_is_shown(card):
    constants = Normalisation(mean=(1.0, 0.05, 2.0), sigma=(1.5, 0.0, 3.5))
    text = text_of(card(normalisation=constants), GOLDEN / "petrillo2017")
    assert re.search(r"g: \(value - 1\) / 1\.5\n +r: 0, as it was 0\.05 for all\n +i: \(value - 2\)", text)


def test_what_is_not_known_is_said_so(card):
    bare = card(
        receptive_field={}, metrics={}, recipe={}, calibration=None, classes=(), positive=None, parameters=None,
        versions={},
    )  # fmt: skip
    text = text_of(bare, GOLDEN / "petrillo2017")
    for words in ("no classes", "not measured", "not known", "not judged, policy error", "not calibrated"):
        assert words in text
    assert "weights" not in text


def test_each_plugin_has_a_line(card):
    plugins = tuple(Plugin(kind="package", name=name, version="2", sha256="ab" * 32) for name in ("zoo", "other"))
    assert [text for _, text in model_rows(card(plugins=plugins), GOLDEN)][-2:] == [str(one) for one in plugins]


def test_a_model_is_written_as_onnx(call, tmp_path):
    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
    import keras

    result = call("export", GOLDEN / "deeplens", "deep.onnx", "--to", "onnx")
    if keras.backend.backend() != "tensorflow":
        assert "the backend cannot be changed in a running process" in result.err
        return
    assert result.code == 0, result.err
    assert (tmp_path / "deep.onnx").is_file()
    assert "deep.onnx: ONNX" in result.out
    assert re.search(r"input +images: normalised images \(batch, 45, 45, 1\)\noutput +probability\n", result.out)
    assert re.search(r"equal +to \S+ for 16 random images; allowed 1e-05", result.out)


def test_a_model_of_a_missing_plugin_is_exported_with_it(call, tmp_path, forget_plugins):
    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
    shutil.copytree(GOLDEN / "deeplens", tmp_path / "model")
    card = tmp_path / "model" / CARD
    record = "plugins:\n- {kind: file, name: mine.py, version: unversioned, sha256: '00'}\n"
    card.write_text(card.read_text().replace("plugins: []\n", record))
    refused = call("export", "model", "deep.onnx")
    assert refused.code == 1
    assert "needs a plugin that is not there; expected mine.py unversioned (sha256 00)" in refused.err
    assert "--plugin mine.py" in refused.err
    assert call("export", "model", "deep.onnx", "--plugin", "mine.py").code == 2
    (tmp_path / "mine.py").write_text("# adds nothing\n")
    assert call("export", "model", "deep.onnx", "--plugin", "mine.py").code in (0, 1)
