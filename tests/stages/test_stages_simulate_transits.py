"""The `simulate-transits` stage: what it writes, that rows do not depend on how they are made, and the gate at work."""

import numpy as np
import pytest
from curve_files import write_mission
from pydantic import ValidationError

from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.pipeline.stage import Scene
from astrocnn.samples.splits import check_leaks, check_unique_ids
from astrocnn.stages import simulate_transits
from astrocnn.stages.simulate_transits import STAGE

TRAINING = {
    "use": "train", "samples": "curves", "network": "pearson", "epochs": 1, "batch_size": 128, "learning_rate": 0.1,
    "schedule": {"kind": "cosine"},
}  # fmt: skip


@pytest.fixture
def curves(project):
    """A project of simulated curves alone; curves(number=...) runs it and gives the samples."""
    project.data["inputs"] = {}
    project.data["instrument"] = None

    def make(**parameters):
        options = {"runs": parameters.pop("runs")} if "runs" in parameters else {}
        project.use(curves={"use": "simulate-transits", **parameters})
        return project.run(**options)["curves"]

    make.project = project
    return make


def test_the_set_says_what_its_curves_are(curves):
    view = curves(number=300)
    samples, meta = view.samples, view.samples.meta
    assert (meta.kind, meta.shape, meta.bands) == ("curves", (180, 1), ("flux",))
    assert (meta.scale, meta.scale_unit) == (pytest.approx(1 / 30), "hour")
    assert (meta.classes, meta.positive) == (("nothing", "transit"), "transit")
    assert meta.extent == {"value": 4.5, "unit": "hour", "what": "the longest transit"}
    assert len(samples) == 300
    truth = {
        "kind", "period_day", "mid_transit_hour", "depth_ppm", "duration_hour", "impact_parameter", "a_over_rstar",
        "snr", "snr_per_point", "noise_ppm", "eccentricity", "u1", "u2", "radius_ratio",
    }  # fmt: skip
    assert truth <= set(samples.columns)
    counts = view.ledger["simulated"]
    assert counts["transit"] == (samples.column("label") == 1).sum()
    assert sum(counts.values()) == 300
    check_unique_ids(samples.ids)


def test_missing_samples_are_masked_and_hold_the_mean_of_their_curve(curves):
    samples = curves(number=100, gap_fraction=1.0).samples
    every = np.arange(100)
    data, mask = samples.read(every)[..., 0], samples.read_mask(every)[..., 0]
    assert np.isfinite(data).all()
    assert 0.05 < mask.mean() < 0.3
    np.testing.assert_allclose(samples.column("coverage"), 1 - mask.mean(axis=1), atol=1e-6)
    for row in (0, 50, 99):
        np.testing.assert_allclose(data[row, mask[row]], data[row, ~mask[row]].mean(), atol=1e-6)


def test_a_row_is_the_same_whatever_the_parts_and_the_number(curves, monkeypatch):
    first = curves(number=700)
    every = np.arange(700)
    data, noise = first.samples.read(every), first.samples.column("noise_ppm")
    assert len(list((first.folder.parent / "parts").iterdir())) == 1
    monkeypatch.setattr(simulate_transits, "ROWS_OF_A_PART", 256)
    parted = curves(number=600, runs=curves.project.root / "parted")
    assert len(list((parted.folder.parent / "parts").iterdir())) == 3
    np.testing.assert_array_equal(parted.samples.read(every[:600]), data[:600])
    np.testing.assert_array_equal(parted.samples.column("noise_ppm"), noise[:600])
    np.testing.assert_array_equal(parted.samples.ids, first.samples.ids[:600])


def test_more_curves_leave_the_parts_that_were_there(curves, monkeypatch):
    monkeypatch.setattr(simulate_transits, "ROWS_OF_A_PART", 256)
    parts = curves(number=512).folder.parent / "parts"
    before = {path.name: path.stat().st_ino for path in parts.iterdir()}
    curves(number=768)
    after = {path.name: path.stat().st_ino for path in parts.iterdir()}
    assert before.items() <= after.items()
    assert len(after) == 3


def test_a_part_of_the_grid_has_a_transit_and_a_null_of_each_point(curves):
    samples = curves(grid="pearson2018", number=200).samples
    assert len(samples) == 200
    assert (samples.column("label").reshape(-1, 2) == [1, 0]).all()
    groups = samples.column("group").reshape(-1, 2)
    np.testing.assert_array_equal(groups[:, 0], groups[:, 1])
    check_leaks(samples.column("group"), samples.column("split"))
    assert set(samples.column("depth_ppm").tolist()) == {200, 500, 1000, 2500, 5000, 10000}
    assert samples.ids[0] == "curves-000000-T"
    assert samples.meta.extent["value"] == pytest.approx(2.805, abs=1e-3)


def parameters(**values):
    return STAGE.Parameters.model_validate(values)


def forecast(**values):
    return STAGE.forecast(parameters(**values), Scene("curves", 1, None, {}))


def test_the_whole_grids_are_as_large_as_the_papers():
    assert parameters(grid="pearson2018").rows == 311_040
    assert parameters(grid="pearson2018-test").rows == 933_120
    assert parameters(grid="pearson2018", number=10**7).rows == 311_040
    assert parameters().rows == 20_000


