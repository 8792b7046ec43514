"""The stages transit-windows and matched-filter: labelled windows out of folded curves, and the score to beat."""

import numpy as np
import pytest
from curve_files import shared
from folded_stars import write_folded_stars
from pyarrow import parquet

from astrocnn.errors import DataError
from astrocnn.pipeline.ledger import read_ledger
from astrocnn.samples.splits import check_leaks
from astrocnn.training.scores import read_scores

STARS = {"use": "light-curves", "curves": "${inputs.test}", "time_system": "relative", "splits": {"train": 1.0}}
WINDOWS = {"use": "transit-windows", "curves": "stars", "windows": "${inputs.test}", "samples": 96}


@pytest.fixture
def stars(project):
    """A project with a folder of three folded stars: stars(window_hour=12) with other parameters."""
    write_folded_stars(project.root / "folded")
    project.data |= {"instrument": None, "plugins": [], "inputs": {"test": "folded"}}

    def make(**parameters):
        return project.use(stars=STARS, windows={**WINDOWS, **parameters})

    return make


def told(view):
    """Status and reason by id."""
    ledger = read_ledger(view.folder)
    return dict(zip(ledger.ids, zip(ledger.statuses, ledger.reasons, strict=True), strict=True))


def test_windows_are_placed_and_short_periods_are_listed(stars):
    run = stars(per_star=3).run()
    samples = run["windows"].samples
    assert samples.meta.classes == ("nothing", "transit")
    assert samples.meta.positive == "transit"
    assert (samples.meta.shape, samples.meta.bands) == ((96, 1), ("flux",))
    assert (samples.meta.scale, samples.meta.scale_unit) == (0.25, "hour")
    assert samples.meta.extent == {"value": 3.0, "unit": "hour", "what": "the longest transit"}
    assert samples.ids.tolist() == [f"star{star}-{number}" for star in (0, 1) for number in range(6)]
    assert samples.column("label").tolist() == [1, 1, 1, 0, 0, 0] * 2
    assert samples.column("group").tolist() == samples.column("star").tolist() == ["star0"] * 6 + ["star1"] * 6
    check_leaks(samples.column("group"), samples.column("split"))
    status, reason = told(run["windows"])["star2"]
    assert status == "excluded"
    assert "period is too short" in reason


def test_the_transit_is_where_the_offset_says(stars):
    samples = stars(per_star=4).run()["windows"].samples
    data = samples.read(np.arange(len(samples)))[:, :, 0]
    hours = (np.arange(96) - 47.5) * 0.25
    for row in np.flatnonzero(samples.column("label") == 1):
        deep = hours[data[row] < data[row].mean() - 3.0]
        assert np.median(deep) == pytest.approx(-24 * samples.column("window_center_day")[row], abs=0.4)


def test_a_table_in_the_folder_is_used_and_belongs_to_the_result(stars):
    project = stars()
    first = project.run()["windows"]
    rows = ["star0,0.1,24,1", "star2,0.0,24,1", "ghost,0,24,0", "star2,9.0,24,0"]
    (project.root / "folded" / "windows.csv").write_text("\n".join(["id,window_center_day,window_hour,label", *rows]))
    project.data["failure_budget"] = 1.0
    view = project.run()["windows"]
    assert view.folder.resolve() != first.folder.resolve()
    assert view.samples.ids.tolist() == ["star0-0", "star2-0"]
    assert view.samples.column("window_center_day").tolist() == [0.1, 0.0]
    ledger = told(view)
    assert ledger["star1"] == ("excluded", "not in windows.csv")
    assert ledger["ghost"] == ("rejected", "in windows.csv, but without a light curve")
    assert ledger["star2-1"][0] == "rejected"
    (problem,) = stars(per_star=2).problems()
    assert "windows.csv says where" in problem.text


def test_the_data_hold_flux_alone_whatever_the_table_knows(stars):
    """The same points with other periods and durations in the table give the same windows of windows.csv."""
    project = stars()
    (project.root / "folded" / "windows.csv").write_text("id,window_center_day,window_hour,label\nstar0,0.1,24,1\n")
    before = project.run()["windows"].samples.read(np.arange(1))
    objects = project.root / "folded" / "objects.csv"
    objects.write_text(objects.read_text().replace("6.0,3.0", "60.0,13.0"))
    after = project.run()["windows"].samples
    assert after.column("period_day")[0] == 60.0
    np.testing.assert_array_equal(after.read(np.arange(1)), before)


