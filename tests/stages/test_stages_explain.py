"""The `explain` stage: pictures and numbers of a trained model at objects of a set, before any compute checked."""

import json

import numpy as np
import pytest
from PIL import Image

from astrocnn.errors import UnknownName
from astrocnn.explain.files import read_explanation
from astrocnn.training.model_folder import load_model
from astrocnn.training.predict import predict_set


@pytest.fixture(scope="module")
def folder(whole_run):
    return whole_run[1]["looks"].folder


def test_the_best_of_each_class_is_explained(whole_run, folder):
    run = whole_run[1]
    samples, model = run["lenses"].samples.split("test"), load_model(run["finder"].folder)
    score = predict_set(model.network, samples, model.card.normalisation, model.card.size_px)[0][:, 0]
    label, objects = samples.column("label"), read_explanation(folder).facts["objects"]
    best = [np.flatnonzero(label == kind)[score[label == kind].argmax()] for kind in (1, 0)]
    assert [row["id"] for row in objects] == samples.ids[best].tolist()
    assert [row["score"] for row in objects] == pytest.approx(score[best].tolist())
    assert run["looks"].ledger == {"scored": {"explained": 2}}


def test_every_picture_is_a_file_and_says_what_it_shows(folder):
    pictures = json.loads((folder / "pictures.json").read_text())
    assert {path.name for path in folder.glob("*.png")} == {one["file"] for one in pictures}
    for one in pictures:
        with Image.open(folder / one["file"]) as image:
            assert min(image.size) > 100
        assert len(one["caption"]) > 50
    shows = [row for one in pictures for row in one["shows"]]
    assert {row["what"] for row in shows} == {
        "saliency", "grad_cam", "occlusion", "effective_field", "feature_maps", "filters", "made_input",
        "exciting_object",
    }  # fmt: skip
    assert all(row.keys() == {"what", "object", "layer", "unit", "score"} for row in shows)
    (best,) = {row["score"] for row in shows if row["what"] == "saliency" and row["object"] == shows[0]["object"]}
    assert best == read_explanation(folder).facts["objects"][0]["score"]


@pytest.fixture
def looks(project, whole_run):
    """looks(**parameters): explain the model of the whole run at samples of it."""
    run = whole_run[1]

    def make(**parameters):
        project.data["inputs"] = {"model": str(run["finder"].folder), "samples": str(run["galaxies"].folder)}
        stage = {"use": "explain", "model": "${inputs.model}", "samples": "${inputs.samples}", **parameters}
        return project.use(looks=stage)

    return make


def test_objects_layers_and_units_that_are_named(looks, whole_run, monkeypatch):
    monkeypatch.setattr("astrocnn.report.theme.png_bytes", lambda figure, resolution: b"\x89PNG")
    ids = whole_run[1]["galaxies"].samples.ids[[3, 5]].tolist()
    named = {"objects": ids, "layers": ["conv1"], "units": ["conv2:1"], "window_arcsec": 0.6, "smooth": 2}
    named["class"] = "lens"
    facts = read_explanation(looks(**named).run()["looks"].folder).facts
    assert [row["id"] for row in facts["objects"]] == ids
    assert [row["label"] for row in facts["objects"]] == [None, None]
    assert (facts["layers"], facts["window_px"], facts["copies"]) == (["conv1"], [3, 3], 2)
    assert [(group["layer"], group["units"]) for group in facts["units"]][1:] == [("conv2", [1])]
    assert facts["objects"][0]["cd"] is not None, "galaxies of tiles know where north is"


def test_an_object_that_is_not_there_is_told(looks, whole_run):
    known = whole_run[1]["galaxies"].samples.ids[0]
    with pytest.raises(UnknownName, match=r"no object has the id .*did you mean"):
        looks(objects=[known[:-1] + "x"]).run()


def test_one_window_is_enough(looks):
    (error,) = [one.text for one in looks(window_arcsec=1.0, window_share=0.2).problems() if one.level == "error"]
    assert "looks.window_share: says again what window_arcsec says; to fix, leave one of them out" in error
