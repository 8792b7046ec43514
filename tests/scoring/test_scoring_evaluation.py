"""The files of an Evaluation: what stands in them, counted anew here, and what is left out or refused."""

import csv
import json

import numpy as np
import pytest
from pyarrow import parquet

from astrocnn.errors import DataError, UnknownName
from astrocnn.parquet import SCORES
from astrocnn.scoring.evaluation import COMPLETENESS, METRICS, ROC, Labelled, write_evaluation
from astrocnn.scoring.subsets import Cut

LENSES, GALAXIES = 400, 200


@pytest.fixture
def rows():
    """Two lenses and one negative of each galaxy; larger Einstein radii score higher; some scores are equal."""
    rng = np.random.default_rng(5)
    label = np.repeat([1, 1, 0], GALAXIES)
    radius = np.where(label == 1, rng.uniform(0.5, 2.0, len(label)), np.nan)
    score = np.round(rng.normal(np.nan_to_num(radius), 0.6), 2)
    group = np.array([f"galaxy-{k % GALAXIES:03d}" for k in range(len(label))])
    return Labelled(
        ids=np.array([f"row-{k}" for k in range(len(label))]), groups=group, labels=label, scores=score,
        truth={
            "einstein_radius_arcsec": radius,
            "survey": np.where(np.arange(len(label)) % 4 == 0, "deep", "wide").astype(object),
            "blended": np.arange(len(label)) % 5 == 0,
        },
    )  # fmt: skip


@pytest.fixture
def write(rows, tmp_path):
    """write(rows=..., subsets=..., against=...) into an own folder; returns the metrics and the folder."""

    def make(given=rows, name="skill", **options):
        folder = tmp_path / name
        folder.mkdir()
        usual = {"subsets": {}, "against": ["einstein_radius_arcsec"], "fpr": 0.05, "resamples": 100, "seed": 2}
        return write_evaluation(given, folder, **{**usual, **options}), folder

    return make


