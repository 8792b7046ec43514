"""Each section: what the product holds is shown, gaps are named, numbers agree with independent computations."""

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest
from report_page_elements import Elements, section
from report_written_run import GALAXIES, HOSTILE, LENSES, small_field, write_samples

from astrocnn.errors import StoreError
from astrocnn.receptive_field.coverage import gate
from astrocnn.report import page as page_module
from astrocnn.report.build import SECTIONS
from astrocnn.report.evaluation_figures import axis_label, roc_band, threshold_at, write_figures
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.sections.evaluation import metric_tables
from astrocnn.report.sections.ledger import ledger_counts
from astrocnn.report.sections.provenance import provenance_section, yaml_html
from astrocnn.scoring.class_evaluation import LabelledClasses, write_class_evaluation
from astrocnn.scoring.metrics import completeness_at_fpr, roc_curve

DASH = "\N{EN DASH}"


@pytest.fixture
def unpainted(monkeypatch):
    """Figures are made and laid out but not painted: what is tested is the text around them."""
    monkeypatch.setattr(page_module, "png_bytes", lambda figure: b"")


def shown(run: ReportRun, name: str) -> str:
    """The section of one stage alone."""
    stage = run.stage(name)
    made = SECTIONS[stage.kind](stage, ProductFolder(stage.product), run)
    return f"<h2>{made.title}</h2>{made.lead}{made.html}"


def with_stage(run, name, **what):
    stages = [dataclasses.replace(stage, **what) if stage.name == name else stage for stage in run.stages]
    return dataclasses.replace(run, stages=stages)


def with_own_product(run, name, folder):
    """The same run, one product of which can be damaged."""
    shutil.copytree(run.stage(name).folder, folder / name)
    return with_stage(run, name, folder=folder / name)


# --- candidates


def test_candidates_have_stamps_ranks_scores_and_positions(run, page):
    html = section(page, "stage-candidates")
    assert html.count('<article class="card"') == 60
    assert "The 60 highest of 70" in html
    assert html.count('alt="Stamp of ') == html.count('loading="lazy"') == 60
    assert [int(rank) for rank in re.findall(r"rank </span>(\d+)<", html)] == list(range(1, 61))
    assert html.count(">out of fold</span>") == html.count(">saturated</span>") == 60
    assert "red: i, green: r, blue: g; north up, east left" in html
    assert "1″" in html  # of 3.2 arcsec, the longest round bar below 40 %


def test_the_list_to_copy_is_the_catalog(run, page):
    buttons = Elements(section(page, "stage-candidates")).attributes("button")
    listing = next(copy for button in buttons if (copy := button.get("data-copy", "")).startswith("id,ra,dec,score\n"))
    table = ProductFolder(run.stage("candidates").folder).parquet("candidates.parquet")
    numbers = np.array([line.rsplit(",", 3)[1:] for line in listing.strip().splitlines()[1:]], float)
    for k, name in enumerate(("ra", "dec", "score")):
        np.testing.assert_allclose(numbers[:, k], table[name][:60], rtol=1e-6 if name == "score" else 1e-9)


def test_candidates_without_stamps_say_so(run):
    html = shown(with_stage(run, "candidates", parents=()), "candidates")
    assert "there are no stamps to show" in html
    assert "<article" not in html
    assert html.count("<tr>") == 71  # the table is there all the same


# --- samples


def test_simulated_samples_show_positives_and_negatives_and_counts(page):
    html = section(page, "stage-lenses")
    assert html.index("lens (positive)</h3>") < html.index("galaxy</h3>")
    assert html.count("<article") == 16
    assert len(re.findall(r"θₑ \d\.\d\d″", html)) == 8  # only lenses have an Einstein radius
    cells = [int(value) for value in re.findall(r'<td class="n">(\d+)</td>', html)]
    assert sum(cells[2::3]) == LENSES
    assert sum(cells[0::3]) == sum(cells[1::3]) == LENSES / 2
    assert "1.5 arcsec: lensed flux" in html


