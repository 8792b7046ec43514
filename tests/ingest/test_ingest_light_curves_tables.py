"""Tables of light curves: which columns are which, which times are meant, ids, bands, wide and long Parquet tables."""

import gzip

import numpy as np
import pyarrow
import pytest
from astropy.io import fits
from astropy.table import Table
from curve_files import shared, write_long_folder, write_mission
from pyarrow import parquet

from astrocnn.errors import DataError, InputMissing
from astrocnn.ingest.light_curves import long_table
from astrocnn.ingest.light_curves.files import find_curve_files
from astrocnn.ingest.light_curves.gather import Unreadable, read_files
from astrocnn.ingest.light_curves.normalise import normalise
from astrocnn.ingest.light_curves.objects import read_objects
from astrocnn.ingest.light_curves.observed import ReadOptions, TimeZero
from astrocnn.ingest.light_curves.read import read_light_curves

OPTIONS = ReadOptions()
MJD = TimeZero("JD_UTC", 2400000.5)


def only(path, options=OPTIONS):
    (found,) = read_light_curves(path, options)
    return found


def write_text(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize("ending", ["csv", "ecsv", "vot", "txt"])
def test_formats(tmp_path, ending):
    table = Table({"MJD": [58000.5, 58001.5], "Flux": [1.5, 2.5], "Flux_err": [0.1, 0.2]})
    table["Flux"].unit = "mJy"
    form = {"csv": "ascii.csv", "ecsv": "ascii.ecsv", "vot": "votable", "txt": "ascii.commented_header"}[ending]
    table.write(tmp_path / f"a.{ending}", format=form)
    found = only(tmp_path / f"a.{ending}")
    assert found.id == "a"
    assert found.zero == MJD
    assert found.quantity == "flux"
    assert found.unit == ("mJy" if ending in ("ecsv", "vot") else None)
    curve = normalise([found], OPTIONS).curve
    assert curve.value.tolist() == [1.5, 2.5]
    np.testing.assert_allclose(curve.error, [0.1, 0.2], rtol=1e-6)
    np.testing.assert_allclose(curve.time, [8001, 8002])


def test_fits_tables_of_other_pipelines(tmp_path):
    columns = [fits.Column("BTJD", "D", array=[1325.5, 1326.5]), fits.Column("KSP", "E", array=[1.0, 2.0])]
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(tmp_path / "a.fits")
    found = only(tmp_path / "a.fits", ReadOptions(columns={"value": "KSP", "time": "BTJD"}))
    assert found.zero == TimeZero("BJD_TDB", 2457000.0)
    assert normalise([found], OPTIONS).curve.value.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "system", "zero"),
    [
        ("mjd", "JD_UTC", 2400000.5), ("MHJD", "HJD_UTC", 2400000.5), ("HJD", "HJD_UTC", 0.0), ("BJD", "BJD_TDB", 0.0),
        ("bkjd", "BJD_TDB", 2454833.0), ("time", "unknown", None), ("t", "unknown", None),
    ],
)  # fmt: skip
def test_names_of_times_say_their_system(tmp_path, name, system, zero):
    found = only(write_text(tmp_path / "a.csv", f"{name},mag\n1.5,15\n2.5,16\n"))
    assert found.zero == TimeZero(system, zero)


def test_a_unit_says_the_system_too(tmp_path):
    table = Table({"time": [500.5, 501.5], "mag": [15.0, 16.0]})
    table["time"].unit = "h"
    table.write(tmp_path / "hours.ecsv")
    assert only(tmp_path / "hours.ecsv").time.tolist() == pytest.approx([500.5 / 24, 501.5 / 24])
    text = (tmp_path / "hours.ecsv").read_text()
    zero = only(write_text(tmp_path / "jd.ecsv", text.replace("unit: h", "unit: HJD - 2450000"))).zero
    assert zero == TimeZero("HJD_UTC", 2450000.0)
    with pytest.raises(DataError, match="none of time"):
        only(write_text(tmp_path / "pixels.ecsv", text.replace("unit: h", "unit: pixel")))