def read_csv(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def threshold_at(rows, fpr):
    """Lowest score that at most a share `fpr` of the negatives lies above: by trying all."""
    negatives = rows.scores[rows.labels == 0]
    return min(score for score in rows.scores if np.mean(negatives > score) <= fpr)


def test_metrics_are_flat_json_with_intervals_and_numbers(write, rows):
    metrics, folder = write()
    assert json.loads((folder / METRICS).read_text()) == metrics
    lens, other = rows.scores[rows.labels == 1], rows.scores[rows.labels == 0]
    pairs = np.mean((lens[:, None] > other) + 0.5 * (lens[:, None] == other))
    assert metrics["auroc"] == pytest.approx(pairs)
    assert metrics["completeness_at_1pct_fpr"] == pytest.approx(np.mean(lens > threshold_at(rows, 0.01)))
    for name in ("auroc", "auprc", "tpr0", "tpr10", "completeness_at_1pct_fpr", "completeness_at_10pct_fpr"):
        assert metrics[f"{name}_low"] <= metrics[name] <= metrics[f"{name}_high"]
        assert metrics[f"{name}_n"] in (LENSES, LENSES + GALAXIES)
    assert (metrics["n_positive"], metrics["n_negative"], metrics["n_groups"]) == (LENSES, GALAXIES, GALAXIES)
    assert "completeness_at_0p1pct_fpr" not in metrics, "200 negatives do not tell one in a thousand"


def test_intervals_are_made_by_group(write):
    """Each object four times says no more than once: drawn row by row, intervals would be half as wide."""
    object_of_row = np.arange(240) % 60
    label = (object_of_row < 30).astype(int)
    score = np.random.default_rng(3).normal(size=60)[object_of_row] + label
    ids, name = np.arange(240).astype(str), object_of_row.astype(str)
    together, _ = write(Labelled(ids, name, label, score, {}), "together", against=[], resamples=1000)
    apart, _ = write(Labelled(ids, ids, label, score, {}), "apart", against=[], resamples=1000)
    assert together["auroc"] == apart["auroc"]
    assert (together["n_groups"], apart["n_groups"]) == (60, 240)
    ratio = np.divide(*(one["auroc_high"] - one["auroc_low"] for one in (together, apart)))
    assert ratio == pytest.approx(2, rel=0.15)  # an end of 1000 resamples is known to some 5 % of the width


def test_the_curve_can_be_counted_again(write, rows):
    curve = read_csv(write()[1] / ROC)
    assert list(curve[0]) == ["false_positive_rate", "true_positive_rate", "threshold"]
    assert len(curve) == len(np.unique(rows.scores)) + 1
    for row in (curve[0], curve[len(curve) // 2], curve[-1]):
        selected = rows.scores > float(row["threshold"])
        assert float(row["false_positive_rate"]) == pytest.approx(selected[rows.labels == 0].mean())
        assert float(row["true_positive_rate"]) == pytest.approx(selected[rows.labels == 1].mean())
    assert (curve[0]["true_positive_rate"], curve[-1]["true_positive_rate"]) == ("0", "1")


def test_completeness_against_a_column_can_be_counted_again(write, rows):
    table = read_csv(write()[1] / COMPLETENESS)
    assert {row["column"] for row in table} == {"einstein_radius_arcsec"}
    assert sum(int(row["n"]) for row in table) == LENSES
    radius, above = rows.truth["einstein_radius_arcsec"], rows.scores > threshold_at(rows, 0.05)
    for row in table[:-1]:  # the last bin is closed at its upper end
        inside = (radius >= float(row["bin_low"]) - 1e-8) & (radius < float(row["bin_high"]) - 1e-8)
        assert int(row["n"]) == inside.sum()
        assert float(row["completeness"]) == pytest.approx(above[inside].mean())
        assert float(row["completeness_low"]) <= float(row["completeness"]) <= float(row["completeness_high"])
    assert float(table[-1]["completeness"]) > float(table[0]["completeness"]), "wider rings are found more often"


def test_a_rate_that_the_negatives_cannot_tell_has_no_completeness(write):
    assert not (write(name="few", fpr=0.001)[1] / COMPLETENESS).exists()
    assert (write(name="just", fpr=1 / GALAXIES)[1] / COMPLETENESS).exists()


def test_columns_without_a_value_for_a_positive_are_left_out(write, rows):
    rows.truth["nothing"] = np.full(len(rows.ids), np.nan)
    both = read_csv(write(name="both", against=["nothing", "einstein_radius_arcsec"])[1] / COMPLETENESS)
    assert {row["column"] for row in both} == {"einstein_radius_arcsec"}
    assert not (write(name="none", against=["nothing"])[1] / COMPLETENESS).exists()
    assert not (write(name="unasked", against=[])[1] / COMPLETENESS).exists()


def test_a_subset_narrows_the_positives_and_keeps_the_threshold(write, rows):
    wide = {"wide": {"einstein_radius_arcsec": Cut(above=1.5)}}
    metrics, _ = write(subsets=wide)
    inside = rows.truth["einstein_radius_arcsec"] > 1.5
    assert metrics["wide_n_positive"] == metrics["wide_completeness_at_1pct_fpr_n"] == inside.sum()
    expected = np.mean(rows.scores[inside] > threshold_at(rows, 0.01))
    assert metrics["wide_completeness_at_1pct_fpr"] == pytest.approx(expected)
    assert metrics["wide_auroc"] > metrics["auroc"]
    plain, _ = write(name="plain")
    assert {name: metrics[name] for name in plain} == plain, "a subset leaves the other metrics alone"


def test_subsets_may_be_of_text_and_of_truth_values(write, rows):
    subsets = {"deep": {"survey": Cut(equals="deep")}, "blends": {"blended": Cut(equals=True)}}
    metrics, _ = write(subsets=subsets)
    lens = rows.labels == 1
    assert metrics["deep_n_positive"] == (lens & (rows.truth["survey"] == "deep")).sum()
    assert metrics["blends_n_positive"] == (lens & rows.truth["blended"]).sum()


def test_the_scored_rows_are_kept(write, rows):
    table = parquet.read_table(write()[1] / SCORES).to_pydict()
    assert list(table) == ["id", "group", "label", "score", "einstein_radius_arcsec", "survey", "blended"]
    for name, expected in {"id": rows.ids, "group": rows.groups, "label": rows.labels, "score": rows.scores}.items():
        assert table[name] == expected.tolist()
    np.testing.assert_array_equal(table["einstein_radius_arcsec"], rows.truth["einstein_radius_arcsec"])
    assert table["survey"] == rows.truth["survey"].tolist()


def test_a_column_of_the_samples_does_not_replace_the_score(write, rows):
    rows.truth["score"] = np.zeros(len(rows.ids))
    table = parquet.read_table(write()[1] / SCORES).to_pydict()
    assert table["score"] == rows.scores.tolist()


def test_the_seed_decides_and_nothing_else(write):
    first, again, other = (write(name=name, seed=seed)[1] for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    for name in (METRICS, ROC, COMPLETENESS, SCORES):
        assert (first / name).read_bytes() == (again / name).read_bytes()
    assert (first / METRICS).read_bytes() != (other / METRICS).read_bytes()
    assert (first / ROC).read_bytes() == (other / ROC).read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"against": ["einstein_radius"]}, r"against: .*'einstein_radius'.*did you mean einstein_radius_arcsec"),
        ({"subsets": {"bright": {"snrr": Cut(above=20)}}}, r"subsets\.bright: .*'snrr'"),
    ],
)
def test_columns_that_are_not_there_are_told_by_name(write, options, message):
    with pytest.raises(UnknownName, match=message):
        write(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"against": ["survey"]}, r"against: column survey holds text; expected .*numbers"),
        ({"subsets": {"bright": {"survey": Cut(above=1)}}}, r"subsets\.bright: column survey holds text"),
        ({"subsets": {"bright": {"blended": Cut(equals="yes")}}}, r"subsets\.bright: column blended holds numbers"),
    ],
)
def test_columns_of_another_kind_are_told(write, options, message):
    with pytest.raises(DataError, match=message):
        write(**options)


def test_nothing_is_written_of_what_cannot_be_measured(write, rows, tmp_path):
    lenses = rows.labels == 1
    only = Labelled(rows.ids[lenses], rows.groups[lenses], rows.labels[lenses], rows.scores[lenses], {})
    with pytest.raises(DataError, match="both classes"):
        write(only, against=[])
    assert list((tmp_path / "skill").iterdir()) == []
