"""The `search-transits` stage: a candidate is a row that the catalog takes, a star a row of the ledger."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import votable
from curve_files import shared, write_long_folder, write_mission
from pyarrow import parquet
from small_sky import Project

from astrocnn.errors import DataError, MismatchError, UnknownName
from astrocnn.pipeline.config import load_config
from astrocnn.pipeline.plan import make_plan
from astrocnn.pipeline.store import Store
from astrocnn.scoring.flags import NETWORK_MISSING, UNCALIBRATED
from astrocnn.search.options import SearchOptions
from astrocnn.search.search import search_star
from astrocnn.search.table import read_notes
from astrocnn.simulate.eclipse_curves import transit_curves
from astrocnn.simulate.orbit import Orbits
from astrocnn.stages import search_transits

START, PERIOD, MID = 1400.0, 2.1, 0.9  # days; BJD - 2457000 as TESS has it
SEARCH = {"use": "search-transits", "curves": "curves", "box": {"longest_day": 6.0, "duration_hour": [1.0, 6.0]}}
TRANSITS = {"use": "simulate-transits", "number": 300}
FINDER = {
    "use": "train", "samples": "transits", "network": "pearson", "receptive_field": "warn", "epochs": 2,
    "batch_size": 64, "learning_rate": 0.1, "schedule": {"kind": "cosine"}, "normalise": "object",
}  # fmt: skip


def write_star(path, ratio=0.08, interval=10 / 1440, days=9.0, **options):
    """A star of TESS with a planet of some size, or none."""
    time = START + interval * np.arange(round(days / interval))
    values = (PERIOD, START + MID, 8.0, 0.2, 0.0, 90.0, ratio)
    planet = Orbits(*(np.array([value]) for value in values))
    flux = transit_curves(time, planet, np.array([0.4]), np.array([0.2]), exposure_day=interval)[0]
    flux = 1000 * (flux + np.random.default_rng(5).normal(0, 1e-3, len(time)))
    return write_mission(path, points=len(time), TIME=time, PDCSAP_FLUX=flux, **options)


def two_stars(project):
    """A project with a planet's host and a quiet star: use(**parameters) gives its stages, to be run."""
    write_star(project.root / "curves/host-1.fits", object_id="TIC 1", seed=1)
    write_star(project.root / "curves/quiet-1.fits", ratio=0.0, object_id="TIC 2", seed=2)
    project.data["inputs"] = {"curves": "curves/{id}-*.fits"}
    project.data["instrument"] = None

    def use(*others, **parameters):
        return project.use("curves", **dict(others), search={**SEARCH, **parameters})

    return use


