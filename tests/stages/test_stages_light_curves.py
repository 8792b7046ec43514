"""The `light-curves` stage: files in, one product out, bad input told and set aside, growth file by file."""

import gzip
import json
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest
from curve_files import shared, write_long_folder, write_mission

import astrocnn
from astrocnn.errors import DataError, StoreError, UnknownName
from astrocnn.pipeline.ledger import read_ledger
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.pipeline.source_samples import open_curves
from astrocnn.pipeline.stage import Part, Source
from astrocnn.samples.light_curves import LightCurves
from astrocnn.samples.splits import assign_splits


@pytest.fixture
def survey(project):
    """A project with the stage alone: survey("tess/{id}.fits", quality="none")."""

    def make(curves, inputs=None, **parameters):
        project.data["inputs"] = {"curves": str(curves), **(inputs or {})}
        project.data["failure_budget"] = 1.0
        project.data |= {"instrument": None, "plugins": []}
        stage = {"use": "light-curves", "curves": "${inputs.curves}", **parameters}
        return project.use(curves=stage)

    return make


def marks(project):
    return {path.name: path.stat().st_mtime_ns for path in (project.runs / "small/curves/parts").iterdir()}


def reasons(view):
    """Reason by id of everything rejected."""
    ledger = read_ledger(view.folder)
    rows = zip(ledger.ids, ledger.statuses, ledger.reasons, strict=True)
    return {one: reason for one, status, reason in rows if status == "rejected"}


def test_files_of_a_mission(survey, project):
    for number in range(3):
        write_mission(project.root / f"tess/star{number}-s0001_lc.fits", seed=number, object_id=f"TIC {number}")
    view = survey("tess/{id}-s0001_lc.fits").run()["curves"]
    assert view.kind == "LightCurves"
    curves = view.curves
    assert curves.ids.tolist() == ["star0", "star1", "star2"]
    assert curves.meta.kind == ("BJD_TDB", 2450000.0, "flux", "electron / s")
    assert curves.meta.bands == ("TESS",)
    assert curves.column("group").tolist() == ["TIC 0", "TIC 1", "TIC 2"]
    expected = assign_splits(curves.column("group"), 3, {"train": 0.8, "validation": 0.1, "test": 0.1})
    np.testing.assert_array_equal(curves.column("split"), expected)
    np.testing.assert_allclose(curves.column("cadence_second"), 120)
    assert view.ledger == {"read": {"": 3}}
    series = view["star1"]
    assert series.time.scale == "tdb"
    assert series.time[0].jd == pytest.approx(2457000 + 1325.3, abs=1e-8)
    assert str(series["flux"].unit) == "electron / s"
    assert view.table["id"].tolist() == curves.ids.tolist()
    assert astrocnn.LightCurves is LightCurves


def test_added_files_are_only_their_own_work(survey, project):
    for number in range(3):
        write_mission(project.root / f"tess/star{number}.fits", seed=number)
    stage = survey("tess/{id}.fits")
    stage.run(workers=2)
    before = marks(project)
    assert len(before) == 3
    write_mission(project.root / "tess/star1b.fits", seed=9)
    grown = stage.run(workers=2)["curves"].curves
    now = marks(project)
    assert len(now) == 4
    assert before.items() <= now.items()
    assert grown.ids.tolist() == ["star0", "star1", "star1b", "star2"]


def test_files_of_one_object_make_one_curve(survey, project):
    """Quarters of a star; one of them has another zero of time."""
    write_mission(project.root / "k/7-q1.fits", "Kepler", TIME=100 + np.arange(40) / 48)
    write_mission(project.root / "k/7-q2.fits", "Kepler", TIME=190 + np.arange(40) / 48, seed=1)
    write_mission(project.root / "k/7-s1.fits", "TESS")
    view = survey("k/{id}-*.fits").run()["curves"]
    curve = view.curves.curve(0)
    assert view.curves.ids.tolist() == ["7"]
    assert len(curve) == 120
    assert (np.diff(curve.time) > 0).all()
    np.testing.assert_allclose(curve.time[[0, 40]] + 2450000 - 2454833, [100, 190], atol=1e-9)
    assert view.curves.meta.bands == ("Kepler", "TESS")
    assert [view.curves.meta.bands[k] for k in np.unique(curve.band)] == ["Kepler", "TESS"]
    assert view.table["season"].tolist() == ["quarter 3, quarter 3, sector 1"]
    assert view.table["files"].tolist() == [3]


