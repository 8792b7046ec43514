"""Commands that look and make nothing, or one file: status, clean, show, field, list, new, sample."""

import json
import re

import pytest
from astropy.io import fits

from astrocnn.pipeline.config import load_config


@pytest.fixture
def seen(whole_run, call):
    """The command line beside the run of the whole small sky: seen("status", "small")."""
    project, _ = whole_run
    return lambda *arguments: call(*arguments, "--runs", project.runs)


def test_status_tells_stages_objects_and_reasons(call, run_toy):
    run_toy("stages.numbers.rejected=1", "failure_budget=0.6")
    result = call("status", "toy")
    assert result.code == 0
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert re.fullmatch(r"toy: done, started 20\d\d-\d\d-\d\d \d\d:\d\d UTC, took \d+\.\d s", lines[0])
    assert "made from toy.yaml" in lines[1]
    assert re.fullmatch(r"numbers  made +\d+\.\d s", lines[3])
    assert [line.strip() for line in lines[4:6]] == ["3  read", "3  rejected: too odd"]
    told = json.loads(call("status", "toy", "--json").out)
    assert told["outcome"] == "done"
    assert [stage["name"] for stage in told["stages"]] == ["numbers", "total"]


def test_status_of_a_failure_names_the_log(call, run_toy, tmp_path):
    run_toy("stages.numbers.failure=no ink")
    result = call("status", "toy")
    assert "toy: failed" in result.out
    assert "numbers: no ink" in result.out
    log = tmp_path / re.search(r"where it arose stands in (\S+)", result.out)[1]
    assert "Traceback" in log.read_text(), "what the terminal spares the user"


def test_clean_tells_first_and_removes_then(call, run_toy, tmp_path):
    run_toy()
    run_toy("stages.numbers.value=2")
    products = tmp_path / "runs/toy/total"
    assert len(list(products.glob("?" * 32))) == 2
    told = call("clean", "toy", "--dry-run")
    assert "numbers: 1 product, 3 parts" in told.out
    assert "would free" in told.out
    assert len(list(products.glob("?" * 32))) == 2
    assert call("clean", "toy", "--keep", "1").out == "nothing to remove: every product is current\n"
    assert "freed" in call("clean", "toy").out
    assert len(list(products.glob("?" * 32))) == 1
    assert call("clean", "toy").out == "nothing to remove: every product is current\n"
    assert run_toy("stages.numbers.value=2").out.count("up to date") == 2, "what is current stays"


@pytest.mark.parametrize(
    ("stage", "kind", "words"),
    [
        ("galaxies", "SampleSet", ["32 images, 24 x 24 x 2 of 0.2 arcsec, g, r", "in train", "columns"]),
        ("lenses", "SampleSet", ["lens", "nonlens", "einstein_radius_arcsec"]),
        ("finder", "Model", ["lens from nonlens, by pocket", "receptive field", "0.2 arcsec a pixel", "small/skill"]),
        ("skill", "Evaluation", ["metric", "auroc", "completeness_at_10pct_fpr"]),
        ("scores", "Scores", ["32"]),
        ("candidates", "Catalog", ["5 candidates", "candidates.ecsv, candidates.parquet, candidates.vot", "rank"]),
        ("summary", "Report", ["index.html"]),
    ],
)
def test_show_knows_every_kind_of_product(seen, stage, kind, words):
    result = seen("show", f"small/{stage}")
    assert result.code == 0
    assert result.out.startswith(f"small/{stage}: {kind}\n")
    assert re.search(r"made +20\d\d-\d\d-\d\d", result.out)
    for word in words:
        assert word in result.out
    data = json.loads(seen("show", f"small/{stage}", "--json").out)
    assert isinstance(data, dict)
    assert data


def test_show_names_the_nearest_product(seen):
    result = seen("show", "small/findr")
    assert result.code == 2
    assert "did you mean finder?" in result.err


def test_field_of_a_model_knows_its_pixels_and_its_object(seen):
    result = seen("field", "small/finder")
    assert result.code == 0
    assert "29 px = 5.8 arcsec" in result.out
    assert re.search(r"input +16 px = 3\.2 arcsec", result.out)
    assert re.search(r"object +[\d.]+ arcsec", result.out)


def test_field_judges_an_object_by_its_exit_code(call):
    small = ("field", "deeplens", "--size", "45", "--option", "widths=[8]")
    assert call(*small, "--scale", "0.2arcsec", "--covers", "1arcsec").code == 0
    result = call(*small, "--scale", "0.2arcsec", "--covers", "8arcsec")
    assert result.code == 1
    assert re.search(r"error +the object needs 8 arcsec", result.out)
    assert "to fix" in result.out


def test_field_of_one_layer_and_as_json(call):
    table = json.loads(call("field", "deeplens", "--json").out)
    layers = table["field"]["layers"]
    name = layers[3][table["field"]["columns"].index("layer")]
    result = call("field", "deeplens", "--layer", name)
    assert f"layer  {name} (" in result.out
    nearest = call("field", "deeplens", "--layer", name[:-1] + "#")
    assert nearest.code == 2
    assert nearest.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--option", "width"], "KEY=VALUE"),
        (["--option", "depth=3"], "depth"),
        (["--covers", "10arcsec"], "give --scale"),
        (["--scale", "0.2parsec"], "parsec"),
        (["--size", "20"], "from 45 to 101"),
    ],
)
def test_field_tells_what_is_wrong_with_its_options(call, arguments, words):
    result = call("field", "deeplens", *arguments)
    assert result.code == 2
    assert words in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("stages", "simulate-lenses", ["einstein_radius_arcsec", "needed", "Product: SampleSet"]),
        ("networks", "deeplens", ["widths", "Lanusse et al. 2018", "45 to 101"]),
        ("instruments", "kids", ["pixel_scale", "arcsec", "bands.r.psf.fwhm"]),
        ("pipelines", "quickstart", ["galaxies", "cutouts", "profiles: smoke"]),
        ("samples", "hubble", ["red, green, blue", "astrocnn sample hubble"]),
    ],
)
def test_list_tells_all_and_one(call, kind, name, words):
    everything = call("list", kind)
    assert everything.code == 0
    (line,) = [line for line in everything.out.splitlines() if line.startswith(f"{name} ")]
    assert len(line.split()) > 3, "a meaning stands beside the name"
    one = call("list", kind, name)
    assert one.code == 0
    for word in words:
        assert word in one.out


def test_a_new_pipeline_can_be_checked_and_is_never_written_over(call, tmp_path):
    result = call("new", "quickstart", "mine.yaml")
    assert result.out == "wrote mine.yaml; look at it, then: astrocnn check mine.yaml\n"
    assert load_config(tmp_path / "mine.yaml").name == "quickstart"
    assert "#" in (tmp_path / "mine.yaml").read_text(), "with its comments"
    again = call("new", "quickstart", "mine.yaml")
    assert (again.code, again.err) == (
        1,
        "error: mine.yaml: is there already; to fix, name another file, or remove this one first\n",
    )
    nowhere = call("new", "quickstart", "no/such/mine.yaml")
    assert nowhere.code == 2
    assert "there is no such folder" in nowhere.err


def test_a_sample_is_a_file_that_astropy_opens(call, tmp_path):
    (tmp_path / "data").mkdir()
    result = call("sample", "hubble", "data")
    assert result.code == 0
    path = tmp_path / re.search(r"wrote (\S+):", result.out)[1]
    with fits.open(path) as hdus:
        assert [hdu.shape for hdu in hdus if hdu.is_image and hdu.data is not None] == [(872, 1000)] * 3
    assert call("sample", "hubble", "data").code == 1