def test_samples_without_points_are_bridged_and_masked(stars):
    """The middle of a deep transit that was taken out as outliers stays as deep as its sides."""
    project = stars()
    folder = project.root / "folded"
    table = parquet.read_table(folder / "light_curves.parquet")
    time, star = table["time"].to_numpy(), np.array(table["id"].to_pylist())
    parquet.write_table(table.filter(~((np.abs(time) < 1.0 / 24) & (star == "star0"))), folder / "light_curves.parquet")
    samples = project.run()["windows"].samples
    missing = samples.read_mask(np.arange(1))[0, :, 0]
    assert 7 <= missing.sum() <= 9  # 2 h in steps of 15 min
    assert samples.column("coverage")[0] == pytest.approx(1 - missing.mean())
    flux = samples.read(np.arange(1))[0, :, 0]
    assert flux[missing].max() < -4  # 8 deep, and the noise of two points is 1
    assert np.abs(np.diff(flux[missing], 2)).max() < 1e-4


def test_curves_that_are_not_folded_are_refused(stars):
    project = stars()
    project.stages["stars"] = {**STARS, "time_system": "BJD_TDB", "time_zero_day": 2454833.0}
    with pytest.raises(DataError, match="no windows around mid-transit"):
        project.run()


def test_nothing_left_is_told(stars):
    with pytest.raises(DataError, match=r"no window can be cut.*too short"):
        stars(clear_hour=80.0).run()


def test_the_matched_filter_finds_the_transits(stars):
    project = stars(per_star=5)
    project.stages |= {
        "grid": {"use": "matched-filter", "samples": "windows", "farthest_hour": 6.5},
        "told": {"use": "matched-filter", "samples": "windows", "told": "duration_hour"},
        "skill": {"use": "evaluate", "scores": "grid", "samples": "windows", "resamples": 100},
    }
    run = project.run()
    for name in ("grid", "told"):
        table = read_scores(run[name].folder / "scores.parquet")
        on = run["windows"].samples.column("label") == 1
        assert table["mean"][on].min() > 15 > 8 > table["mean"][~on].max()  # 8 sigma deep in 12 samples: about 27
        np.testing.assert_allclose(table["box_duration_hour"][on], 3.0, atol=1.1)
        np.testing.assert_allclose(table["box_depth"][on], 8.0, atol=1.5)
    assert run["skill"].metrics["auroc"] == 1.0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"durations_hour": [30.0]}, "no shorter than a curve of 24 hour"),
        ({"told": "duration_hour", "durations_hour": [2.0]}, "changes nothing"),
    ],
)
def test_what_makes_no_sense_is_told_before_compute(stars, given, expected):
    project = stars()
    project.stages["grid"] = {"use": "matched-filter", "samples": "windows", **given}
    assert any(expected in problem.text for problem in project.problems())


@pytest.mark.slow
def test_real_stars_make_the_windows_of_the_protocol(project):
    """717 Kepler stars; a matched filter is far from blind on them."""
    folder = shared("kepler_koi")
    project.data |= {"instrument": None, "plugins": [], "inputs": {"test": str(folder.resolve())}, "seed": 1}
    run = project.use(
        stars=STARS, windows={**WINDOWS, "samples": 144},
        told={"use": "matched-filter", "samples": "windows", "told": "duration_hour", "farthest_hour": 6.0},
        skill={"use": "evaluate", "scores": "told", "samples": "windows", "resamples": 100},
    ).run()  # fmt: skip
    labels = run["windows"].samples.column("label")
    assert np.bincount(labels).tolist() == [648, 648]
    statuses = [status for status, _ in told(run["windows"]).values()]
    assert statuses.count("excluded") == 69
    assert run["skill"].metrics["auroc"] > 0.985
    assert run["skill"].metrics["completeness_at_1pct_fpr"] > 0.95
