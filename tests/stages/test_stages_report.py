"""The `report` stage: one page that says what was found, how good it is, and what to beware of."""

import re
import shutil

import pytest
from folded_stars import write_folded_stars

from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.training.model_folder import read_card

CAVEATS = ["Made of noise & of <exponential> discs.", "Nothing here is a lens."]
VOLATILE = "<!-- run information"


@pytest.fixture(scope="module")
def copied(whole_run, tmp_path_factory):
    """copied(**parameters of the report): the whole run in another folder, with another page."""
    project, _ = whole_run

    def run(*, force=(), **parameters):
        folder = tmp_path_factory.mktemp("copied") / "runs"
        shutil.copytree(project.runs, folder, symlinks=True)
        stated = {"use": "report", "title": "A small sky", **parameters}
        before, project.stages["summary"] = project.stages["summary"], stated
        try:
            return project.run(runs=folder, force=force)
        finally:
            project.stages["summary"] = before

    return run


def page_of(run):
    return (run["summary"].folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(copied):
    return page_of(copied(caveats=CAVEATS, description="Two tiles of discs in noise."))


def sections(page):
    """Section texts by anchor, without tags."""
    found = re.findall(r'<section id="([^"]+)"(.*?)</section>', page, re.DOTALL)
    return {anchor: " ".join(re.sub(r"<[^>]*>", " ", html).split()) for anchor, html in found}


def test_the_page_is_one_file_that_asks_for_no_other(page, whole_run):
    assert {path.name for path in whole_run[1]["summary"].folder.iterdir()} == {
        "index.html", "done.json", "environment.json", "ledger.parquet", "provenance.json",
    }  # fmt: skip
    addresses = re.findall(r'<[^>]*?\s(?:src|href|srcset|action|data|poster)="([^"]*)"', page)
    assert len(addresses) > 40
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert not re.search(r"@import|url\((?!#|data:)", page)
    assert "default-src 'none'" in page, "and a browser would let none out"


def test_title_description_and_caveats_stand_first_and_as_text(page):
    start = page[: page.index("<section")]
    assert "<h1>A small sky</h1>" in start
    assert "Two tiles of discs in noise." in start
    assert "Made of noise &amp; of &lt;exponential&gt; discs." in start
    assert "Nothing here is a lens." in start
    assert start.index("Nothing here is a lens.") < start.index('class="key-numbers"')


def test_without_caveats_there_is_no_box_for_them(whole_run):
    assert 'class="caveats"' not in page_of(whole_run[1])


def test_every_stage_but_the_report_has_its_section(page):
    stages = [
        "candidates", "skill", "scores", "together", "dips", "forest", "boxes", "finder", "looks", "galaxies",
        "lenses", "regular", "transits", "windows", "curves", "flat", "periodic", "variables",
    ]  # fmt: skip
    fixed = ["pipeline", "ledger", "provenance", "run-information"]
    assert list(sections(page)) == [*(f"stage-{name}" for name in stages), *fixed]


def test_the_gate_s_verdict_stands_with_its_numbers_and_policy(page, whole_run):
    text, field = sections(page)["stage-finder"], read_card(whole_run[1]["finder"].folder).receptive_field
    assert "Receptive field: passed with a warning" in text
    assert field["reasons"][0] in text
    assert f"needed {field['needed']:.4g} arcsec field 5.8 arcsec input 3.2 arcsec" in text
    assert "policy receptive_field: error" in text


def test_numbers_of_the_page_are_those_of_the_products(page, whole_run):
    run, start = whole_run[1], " ".join(re.sub(r"<[^>]*>", " ", page[: page.index("<section")]).split())
    metrics = run["skill"].metrics
    assert "candidates ranked 5" in start
    assert "objects scored 32" in start
    interval = f"{metrics['auroc_low']:.3f} to {metrics['auroc_high']:.3f}"
    assert f"area under the ROC curve {metrics['auroc']:.3f} {interval}" in start
    assert all(str(one) in sections(page)["stage-candidates"] for one in run["candidates"].table["id"])


def test_the_ledger_of_every_stage_is_counted(page, whole_run):
    """One row a stage; a column each for what was read, excluded, simulated, scored and kept."""
    html = re.search(r'<section id="ledger".*?</section>', page, re.DOTALL)[0]
    statuses = ("read", "excluded", "simulated", "scored", "kept")
    for name in ("galaxies", "lenses", "finder", "skill", "scores", "looks", "candidates"):
        row = re.search(rf'<th scope="row">{name}</th>(.*?)</tr>', html, re.DOTALL)[1]
        counts = whole_run[1][name].ledger
        expected = [sum(counts[one].values()) if one in counts else None for one in statuses]
        shown = re.findall(r'<td class="n">(.*?)</td>', row)
        assert [int(cell) if cell.isdigit() else None for cell in shown] == expected
    assert re.search(r"below the cut.*?27", sections(page)["ledger"])


def test_what_made_the_products_stands_on_the_page(page, whole_run):
    text = sections(page)["provenance"]
    assert "einstein_radius_arcsec" in text
    assert all(whole_run[1][name].hash[:8] in text for name in ("galaxies", "finder", "candidates"))


def test_only_the_products_asked_for_are_shown(copied):
    found = sections(page_of(copied(products=["candidates", "galaxies"])))
    assert list(found)[:2] == ["stage-candidates", "stage-galaxies"]
    assert not {"stage-finder", "stage-skill", "stage-scores", "stage-lenses"} & set(found)


def test_a_product_that_is_not_there_is_told_with_the_nearest_name(copied):
    with pytest.raises(PipelineFileErrors, match=r"summary\.products.*candidate\b.*candidates"):
        copied(products=["candidate"])


def test_without_a_title_the_run_s_name_is_the_heading(copied):
    assert "<h1>small</h1>" in page_of(copied(title=""))


def test_stages_that_were_skipped_are_drawn_as_such(project):
    """Without a model there is nothing but the objects."""
    project.add_tile("north", 1)
    project.data["inputs"]["model"] = None
    run = project.use("galaxies", "scores", "candidates", "summary", scores={"model": "${inputs.model}"}).run()
    assert {view.name: view.state for view in run} == {
        "galaxies": "made", "scores": "skipped", "candidates": "skipped", "summary": "made",
    }  # fmt: skip
    found = sections(page_of(run))
    assert list(found)[:2] == ["stage-galaxies", "pipeline"]
    assert "candidates (catalog, skipped" in found["pipeline"]
    assert "skipped: none of its sources is there" in found["pipeline"]


def test_the_same_products_give_the_same_page_but_for_the_run_information(copied, whole_run):
    """Where and when the page was made stands in one place, and no trace of a page that stood there before."""
    first, again = page_of(whole_run[1]), page_of(copied(force=["summary"]))
    before, after = first.split(VOLATILE)[0], again.split(VOLATILE)[0]
    assert len(before) > 50_000
    assert before == after


def test_another_description_makes_another_page_and_nothing_else(copied, whole_run):
    assert copied()["summary"].state == "reuse"
    other = copied(description="Another sentence.")
    assert other["summary"].state == "made"
    assert other["summary"].hash != whole_run[1]["summary"].hash
    assert other["candidates"].state == "reuse"


def test_products_of_earlier_runs_are_not_shown_of_stages_that_are_skipped_now(project):
    write_folded_stars(project.root / "folded")
    project.data |= {"instrument": None, "plugins": [], "inputs": {"test": "folded"}}
    project.use(
        "transits", "summary", transits={"number": 40},
        stars={"use": "light-curves", "curves": "${inputs.test}", "time_system": "relative"},
        windows={"use": "transit-windows", "curves": "stars", "samples": 96},
    )  # fmt: skip
    assert 'id="stage-windows"' in (project.run()["summary"].folder / "index.html").read_text()
    project.data["inputs"]["test"] = None
    run = project.run()
    assert run["windows"].state == "skipped"
    page = (run["summary"].folder / "index.html").read_text()
    assert 'id="stage-transits"' in page
    assert 'id="stage-windows"' not in page