def test_samples_without_labels_show_examples(page):
    html = section(page, "stage-galaxies")
    assert ">Examples</h3>" in html
    assert html.count("<article") == 16
    assert html.index(">train</th>") < html.index(">test</th>")


def test_curves_have_lines_instead_of_stamps(tmp_path):
    data = np.random.default_rng(0).normal(0, 1, (6, 50, 1)).astype("f4")
    ids = np.array([f"c{k}" for k in range(6)], dtype=object)
    write_samples(tmp_path / "s", data, {"id": ids}, bands=("flux",), scale=0.5, scale_unit="hour")
    html = shown(ReportRun("r", stages=[StageView("s", "transits", "SampleSet", "made", tmp_path / "s")]), "s")
    assert html.count("<polyline") == 6
    assert "<img" not in html
    assert "0.5 hour per sample" in html


def test_an_empty_set_says_so(tmp_path):
    write_samples(tmp_path / "s", np.empty((0, 4, 4, 1), "f4"), {"id": np.empty(0, object)}, bands=("g",))
    html = shown(ReportRun("r", stages=[StageView("s", "cutouts", "SampleSet", "made", tmp_path / "s")]), "s")
    assert "The set is empty." in html


# --- evaluation and scores


def test_the_evaluation_shows_figures_and_every_metric(run, page):
    html = section(page, "stage-skill")
    assert html.count("<figure") == 2
    assert "Completeness at 1 % false positives against Einstein radius (arcsec)" in html
    metrics = json.loads((run.stage("skill").folder / "metrics.json").read_text())
    for name in ("auroc", "completeness_at_1pct_fpr", "bright_completeness_at_10pct_fpr"):
        row = re.search(rf"<code>{name}</code>(.*?)</tr>", html, re.DOTALL)[1]
        assert f"<b>{metrics[name]:.3f}</b>" in row
        assert f"{metrics[f'{name}_low']:.3f} to {metrics[f'{name}_high']:.3f}" in row
        assert f'<td class="n">{metrics[f"{name}_n"]}</td>' in row


