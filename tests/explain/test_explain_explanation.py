"""All looks together: which objects, classes and units are chosen, what is refused, and files that come back whole."""

import numpy as np
import pytest
from explained_models import DIP, curves, dip_finder, spot_finder, stamps
from hand_made import linear

from astrocnn.errors import DataError, MismatchError, PipelineFileError, StoreError, UnknownName
from astrocnn.explain.choose import Request, choose_objects
from astrocnn.explain.explanation import explain
from astrocnn.explain.files import read_explanation, write_explanation
from astrocnn.explain.window import window_px
from astrocnn.training.model_folder import TrainedModel
from astrocnn.training.predict import predict_set


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return stamps(tmp_path_factory.mktemp("images") / "stamps")


@pytest.fixture(scope="module")
def light_curves(tmp_path_factory):
    return curves(tmp_path_factory.mktemp("light") / "curves")


@pytest.fixture(scope="module")
def of_images(images):
    return explain(spot_finder(), images, Request(), "stamps")


@pytest.fixture(scope="module")
def of_curves(light_curves):
    return explain(dip_finder(), light_curves, Request(units=2, copies=4), "curves")


def scores(model, samples):
    card = model.card
    return predict_set(model.network, samples, card.normalisation, card.size_px)[0]


def test_the_highest_scoring_of_each_class_in_turn(of_images, images):
    score, label = scores(spot_finder(), images)[:, 0], images.column("label")
    best = {kind: np.flatnonzero(label == kind)[np.argsort(-score[label == kind])] for kind in (0, 1)}
    rows = [best[1][0], best[0][0], best[1][1]]
    assert [row["id"] for row in of_images.facts["objects"]] == [f"stamp-{k}" for k in rows]
    assert [row["label"] for row in of_images.facts["objects"]] == ["lens", "nonlens", "lens"]
    np.testing.assert_allclose([row["score"] for row in of_images.facts["objects"]], score[rows], atol=1e-6)
    odds = [row["before_activation"] for row in of_images.facts["objects"]]
    np.testing.assert_allclose(1 / (1 + np.exp(-np.array(odds))), score[rows], atol=1e-6)


def test_without_labels_the_highest_scoring(images):
    class Unlabelled:
        meta = images.meta

        def column(self, name):
            return np.full(12, -1)

    outputs = np.arange(12.0)[::-1, None].copy()
    outputs[3] = np.nan
    assert choose_objects(Unlabelled(), outputs, 0, 4) == [0, 1, 2, 4]
    with pytest.raises(DataError, match="no object has a score"):
        choose_objects(images, np.full((12, 1), np.nan), 0, 2)


def test_each_curve_is_explained_for_the_class_it_is_taken_for(of_curves):
    """None of the three classes is searched for."""
    assert [row["class"] for row in of_curves.facts["objects"]][1:] == ["transit", "flare"]
    assert [row["label"] for row in of_curves.facts["objects"]] == ["constant", "transit", "flare"]
    assert of_curves.facts["score_is"] == "score before the softmax"


def test_where_the_network_looks_is_where_the_object_is(of_images, of_curves):
    """The spot of a stamp stands at (12, 13) of 20 px, of which the middle 16 are seen; the dip where it was put."""
    for name in ("saliency", "grad_cam", "occlusion"):
        y, x = np.unravel_index(of_images.arrays[name][0].argmax(), (16, 16))
        assert np.hypot(y - 10, x - 11) <= 3, name
        number = int(of_curves.facts["objects"][1]["id"].split("-")[1])
        assert abs(of_curves.arrays[name][1].argmax() - (40 + number + DIP / 2)) <= DIP, name


def test_the_stamps_are_the_middle_in_the_unit_of_the_data(of_images, images):
    number = int(of_images.facts["objects"][0]["id"].split("-")[1])
    np.testing.assert_array_equal(of_images.arrays["stamps"][0], images.read([number])[0, 2:18, 2:18])


def test_what_excites_the_score_and_the_units(of_images, images):
    scored, channels = of_images.facts["units"]
    score = scores(spot_finder(), images)[:, 0]
    assert [one["id"] for one in scored["real"][0]] == [f"stamp-{k}" for k in np.argsort(-score)[:4]]
    assert scored["classes"] == ["lens"]
    assert channels["layer"] == "conv2"
    assert channels["units"] == [0, 1], "the first speaks for a lens, the second against it"
    assert channels["reached"][0] > channels["real"][0][0]["value"] > 0
    (bottom, top), (left, right) = channels["real"][0][0]["box"]
    assert (top - bottom, right - left) == (6, 6)  # 5, then 3 of jump 1: a field of 7 px
    assert abs((bottom + top) / 2 - 10) <= 2
    assert of_images.arrays["made_1"].shape == (2, 16, 16, 2)
    assert of_images.arrays["made_1"].mean() == pytest.approx(5, abs=2), "in the unit of the data"


def test_the_effective_field_lies_in_the_theoretical_one(of_images):
    for k, found in enumerate(of_images.facts["effective"]):
        weights = of_images.arrays[f"effective_{k}"]
        (bottom, top), (left, right) = found["theoretical"]
        inside = weights[bottom : top + 1, left : right + 1].sum()
        assert inside == pytest.approx(1, rel=1e-5)
        assert found["layer"] == "conv2"


