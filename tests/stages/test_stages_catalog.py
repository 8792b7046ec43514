"""The `catalog` stage: ranked candidates with all that a reader needs, the same in every format."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits, votable
from astropy.table import Table
from pyarrow import parquet
from small_sky import copy_samples

from astrocnn.errors import DataError, StageFailed
from astrocnn.pipeline.config import load_config
from astrocnn.pipeline.ledger import Ledger
from astrocnn.pipeline.plan import make_plan
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.pipeline.stage import Task
from astrocnn.pipeline.store import Store
from astrocnn.scoring.flags import TRAINED_ON
from astrocnn.training.model_folder import read_card
from astrocnn.training.scores import write_scores


@pytest.fixture
def galaxies(whole_run):
    return whole_run[1]["galaxies"].samples


@pytest.fixture
def catalog(project, galaxies, tmp_path):
    """catalog(mean, **parameters): of scores given for the galaxies of the whole run, or for `samples`."""

    def run(mean, samples=None, columns=None, **parameters):
        folder = tmp_path / f"scores{len(list(tmp_path.glob('scores*')))}"
        folder.mkdir()
        samples = samples or galaxies
        mean = np.asarray(mean, float)
        table = {
            "id": samples.ids, "score_a": mean, "mean": mean, "spread": 0 * mean, "probability": mean / 2,
            "flags": np.zeros(len(mean), np.int32), **(columns or {}),
        }  # fmt: skip
        write_scores(table, folder / "scores.parquet")
        project.data["inputs"] = {"scores": str(folder), "samples": str(samples.shards[0].parent)}
        usual = {"scores": "${inputs.scores}", "samples": "${inputs.samples}", "keep": {}, "formats": ["ecsv"]}
        return project.use("candidates", candidates={**usual, **parameters}).run()["candidates"]

    return run


@pytest.fixture(scope="module")
def written(whole_run, tmp_path_factory):
    """The whole run's catalog of all objects, in all formats."""
    project, _ = whole_run
    formats = "stages.candidates.formats=[votable, fits, parquet, ecsv]"
    return project.run(settings=[formats, "stages.candidates.keep={}"], runs=copied(project, tmp_path_factory))