def test_the_figures_of_an_evaluation_are_files_too(run, tmp_path):
    paths = write_figures(run.stage("skill").folder, tmp_path / "figures")
    assert [path.name for path in paths] == ["roc.png", "completeness_einstein_radius_arcsec.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    assert write_figures(tmp_path, tmp_path) == []


@pytest.mark.usefixtures("unpainted")
def test_scores_stand_beside_the_tests_of_the_same_network(run, page):
    html = section(page, "stage-scores")
    assert "beside the negatives and positives of skill" in html
    flagged = re.search(r"flag: out_of_fold</th><td>(\d+)<", html)[1]
    assert int(flagged) == np.sum(np.arange(GALAXIES) % 3 != 0)
    assert "No evaluation of the same network" in shown(with_stage(run, "skill", parents=("lenses",)), "scores")


def test_objects_above_a_threshold_are_counted(run, page):
    tests = ProductFolder(run.stage("skill").folder).parquet("scores.parquet")
    _, threshold = completeness_at_fpr(tests["label"], tests["score"], 0.1)
    scores = ProductFolder(run.stage("scores").folder).parquet("scores.parquet")["mean"]
    shown_count = re.search(r"threshold at 10 % FPR</th><td>(\d+)<", section(page, "stage-scores"))[1]
    assert int(shown_count) == np.sum(scores > threshold)


def test_the_bands_ends_hold_the_curve_and_narrow_with_more_data():
    rng = np.random.default_rng(0)
    widths = []
    for number in (200, 2000):
        label = (np.arange(number) % 2).astype(int)
        score = rng.normal(1.5 * label, 1)
        rates, low, high = roc_band({"label": label, "score": score, "group": np.arange(number)})
        chosen = rates >= 0.05
        curve = np.array([completeness_at_fpr(label, score, rate)[0] for rate in rates[chosen]])
        inside = (low[chosen] <= curve + 1e-9) & (curve <= high[chosen] + 1e-9)
        assert inside.mean() > 0.95
        widths.append(np.mean((high - low)[chosen & (rates < 0.5)]))
    assert widths[1] == pytest.approx(widths[0] / np.sqrt(10), rel=0.4)  # a binomial error falls as 1/sqrt(n)


@pytest.mark.parametrize("scored", [{"label": np.ones(5), "score": np.ones(5)}, {"score": np.ones(5)}, {}])
def test_there_is_no_band_without_both_classes(scored):
    assert roc_band(scored) is None


def test_the_threshold_is_the_one_the_metrics_use():
    rng = np.random.default_rng(1)
    label = rng.integers(0, 2, 500)
    score = rng.normal(label, 1)
    roc = roc_curve(label, score)._asdict()
    for rate in (0.01, 0.1):
        _, threshold = completeness_at_fpr(label, score, rate)
        selected = np.mean(score[label == 0] > threshold_at(roc, rate))
        assert selected == pytest.approx(np.mean(score[label == 0] > threshold))
        assert selected <= rate
    assert threshold_at(None, 0.1) is None


def test_metrics_are_sorted_into_subsets_by_their_prefix():
    metrics = {"auroc": 0.9, "auroc_low": 0.8, "auroc_high": 1.0, "auroc_n": 10, "faint_red_auroc": None,
               "faint_red_f1": 0.5, "macro_f1": 0.4, "n_positive": 3, "rmse": 4.0}  # fmt: skip
    tables = metric_tables(metrics)
    assert [table["title"] for table in tables] == ["", "Subset faint_red"]
    assert [row["name"] for row in tables[0]["rows"]] == ["auroc", "macro_f1", "rmse"]
    assert [row["name"] for row in tables[1]["rows"]] == ["faint_red_auroc", "faint_red_f1"]
    assert tables[0]["rows"][0]["strip"] == {"value": 90.0, "low": 80.0, "high": 100.0}
    assert tables[0]["rows"][2]["strip"] is None  # no scale from 0 to 1
    assert tables[1]["rows"][0]["value"] == DASH


def test_disputed_labels_are_listed_by_id_the_surest_first(run, tmp_path):
    stage, scores = run.stage("skill"), np.array([[0.9, 0.1], [0.8, 0.2], [0.95, 0.05], [0.1, 0.9], [0.2, 0.8]])
    ids, labels = np.array(["0007", "2", "a, b", "4", "5"]), np.array([0, 0, 1, 1, 1])
    rows = LabelledClasses(ids, ids, labels, scores, ("cepheid", "mira"), {})
    write_class_evaluation(rows, tmp_path, subsets={}, resamples=100, seed=0)
    html = SECTIONS["Evaluation"](stage, ProductFolder(tmp_path), run).html
    assert "Labels that the scores dispute (1 of 1, the surest first)" in html
    assert re.search(r"<td>a, b</td><td>mira</td><td>cepheid</td><td>0.950</td><td>0.050</td>", html)
    assert "disputed labels 1" in html


@pytest.mark.parametrize(
    ("column", "label"),
    [("einstein_radius_arcsec", "Einstein radius (arcsec)"), ("snr", "signal to noise"), ("depth", "depth")],
)
def test_columns_become_labels(column, label):
    assert axis_label(column) == label


# --- the network


def test_the_network_shows_verdict_field_layers_and_training(page):
    html = section(page, "stage-finder")
    assert "Receptive field: passed." in html
    assert html.count("<figure") == 3  # the field over a stamp, losses, metrics
    drawn = "over a lens of lenses, that with the largest Einstein radius: field 1.8 arcsec, input 2.4 arcsec, object"
    assert f"{drawn} to cover 1.5 arcsec" in html
    assert "(3 layers)" in html
    assert "recipe.batch" in html
    assert "at the end training 0.4, validation 0.5" in html


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("size", "style", "words"), [(5, "error", "failed"), (15, "warning", "sees padding"), (9, "good", "passed")]
)
def test_the_verdict_of_the_gate_is_shown_as_it_is(run, tmp_path, size, style, words):
    own = with_own_product(run, "finder", tmp_path)
    field = small_field(size)
    verdict = gate(field, scale=0.2, unit="arcsec", required=1.5)
    content = {"verdict": verdict.to_json(), "field": field.to_json()}
    (own.stage("finder").folder / "receptive_field.json").write_text(json.dumps(content))
    html = shown(own, "finder")
    assert f'class="verdict {style}"' in html
    assert words in html


