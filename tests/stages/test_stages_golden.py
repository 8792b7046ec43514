"""The guard of revisions: results are those of the stored revision, and a change of them does not pass unseen."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import golden_guard
import numpy as np
import pytest
from golden_guard import changes, complaints, is_trained, read_golden, refreshed

import astrocnn
from astrocnn.pipeline.identity import backend_identity
from astrocnn.pipeline.registry import stage_named

GOLDEN = read_golden()
USES = sorted(path.stem.replace("_", "-") for path in Path(astrocnn.__file__).parent.glob("stages/[!_]*.py"))
NAMES = {
    "cutouts": "galaxies", "simulate-lenses": "lenses", "train": "finder", "evaluate": "skill", "score": "scores",
    "catalog": "candidates", "report": "summary", "explain": "looks", "light-curves": "curves",
    "simulate-transits": "transits", "represent": "regular", "detrend": "flat", "find-periods": "periodic",
    "combine": "together", "transit-windows": "windows", "matched-filter": "boxes",
    "search-transits": "dips", "boosted-forest": "forest", "simulate-variables": "variables",
}  # fmt: skip


@pytest.fixture(scope="module")
def told(whole_run):
    return complaints(GOLDEN, whole_run[1], backend_identity()["backend"])


def test_every_stage_of_the_package_is_guarded(whole_run):
    assert set(GOLDEN) == set(USES) == {view.use for view in whole_run[1]}


@pytest.mark.parametrize("use", USES)
def test_results_are_those_of_the_stored_revision(use, whole_run, told):
    run, name = whole_run[1], NAMES[use]
    assert name not in told, told[name]
    if backend_identity()["backend"] != golden_guard.TRAINED_ON and is_trained(run, run[name]):
        pytest.skip(f"the digests of trained models are those of {golden_guard.TRAINED_ON}")


@pytest.fixture(scope="module")
def stored(whole_run):
    """Digests of the run itself, under the revisions of the package."""
    found, unraised = refreshed({}, whole_run[1])
    assert unraised == [], "where nothing is stored nothing has changed"
    return found


def altered(module, name, change):
    """Lets what a function of the package returns go through `change`."""

    def patch(monkeypatch):
        owner = __import__(module, fromlist=[name])
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *given, **named: change(original(*given, **named)))

    return patch


def other_seed(monkeypatch):
    """Training goes through the samples in another order."""
    from astrocnn.training import session

    original = session.FitSettings
    monkeypatch.setattr(session, "FitSettings", lambda **given: original(**{**given, "seed": given["seed"] + 1}))


def narrower(monkeypatch):
    """Intervals of 90 % instead of 95 %."""
    from astrocnn.scoring import evaluation

    original = evaluation.evaluate_binary
    monkeypatch.setattr(evaluation, "evaluate_binary", lambda *given, **named: original(*given, **named, level=0.9))


def worst_first(found):
    columns, kept = found
    return {name: values[::-1] for name, values in columns.items()}, kept


def tilted(found):
    when, level = found
    return when, level * np.linspace(1, 1.01, len(level))


CHANGES = {
    "cutouts": altered("astrocnn.ingest.cutouts", "cut_many", lambda cut: (cut[0] * np.float32(1.001), cut[1])),
    "simulate-lenses": altered("astrocnn.simulate.injection", "photon_noise", lambda noise: 0 * noise),
    "simulate-transits": altered("astrocnn.simulate.curve_population", "quasi_periodic", lambda star: 0 * star + 1),
    "simulate-variables": altered("astrocnn.simulate.variable_samples", "rr_lyrae_ab", lambda shape: 1.01 * shape),
    "train": other_seed,
    "evaluate": narrower,
    "score": altered("astrocnn.training.predict_model", "predict_set", lambda found: (found[0] + 0.001, found[1])),
    "combine": altered("astrocnn.scoring.combine", "_average", lambda found: found + 0.001),
    "explain": altered("astrocnn.explain.looks", "saliency_map", lambda found: 1.01 * found),
    "catalog": altered("astrocnn.catalog.candidates", "choose_candidates", worst_first),
    "light-curves": altered("astrocnn.ingest.light_curves.mission", "mask_bits", lambda bits: bits & ~128),
    "represent": altered("astrocnn.representations.represent", "resampled", lambda found: 1.01 * found),
    "detrend": altered("astrocnn.time_series.detrend", "window_averages", tilted),
    "find-periods": altered("astrocnn.time_series.lomb_scargle", "_false_alarm", lambda found: 0.5 * found),
    "boosted-forest": altered(
        "astrocnn.training.forest", "joined_outputs", lambda found: replace(found, mean=found.mean + 0.001)
    ),
    "transit-windows": altered("astrocnn.ingest.transit_windows", "sampled_windows", lambda found: 1.01 * found),
    "matched-filter": altered("astrocnn.search.matched_filter", "white_noise", lambda found: 1.01 * found),
    "search-transits": altered("astrocnn.search.search", "find_transits", lambda found: found[::-1][:-1]),
    "report": altered("astrocnn.report.build", "key_numbers", lambda numbers: numbers[:-1]),
}


@pytest.fixture
def again(whole_run, tmp_path, monkeypatch):
    """again(use): one stage made again, in a copy of the whole run, after a change of what it does."""

    def make(use):
        project, _ = whole_run
        shutil.copytree(project.runs, tmp_path / "runs", symlinks=True)
        CHANGES[use](monkeypatch)
        return project.run(runs=tmp_path / "runs", force=[NAMES[use]])

    return make


FAST = ("cutouts", "train", "score", "light-curves", "simulate-transits")
"""One stage of each kind; the others' changes are told by the same lines, and tried by make test-all."""