def copied(project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("copied") / "runs"
    shutil.copytree(project.runs, folder, symlinks=True)
    return folder


def parquet_table(path):
    """By pyarrow: astropy's reader has another name in each of its versions."""
    stored = parquet.read_table(path)
    table = Table({name: np.array(stored[name].to_pylist()) for name in stored.column_names})
    for field in stored.schema:
        table[field.name].unit = (field.metadata or {}).get(b"unit", b"").decode() or None
    return table


def tables(folder):
    """Each file by a reader that knows nothing of this package."""
    found = {
        "votable": votable.parse_single_table(folder / "candidates.vot", verify="exception").to_table(
            use_names_over_ids=True
        ),
        "fits": Table.read(folder / "candidates.fits", hdu=1),
        "parquet": parquet_table(folder / "candidates.parquet"),
        "ecsv": Table.read(folder / "candidates.ecsv", format="ascii.ecsv"),
    }
    found["fits"].convert_bytestring_to_unicode()
    return found


def test_candidates_are_ranked_by_the_score(written):
    table, scores = written["candidates"].table, written["scores"].table
    assert list(table["rank"]) == list(range(1, 33))
    order = sorted(range(32), key=lambda row: (-scores["mean"][row], scores["id"][row]))
    assert list(table["id"]) == list(scores["id"][order])
    np.testing.assert_array_equal(table["score"], scores["mean"][order])
    np.testing.assert_array_equal(table["probability"], scores["probability"][order])


def test_each_candidate_stands_where_its_galaxy_is(written):
    table, galaxies = written["candidates"].table, written["galaxies"].samples
    place = {identifier: row for row, identifier in enumerate(galaxies.ids)}
    rows = np.array([place[one] for one in table["id"]])
    for name in ("ra", "dec", "x", "y", "tile", "flux_g", "flux_r", "axis_ratio", "snr", "split"):
        expected = galaxies.column(name)[rows]
        np.testing.assert_array_equal(table[name], expected.astype(table[name].dtype), err_msg=name)
    stamp = written["galaxies"][table["id"][0]]
    x, y = stamp.wcs.world_to_pixel(SkyCoord(table["ra"][0], table["dec"][0], unit="deg"))
    assert abs(x - 11.5) <= 0.51  # the middle of 24 pixels, to the half pixel that cutting leaves
    assert abs(y - 11.5) <= 0.51


def test_objects_used_in_training_are_flagged(written):
    table = written["candidates"].table
    used = np.asarray(table["split"]) != "test"
    np.testing.assert_array_equal(np.asarray(table["flags"]) & TRAINED_ON > 0, used)
    np.testing.assert_array_equal(np.char.find(np.asarray(table["flag_names"]), "trained_on") >= 0, used)


def values(column):
    """Readers differ in whether an empty text is masked."""
    return np.ma.filled(column, "") if column.dtype.kind == "U" else np.asarray(column)


def test_the_formats_hold_the_same(written):
    found = tables(written["candidates"].folder)
    first = found["ecsv"]
    for name, table in found.items():
        assert table.colnames == first.colnames, name
        for column in first.colnames:
            assert table[column].dtype.kind == first[column].dtype.kind, (name, column)
            np.testing.assert_array_equal(values(table[column]), values(first[column]), err_msg=f"{name} {column}")
            assert (table[column].unit or "") == (first[column].unit or ""), (name, column)


def test_columns_have_units_ucds_and_words(written):
    """As a VOTable reader, a FITS reader and a notebook find them."""
    folder = written["candidates"].folder
    expected = {
        "id": (None, "meta.id;meta.main"), "ra": ("deg", "pos.eq.ra;meta.main"), "dec": ("deg", "pos.eq.dec;meta.main"),
        "rank": (None, "stat.rank"), "score": (None, "stat.likelihood"), "probability": (None, "stat.probability"),
        "half_light_radius_arcsec": ("arcsec", "phys.angSize"), "position_angle_deg": ("deg", "pos.posAng"),
        "x": ("pix", "pos.cartesian.x;instr.pixel"), "flags": (None, "meta.code.qual"),
    }  # fmt: skip
    fields = {field.name: field for field in votable.parse(folder / "candidates.vot").get_first_table().fields}
    header = fits.getheader(folder / "candidates.fits", 1)
    numbers = {header[f"TTYPE{number}"]: number for number in range(1, header["TFIELDS"] + 1)}
    ecsv = Table.read(folder / "candidates.ecsv", format="ascii.ecsv")
    for name, (unit, ucd) in expected.items():
        assert (str(fields[name].unit or "") or None, fields[name].ucd) == (unit, ucd), name
        assert (header.get(f"TUNIT{numbers[name]}"), header[f"TUCD{numbers[name]}"]) == (unit, ucd), name
        assert (str(ecsv[name].unit or "") or None, ecsv[name].meta["ucd"]) == (unit, ucd), name
        assert fields[name].description
        assert len(ecsv[name].description) > 3
    assert fields["ra"].ref == "ICRS"


def test_the_metadata_hold_the_model_and_the_verdict_of_the_gate(written):
    folder, field = written["candidates"].folder, read_card(written["finder"].folder).receptive_field
    infos = {info.name: info.value for info in votable.parse(folder / "candidates.vot").get_first_table().infos}
    stored = [
        json.loads(infos["astrocnn"]), json.loads(fits.getheader(folder / "candidates.fits", 1)["ASTROCNN"]),
        Table.read(folder / "candidates.ecsv", format="ascii.ecsv").meta["astrocnn"],
        written["candidates"].table.meta["astrocnn"],
    ]  # fmt: skip
    for metadata in stored:
        assert dict(metadata) == stored[0]
    assert stored[0]["model"] == "finder"
    assert stored[0]["network"] == "pocket"
    assert stored[0]["model_hash"] == written["finder"].hash
    assert stored[0]["scores"] == written["scores"].hash
    verdict = stored[0]["receptive_field"]
    assert verdict == {name: field[name] for name in ("level", "needed", "had", "unit", "policy")}
    assert (verdict["level"], verdict["unit"], verdict["policy"]) == ("warning", "arcsec", "error")
    assert verdict["had"] == pytest.approx(29 * 0.2)
    assert json.loads(infos["receptive_field"]) == verdict, "in words of its own too, for who opens it in TOPCAT"


def test_only_the_formats_asked_for_are_written_and_parquet_always(whole_run, catalog):
    made_by_all = {"done.json", "environment.json", "provenance.json", "ledger.parquet"}

    def files(view):
        return {path.name for path in view.folder.iterdir()} - made_by_all

    assert files(whole_run[1]["candidates"]) == {"candidates.vot", "candidates.ecsv", "candidates.parquet"}
    assert files(catalog(np.zeros(32), formats=["fits"])) == {"candidates.fits", "candidates.parquet"}


def test_the_top_is_kept_and_the_others_stand_in_the_ledger(whole_run, galaxies):
    run = whole_run[1]
    assert len(run["candidates"].table) == 5
    lowest = min(run["candidates"].table["score"])
    others = ~np.isin(run["scores"].table["id"], run["candidates"].table["id"])
    assert (run["scores"].table["mean"][others] <= lowest).all()
    assert run["candidates"].ledger == {"excluded": {"below the cut": 27}, "kept": {"": 5}}


def test_equal_scores_stand_in_the_order_of_their_ids(catalog, galaxies):
    mean = np.where(np.arange(32) % 3 == 0, 0.75, 0.5)
    table = catalog(mean).table
    ids = [*sorted(galaxies.ids[mean == 0.75]), *sorted(galaxies.ids[mean == 0.5])]
    assert list(table["id"]) == ids
    assert list(catalog(mean, keep={"top": 20}).table["id"]) == ids[:20], "also where the cut goes through them"


@pytest.mark.parametrize(
    ("keep", "number"),
    [({}, 32), ({"top": 7}, 7), ({"score_above": 0.5}, 15), ({"probability_above": 0.375}, 7),
     ({"score_above": 0.5, "probability_above": 0.375, "top": 3}, 3), ({"score_above": 2.0}, 0)],
)  # fmt: skip
def test_what_is_kept(catalog, keep, number):
    view = catalog(np.arange(32) / 32, keep=keep)
    assert len(view.table) == number
    assert list(view.table["score"]) == [(31 - rank) / 32 for rank in range(number)]
    assert view.ledger.get("kept", {}).get("", 0) == number
    assert view.ledger.get("excluded", {}).get("below the cut", 0) == 32 - number


@pytest.mark.parametrize("keep", [{"top": 0}, {"best": 5}, {"probability_above": 1.5}, {"top": 2.5}])
def test_bounds_that_mean_nothing_are_told(catalog, keep):
    with pytest.raises(PipelineFileErrors, match=r"candidates\.keep"):
        catalog(np.zeros(32), keep=keep)


def test_an_empty_catalog_opens_in_every_format(catalog):
    view = catalog(np.zeros(32), keep={"score_above": 0.5}, formats=["votable", "fits", "parquet", "ecsv"])
    found = tables(view.folder)
    assert {len(table) for table in found.values()} == {0}
    assert {tuple(table.colnames) for table in found.values()} == {tuple(view.table.colnames)}


def test_objects_without_a_score_are_no_candidates(catalog):
    mean = np.arange(32) / 32
    mean[[3, 31]] = np.nan
    view = catalog(mean)
    assert len(view.table) == 30
    assert view.ledger == {"excluded": {"no score": 2}, "kept": {"": 30}}


def test_an_object_on_two_tiles_stands_once_where_it_scored_best(catalog, galaxies, tmp_path):
    twice = np.concatenate([np.arange(32), [4, 9]])
    tile = np.concatenate([galaxies.column("tile"), ["overlap", "overlap"]]).astype(object)
    folder = copy_samples(galaxies.select(twice), tmp_path / "overlapping", columns={"tile": tile})
    samples = type(galaxies).open(folder)
    mean = np.concatenate([np.full(32, 0.5), [0.9, 0.1]])
    view = catalog(mean, samples)
    assert len(view.table) == 32
    assert (view.table["id"][0], view.table["tile"][0]) == (galaxies.ids[4], "overlap")
    assert view.table["tile"][list(view.table["id"]).index(galaxies.ids[9])] == galaxies.column("tile")[9]
    assert view.ledger == {"excluded": {"kept from another tile": 2}, "kept": {"": 32}}
    cut = catalog(mean, samples, keep={"top": 2})
    assert cut.ledger == {"excluded": {"below the cut": 31, "kept from another tile": 1}, "kept": {"": 2}}


def test_a_probability_that_no_object_has_is_not_an_empty_catalog(catalog):
    with pytest.raises(DataError, match=r"keep\.probability_above.*expected a calibrated model"):
        catalog(np.zeros(32), columns={"probability": np.full(32, np.nan)}, keep={"probability_above": 0.9})


def test_fluxes_have_the_unit_of_the_samples(catalog, galaxies, tmp_path):
    folder = copy_samples(galaxies, tmp_path / "jansky", flux_unit="nJy")
    table = catalog(np.zeros(32), type(galaxies).open(folder), formats=["votable"]).table
    assert {str(table[name].unit) for name in ("flux", "peak", "flux_g", "flux_r")} == {"nJy"}
    assert table["snr"].unit is None


def test_scores_from_outside_need_their_samples(project, catalog):
    catalog(np.zeros(32))
    del project.stages["candidates"]["samples"]
    (problem,) = [one.text for one in project.problems() if one.level == "error"]
    assert "candidates.samples: the scored objects are not known; to fix, name their stage" in problem


def test_a_stage_that_passed_no_check_makes_no_empty_catalog(project, catalog):
    catalog(np.zeros(32))
    plan = make_plan(load_config(project.file), Store(project.runs / "small"))["candidates"]
    scene = replace(plan.scene, sources={"scores": plan.scene.sources["scores"]})
    task = Task(plan.entry.parameters, scene, project.root, project.root, Ledger(), lambda *_: None)
    with pytest.raises(StageFailed, match=r"candidates\.samples: has no source"):
        plan.entry.stage.run(task)


def test_samples_that_were_not_scored_are_refused(catalog, galaxies, tmp_path):
    renamed = np.array([f"other-{row}" for row in range(32)], object)
    others = type(galaxies).open(copy_samples(galaxies, tmp_path / "others", columns={"id": renamed}))
    with pytest.raises(DataError, match=r"scored objects are not among the samples"):
        catalog(np.zeros(32), others, columns={"id": galaxies.ids})
