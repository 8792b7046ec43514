"""The control set: without flux the two classes are equal, and a trained network must not tell them apart.

If the code that adds arcs left a trace in lenses alone, a network would find it, and every skill measured on simulated
lenses would be in doubt. Whatever a network says of a picture, it says it of both classes here: its loss on them
cannot fall below ln 2 = 0.693, that of saying one half.
"""

import csv

import numpy as np
import pytest
from small_sky import copy_samples

import astrocnn

LN2 = np.log(2)


def history(run):
    with (run["finder"].folder / "history.csv").open(newline="") as stream:
        return {key: np.array(values, float) for key, *values in zip(*csv.reader(stream), strict=True)}


def assert_equal_to_their_galaxies(run):
    galaxies, lenses = run["galaxies"].samples, run["lenses"].samples
    place = {identifier: row for row, identifier in enumerate(galaxies.ids)}
    rows = np.array([place[group] for group in lenses.column("group")])
    np.testing.assert_array_equal(lenses.read(np.arange(len(lenses))), galaxies.read(rows))
    assert set(lenses.column("label")) == {0, 1}


def lenses_of_some_and_negatives_of_others(samples, folder):
    """Lenses made of one half of the galaxies, negatives of the other: no picture stands in both classes."""
    groups = np.unique(samples.column("group"))
    half = np.isin(samples.column("group"), groups[::2])
    return copy_samples(samples.select(half == (samples.column("label") == 1)), folder)


@pytest.fixture
def skill_of(project):
    """skill_of(model folder, samples folder): metrics with intervals."""

    def evaluate(model, samples):
        project.data["inputs"] = {"model": str(model), "samples": str(samples)}
        skill = {"model": "${inputs.model}", "samples": "${inputs.samples}", "resamples": 1000, "subsets": {}}
        return project.use("skill", skill=skill).run(runs=project.root / "skills")["skill"].metrics

    return evaluate


def assert_tells_nothing(run, skill_of, folder):
    metrics = run["skill"].metrics
    assert metrics["auroc"] == pytest.approx(0.5, abs=1e-9), "each galaxy stands as often in either class"
    assert (history(run)["validation_loss"] >= LN2 - 1e-6).all()
    halves = lenses_of_some_and_negatives_of_others(run["lenses"].samples.split("test"), folder)
    apart = skill_of(run["finder"].folder, halves)
    assert apart["auroc_low"] < 0.5 < apart["auroc_high"]


@pytest.mark.slow
def test_a_network_learns_nothing_from_the_control_set_and_something_from_the_real_one(project, skill_of, tmp_path):
    for number, name in enumerate(("north", "south", "east", "west")):
        project.add_tile(name, number + 1)
    runs = {}
    for scale in (0.0, 1.0):
        project.use("galaxies", "lenses", "finder", "skill", lenses={"flux_scale": scale}, finder={"epochs": 8})
        runs[scale] = project.run(runs=tmp_path / f"runs{scale:g}")
    assert_equal_to_their_galaxies(runs[0.0])
    assert_tells_nothing(runs[0.0], skill_of, tmp_path / "halves")
    # the same network, epochs and galaxies, with arcs: what the control would look like if it were not one
    assert runs[1.0]["skill"].metrics["auroc_low"] > 0.6
    assert history(runs[1.0])["validation_loss"][-1] < LN2 - 0.05


@pytest.mark.slow
def test_nothing_is_learnt_from_the_control_set_of_a_real_picture(skill_of, tmp_path, monkeypatch):
    """Galaxies of Hubble's 8-bit picture, whose stretch is undone and done again around the arcs."""
    monkeypatch.chdir(tmp_path)
    settings = ["stages.lenses.flux_scale=0"]
    run = astrocnn.run("quickstart", profile="smoke", settings=settings, runs=tmp_path / "runs")
    assert_equal_to_their_galaxies(run)
    assert_tells_nothing(run, skill_of, tmp_path / "halves")