def test_what_is_stated_holds(tmp_path):
    path = write_text(tmp_path / "a.csv", "when,V,eV,ok\n1.5,15.5,0.1,0\n2.5,16.5,0.2,4\n")
    options = ReadOptions(
        columns={"time": "when", "value": "V", "error": "eV", "quality": "ok"}, time_system="HJD_UTC",
        time_zero_day=2450000.0, unit="mag",
    )  # fmt: skip
    found = only(path, options)
    assert found.zero == TimeZero("HJD_UTC", 2450000.0)
    assert found.quantity == "magnitude"
    assert found.quality.tolist() == [0, 4]
    assert only(path, ReadOptions(columns={"time": "when", "value": "V"}, time_system="relative")).zero.day is None
    with pytest.raises(DataError, match="Julian date of time 0"):
        only(path, ReadOptions(columns={"time": "when", "value": "V"}, time_system="BJD_TDB"))
    with pytest.raises(DataError, match=r"no column 'R'.*received when, V, eV, ok"):
        only(path, ReadOptions(columns={"time": "when", "value": "R"}))


def test_flags_that_are_words_are_remarks(tmp_path):
    path = write_text(tmp_path / "a.csv", "mjd,mag,flag\n58000,15,good\n58001,16,cloud\n")
    assert only(path).quality is None
    numbers = only(write_text(tmp_path / "b.csv", "mjd,mag,flag\n58000,15,3\n58001,16,\n"))
    assert normalise([numbers], OPTIONS).curve.quality.tolist() == [3, 0]
    with pytest.raises(DataError, match="column flag holds no numbers"):
        only(path, ReadOptions(columns={"quality": "flag"}))


def test_ids_and_bands(tmp_path):
    path = write_text(
        tmp_path / "a.csv",
        "star,mjd,mag,mag_error,filter\n7,58001,15,0.1,r\n7,58000,16,0.1,g\n5,58003,17,,r\n5,58004,18,0.1,r\n",
    )
    seven, five = read_light_curves(path, OPTIONS)
    assert (seven.id, five.id) == ("7", "5")
    assert five.bands == seven.bands == ("g", "r"), "of the whole table, so that both can stand in one shard"
    assert seven.band.tolist() == [1, 0]
    assert np.isnan(five.error[0])
    assert normalise([five], OPTIONS).curve.value.tolist() == [17, 18]


def test_one_column_a_band(tmp_path):
    """As the MiNDSTEp curves have them: blanks between, magAV beside sigmaAV."""
    path = write_text(
        tmp_path / "a.csv",
        "magAV sigmaAV magBR sigmaBR MJD\n-0.2 0.003 1.2 0.007 54624.4\n-0.3 0.002 NaN NaN 54626.4\n",
    )
    found = normalise([only(path)], OPTIONS)
    assert found.curve.bands == ("AV", "BR")
    assert found.curve.in_band("BR").value.tolist() == pytest.approx([1.2])
    assert found.curve.in_band("AV").error.tolist() == pytest.approx([0.003, 0.002])
    assert found.changes.dropped_missing == 1


@pytest.mark.parametrize("second", ["====\t=======\t===", "\t\t", None])
def test_cosmograil(tmp_path, second):
    lines = ["mhjd\tmag_A\tmagerr_A\tmag_B\tmagerr_B\ttelescope", second, "52863.9\t-10.9\t0.01\t-9.6\t0.02\tEuler"]
    lines.append("52864.9\t-10.8\t0.01\t-9.5\t0.02\tSMARTS")
    path = write_text(tmp_path / "Q.rdb_.txt", "\n".join(line for line in lines if line is not None) + "\n")
    found = only(path)
    assert found.zero == TimeZero("HJD_UTC", 2400000.5)
    assert found.columns["telescopes"] == "Euler SMARTS"
    assert normalise([found], OPTIONS).curve.in_band("B").value.tolist() == pytest.approx([-9.6, -9.5])
    apart = list(read_light_curves(path, ReadOptions(images="curves")))
    assert [one.id for one in apart] == ["Q_A", "Q_B"]
    assert [one.columns["group"] for one in apart] == ["Q", "Q"]
    text = path.read_text()
    with pytest.raises(DataError, match="cut short"):
        only(write_text(tmp_path / "cut.rdb", text[:-12]))


