"""The model folder: a round trip to the last bit, and a clear refusal of everything that is not one."""

import zipfile

import numpy as np
import pytest
from ruamel.yaml import YAML

from astrocnn import backend
from astrocnn.errors import MismatchError, StoreError
from astrocnn.plugins import Plugin
from astrocnn.samples.meta import SampleMeta
from astrocnn.scoring.calibration import Calibration
from astrocnn.training.model_card import CARD, FORMAT_VERSION, read_card
from astrocnn.training.model_folder import NETWORK, load_model, refuse_mismatch, write_model
from astrocnn.training.normalise import Normalisation
from astrocnn.training.predict import predict_set
from astrocnn.training.trained_on import EVERY, TRAINED_ON, TrainedOn


def trained_on(ids, groups, splits):
    return TrainedOn(*(np.array(names, dtype=str) for names in (ids, groups, splits)), np.full(len(ids), EVERY))


TRAINED = trained_on(["a-L0", "a-N0", "b-L0"], ["a", "a", "b"], ["train", "train", "validation"])


@pytest.fixture(scope="module")
def network(pocket):
    backend.prepare()
    return pocket().build((16, 16, 2), seed=3)


@pytest.fixture
def folder(network, card, tmp_path):
    write_model(tmp_path, card(), [network], TRAINED)
    return tmp_path


def rewrite_card(folder, **changes):
    yaml = YAML(typ="safe", pure=True)
    data = yaml.load((folder / CARD).read_text())
    with (folder / CARD).open("w") as stream:
        yaml.dump({**data, **changes}, stream)


def test_a_loaded_model_scores_as_the_one_that_was_written(folder, network, write_set):
    samples = write_set(20)
    loaded = load_model(folder)
    normalisation = Normalisation(mean=(5.0, 5.0), sigma=(1.5, 1.5))
    for views in (1, 8):
        expected, _ = predict_set(network, samples, normalisation, 16, views)
        got, _ = predict_set(loaded.network, samples, loaded.card.normalisation, 16, views)
        np.testing.assert_array_equal(got, expected)


def test_the_card_comes_back_whole(network, card, tmp_path):
    written = card(
        calibration=Calibration(kind="logistic", prevalence=0.5, slope=1.25, offset=-0.3),
        metrics={"loss": 0.1 + 0.2, "validation_auroc": float("nan")},
        normalisation=Normalisation(mean=(0.1, 1e-30), sigma=(1 / 3, 2.0), clip_sigma=250.0),
        options={"widths": [8, 16], "name": "yes", "none": None}, recipe={"schedule": {"kind": "step"}},
        plugins=(Plugin(kind="file", name="x.py", version="1.2", sha256="0" * 64),), parameters=433,
        objects={"train": {"nonlens": 8, "lens": 8}},
    )  # fmt: skip
    write_model(tmp_path, written, [network], TRAINED)
    read = read_card(tmp_path)
    assert np.isnan(read.metrics["validation_auroc"])
    same = {"metrics": {"loss": written.metrics["loss"]}}
    assert read.model_copy(update=same) == written.model_copy(update=same)
    assert read.metrics["loss"] == written.metrics["loss"], "numbers are written to their last bit"


def test_the_card_is_yaml_that_a_person_can_read(folder):
    text = (folder / CARD).read_text()
    assert "network: pocket\n" in text
    assert "!!" not in text
    assert read_card(folder).bands == ("g", "r")


def test_what_was_trained_on_is_remembered(folder):
    model = load_model(folder)
    assert model.trained.ids.tolist() == ["a-L0", "a-N0", "b-L0"]
    assert model.trained.groups.tolist() == ["a", "a", "b"]
    assert model.seen(np.array(["a-L0", "c-L0", "c-L1"]), np.array(["x", "b", "c"])).tolist() == [[True, True, False]]
    assert (folder / TRAINED_ON).read_text().splitlines()[:2] == ["id,group,split", "a-L0,a,train"]


def test_names_with_commas_and_quotes_are_remembered_too(network, card, tmp_path):
    """An id from elsewhere may be anything; a leak of it must not pass."""
    awkward = trained_on(['NGC 1, "west"', "two\nlines"], ["field 7, b", "ü"], ["train", "train"])
    write_model(tmp_path, card(), [network], awkward)
    trained = load_model(tmp_path).trained
    assert trained.ids.tolist() == awkward.ids.tolist()
    assert trained.groups.tolist() == awkward.groups.tolist()


def test_a_model_without_its_list_of_objects_knows_of_none(folder):
    (folder / TRAINED_ON).unlink()
    assert len(load_model(folder).trained.groups) == 0


@pytest.mark.parametrize(
    ("versions", "cure"),
    [
        ({"astrocnn": "0.7.1", "keras": "3.20"}, "install astrocnn 0.7.1, which wrote it, or newer"),
        ({}, "install a newer astrocnn"),
        ("none", "install a newer astrocnn"),
    ],
)
def test_a_newer_format_is_refused_with_the_version_that_can_load_it(folder, versions, cure):
    newer = FORMAT_VERSION + 1
    rewrite_card(folder, format_version=newer, versions=versions, of_that_format="unknown here")
    expected = f"newer format.*expected format_version {FORMAT_VERSION} or less.*received {newer}.*to fix, {cure}"
    with pytest.raises(StoreError, match=expected):
        load_model(folder)


def test_a_card_of_format_1_is_read_as_one_of_today(folder):
    """It recorded no plugins, no numbers of objects and no number of weights."""
    yaml = YAML(typ="safe", pure=True)
    data = yaml.load((folder / CARD).read_text())
    for key in ("objects", "parameters"):
        del data[key]
    with (folder / CARD).open("w") as stream:
        yaml.dump({**data, "format_version": 1, "plugins": []}, stream)
    card = read_card(folder)
    assert (card.format_version, card.plugins, card.objects, card.parameters) == (FORMAT_VERSION, (), {}, None)


