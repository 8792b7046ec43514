"""The `simulate-variables` stage: what it writes, that stars do not depend on how they are made, and who takes them."""

import numpy as np
import pytest
from pydantic import ValidationError

from astrocnn.errors import DataError
from astrocnn.pipeline.stage import Scene
from astrocnn.samples.splits import check_leaks, check_unique_ids
from astrocnn.stages import simulate_variables
from astrocnn.stages.simulate_variables import STAGE

CLASSES = {"pulsating": ["rr_ab", "rr_c"], "binary": ["eclipsing"], "constant": ["constant"]}
SMALL = {"points": [20, 40], "classes": CLASSES}


@pytest.fixture
def stars(project):
    """A project of simulated stars alone; stars(number=...) runs it and gives the view."""

    def make(others=None, **parameters):
        project.data |= {"inputs": {}, "instrument": None, "plugins": []}
        options = {"runs": parameters.pop("runs")} if "runs" in parameters else {}
        return project.use(stars={"use": "simulate-variables", **SMALL, **parameters}, **others or {}).run(**options)

    make.project = project
    return make


def test_the_product_says_what_its_curves_are(stars):
    view = stars(number=300)["stars"]
    curves = view.curves
    assert curves.meta.kind_text == "HJD_UTC - 2450000, magnitude in mag"
    assert curves.meta.bands == ("V", "I")
    assert curves.meta.classes == tuple(CLASSES), "in the order of the file"
    assert {"class", "kind", "period_day", "amplitude", "split", "group"} <= set(curves.columns)
    for name, kinds in CLASSES.items():
        assert set(curves.column("kind")[curves.column("class") == name]) == set(kinds)
    constant = curves.column("class") == "constant"
    np.testing.assert_array_equal(np.isnan(curves.column("period_day")), constant)
    check_unique_ids(curves.ids)
    assert curves.ids[0] == "stars-00000000"
    np.testing.assert_array_equal(curves.column("group"), curves.ids)
    check_leaks(curves.column("group"), curves.column("split"))
    assert set(curves.column("split")) == {"train", "validation", "test"}
    assert sum(view.ledger["simulated"].values()) == len(curves) == 300


def test_a_star_is_the_same_whatever_the_parts_and_the_number(stars, monkeypatch):
    first = stars(number=600)["stars"].curves
    whole, amplitude = first.read(np.arange(520)), first.column("amplitude")[:520]
    monkeypatch.setattr(simulate_variables, "ROWS_OF_A_PART", 256)
    view = stars(number=520, runs=stars.project.root / "parted")["stars"]
    assert len(list((view.folder.parent / "parts").iterdir())) == 3
    parted = view.curves.read(np.arange(520))
    for name in ("ids", "time", "value", "error", "band"):
        np.testing.assert_array_equal(getattr(parted, name), getattr(whole, name))
    np.testing.assert_array_equal(view.curves.column("amplitude"), amplitude)


def test_two_such_stages_have_no_star_in_common(stars):
    run = stars({"others": {"use": "simulate-variables", **SMALL, "number": 100}}, number=100)
    ids = [run[name].curves.ids for name in ("stars", "others")]
    assert not {*ids[0]} & {*ids[1]}


def test_stars_are_observed_as_real_ones_were(stars):
    real = {"use": "simulate-variables", **SMALL, "number": 60, "bands": ["V", "I"], "span_day": 300.0}
    given = {"like": "real.train", "bands": {"I": "I", "V": "B"}, "number": 100, "minimum_points": 2}
    run = stars({"real": real}, **given)
    view, donors = run["stars"].curves, run["real"].curves.split("train")
    assert view.meta.bands == ("I", "V")
    assert view.meta.kind == donors.meta.kind
    known = np.concatenate([curve.time for curve in donors.each()])
    for curve in view.each():
        assert np.isin(curve.time, known).all()


def test_a_survey_that_is_stated_and_absent_is_not_made_up(stars):
    stars.project.data |= {"inputs": {"real": None}, "instrument": None, "plugins": []}
    curves = {"use": "light-curves", "curves": "${inputs.real}"}
    project = stars.project.use(real=curves, stars={"use": "simulate-variables", "like": "real", **SMALL})
    assert not project.problems()
    assert project.run()["stars"].state == "skipped"


