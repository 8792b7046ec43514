"""Forests on features: out of fold as networks are, of classes by name, also where a class or a value is missing."""

import sys

import numpy as np
import pytest

from astrocnn.errors import MismatchError, UnknownName
from astrocnn.samples.folds import folds_by_group
from astrocnn.scoring.flags import flag_names
from astrocnn.training.forest import ForestOptions, forest_outputs
from astrocnn.training.scores import outputs_table

OPTIONS = {"iterations": 5, "leaves": 4}
THREE = {"classes": ("cepheid", "mira", "rr_lyrae"), "positive": None, "bands": ("period", "colour")}


@pytest.fixture
def stars(write_set):
    """Two features of stars of three classes, of which the first tells the class: stars(number)."""
    pytest.importorskip("sklearn", reason="the extra forest is not installed")

    def make(number=240, name="star", **meta):
        label = np.arange(number) % 3
        data = np.random.default_rng(0).normal(size=(number, 1, 1, 2)).astype(np.float32)
        data[..., 0] += 6 * label[:, None, None]
        data[::7, ..., 1] = np.nan
        return write_set(number, data=data, name=name, columns={"label": label.astype(np.int8)}, **{**THREE, **meta})

    return make


def test_each_object_of_the_training_is_scored_by_the_forest_that_left_it_out(stars):
    samples = stars()
    training = np.isin(samples.column("split"), ["train", "validation"])
    outputs = forest_outputs(samples, samples, ForestOptions(folds=4, **OPTIONS), seed=5)
    assert outputs.each.shape == (4, 240, 3)
    known = samples.select(training)
    fold = folds_by_group(known.column("group"), known.column("label"), 4, 5)
    asked = np.isfinite(outputs.each).all(axis=2)
    np.testing.assert_array_equal(np.argmax(asked[:, training], axis=0), fold)
    assert asked[:, training].sum() == training.sum()
    assert asked[:, ~training].all()
    np.testing.assert_allclose(outputs.mean.sum(axis=1), 1)
    assert np.mean(outputs.mean.argmax(axis=1) == samples.column("label")) > 0.95


def test_an_ensemble_grows_so_many_forests_for_each_fold_and_averages_them(stars):
    samples = stars()
    how = ForestOptions(folds=2, ensemble=3, share_of_features=0.5, minimum_leaf=5, penalty=1.0, **OPTIONS)
    outputs = forest_outputs(samples, samples, how)
    assert outputs.each.shape == (6, 240, 3)
    asked = np.isfinite(outputs.each).all(axis=2)
    np.testing.assert_array_equal(asked[:2], asked[2:4])
    np.testing.assert_array_equal(asked[:2], asked[4:])
    own = np.ma.masked_invalid(outputs.each)
    np.testing.assert_allclose(outputs.mean, own.mean(axis=0), rtol=1e-6)
    assert own.std(axis=0)[asked[0]].max() > 0
    alone = forest_outputs(samples, samples, ForestOptions(folds=2, **OPTIONS))
    assert not np.array_equal(alone.mean, outputs.mean)


def test_the_table_is_that_of_networks(stars):
    samples = stars()
    outputs = forest_outputs(samples, samples, ForestOptions(folds=2, **OPTIONS))
    table = outputs_table(outputs, samples, "forest", samples.meta.classes)
    assert list(table)[:3] == ["id", "score_forest_1", "score_forest_2"]
    assert table["class"][:3].tolist() == ["cepheid", "mira", "rr_lyrae"]
    np.testing.assert_array_equal(table["mean_mira"], outputs.mean[:, 1])
    assert set(flag_names(table["flags"]).tolist()) == {"out_of_fold,uncalibrated", "uncalibrated"}


def test_without_folds_one_forest_learns_the_train_split(stars):
    samples, others = stars(), stars(30, name="other")
    outputs = forest_outputs(samples, others, ForestOptions(**OPTIONS))
    assert outputs.each.shape == (1, 30, 3)
    assert not outputs.trained_on.any()
    within = forest_outputs(samples, samples, ForestOptions(**OPTIONS))
    np.testing.assert_array_equal(within.trained_on, samples.column("split") != "test")


def test_of_two_classes_the_one_searched_for(write_set):
    """Also where the first class is it."""
    pytest.importorskip("sklearn", reason="the extra forest is not installed")
    samples = write_set(240, positive="nonlens")
    outputs = forest_outputs(samples, samples, ForestOptions(**OPTIONS))
    assert outputs.mean.shape == (240, 1)
    nonlens = samples.column("label") == 0
    assert outputs.mean[nonlens].min() > outputs.mean[~nonlens].max()


def test_other_features_are_refused(stars):
    with pytest.raises(MismatchError, match=r"other features; expected period, colour; received colour, period"):
        forest_outputs(stars(30), stars(30, bands=("colour", "period")), ForestOptions(**OPTIONS))


def test_a_missing_package_is_told(write_set, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    samples = write_set()
    with pytest.raises(UnknownName, match=r"forests need the package scikit-learn.*astrocnn\[forest\]"):
        forest_outputs(samples, samples, ForestOptions(**OPTIONS))