@pytest.mark.parametrize("changes", [{"bands": ["g", "r", "i"]}, {"size_px": 20}])
def test_a_card_of_another_network_is_refused(folder, changes):
    rewrite_card(folder, **changes)
    with pytest.raises(StoreError, match=r"not of one model.*expected inputs of \d+ px and \d bands.*\(16, 16, 2\)"):
        load_model(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read"),
        (b"network: [unclosed", "cannot be read"),
        (b"\xff\xfe\x00network", "cannot be read"),
        (b"network: pocket\n", "cannot be read.*bands"),
        (b"format_version: latest\n", "cannot be read.*format_version"),
        (b"- a list\n", "cannot be read"),
    ],
)
def test_a_damaged_card_is_refused(folder, content, message):
    (folder / CARD).write_bytes(content)
    with pytest.raises(StoreError, match=f"(?s){message}"):
        read_card(folder)


def test_an_unknown_key_of_the_card_is_refused(folder):
    rewrite_card(folder, threshold=0.5)
    with pytest.raises(StoreError, match=r"(?s)threshold.*restore"):
        read_card(folder)


def test_a_folder_that_is_no_model_says_so(tmp_path):
    with pytest.raises(StoreError, match=r"no model folder.*model\.yaml"):
        load_model(tmp_path)


def test_a_missing_network_is_refused(folder):
    (folder / NETWORK).unlink()
    with pytest.raises(StoreError, match=r"network\.keras.*cannot be loaded"):
        load_model(folder)


@pytest.mark.parametrize("where", ["cut", "weights", "text"])
def test_a_damaged_network_is_refused(folder, where):
    path = folder / NETWORK
    data = bytearray(path.read_bytes())
    if where == "cut":
        data = data[: len(data) // 2]
    elif where == "text":
        data = b"not a network"
    else:
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo("model.weights.h5")
        middle = member.header_offset + member.compress_size // 2
        data[middle : middle + 64] = bytes(byte ^ 255 for byte in data[middle : middle + 64])
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"network\.keras.*cannot be loaded"):
        load_model(folder)


def meta(**changes):
    content = {"kind": "images", "shape": (16, 16, 2), "bands": ("g", "r"), "scale": 0.2, "scale_unit": "arcsec"}
    return SampleMeta(**{**content, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "curves", "shape": (16, 2)}, r"other objects; expected images; received curves"),
        ({"bands": ("r", "g")}, r"other bands.*\('g', 'r'\).*\('r', 'g'\)"),
        ({"bands": ("g", "i")}, r"other bands.*'r'.*'i'"),
        ({"bands": ("g",), "shape": (16, 16, 1)}, r"other bands.*\('g', 'r'\).*\('g',\)"),
        ({"scale": 0.21}, r"another pixel scale.*0\.2 arcsec.*0\.21 arcsec"),
        ({"scale": None, "scale_unit": None}, r"another pixel scale.*0\.2 arcsec a pixel.*received none stated"),
        ({"scale_unit": "km"}, r"another pixel scale.*0\.2 arcsec a pixel.*0\.2 km a pixel"),
        ({"scale": 0.5, "scale_unit": "hour"}, r"another pixel scale.*0\.2 arcsec a pixel.*0\.5 hour a pixel"),
        (
            {"shape": (15, 20, 2)},
            r"stamps are smaller than the model's input; expected at least 16 x 16 px = 3\.2 x 3\.2 arcsec;"
            r" received 15 x 20 px = 3 x 4 arcsec; to fix, cut larger stamps",
        ),
        ({"kind": "curves", "shape": (900, 2)}, "other objects; expected images; received curves"),
    ],
)
def test_other_data_than_trained_on_are_refused_with_both_values(card, changes, message):
    with pytest.raises(MismatchError, match=message) as caught:
        refuse_mismatch(card(), meta(**changes), "galaxies")
    assert str(caught.value).startswith("galaxies: ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bands": ("flux", "centroid")}, r"other channels.*\('flux', 'background'\).*\('flux', 'centroid'\)"),
        ({"scale": 1 / 30}, r"another time step scale.*0\.5 hour a time step.*0\.0333333 hour a time step"),
        ({"scale_unit": "period"}, r"another time step scale.*0\.5 hour.*0\.5 period"),
        (
            {"shape": (150, 2)},
            r"curves are smaller than the model's input; expected at least 200 time steps = 100 hour;"
            r" received 150 time steps = 75 hour; to fix, cut larger curves",
        ),
        ({"kind": "images", "shape": (200, 200, 2)}, "other objects; expected curves; received images"),
    ],
)
def test_other_curves_than_trained_on_are_refused_in_their_own_words(card, changes, message):
    bands = ("flux", "background")
    of_curves = card(kind="curves", bands=bands, scale=0.5, scale_unit="hour", stamp_px=200, size_px=200)
    fitting = {"kind": "curves", "shape": (200, 2), "bands": bands, "scale": 0.5, "scale_unit": "hour"}
    refuse_mismatch(of_curves, SampleMeta(**fitting), "stars")
    with pytest.raises(MismatchError, match=message):
        refuse_mismatch(of_curves, SampleMeta(**{**fitting, **changes}), "stars")


@pytest.mark.parametrize("changes", [{}, {"scale": 0.2 * 1.009}, {"shape": (40, 40, 2)}])
def test_data_that_fit_are_not_refused(card, changes):
    refuse_mismatch(card(), meta(**changes), "galaxies")


def test_a_model_without_a_scale_takes_any(card):
    refuse_mismatch(card(scale=None, scale_unit=None), meta(scale=7.0), "galaxies")