def test_all_is_known_before_compute():
    known = forecast(cadence="kepler-long", samples=400)
    assert (known.shape, known.unit, known.labelled) == ((400, 1), "hour", True)
    assert known.scale == pytest.approx(29.4244 / 60, rel=1e-4)
    assert known.extent == 4.5
    assert forecast(grid="pearson2018").extent == pytest.approx(2.805, abs=1e-3)
    assert forecast(grid="pearson2018", grid_follows="code").scale == pytest.approx(6 / 179)


def test_parts_are_blocks_of_random_numbers_and_know_the_cadence():
    parts = STAGE.parts(parameters(number=40_000), Scene("curves", 1, None, {}))
    assert [part.content["rows"] for part in parts] == [[0, 16384], [16384, 32768], [32768, 40_000]]
    assert parts[0].content["cadence"]["interval"] == 120.0
    assert simulate_transits.ROWS_OF_A_PART % 256 == 0


def problems(project, **changes):
    project.data["inputs"], project.data["instrument"] = {}, None
    curves = {"use": "simulate-transits", **changes.pop("curves", {})}
    project.use(curves=curves, finder={**TRAINING, **changes})
    return project.problems()


def test_a_network_that_sees_16_minutes_of_a_transit_is_an_error(project):
    """Before any compute, from the parameters of the population and the network's table."""
    (problem,) = problems(project)
    assert problem.level == "error"
    assert "the object needs 4.5 hour, the receptive field of pearson has 8 px = 0.2667 hour" in problem.text


def test_unless_the_file_says_that_it_knows(project):
    (problem,) = problems(project, receptive_field="warn")
    assert problem.level == "warning"


@pytest.mark.parametrize("network", ["inceptiontime", "vernardos"])
def test_networks_that_see_whole_transits_are_let_through(project, network):
    assert {one.level for one in problems(project, network=network)} <= {"warning"}


def test_shorter_transits_need_less(project):
    (problem,) = problems(project, curves={"duration_hour": [0.5, 1.5]})
    assert "the object needs 1.5 hour" in problem.text


@pytest.mark.parametrize(
    ("given", "level", "expected"),
    [
        ({"splits": {"train": 0.5}}, "error", "positive fractions with the sum 1"),
        ({"grid": "pearson2018", "total_snr": [5.0, 9.0]}, "warning", "the grid pearson2018 has numbers of its own"),
        ({"grid_follows": "code"}, "warning", "changes nothing without grid"),
    ],
)
def test_what_is_wrong_is_said_before_compute(project, given, level, expected):
    project.data["inputs"], project.data["instrument"] = {}, None
    (problem,) = project.use(curves={"use": "simulate-transits", **given}).problems()
    assert problem.level == level
    assert expected in problem.text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cadence": "kepler-lon"}, "did you mean kepler-long"),
        ({"period_day": [5, 1]}, "ascending order"),
        ({"number": 1}, "greater than or equal to 2"),
    ],
)
def test_values_that_make_no_sense_are_refused(given, expected):
    with pytest.raises(ValidationError, match=expected):
        parameters(**given)


def test_signals_go_into_real_curves_of_a_stage(project):
    """Groups and splits are those of the stars; keys of simulated stars are told to change nothing."""
    for number in range(3):
        write_mission(project.root / f"tess/star{number}_lc.fits", seed=number, points=2000)
    project.data |= {"instrument": None, "plugins": [], "inputs": {"files": "tess/{id}_lc.fits"}}
    stages = {
        "stars": {"use": "light-curves", "curves": "${inputs.files}", "quality": "none"},
        "curves": {"use": "simulate-transits", "curves": "stars", "number": 300, "duration_hour": [0.5, 3.0]},
    }
    run = project.use(**stages).run()
    samples, stars = run["curves"].samples, run["stars"].curves
    assert len(samples) == 300
    assert set(samples.column("star")) <= set(stars.ids)
    split = dict(zip(stars.ids.tolist(), stars.column("split").tolist(), strict=True))
    assert samples.column("split").tolist() == [split[star] for star in samples.column("star")]
    check_leaks(samples.column("group"), samples.column("split"))
    stages["curves"] |= {"flare_fraction": 0.5}
    told = [one.text for one in project.use(**stages).problems()]
    assert any("flare_fraction" in str(one) or "stars, noise and splits" in one for one in told)
    stages["curves"] |= {"grid": "pearson2018"}
    with pytest.raises(PipelineFileErrors, match="either curves: or grid:"):
        project.use(**stages).run()


def test_curves_of_two_stages_have_names_of_their_own(project):
    """Else a test set would count as seen by a model of another set."""
    project.data |= {"instrument": None, "plugins": [], "inputs": {}}
    grids = {
        name: {"use": "simulate-transits", "grid": grid, "number": 40}
        for name, grid in (("learnt", "pearson2018"), ("asked", "pearson2018-test"))
    }
    run = project.use(**grids).run()
    learnt, asked = (run[name].samples for name in grids)
    assert not set(learnt.ids) & set(asked.ids)
    assert not set(learnt.column("group")) & set(asked.column("group"))
    assert learnt.column("group")[0] == "learnt-000000"