@pytest.mark.usefixtures("unpainted")
def test_without_stamps_the_field_is_drawn_as_lengths(run):
    html = shown(with_stage(run, "finder", parents=()), "finder")
    assert 'alt="Lengths of the receptive field of finder' in html


# --- the run


def test_the_pipeline_is_drawn_with_links_and_states(page):
    html = section(page, "pipeline")
    assert html.count('class="node') == 8
    assert html.count('class="edge"') == 9  # seven, and of the report's six the two that no other path implies
    assert 'href="#stage-finder"' in html
    assert 'href="#stage-elsewhere"' not in html
    assert html.count("state-absent") == 2  # the skipped stage, and its legend
    assert "scores (score, done) from finder, galaxies" in html


def test_the_ledger_counts_by_stage_status_and_reason(run, page):
    html = section(page, "ledger")
    galaxies = re.search(r'<th scope="row">galaxies</th>(.*?)</tr>', html, re.DOTALL)[1]
    assert re.findall(r'<td class="n">(.*?)</td>', galaxies) == [str(GALAXIES), "1", "7", DASH, DASH, DASH]
    assert "galaxies: reasons (8 objects)" in html
    assert "Without rows in the ledger: finder" in html
    counts = ledger_counts(ProductFolder(run.stage("galaxies").folder))
    assert counts == {("read", ""): GALAXIES, ("excluded", "a star"): 1, ("rejected", HOSTILE): 7}


def test_provenance_holds_the_file_and_what_defines_each_product(page):
    text = Elements(section(page, "provenance")).text
    assert "name : tiny-run" in text
    assert "identity.parameters.false_positive_rate 0.01" in text


def test_a_provenance_of_thousands_of_parts_is_cut(tmp_path):
    (tmp_path / "provenance.json").write_text(json.dumps({"parts": {f"tile{k}": "abc" for k in range(1000)}}))
    run = ReportRun("r", stages=[StageView("s", "cutouts", "SampleSet", "made", tmp_path)])
    html = provenance_section(run).html
    assert html.count("parts.tile") == 200
    assert "800 more" in html


def test_yaml_keeps_every_character_and_marks_keys_and_comments():
    text = 'a: "x # no"  # yes <b>\n  - use: train\nurl: http://x#y\n# all\n'
    html = yaml_html(text)
    assert "".join(Elements(f"<p>{html}</p>").words) == text.rstrip("\n")
    assert '<span class="key">use</span>' in html
    assert '<span class="comment"># all</span>' in html
    assert '<span class="comment">#y</span>' not in html
    assert "<b>" not in html


# --- gaps and damage


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("stage", "file", "still"),
    [
        ("skill", "metrics.json", "<figure"),
        ("skill", "roc.csv", "<figure"),
        ("skill", "completeness.csv", "<figure"),
        ("skill", "scores.parquet", "No band: there are no labelled scores"),
        ("finder", "receptive_field.json", "Training</h3>"),
        ("finder", "history.csv", "Receptive field: passed"),
        ("finder", "model.yaml", "Training</h3>"),
        ("scores", "scores.parquet", "Scores</h2>"),
        ("candidates", "candidates.parquet", "Candidates</h2>"),
    ],
)
def test_a_missing_file_leaves_out_its_part_and_says_so(run, tmp_path, stage, file, still):
    own = with_own_product(run, stage, tmp_path)
    (own.stage(stage).folder / file).unlink()
    html = shown(own, stage)
    assert f"<code>{file}</code>" in html
    assert still in html


def test_a_damaged_file_is_an_error_that_names_it(run, tmp_path):
    own = with_own_product(run, "skill", tmp_path)
    (own.stage("skill").folder / "metrics.json").write_text("{")
    with pytest.raises(StoreError, match=r"metrics\.json"):
        shown(own, "skill")