def test_real_quasars():
    folder = shared("quasars/cosmograil")
    paths = sorted(folder.rglob("*.rdb*"))
    assert len(paths) >= 13
    for path in paths:
        found = normalise([only(path)], OPTIONS)
        names = path.read_text().splitlines()[0].split("\t")
        assert found.curve.bands == tuple(sorted(name[4:] for name in names if name.startswith("mag_")))
        assert found.meta.kind == ("HJD_UTC", 2450000.0, "magnitude", "mag")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("mjd,mag\n58000,bright\n", "column mag holds no numbers"),
        ("x,mag\n1,2\n", "no column of the times"),
        ("mjd,x\n1,2\n", "no column of magnitudes or fluxes"),
        ("mjd,mag,flux\n1,2,3\n", "both magnitudes and fluxes"),
        ("mjd,mag\n1,2,3,4\n5\n", "the file cannot be read as a table"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, text, told):
    with pytest.raises(DataError, match=told):
        list(read_light_curves(write_text(tmp_path / "a.csv", text), OPTIONS))


def test_broken_compression_is_told(tmp_path):
    packed = gzip.compress(b"mjd,mag\n58000,15\n58001,16\n")
    (tmp_path / "a.csv.gz").write_bytes(packed)
    assert only(tmp_path / "a.csv.gz").id == "a"
    (tmp_path / "b.csv.gz").write_bytes(packed[:-6])
    with pytest.raises(DataError, match="cannot be read as a table"):
        only(tmp_path / "b.csv.gz")


STARS = {"b": "mira", "a": "cepheid", "c": "mira"}


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_long_tables_in_blocks_of_any_size(tmp_path, monkeypatch, rows):
    monkeypatch.setattr(long_table, "ROWS", rows)
    found = list(read_light_curves(write_long_folder(tmp_path, STARS), OPTIONS))
    assert [one.id for one in found] == ["b", "a", "c"]
    for place, one in enumerate(found):
        assert one.bands == ("g", "r")
        assert one.time.tolist() == [10.0 * place + step for step in range(6)] * 2
        assert one.band.tolist() == [0] * 6 + [1] * 6


@pytest.mark.parametrize("rows", [4, 1000])
def test_rows_of_an_object_need_not_stand_together(tmp_path, monkeypatch, rows):
    monkeypatch.setattr(long_table, "ROWS", rows)
    mixed = [(name, "g", float(step), 15.0 + step, 0.1) for step in range(4) for name in "ba"]
    found = list(read_light_curves(write_long_folder(tmp_path, {"b": "x", "a": "y"}, mixed), OPTIONS))
    assert [one.id for one in found] == ["b", "a"]
    assert all(one.time.tolist() == [0, 1, 2, 3] for one in found)


def test_long_tables_with_little_in_them(tmp_path):
    """Whole numbers as ids, float32 times, no band, no error, nulls: as kepler_koi and kepler_raw are."""
    table = pyarrow.table({
        "id": pyarrow.array([757450, 757450, 8], pyarrow.int64()), "time": pyarrow.array([1, 2, 3], pyarrow.float32()),
        "flux": pyarrow.array([1.5, None, 2.5], pyarrow.float32()),
    })  # fmt: skip
    parquet.write_table(table, tmp_path / "a.parquet")
    first, second = read_light_curves(tmp_path / "a.parquet", OPTIONS)
    assert (first.id, second.id) == ("757450", "8")
    assert first.bands == ("",)
    assert first.error is None
    assert np.isnan(first.value[1])
    assert (first.quantity, first.zero.system) == ("flux", "unknown")


def test_flags_of_a_long_table(tmp_path):
    columns = {"id": ["a", "a"], "time": [1.0, 2.0], "mag": [15.0, 16.0]}
    for name, flags, expected in (("a", ["good", "bad"], [0, 0]), ("b", [None, 4], [0, 4])):
        parquet.write_table(pyarrow.table({**columns, "flag": flags}), tmp_path / f"{name}.parquet")
        assert normalise([only(tmp_path / f"{name}.parquet")], OPTIONS).curve.quality.tolist() == expected


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"id": ["a"], "time": [1.0]}, "no column of magnitudes or fluxes"),
        ({"time": [1.0], "mag": [1.0]}, "no column of the ids"),
        ({"id": ["a"], "mag": [1.0]}, "no column of the times"),
        ({"id": ["a"], "time": ["x"], "mag": [1.0]}, "holds no numbers"),
    ],
)
def test_long_tables_that_cannot_be_used(tmp_path, columns, told):
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=told):
        list(read_light_curves(tmp_path / "a.parquet", OPTIONS))