@pytest.fixture
def stars(project):
    return two_stars(project)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Both stars searched, and a catalog of it. Look, do not touch."""
    catalog = {"use": "catalog", "scores": "search", "formats": ["votable", "fits"]}
    return two_stars(Project(tmp_path_factory.mktemp("searched")))(("planets", catalog)).run()


def test_a_planet_is_found(searched):
    table = searched["search"].table
    assert list(table["star"]) == ["host"]
    row = table[0]
    assert row["id"] == "host-1"
    assert row["period_day"] == pytest.approx(PERIOD, abs=5 * row["period_error_day"])
    since = (row["epoch_day"] - 2457000 - START - MID) / PERIOD
    assert since == pytest.approx(round(since), abs=0.002)
    assert row["depth_ppm"] == pytest.approx(0.08**2 * 1e6 * 1.15, rel=0.1)  # the middle of a darkened star is deeper
    assert (row["n_transits"], row["found_by"], bool(row["vetted"])) == (4, "box", True)
    assert int(row["flags"]) == 0, "no network was asked for: none is missing"
    assert (row["ra"], row["dec"]) == (84.25, -80.5)
    assert row["mean"] == row["snr"] > 20, "without a network candidates are ranked by signal to noise"
    assert read_notes(searched["search"].folder / "scores.parquet")["network"] == "none: boxes only"
    assert searched["search"].ledger["scored"] == {"": 1, "no candidate": 1}


@pytest.mark.parametrize(("score", "flags"), [(np.nan, NETWORK_MISSING | UNCALIBRATED), (0.5, UNCALIBRATED)])
def test_a_network_that_cannot_judge_is_told(score, flags):
    """Too little was observed about the transits, while the boxes found them."""
    time = START + 10 / 1440 * np.arange(1300)
    flux = 1 + np.random.default_rng(1).normal(0, 5e-4, 1300) - 0.01 * (np.mod(time - START - MID, PERIOD) < 0.1)
    (candidate,) = search_star(time, flux, "flux", SearchOptions(window_hour=0, maximum_candidates=1)).candidates
    candidate = replace(candidate, score=score, score_folded=score)
    trained = SimpleNamespace(seen=lambda ids, groups: np.zeros(1, bool))
    scorer = SimpleNamespace(card=SimpleNamespace(calibration=None))
    star = {"id": "host", "group": "host", "ra": 0.0, "dec": 0.0}
    row = search_transits._row(candidate, 1, star, 0.0, trained, scorer, "finder")
    assert row["flags"] == candidate.flags | flags


def test_the_catalog_takes_it(searched):
    found = searched["planets"].table
    assert found["period_day"].unit == "d"
    assert found["epoch_day"][0] == searched["search"].table["epoch_day"][0] > 2458000, "float64, to its last digits"
    written = votable.parse_single_table(searched["planets"].folder / "candidates.vot", verify="exception")
    assert {field.name: field.ucd for field in written.fields}["period_error_day"] == "stat.error;time.period"
    assert found.meta["astrocnn"]["time_system"] == "BJD_TDB"


def test_what_is_drawn_stands_beside(searched):
    (row,) = parquet.read_table(searched["search"].folder / "plots.parquet").to_pylist()
    assert row["id"] == "host-1"
    bottom = np.array(row["view_flux"])[np.abs(row["view_hour"]) < 0.5]
    assert np.nanmean(bottom) == pytest.approx(-row["depth_ppm"], rel=0.1)
    assert np.nanmean(row["half_flux"]) == pytest.approx(0, abs=0.1 * row["depth_ppm"])
    assert len(row["transit_day"]) == 4
    assert row["curve_day"][0] == pytest.approx(2457000 + START, abs=0.1)
    assert not (searched["search"].folder / "probability.parquet").exists()


def test_boxes_alone_are_looked_for_by_several_workers(searched, stars):
    project = stars()
    found = project.run(workers=2)["search"]
    identity = json.loads((found.folder / "provenance.json").read_text())["identity"]
    assert "backend" not in identity, "the backend has no part in boxes"
    assert found.table["snr"].tolist() == searched["search"].table["snr"].tolist()


def test_the_backend_belongs_to_a_search_with_a_model(stars, project):
    for model in ("finder", "${inputs.model}"):
        stars(("transits", TRANSITS), ("finder", FINDER), model=model)
        project.data["inputs"]["model"] = None
        plan = make_plan(load_config(project.write()), Store(project.runs / "small"))
        assert ("backend" in plan["search"].identity) == (model == "finder")


def test_stars_have_parts_of_their_own(stars):
    project = stars()
    first = project.run()["search"].folder.parent / "parts"
    before = {path.name: path.stat().st_ino for path in first.iterdir()}
    assert len(before) == 2
    write_star(project.root / "curves/third-1.fits", ratio=0.0, object_id="TIC 3", seed=3)
    project.run()
    after = {path.name: path.stat().st_ino for path in first.iterdir()}
    assert before.items() <= after.items()
    assert len(after) == 3


def test_no_candidate_at_all_is_an_empty_table_and_catalog(stars):
    catalog = {"use": "catalog", "scores": "search"}
    run = stars(("planets", catalog), minimum_snr=1e4).run()
    assert len(run["search"].table) == len(run["planets"].table) == 0
    assert run["search"].ledger["scored"] == {"no candidate": 2}


def test_curves_that_are_not_detrended_are_refused(stars):
    with pytest.raises(DataError, match=r"no light curve can be searched.*the curve is not detrended.*window_hour"):
        stars(window_hour=0.0).run()


def test_several_bands_need_a_name(stars, project):
    with pytest.raises(UnknownName, match="no band 'r'"):
        stars(band="r").run()
    write_long_folder(project.root / "survey", {"one": "STAR"})
    project.data["inputs"] = {"curves": "survey"}
    with pytest.raises(DataError, match=r"points in several bands.*to fix, state band"):
        stars().run()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"keep": {"without_flags": ["odd_evem"]}}, "did you mean odd_even"),
        ({"keep": {"without_flags": ["odd_even", "secondary"]}}, None),
    ],
)
def test_a_catalog_leaves_out_flags_by_name(stars, given, expected):
    project = stars(("planets", {"use": "catalog", "scores": "search", **given}))
    if expected is None:
        assert project.problems() == []
    else:
        from astrocnn.pipeline.problems import PipelineFileErrors

        with pytest.raises(PipelineFileErrors, match=expected):
            project.problems()


@pytest.mark.slow
def test_a_network_gives_probabilities_along_the_curve_and_at_the_transits(stars, project):
    for name, ratio in (("host", 0.08), ("quiet", 0.0)):
        write_star(project.root / f"curves/{name}-1.fits", ratio, 2 / 1440, object_id=name)
    run = stars(("transits", TRANSITS), ("finder", FINDER), model="finder").run()
    table = run["search"].table
    row = table[list(table["star"]).index("host")]
    assert row["score_finder"] == row["mean"]
    assert 0 <= row["probability"] <= 1
    assert 0 <= row["probability_folded"] <= 1
    assert not int(row["flags"]) & (NETWORK_MISSING | UNCALIBRATED)
    stars_of = parquet.read_table(run["search"].folder / "probability.parquet").to_pylist()
    assert [one["star"] for one in stars_of] == ["host", "quiet"]
    probability = np.array(stars_of[0]["probability"])
    assert len(probability) == 6480
    assert (np.nan_to_num(probability) >= 0).all()
    assert (np.nan_to_num(probability) <= 1).all()
    assert stars_of[0]["interval_day"] == pytest.approx(2 / 1440)


@pytest.mark.slow
def test_curves_that_are_coarser_than_the_model_are_refused(stars, project):
    for name in ("host", "quiet"):
        write_star(project.root / f"curves/{name}-1.fits", interval=29.4 / 1440, days=40.0, object_id=f"TIC {name}")
    with pytest.raises(DataError, match=r"no light curve can be searched.*sampled every 29.4 minutes.*every 2"):
        stars(("transits", TRANSITS), ("finder", FINDER), model="finder").run()


@pytest.mark.slow
def test_a_model_of_images_is_refused(stars, project, whole_run):
    model = whole_run[1]["finder"].folder
    project.data["plugins"] = whole_run[0].data["plugins"]
    stars(model="${inputs.model}")
    project.data["inputs"]["model"] = str(model)
    with pytest.raises(MismatchError, match="a model of curves with one channel and a scale in hours"):
        project.run()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "period", "within"),
    [
        ("kplr010666592-2009131110544_slc", 2.2047, 0.001),
        ("hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc", 3.2888, 0.001),
        ("hlsp_tess-data-alerts_tess_phot_00261136679-s01_tess_v1_lc", 6.268, 0.01),
    ],
)
def test_planets_of_real_stars_have_their_periods(project, name, period, within):
    """HAT-P-7 of Kepler; WASP-126, and pi Mensae with 300 ppm, of TESS's first sector: the first candidate each."""
    project.data["inputs"] = {"curves": str(shared("kepler_tess") / f"{name}.fits")}
    project.data["instrument"] = None
    table = project.use("curves", search={"use": "search-transits", "curves": "curves"}).run()["search"].table
    assert table["period_day"][0] == pytest.approx(period, abs=within)
    assert table["period_day"][0] == pytest.approx(period, abs=4 * table["period_error_day"][0])
    assert table["vetted"][0]
    assert table["n_transits"][0] >= 4