def test_objects_layers_class_units_and_window_that_are_named(images):
    request = Request(objects=["stamp-5", "stamp-2"], wanted="lens", layers=["conv1"], units=["conv1:2", "conv2:1"],
                      window=(0.5, "share"))  # fmt: skip
    found = explain(spot_finder(), images, request, "stamps").facts
    assert [row["id"] for row in found["objects"]] == ["stamp-5", "stamp-2"]
    assert found["layers"] == ["conv1"]
    assert [(group["layer"], group["units"]) for group in found["units"]] == [
        ("probability", [0]), ("conv1", [2]), ("conv2", [1]),
    ]  # fmt: skip
    assert found["window_px"] == [3, 3]  # half of 1.2 arcsec at 0.2 arcsec a pixel


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        ({"objects": ["stamp-55"]}, UnknownName, r"no object has the id 'stamp-55'; to fix, did you mean stamp-5\?"),
        ({"objects": ["J000"]}, UnknownName, r"choose one of its 12 ids, such as stamp-0, stamp-1, stamp-2"),
        ({"wanted": "lense"}, UnknownName, r"no score of a class 'lense'; to fix, did you mean lens\?"),
        ({"layers": ["conv3"]}, UnknownName, r"there is no layer 'conv3'.*did you mean conv2"),
        ({"layers": ["pool"]}, MismatchError, r"pool: the layer has no spatial axes"),
        ({"units": ["conv9:1"]}, UnknownName, r"'conv9'"),
        ({"units": ["conv1"]}, PipelineFileError, r"not a unit; expected LAYER:NUMBER.*received conv1"),
        ({"units": ["conv1:3"]}, MismatchError, r"conv1: the layer has fewer channels; expected a number from 0 to 2"),
        ({"window": (1.0, "hour")}, MismatchError, r"unit than the model's pixels; expected arcsec; received hour"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told_with_what_there_is(images, request_, error, message):
    with pytest.raises(error, match=message):
        explain(spot_finder(), images, Request(**request_), "stamps")


def test_samples_that_do_not_fit_the_model_are_refused(images, light_curves):
    with pytest.raises(MismatchError, match=r"curves: the model was trained on other objects; expected images"):
        explain(spot_finder(), light_curves, Request(), "curves")
    other = TrainedModel(spot_finder().card.model_copy(update={"bands": ("g", "i")}), (None,))
    with pytest.raises(MismatchError, match=r"stamps: the model was trained on other bands.*'i'.*'r'"):
        explain(other, images, Request(), "stamps")


def test_an_object_without_finite_values_is_refused_by_name(tmp_path):
    samples = stamps(tmp_path / "stamps", number=4)
    read = samples.read
    samples.read = lambda rows: np.where(np.arange(20)[:, None, None] == 9, np.nan, read(rows))
    with pytest.raises(DataError, match="stamp-1: values that are not finite"):
        explain(spot_finder(), samples, Request(objects=["stamp-1"]), "stamps")


def test_the_window_of_occlusion_follows_what_a_feature_sees():
    card = spot_finder().card
    assert window_px(card, (13, 25), None) == (2, 4)
    assert window_px(card, (2, 2), None) == (1, 1)
    assert window_px(card, (9, 9), (0.8, "arcsec")) == (4, 4)
    assert window_px(card, (9, 9), (9.0, "arcsec")) == (16, 16), "not more than the input"
    nameless = card.model_copy(update={"receptive_field": {"level": "ok"}})
    with pytest.raises(MismatchError, match="states no extent of its object"):
        window_px(nameless, (9, 9), (0.2, "share"))


def test_a_network_without_maps_has_no_channels_to_show(images):
    """It begins with Flatten: its field is one pixel, and Grad-CAM weighs the input itself."""
    weights = np.random.default_rng(0).normal(size=(16, 16, 2))
    model = TrainedModel(spot_finder().card, (linear(weights, "sigmoid"),))
    found = explain(model, images, Request(objects=1), "stamps")
    assert (found.facts["layers"], found.facts["filters_layer"]) == ([], None)
    assert [group["layer"] for group in found.facts["units"]] == ["score"]
    assert found.facts["window_px"] == [1, 1]
    assert found.arrays["grad_cam"].shape == (1, 16, 16)


def test_an_explanation_comes_back_from_its_files(of_images, tmp_path):
    write_explanation(of_images, tmp_path)
    read = read_explanation(tmp_path)
    assert read.facts["units"] == of_images.facts["units"]
    assert read.arrays.keys() == of_images.arrays.keys()
    np.testing.assert_array_equal(read.arrays["saliency"], of_images.arrays["saliency"])
    first = (tmp_path / "maps.npz").read_bytes()
    write_explanation(of_images, tmp_path)
    assert (tmp_path / "maps.npz").read_bytes() == first


def test_files_that_are_none_are_refused(of_images, tmp_path):
    with pytest.raises(StoreError, match="is no explanation"):
        read_explanation(tmp_path)
    write_explanation(of_images, tmp_path)
    (tmp_path / "maps.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(StoreError, match="is no explanation"):
        read_explanation(tmp_path)
    write_explanation(of_images, tmp_path)
    path = tmp_path / "explanation.json"
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 9'))
    with pytest.raises(StoreError, match="another format; expected format_version 1 or less; received 9"):
        read_explanation(tmp_path)


def test_the_same_question_has_the_same_answer(of_curves, light_curves):
    again = explain(dip_finder(), light_curves, Request(units=2, copies=4), "curves")
    for name, values in again.arrays.items():
        np.testing.assert_array_equal(values, of_curves.arrays[name])
