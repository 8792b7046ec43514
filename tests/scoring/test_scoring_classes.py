"""Metrics of several classes, against scikit-learn's numbers worked out by hand, and their intervals."""

import csv
import json

import numpy as np
import pytest
from pyarrow import parquet

from astrocnn.errors import DataError
from astrocnn.parquet import SCORES
from astrocnn.scoring.class_evaluation import CONFUSION, DISPUTED, LabelledClasses, write_class_evaluation
from astrocnn.scoring.classes import confusion_counts, evaluate_classes
from astrocnn.scoring.evaluation import CALIBRATION, METRICS
from astrocnn.scoring.subsets import Cut

CLASSES = ("ab", "c", "sn")


def certain(predicted, sure=0.8):
    """Probabilities of a class each, `sure` for the predicted one."""
    return np.where(np.eye(3)[predicted] == 1, sure, (1 - sure) / 2)


@pytest.fixture
def few():
    """Ten rows counted by hand: true 5, 3, 2; right 4, 2, 1."""
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
    predicted = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 0])
    return labels, certain(predicted), predicted


def test_numbers_by_hand(few):
    labels, probabilities, _ = few
    metrics = evaluate_classes(labels, probabilities, np.arange(10), CLASSES, n=200)
    f1 = {"ab": 2 * 4 / (5 + 5), "c": 2 * 2 / (3 + 3), "sn": 2 * 1 / (2 + 2)}
    assert metrics["accuracy"] == pytest.approx(0.7)
    assert metrics["macro_f1"] == pytest.approx(np.mean(list(f1.values())))
    assert metrics["macro_recall"] == pytest.approx((4 / 5 + 2 / 3 + 1 / 2) / 3)
    assert (metrics["c_recall"], metrics["c_precision"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert metrics["log_loss"] == pytest.approx(-(7 * np.log(0.8) + 3 * np.log(0.1)) / 10)
    assert metrics["brier"] == pytest.approx((7 * (0.2**2 + 2 * 0.1**2) + 3 * (0.9**2 + 0.8**2 + 0.1**2)) / 10)
    assert metrics["calibration_error"] == pytest.approx(abs(0.7 - 0.8))
    assert (metrics["n"], metrics["ab_n"], metrics["sn_n"], metrics["n_groups"]) == (10, 5, 2, 10)
    assert metrics["c_recall_n"] == 3
    assert metrics["accuracy_low"] < 0.7 < metrics["accuracy_high"]


def test_counts_follow_weights(few):
    labels, _, predicted = few
    weights = np.array([np.ones(10), np.arange(10.0)])
    counts = confusion_counts(labels, predicted, 3, weights)
    assert counts[0].tolist() == [[4, 1, 0], [0, 2, 1], [1, 0, 1]]
    assert counts[1].sum() == 45
    assert counts[1, 2].tolist() == [9, 0, 8]


def test_the_interval_of_the_accuracy_is_that_of_independent_rows():
    """Of 400 rows of which 9 in 10 are right, two standard errors are 0.03."""
    labels = np.arange(400) % 3
    predicted = np.where(np.arange(400) % 10 == 0, (labels + 1) % 3, labels)
    metrics = evaluate_classes(labels, certain(predicted), np.arange(400), CLASSES, n=1000, seed=4)
    assert metrics["accuracy_high"] - metrics["accuracy_low"] == pytest.approx(4 * np.sqrt(0.9 * 0.1 / 400), rel=0.12)


def test_a_class_that_is_never_predicted_and_one_without_objects():
    labels = np.array([0, 0, 1, 1] * 10)
    metrics = evaluate_classes(labels, certain(np.zeros(40, int)), np.arange(40), CLASSES, n=100)
    assert metrics["c_recall"] == metrics["c_f1"] == 0
    assert "c_precision" not in metrics
    assert not {"sn_recall", "sn_f1", "sn_auroc"} & metrics.keys()
    assert metrics["macro_f1"] == pytest.approx((2 * 20 / 60) / 2)


def test_what_cannot_be_measured_is_refused(few):
    labels, probabilities, _ = few
    with pytest.raises(DataError, match="not finite"):
        evaluate_classes(labels, np.where(probabilities > 0.5, np.nan, probabilities), np.arange(10), CLASSES)
    with pytest.raises(DataError, match="differ in shape"):
        evaluate_classes(labels, probabilities[:, :2], np.arange(10), CLASSES)


def test_the_files_of_an_evaluation(few, tmp_path):
    labels, probabilities, _ = few
    ids = np.array([f"star-{row}" for row in range(10)])
    bright = {"magnitude": np.arange(10.0)}
    rows = LabelledClasses(ids, ids, labels, probabilities, CLASSES, bright)
    subsets = {"bright": {"magnitude": Cut(below=4.5)}}
    metrics = write_class_evaluation(rows, tmp_path, subsets=subsets, resamples=100, seed=1)
    assert json.loads((tmp_path / METRICS).read_text()) == metrics
    assert (metrics["bright_accuracy"], metrics["bright_accuracy_n"]) == (pytest.approx(0.8), 5)
    assert "bright_log_loss" not in metrics
    with (tmp_path / CONFUSION).open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert table[1] == {"class": "c", "as ab": "0", "as c": "2", "as sn": "1"}
    with (tmp_path / CALIBRATION).open(newline="") as stream:
        bins = {row["probability_low"]: row for row in csv.DictReader(stream)}
    assert bins["0.8"]["n"] == "10"
    assert float(bins["0.8"]["positive_fraction"]) == pytest.approx(0.7)
    scored = parquet.read_table(tmp_path / SCORES)
    assert scored["label"].to_pylist()[5:7] == ["c", "c"]
    assert scored["class"].to_pylist()[7] == "sn"
    assert scored.schema.names == ["id", "group", "label", "class", "mean_ab", "mean_c", "mean_sn", "magnitude"]
    assert (metrics["n_disputed"], (tmp_path / DISPUTED).exists()) == (3, True)
    with (tmp_path / DISPUTED).open(newline="") as stream:
        disputed = list(csv.DictReader(stream))
    assert [row["id"] for row in disputed] == ["star-4", "star-7", "star-9"]
    assert disputed[1] == {
        "id": "star-7", "label": "c", "taken_for": "sn", "mean_ab": "0.1", "mean_c": "0.1", "mean_sn": "0.8",
    }  # fmt: skip


def test_nothing_disputed_writes_no_table(few, tmp_path):
    labels, *_ = few
    rows = LabelledClasses(np.arange(10).astype(str), np.arange(10), labels, certain(labels), CLASSES, {})
    assert write_class_evaluation(rows, tmp_path, subsets={}, resamples=100, seed=1)["n_disputed"] == 0
    assert not (tmp_path / DISPUTED).exists()