def test_a_damaged_long_table_is_told(tmp_path):
    write_long_folder(tmp_path, STARS)
    path = tmp_path / "light_curves.parquet"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="the table cannot be read"):
        list(read_light_curves(tmp_path, OPTIONS))


def test_objects(tmp_path):
    text = "\ufeffid,Class,ra_deg,dec_deg,Period (day),name,n\n1,mira,10.5,-5,2.5,x,3\n2,,,,,,\n"
    path = tmp_path / "objects.csv"
    path.write_text(text, encoding="utf-8")
    found = read_objects(path)
    assert list(found.columns) == ["class", "ra", "dec", "Period_day", "name", "n"]
    assert found.rows == {"1": 0, "2": 1}
    one, none = found.of("1"), found.of("9")
    assert (one["ra"], one["dec"], one["Period_day"], one["name"], one["n"]) == (10.5, -5, 2.5, "x", 3)
    assert none["name"] == ""
    assert np.isnan(none["ra"])
    assert np.isnan(found.of("2")["ra"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("star,class\n1,x\n", "no usable columns"),
        ("id,class\n1\n", "no usable columns"),
        ("id,ra,ra_deg\n1,2,3\n", "no usable columns"),
        ("id,class\n1,x\n1,y\n", "an id stands twice"),
    ],
)
def test_objects_that_cannot_be_used(tmp_path, text, told):
    with pytest.raises(DataError, match=told):
        read_objects(write_text(tmp_path / "objects.csv", text))
    with pytest.raises(InputMissing):
        read_objects(tmp_path / "gone.csv")


def test_finding_files(tmp_path):
    for name in ("q1/7.fits", "q1/8.fits", "q2/7.fits", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    by_object = find_curve_files("*/{id}.fits", tmp_path)
    assert {part.name: len(part.objects[part.name]) for part in by_object} == {"7": 2, "8": 1}
    by_part = find_curve_files("{part}/{id}.fits", tmp_path)
    assert {part.name: list(part.objects) for part in by_part} == {"q1": ["7", "8"], "q2": ["7"]}
    write_long_folder(tmp_path / "eros", STARS)
    (folder,) = find_curve_files("eros", tmp_path)
    assert folder.folder == tmp_path / "eros"
    assert [path.name for path in folder.files["eros"]] == ["light_curves.parquet", "objects.csv"]
    with pytest.raises(InputMissing, match="no file matches"):
        find_curve_files("q3/*.fits", tmp_path)
    with pytest.raises(InputMissing, match="no file matches"):
        find_curve_files("q1", tmp_path)


def test_a_text_file_is_a_light_curve_or_a_list(tmp_path):
    wide = " ".join(f"mag_{band:060d}" for band in range(9))
    path = write_text(tmp_path / "a.txt", f"mjd {wide}\n" + "".join(f"5800{k} " + "15.0 " * 9 + "\n" for k in range(3)))
    (found,) = find_curve_files("a.txt", tmp_path)
    assert found.objects == {"a": [path]}
    assert len(only(path).bands) == 9
    write_text(tmp_path / "b.txt", "# one\na.txt\n")
    (listed,) = find_curve_files("b.txt", tmp_path)
    assert listed.objects == {"a": [path]}


def test_one_broken_quarter_is_set_aside_and_the_star_goes_on(tmp_path):
    good = write_mission(tmp_path / "q1.fits")
    (tmp_path / "q2.fits").write_bytes(good.read_bytes()[:5000])
    broken, star = read_files({"7": [good, tmp_path / "q2.fits", tmp_path / "q3.fits"]}, OPTIONS), None
    found = list(broken)
    told = [one.id for one in found if isinstance(one, Unreadable)]
    (star,) = [one for one in found if not isinstance(one, Unreadable)]
    assert told == ["7/q2.fits", "7/q3.fits"]
    assert star[0] == "7"
    assert len(star[1]) == 1


@pytest.mark.parametrize(
    ("name", "objects", "refused"), [("crts", 338, 4), ("rrlyrae_snia", 2222, 24), ("kepler_raw", 56, 0)]
)
def test_real_long_tables(name, objects, refused):
    told = []
    number = 0
    for one in read_light_curves(shared(name), OPTIONS):
        number += 1
        try:
            normalise([one], OPTIONS)
        except DataError as error:
            told.append(error.what)
    assert number == objects
    assert told == ["too few points"] * refused