def test_parts_by_name_gather_objects(survey, project):
    for part in ("a", "b"):
        for number in range(2):
            write_mission(project.root / f"{part}/{part}{number}.fits", seed=number)
    view = survey("{part}/{id}.fits").run()["curves"]
    assert len(marks(project)) == 2
    assert view.curves.ids.tolist() == ["a0", "a1", "b0", "b1"]
    assert len(view.curves.shards) == 1, "small shards are put together"
    source = Source("curves", "LightCurves", view.hash, view.folder, parts=(Part("a", 0), Part("b", 0)))
    assert open_curves(source).ids.tolist() == view.curves.ids.tolist()
    assert open_curves(source, 1).ids.tolist() == ["b0", "b1"]
    training = replace(source, splits=("train",))
    assert set(open_curves(training, 0).column("split")) <= {"train"}
    with pytest.raises(UnknownName, match="no object is in the split"):
        open_curves(replace(source, splits=("holdout",)))


def test_a_folder_with_its_objects(survey, project):
    write_long_folder(project.root / "eros", {"1": "mira", "2": "cepheid", "3": "mira"})
    view = survey("eros", time_system="JD_UTC", time_zero_day=2447892.5).run()["curves"]
    curves = view.curves
    assert curves.meta.classes == ("cepheid", "mira")
    assert curves.column("label").tolist() == [1, 0, 1]
    assert curves.column("period_day").tolist() == [0.5, 1.5, 2.5]
    np.testing.assert_array_equal(curves.column("ra"), [10, 11, 12])
    assert curves.meta.bands == ("g", "r")
    second = curves.curve(1)
    np.testing.assert_allclose(np.unique(second.time) + 2450000 - 2447892.5, 10 + np.arange(6), atol=1e-9)
    np.testing.assert_allclose(second.in_band("r").value, 15 + 0.01 * np.arange(6), rtol=1e-6)
    assert view.ledger == {"read": {"": 3}}