@pytest.mark.parametrize("use", [use if use in FAST else pytest.param(use, marks=pytest.mark.slow) for use in USES])
def test_a_stage_that_gives_other_results_is_told_by_name(use, again, stored):
    run = again(use)
    told = complaints(stored, run)
    assert list(told) == [NAMES[use]]
    assert f"{use} gives other results under revision {stage_named(use).revision}" in told[NAMES[use]]
    assert f"raise `revision` in astrocnn/stages/{use.replace('-', '_')}.py" in told[NAMES[use]]
    assert "python tests/stages/make_golden.py" in told[NAMES[use]]
    assert refreshed(stored, run)[1] == [use], "the command asks for the revision before it writes"


def test_a_raised_revision_asks_for_new_digests(whole_run, stored, monkeypatch):
    """Also where the results are the same: what is stored must be of this revision."""
    run, stage = whole_run[1], stage_named("score")
    monkeypatch.setattr(type(stage), "revision", stage.revision + 1)
    told = complaints(stored, run)
    assert list(told) == ["scores"]
    assert f"score has revision {stage.revision}, golden.json holds {stage.revision - 1}" in told["scores"]
    new, unraised = refreshed(stored, run)
    assert unraised == []
    assert complaints(new, run) == {}


def test_what_follows_from_another_stage_points_there(whole_run, stored):
    other = dict(stored)
    for use in ("cutouts", "score"):
        other[use] = {**stored[use], "exact": {**stored[use]["exact"], "id": "others"}}
    told = complaints(other, whole_run[1])
    assert list(told) == ["galaxies", "scores"]
    assert "Look at" not in told["galaxies"]
    assert "Look at galaxies first" in told["scores"]
    assert refreshed(other, whole_run[1])[1] == ["cutouts"], "new galaxies give new scores, under the same revision"


def test_a_stage_without_stored_digests_is_told(whole_run, stored):
    others = {use: one for use, one in stored.items() if use != "score"}
    expected = f"golden.json does not know score; run: {golden_guard.COMMAND}"
    assert complaints(others, whole_run[1]) == {"scores": expected}


def test_numbers_may_differ_by_what_processors_differ_by(whole_run):
    """And no further: the tolerance of scores is 1e-4."""
    digest = golden_guard.digest_of(whole_run[1]["scores"])
    for moved, expected in ((5e-5, []), (2e-4, ["mean"])):
        elsewhere = digest.to_json()
        elsewhere["numbers"]["mean"][0] += moved
        assert [clause.split()[0] for clause in changes(elsewhere, digest)] == expected


def test_stored_digests_can_be_read_line_by_line(stored, tmp_path, monkeypatch):
    monkeypatch.setattr(golden_guard, "GOLDEN", tmp_path / "golden.json")
    golden_guard.write_golden(stored)
    assert read_golden() == json.loads(json.dumps(stored))
    assert all(len(line) < 160 for line in (tmp_path / "golden.json").read_text().splitlines())
