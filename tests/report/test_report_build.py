"""The page of a whole run: one file, equal for equal products, safe, usable without seeing it, small."""

import base64
import dataclasses
import json
import re
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from report_page_elements import section
from report_written_run import GALAXIES, HOSTILE, write_run, write_samples

from astrocnn.report.build import build_report, key_numbers
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.scoring.classes import evaluate_classes
from astrocnn.scoring.evaluation import write_metrics

MARK = "<!-- run information"


def changed(run, name, **what):
    stages = [dataclasses.replace(stage, **what) if stage.name == name else stage for stage in run.stages]
    return dataclasses.replace(run, stages=stages)


def test_the_page_is_one_file_that_fetches_nothing(page, elements):
    addresses = [value for _, attributes in elements.found for key, value in attributes.items()
                 if key in ("src", "srcset", "href", "action", "data", "poster", "xlink:href")]  # fmt: skip
    assert len(addresses) > 80
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page


def test_hostile_text_from_every_product_stays_text(page, elements):
    assert HOSTILE not in page
    assert elements.text.count("alert(") >= 8  # shown where it came from: title, caveat, file, id, reason, provenance
    assert len(elements.attributes("script")) == 1
    assert not [key for _, attributes in elements.found for key in attributes if key.startswith("on")]


def test_equal_products_give_equal_pages_but_for_the_run_information(run, page, tmp_path):
    """Written anew, in another folder, with other times, states, and machine."""
    later = dataclasses.replace(write_run(tmp_path / "run"), environment={"machine": "another"})
    later = changed(changed(later, "finder", seconds=99.0), "lenses", state="reuse")
    other = build_report(tmp_path / "page", later).read_text()
    assert other.split(MARK)[0] == page.split(MARK)[0]
    assert "another" in other.split(MARK)[1]
    assert "2024-05-06" in page.split(MARK)[1]
    assert "2024-05-06" not in page.split(MARK)[0]


def test_the_page_can_be_used_without_seeing_it(elements):
    assert all(attributes["alt"].strip() for attributes in elements.attributes("img"))
    headings = [int(tag[1]) for tag, _ in elements.found if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in elements.found:
        for name in attributes.get("aria-labelledby", "").split():
            assert name in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
    summaries = [tag for tag, _ in elements.found].count("summary")
    assert summaries == len(elements.attributes("details")) > 5


def test_caveats_stand_before_everything_else(page):
    assert page.index("fewer than 0.1 lenses") < page.index('class="key-numbers"') < page.index("<section")


def test_sections_stand_in_the_order_people_ask(page):
    anchors = re.findall(r'<section id="([^"]+)"', page)
    kinds = ["candidates", "skill", "scores", "finder", "galaxies", "lenses"]
    fixed = ["pipeline", "ledger", "provenance", "run-information"]
    assert anchors == [f"stage-{name}" for name in kinds] + fixed


def test_key_numbers_are_those_of_the_products(run):
    metrics = json.loads((run.stage("skill").folder / "metrics.json").read_text())
    found = {item.label: item for item in key_numbers(run)}
    assert found["candidates ranked"].value == "70"
    assert found["objects scored"].value == str(GALAXIES)
    assert found["area under the ROC curve"].value == f"{metrics['auroc']:.3f}"
    assert found["area under the ROC curve"].remark == f"{metrics['auroc_low']:.3f} to {metrics['auroc_high']:.3f}"


def test_key_numbers_of_several_classes_are_accuracy_and_mean_f1(tmp_path):
    rng = np.random.default_rng(2)
    labels = np.arange(60) % 3
    probabilities = rng.dirichlet((1, 1, 1), 60) + np.eye(3)[labels]
    metrics = evaluate_classes(labels, probabilities / 2, np.arange(60).astype(str), ("a", "b", "c"), seed=0, n=50)
    write_metrics(tmp_path, metrics)
    stages = [StageView("skill", "evaluate", "Evaluation", "made", tmp_path)]
    found = {item.label: item for item in key_numbers(ReportRun("classes", stages=stages))}
    assert list(found) == ["accuracy", "F1, mean over classes"]
    for name, item in zip(("accuracy", "macro_f1"), found.values(), strict=True):
        assert item.value == f"{metrics[name]:.3f}"
        assert item.remark == f"{metrics[f'{name}_low']:.3f} to {metrics[f'{name}_high']:.3f}"
        assert item.anchor == stages[0].anchor


def test_several_methods_stand_side_by_side_by_their_names(tmp_path):
    """F1 of each evaluation of classes, and one number of objects for all that have as many scores."""
    stages = []
    for name, value, objects in (("drawn", 0.75, 4), ("pairs", 0.5, 4), ("forest", 0.8, 3)):
        skill, scores = tmp_path / f"{name}_skill", tmp_path / f"{name}_scores"
        skill.mkdir()
        scores.mkdir()
        metrics = {"macro_f1": value, "macro_f1_low": value - 0.1, "macro_f1_high": value + 0.1}
        (skill / "metrics.json").write_text(json.dumps(metrics))
        pq.write_table(pa.table({"id": [str(number) for number in range(objects)]}), scores / "scores.parquet")
        stages += [StageView(f"{name}_skill", "evaluate", "Evaluation", "made", skill),
                   StageView(f"{name}_scores", "score", "Scores", "made", scores)]  # fmt: skip
    told = [(item.value, item.label, item.remark) for item in key_numbers(ReportRun("r", stages=stages))]
    assert told == [
        ("4", "objects scored", ""), ("3", "objects scored", ""),
        ("0.750", "F1, mean over classes: drawn_skill", "0.650 to 0.850"),
        ("0.500", "F1, mean over classes: pairs_skill", "0.400 to 0.600"),
        ("0.800", "F1, mean over classes: forest_skill", "0.700 to 0.900"),
    ]  # fmt: skip
    (alone,) = key_numbers(ReportRun("r", stages=stages[:1]))
    assert alone.label == "F1, mean over classes"


def test_a_run_of_skipped_stages_has_a_page(tmp_path):
    nothing = ReportRun("empty", stages=[StageView("a", "cutouts", "SampleSet", "skipped", tmp_path / "no")])
    html = build_report(tmp_path, nothing).read_text()
    assert "skipped: none of its sources is there" in section(html, "pipeline")
    assert "<h1>empty</h1>" in html


def test_large_noisy_stamps_stay_within_the_budget(tmp_path):
    """The worst case for PNG: 60 stamps of noise alone, in colour, larger than what is embedded."""
    data = np.random.default_rng(0).normal(0, 1, (60, 160, 160, 3)).astype("f4")
    ids = np.array([f"n{k}" for k in range(60)], dtype=object)
    write_samples(tmp_path / "s", data, {"id": ids}, bands=("g", "r", "i"))
    (tmp_path / "c").mkdir()
    pq.write_table(pa.table({"id": list(ids), "score": np.zeros(60)}), tmp_path / "c" / "candidates.parquet")
    stages = [StageView("s", "cutouts", "SampleSet", "made", tmp_path / "s"),
              StageView("c", "catalog", "Catalog", "made", tmp_path / "c", parents=("s",))]  # fmt: skip
    path = build_report(tmp_path / "page", ReportRun("noise", stages=stages))
    assert path.read_text().count("data:image/png") == 60 + 16
    assert 2e6 < path.stat().st_size < 8e6


def test_pictures_are_real_pngs(page):
    pictures = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
