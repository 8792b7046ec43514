"""`astrocnn explain`: a model folder and samples from the command line, and what it refuses."""

import json

import pytest
from explained_models import curves, dip_finder, spot_finder, stamps, write_folder

from astrocnn import backend


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A folder with a model and samples of stamps, and of curves."""
    backend.prepare()
    root = tmp_path_factory.mktemp("bench")
    write_folder(root / "spot", spot_finder())
    write_folder(root / "dip", dip_finder())
    stamps(root / "stamps")
    curves(root / "curves")
    return root


@pytest.fixture
def unpainted(monkeypatch):
    """Figures are laid out but not painted, which takes most of the time."""
    monkeypatch.setattr("astrocnn.report.theme.png_bytes", lambda figure, resolution: b"\x89PNG")


def test_pictures_of_chosen_objects_stand_in_a_folder_of_the_model_s_name(call, bench, tmp_path):
    result = call("explain", bench / "spot", "--samples", bench / "stamps", "--split", "test", "--objects", 2)
    assert result.code == 0, result.err
    out = tmp_path / f"explain-{bench.name}-spot"
    told = result.out.splitlines()
    assert told[0].startswith("stamp-")
    assert told[0].endswith("known as lens")
    names = [line.split("/")[-1] for line in told[3:]]
    assert sorted(names) == sorted([*(path.name for path in out.glob("*.png")), "pictures.json"])
    assert len(names) == 2 * 3 + 3 + 1
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in out.glob("*.png"))
    assert json.loads((out / "explanation.json").read_text())["samples"].endswith("stamps.test")


@pytest.mark.usefixtures("unpainted")
def test_named_objects_take_the_place_of_an_earlier_explanation(call, bench, tmp_path):
    line = ("explain", bench / "spot", "--samples", bench / "stamps", "--out", "looks", "--units", 0)
    assert call(*line, "--objects", 2).code == 0
    (tmp_path / "looks" / "mine.png").write_bytes(b"of the user")
    result = call(*line, "--object", "stamp-4", "--layer", "conv1", "--window", "0.5", "--smooth", 2)
    assert result.code == 0, result.err
    left = {path.name for path in (tmp_path / "looks").glob("*.png")}
    assert left == {
        "01-stamp-4-where.png", "01-stamp-4-maps.png", "network-filters.png", "network-units-1.png", "mine.png",
    }, "the middle feature is silent for this object, and so has no effective field"  # fmt: skip
    facts = json.loads((tmp_path / "looks" / "explanation.json").read_text())
    assert (facts["window_px"], facts["copies"], facts["layers"]) == ([3, 3], 2, ["conv1"])


@pytest.mark.usefixtures("unpainted")
def test_light_curves(call, bench, tmp_path):
    result = call("explain", bench / "dip", "--samples", bench / "curves", "--object", "curve-1", "--class", "transit",
                  "--window", "2h", "--out", "looks", "--unit", "conv1:0")  # fmt: skip
    assert result.code == 0, result.err
    assert result.out.splitlines()[0] == "curve-1: transit 1.000, known as transit"
    assert json.loads((tmp_path / "looks" / "explanation.json").read_text())["window_px"] == [4]


def test_show_tells_what_was_explained(call, whole_run):
    run = whole_run[1]
    result = call("show", run["looks"].folder)
    assert result.code == 0, result.err
    assert "pocket at 2 objects of lenses.test" in result.out
    assert "known as" in result.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--object", "stamp-44"), 2, "no object has the id 'stamp-44'; to fix, did you mean stamp-4?"),
        (("--layer", "convv1"), 2, "there is no layer 'convv1' on the way; to fix, did you mean conv1?"),
        (("--split", "tests"), 2, "expected splits present (test, train)"),
        (("--class", "arc"), 2, "the model gives no score of a class 'arc'; to fix, known: lens"),
        (("--window", "3"), 2, "no share of the object; expected a number from 0 to 1, or a length; received 3"),
        (("--window", "3parsec"), 2, "not a number with a unit"),
        (("--unit", "conv1:7"), 1, "conv1: the layer has fewer channels; expected a number from 0 to 2; received 7"),
    ],
)
def test_what_is_not_there_ends_in_one_line(call, bench, words, code, message):
    result = call("explain", bench / "spot", "--samples", bench / "stamps", *words)
    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_samples_of_another_kind_or_none(call, bench):
    other = call("explain", bench / "spot", "--samples", bench / "curves")
    assert other.code == 1
    assert "the model was trained on other objects; expected images; received curves" in other.err
    missing = call("explain", bench / "spot", "--samples", bench / "nothing")
    assert missing.code == 2
    assert "no product stands here" in missing.err
    model = call("explain", bench / "spot", "--samples", bench / "spot")
    assert model.code == 2
    assert "is a product of the kind Model; expected a SampleSet" in model.err