def test_what_is_written_for_others_is_read_again(survey, project):
    write_long_folder(project.root / "eros", {"1": "mira", "2": "cepheid"})
    first = survey("eros", time_system="HJD_UTC", time_zero_day=2447892.5).run()["curves"].curves
    first.write_long_table(project.root / "written")
    again = survey("written").run(runs=project.root / "again")["curves"].curves
    assert again.meta == first.meta
    assert again.columns == first.columns
    for name in set(first.columns) - {"part"}:
        np.testing.assert_array_equal(again.column(name), first.column(name), err_msg=name)
    for one, other in zip(first.each(), again.each(), strict=True):
        for name in ("time", "value", "error", "quality", "band"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_a_list_and_a_table_of_objects(survey, project):
    write_mission(project.root / "data/one.fits")
    write_mission(project.root / "data/two.fits", seed=1)
    (project.root / "list.txt").write_text("# two files\ndata/one.fits\n\ndata/two.fits\ndata/gone.fits\n")
    (project.root / "known.csv").write_text("id,class,split,group,n\none,planet,test,pair,3\ngone,planet,,,\n")
    inputs = {"known": "known.csv"}
    view = survey("list.txt", inputs, objects="${inputs.known}").run()["curves"]
    assert view.table["id"].tolist() == ["one", "two"]
    assert view.table["class"].tolist() == ["planet", ""]
    assert view.table["split"][0] == "test"
    assert view.table["group"].tolist() == ["pair", "TIC 3"]
    np.testing.assert_array_equal(view.table["n"], [3, np.nan])
    assert list(reasons(view)) == ["gone"]
    assert "the file is not there" in reasons(view)["gone"]


def test_a_changed_row_of_the_objects_makes_its_part_anew(survey, project):
    write_mission(project.root / "data/one.fits")
    write_mission(project.root / "data/two.fits", seed=1)
    table = project.root / "known.csv"
    table.write_text("id,class\none,planet\ntwo,planet\n")
    stage = survey("data/{id}.fits", {"known": "known.csv"}, objects="${inputs.known}")
    stage.run()
    before = marks(project)
    table.write_text("id,class\none,planet\ntwo,binary star\n")
    assert stage.run()["curves"].table["class"].tolist() == ["planet", "binary star"]
    assert len(before.items() & marks(project).items()) == 2
    assert len(marks(project)) == 3


def bad_files(folder):
    """One file of each kind of bad input, by what is told of it."""
    points = 40
    time = 1325.3 + np.arange(points) / 720
    for name, columns in {
        "all-nan": {"PDCSAP_FLUX": np.full(points, np.nan)},
        "negative-errors": {"PDCSAP_FLUX_ERR": np.full(points, -1.0)},
        "repeated": {"TIME": np.full(points, 1325.3)},
        "mixed": {"TIME": np.where(np.arange(points) < 20, time, time + 2457000)},
        "no-dates": {"TIME": time + 2457000},
        "flagged": {"QUALITY": np.full(points, 128)},
    }.items():
        write_mission(folder / f"{name}.fits", **columns)
    write_mission(folder / "one-point.fits", points=1)
    write_mission(folder / "no-rows.fits", points=0)
    write_mission(folder / "no-system.fits", header={"TIMEREF": ...})
    write_mission(folder / "wrong-time-unit.fits", header={"TIMEUNIT": "pixel"})
    write_mission(folder / "wrong-unit.fits", unit="furlong")
    write_mission(folder / "other-columns.fits", named={"PDCSAP_FLUX": "KSP_FLUX"})
    whole = write_mission(folder / "good.fits").read_bytes()
    (folder / "cut.fits").write_bytes(whole[: len(whole) - 7000])
    (folder / "empty.fits").write_bytes(b"")
    (folder / "noise.fits").write_bytes(bytes(range(256)) * 40)
    (folder / "packed.fits.gz").write_bytes(gzip.compress(whole))
    (folder / "packed-cut.fits.gz").write_bytes(gzip.compress(whole)[:-900])
    shuffled = np.random.default_rng(0).permutation(points)
    write_mission(folder / "unsorted.fits", TIME=time[shuffled])
    return {
        "all-nan": "no point with a finite time and value", "negative-errors": "negative errors",
        "repeated": "most times are repeated", "mixed": "mixed time systems", "no-dates": "no dates of this system",
        "flagged": "the quality mask leaves no point", "one-point": "too few points", "no-rows": "no rows",
        "no-system": "the time system is not said", "wrong-time-unit": "none of time", "wrong-unit": "no known unit",
        "other-columns": "no light curve of Kepler, K2 or TESS", "cut": "cut short or corrupt",
        "empty": "the file is empty", "noise": "cut short or corrupt", "packed-cut": "cut short or corrupt",
    }  # fmt: skip


def test_bad_input_is_named_and_the_rest_goes_on(survey, project):
    expected = bad_files(project.root / "data")
    view = survey("data/*.fits*").run()["curves"]
    assert view.table["id"].tolist() == ["good", "packed", "unsorted"]
    assert dict(zip(view.table["id"], view.table["sorted_rows"], strict=True))["unsorted"] > 0
    told = reasons(view)
    assert told.keys() == expected.keys()
    for name, words in expected.items():
        assert words in told[name], name
        assert str(project.root) not in told[name], "the folder stands in no ledger"
    assert all("to fix, " in reason for reason in told.values())
    good, packed = view.curves.curve(0), view.curves.curve(1)
    np.testing.assert_array_equal(good.value, packed.value)


def test_the_failure_budget_counts_them(survey, project, call):
    write_mission(project.root / "data/a.fits")
    write_mission(project.root / "data/b.fits", PDCSAP_FLUX_ERR=np.full(40, -1.0))
    survey("data/{id}.fits")
    project.data["failure_budget"] = 0.1
    assert call("run", project.write(), "--runs", project.runs).code == 3


def test_curves_of_another_kind_are_set_aside(survey, project):
    write_mission(project.root / "data/a.fits")
    write_mission(project.root / "data/b.fits", seed=1)
    (project.root / "data/c.csv").write_text("mjd,mag,mag_err\n58000.5,15.1,0.1\n58001.5,15.2,0.1\n")
    view = survey("data/*.*").run()["curves"]
    assert view.curves.ids.tolist() == ["a", "b"]
    assert "expected BJD_TDB - 2450000, flux in electron / s, as most; received JD_UTC" in reasons(view)["c"]


def test_nothing_usable_is_an_error(survey, project):
    write_mission(project.root / "data/a.fits", points=1)
    with pytest.raises(DataError, match=r"no light curve can be used.*too few points"):
        survey("data/{id}.fits").run()


def test_two_objects_with_one_id_are_told(survey, project):
    for name in ("a", "b"):
        (project.root / f"{name}.csv").write_text("id,mjd,mag\n" + "".join(f"{k % 2},5800{k}.5,15\n" for k in range(6)))
    with pytest.raises(StoreError, match="2 ids stand for more than one object"):
        survey("*.csv").run()


def test_images_of_a_quasar(survey, project):
    text = "mhjd\tmag_A\tmagerr_A\tmag_B\tmagerr_B\n\t\t\t\t\n" + "".join(
        f"{57590.5 + day}\t-10.{day}\t0.01\t-9.{day}\t0.02\n" for day in range(5)
    )
    (project.root / "HE0435.rdb").write_text(text)
    both = survey("{id}.rdb").run()["curves"].curves
    assert both.ids.tolist() == ["HE0435"]
    assert both.meta.bands == ("A", "B")
    np.testing.assert_allclose(both.curve(0).in_band("B").value, -9 - 0.1 * np.arange(5), rtol=1e-6)
    apart = survey("{id}.rdb", images="curves").run()["curves"].curves
    assert apart.ids.tolist() == ["HE0435_A", "HE0435_B"]
    assert apart.column("group").tolist() == ["HE0435", "HE0435"]
    np.testing.assert_allclose(apart.curve(1).time + 2450000 - 2400000.5, 57590.5 + np.arange(5), atol=1e-6)


def test_parameters_are_checked(survey, project):
    write_mission(project.root / "data/a.fits")
    with pytest.raises(PipelineFileErrors, match="positive fractions with the sum 1"):
        survey("data/{id}.fits", splits={"train": 0.5}).run()
    with pytest.raises(PipelineFileErrors, match="pdcsap"):
        survey("data/{id}.fits", flux="pdc").run()
    with pytest.raises(PipelineFileErrors, match="no file matches"):
        survey("nowhere/{id}.fits").run()
    told = survey("data/{id}.fits", time_zero_day=2400000.5).problems()
    assert [one.level for one in told if "without time_system" in one.text] == ["warning"]


def test_show_and_plan(survey, project, call):
    write_long_folder(project.root / "eros", {"1": "mira", "2": "cepheid"})
    survey("eros")
    plan = call("plan", project.write(), "--runs", project.runs)
    assert "about 2 objects" in plan.out
    project.run()
    shown = call("show", project.runs / "small" / "curves")
    assert shown.code == 0, shown.err
    assert "LightCurves" in shown.out
    assert "2 light curves, 24 points" in shown.out
    assert "unknown, magnitude in mag" in shown.out
    data = json.loads(call("show", project.runs / "small" / "curves", "--json").out)
    assert data["kind"] == "LightCurves"
    assert data["summary"]["points"] == 24
    assert "light-curves" in call("list", "stages").out


def test_workers_do_not_import_keras(tmp_path):
    path = write_mission(tmp_path / "a.fits")
    code = (
        "import sys; from pathlib import Path; import astrocnn.stages.light_curves;"
        "from astrocnn.ingest.light_curves.gather import read_files;"
        "from astrocnn.ingest.light_curves.observed import ReadOptions;"
        f"list(read_files({{'a': [Path({str(path)!r})]}}, ReadOptions()));"
        "sys.exit(any(name.split('.')[0] in ('keras', 'tensorflow', 'jax') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_five_lines_of_h5py(survey, project):
    """As docs/light-curves.md shows them."""
    write_mission(project.root / "data/a.fits")
    folder = survey("data/{id}.fits").run()["curves"].folder
    with h5py.File(folder / "00000.curves.h5") as file:
        meta = json.loads(file.attrs["astrocnn"])["meta"]
        start, stop = file["offsets"][0:2]
        time, flux = file["time"][start:stop], file["value"][start:stop]
    assert meta["time_reference_day"] + time[0] == pytest.approx(2457000 + 1325.3)
    assert len(flux) == 40


def test_placeholders_are_counted_and_what_is_left_goes_on(survey, project):
    good = [(name, "g", float(day), 15.0, 0.1) for name in ("1", "2") for day in range(4)]
    bad = [("2", "g", 9.0, 100.01, 99.99), ("2", "g", 10.0, 28.6, 99.999), ("3", "g", 1.0, 99.0, 99.0)]
    write_long_folder(project.root / "long", {"1": "RRab", "2": "RRab", "3": "RRab"}, good + bad)
    view = survey("long").run()["curves"]
    assert dict(zip(view.table["id"], view.table["dropped_placeholders"], strict=True)) == {"1": 0, "2": 2}
    assert dict(zip(view.table["id"], view.table["points"], strict=True)) == {"1": 4, "2": 4}
    assert "only placeholders for nothing measured" in reasons(view)["3"]


def test_bands_of_two_surveys_stand_under_one_name(survey, project):
    rows = [("sdss", band, float(day), 15.0, 0.1) for band in "gri" for day in range(3)]
    rows += [("ztf", band, float(day), 17.0, 0.1) for band in "gR" for day in range(3)]
    write_long_folder(project.root / "long", {"sdss": "RRab", "ztf": "SN Ia"}, rows)
    curves = survey("long", bands=["g", "r"], rename_bands={"R": "r"}).run()["curves"].curves
    assert curves.meta.bands == ("g", "r")
    assert [len(curve.in_band("r")) for curve in curves.each()] == [3, 3]


@pytest.mark.slow
def test_placeholders_of_stripe_82(survey, project):
    """43 magnitudes about 100 and five from 22 to 28.6, all with an error of 99.999: none is a measurement."""
    found = survey(shared("rrlyrae_snia").resolve(), minimum_points=1).run()["curves"]
    curves = found.curves
    assert int(curves.column("dropped_placeholders").sum()) == 48
    assert len(curves) == 2222
    assert max(float(np.nanmax(curve.error)) for curve in curves.each()) < 10


@pytest.mark.slow
def test_real_surveys(survey, project):
    found = survey(shared("eros").resolve()).run()["curves"]
    assert len(found.curves) == 2912
    assert found.curves.meta.classes == ("binary", "cepheid", "mira", "rr_lyrae")
    files = survey(shared("kepler_tess").resolve() / "*.fits").run()["curves"]
    assert len(files.curves) == 3
    assert files.curves.meta.bands == ("Kepler", "TESS")


def test_classes_are_named_gathered_and_ordered(survey, project):
    """Names of the files are gathered under those that are stated; what is not named has no label."""
    write_long_folder(project.root / "long", {"1": "SN", "2": "AGN", "3": "Blazar", "4": "HPM"})
    curves = survey("long", classes={"active": ["AGN", "Blazar"], "SN": ["SN"]}).run()["curves"].curves
    assert curves.meta.classes == ("active", "SN")
    assert dict(zip(curves.ids.tolist(), curves.column("label").tolist(), strict=True)) == {
        "1": 1, "2": 0, "3": 0, "4": -1,
    }  # fmt: skip
    assert curves.column("class_given").tolist() == ["SN", "AGN", "Blazar", "HPM"]
    with pytest.raises(PipelineFileErrors, match="SN stands in several"):
        survey("long", classes={"one": ["SN"], "two": ["SN"]}).run()