def test_classes_have_the_shares_that_are_stated(stars):
    shares = {"constant": 0.6, "binary": 0.1, "pulsating": 0.3}
    curves = stars(number=512, fractions=shares)["stars"].curves
    for name, share in shares.items():
        assert (curves.column("class") == name).mean() == pytest.approx(share, abs=0.08)


def test_stars_that_are_too_faint_are_told(stars):
    view = stars(number=200, faint_limit_mag=19.0)["stars"]
    (reason,) = view.ledger["rejected"]
    assert reason == "fewer than minimum_points: 10 brighter than the faint limit"
    assert len(view.curves) + view.ledger["rejected"][reason] == 200
    assert view.curves.column("points").min() >= 10
    with pytest.raises(DataError, match="no star is bright enough"):
        stars(number=200, faint_limit_mag=5.0)


def test_periods_are_found_and_shapes_drawn_of_the_product(stars):
    others = {
        "periodic": {"use": "find-periods", "curves": "stars",
                     "lomb_scargle": {"shortest_day": 0.3, "longest_day": 1.2, "harmonics": 2}},
        "drawn": {"use": "represent", "curves": "periodic", "as": "picture", "axis": "phase",
                  "picture": {"height_px": 8, "width_px": 12}},
    }  # fmt: skip
    ranges = {"rr_ab": {"mean_mag": [16.0, 17.0]}}
    classes = {"rr_lyrae": ["rr_ab"]}
    run = stars(others, number=12, span_day=100.0, points=[40, 60], ranges=ranges, classes=classes)
    curves = run["periodic"].curves
    found, stated = curves.column("period_day"), curves.column("stated_period_day")
    assert np.mean(np.abs(found / stated - 1) < 0.01) >= 0.75
    samples = run["drawn"].samples
    assert samples.meta.classes == ("rr_lyrae",)
    assert samples.meta.shape == (8, 12, 2)


def parameters(**values):
    return STAGE.Parameters.model_validate(values)


def test_all_is_known_before_compute():
    known = STAGE.forecast(parameters(number=5000, bands=["g", "r", "i"]), Scene("stars", 1, None, {}))
    assert (known.objects, known.bands, known.labelled) == (5000, ("g", "r", "i"), True)
    assert known.splits == ("train", "validation", "test")
    parts = STAGE.parts(parameters(number=20000), Scene("stars", 1, None, {}))
    turned = STAGE.parts(parameters(number=20000, bands=["I", "V"]), Scene("stars", 1, None, {}))
    assert parts[0].content != turned[0].content, "the order of the bands is part of what is made"
    assert [part.content["rows"] for part in parts] == [[0, 16384], [16384, 20000]]
    assert simulate_variables.ROWS_OF_A_PART % 256 == 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"bands": ["V", "Ic"]}, "no band 'Ic' is known; did you mean I"),
        ({"bands": ["V", "V"]}, "expected each once"),
        ({"bands": {"B_E": "B", "R_E": "Rc"}}, "no band 'Rc' is known; did you mean R"),
        ({"classes": {"a": ["mira"], "b": ["mira"]}}, "mira stands in several"),
        ({"classes": {"a": []}}, "a has no kind"),
        ({"classes": {"a": ["quasar"]}}, "quasar"),
        ({"fractions": {"mira": 1.0}}, "expected one of each class"),
    ],
)
def test_values_that_make_no_sense_are_refused(given, expected):
    with pytest.raises(ValidationError, match=expected):
        parameters(**given)


@pytest.mark.parametrize(
    ("given", "level", "expected"),
    [
        ({"splits": {"train": 0.5}}, "error", "positive fractions with the sum 1"),
        ({"fractions": {"pulsating": 0.5, "binary": 0.1, "constant": 0.1}}, "error", "fractions with the sum 1"),
        ({"ranges": {"mira": {"mean_mag": [14.0, 15.0]}}}, "warning", "mira changes nothing"),
    ],
)
def test_what_is_wrong_is_said_before_compute(project, given, level, expected):
    project.data |= {"inputs": {}, "instrument": None, "plugins": []}
    (problem,) = project.use(stars={"use": "simulate-variables", **SMALL, **given}).problems()
    assert problem.level == level
    assert expected in problem.text
