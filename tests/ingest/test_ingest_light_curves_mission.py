"""Files of Kepler, K2 and TESS against astropy's own reading of them, and against what their manuals say."""

import bz2
import gzip
import re
from contextlib import suppress

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time
from curve_files import MISSIONS, mission_hdus, shared, write_mission
from hypothesis import given
from hypothesis import strategies as st

from astrocnn.errors import DataError, InputMissing
from astrocnn.ingest.light_curves import fits_table
from astrocnn.ingest.light_curves.fits_table import read_fits_table
from astrocnn.ingest.light_curves.mission import read_mission_file
from astrocnn.ingest.light_curves.normalise import normalise
from astrocnn.ingest.light_curves.observed import ReadOptions, TimeZero
from astrocnn.ingest.light_curves.quality import FLAGS, flag_meanings, mask_bits

WANTED = ("TIME", "SAP_FLUX", "PDCSAP_FLUX", "PDCSAP_FLUX_ERR", "QUALITY", "SAP_QUALITY")
REAL = (
    "hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits",
    "hlsp_tess-data-alerts_tess_phot_00261136679-s01_tess_v1_lc.fits",
    "kplr010666592-2009131110544_slc.fits",
)


@pytest.fixture
def no_astropy(monkeypatch):
    """The fast way must do."""

    def refused(*given):
        raise AssertionError("astropy was asked")

    monkeypatch.setattr(fits_table, "_by_astropy", refused)


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_as_astropy_reads_them(name, no_astropy):
    path = shared("kepler_tess") / name
    found = read_fits_table(path, WANTED)
    with fits.open(path) as hdus:
        for column, values in found.columns.items():
            np.testing.assert_array_equal(values, hdus[1].data[column], err_msg=column)
            assert values.dtype.isnative
        assert found.names == tuple(hdus[1].columns.names)
        for header, cards in ((hdus[0].header, found.primary), (hdus[1].header, found.header)):
            known = {card.keyword: card.value for card in reversed(header.cards) if card.keyword in cards}
            expected = {key: None if isinstance(value, fits.card.Undefined) else value for key, value in known.items()}
            assert cards == expected


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("flux", ["sap", "pdcsap"])
def test_real_curves_have_the_times_and_fluxes_of_their_columns(name, flux):
    path = shared("kepler_tess") / name
    curve = normalise([read_mission_file(path, ReadOptions(flux=flux, quality="none"))], ReadOptions()).curve
    with fits.open(path) as hdus:
        table, zero = hdus[1].data, hdus[1].header["BJDREFI"] + hdus[1].header["BJDREFF"]
        good = np.isfinite(table["TIME"]) & np.isfinite(table[f"{flux.upper()}_FLUX"])
        time = table["TIME"][good].astype(float) + zero
        np.testing.assert_allclose(curve.time + 2450000, time, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(curve.value, table[f"{flux.upper()}_FLUX"][good].astype(np.float32))
        start = Time(hdus[1].header["DATE-OBS"].rstrip("Z"), scale="utc")
    if "slc" in name:
        return  # of the spacecraft, up to 200 s from the barycentre
    assert abs(start.tdb.jd - time[0]) < 0.01


def test_hat_p_7_transits_when_it_should():
    """Mid-transit 2454954.357463 BJD_TDB, period 2.204735471 d (Esteves et al. 2015): half a percent deep."""
    observed = read_mission_file(shared("kepler_tess") / REAL[2], ReadOptions())
    curve = normalise([observed], ReadOptions()).curve
    phase = (curve.time + 2450000 - 2454954.357463 + 1.1) % 2.204735471 - 1.1
    inside, outside = np.abs(phase) < 0.06, (np.abs(phase) > 0.1) & (np.abs(phase) < 0.3)
    depth = 1 - np.median(curve.value[inside]) / np.median(curve.value[outside])
    assert depth == pytest.approx(0.0067, abs=0.0007)


@pytest.mark.parametrize("mission", MISSIONS)
def test_synthetic_files(tmp_path, mission, no_astropy):
    flags = np.zeros(40, int)
    flags[[3, 5, 7]] = (8, 1 << 6, 1 << 14)
    quality = MISSIONS[mission]["quality"]
    time = 1325.3 + np.arange(40) / 720
    time[0] = np.nan
    path = write_mission(tmp_path / "a.fits", mission, TIME=time, **{quality: flags})
    observed = read_mission_file(path, ReadOptions())
    assert observed.zero == TimeZero("BJD_TDB", float(MISSIONS[mission]["bjdref"]))
    assert (observed.unit, observed.quantity) == ("electron / s", "flux")
    assert observed.columns["target"] == observed.columns["group"] == MISSIONS[mission]["id"]
    assert observed.columns["mission"] == mission
    assert observed.columns["magnitude"] == MISSIONS[mission]["primary"].get("KEPMAG", 10.5)
    assert observed.columns["exposure_second"] == pytest.approx(118.8)
    assert np.isnan(observed.columns["radius_solar"]), "a card without a value"
    found = normalise([observed], ReadOptions())
    assert found.changes.dropped_missing == 1
    dropped = sum((flag & mask_bits(mission, "default")) != 0 for flag in flags)
    assert found.changes.dropped_flagged == dropped
    assert len(found.curve) == 39 - dropped
    assert found.curve.quality.max() == max(flag for flag in flags if not flag & mask_bits(mission, "default"))
    hdus = mission_hdus(mission, TIME=time, **{quality: flags})
    kept = (np.arange(40) > 0) & (flags & mask_bits(mission, "default") == 0)
    np.testing.assert_array_equal(found.curve.value, hdus[1].data["PDCSAP_FLUX"][kept])
    np.testing.assert_array_equal(found.curve.error, np.float32(1.25))


def test_masks_agree_with_the_values_that_the_field_knows():
    """As of lightkurve 2.6, KeplerQualityFlags and TessQualityFlags."""
    names = ("none", "default", "hard", "hardest")
    assert [mask_bits("Kepler", name) for name in names] == [0, 1130799, 1664431, 2096639]
    assert [mask_bits("K2", name) for name in names] == [0, 1130799, 1664431, 2096639]
    assert [mask_bits("TESS", name) for name in names] == [0, 17087, 24319, 65535]
    assert flag_meanings("TESS", 8 | 4096) == ("Earth point", "stray light, found by the pipeline")
    for flags in FLAGS.values():
        assert len({flag.number for flag in flags}) == len(flags)


def test_a_fraction_of_the_reference_day_counts(tmp_path):
    path = write_mission(tmp_path / "a.fits", header={"BJDREFF": 0.25, "TUNIT1": "d"})
    assert read_mission_file(path, ReadOptions()).zero.day == 2457000.25


@pytest.mark.parametrize(
    ("place", "clock", "system"),
    [("SOLARSYSTEM", "TDB", "BJD_TDB"), ("HELIOCENTRIC", "UTC", "HJD_UTC"), ("LOCAL", "UTC", "JD_UTC")],
)
def test_time_systems_of_the_header(tmp_path, place, clock, system):
    path = write_mission(tmp_path / "a.fits", header={"TIMEREF": place, "TIMESYS": clock})
    assert read_mission_file(path, ReadOptions()).zero.system == system


@pytest.mark.parametrize("change", [{"TIMEREF": ...}, {"TIMESYS": "LMST"}, {"BJDREFI": ...}])
def test_a_time_system_that_is_not_said_is_refused(tmp_path, change):
    with pytest.raises(DataError, match="the time system is not said"):
        read_mission_file(write_mission(tmp_path / "a.fits", header=change), ReadOptions())


def test_a_column_of_another_zero_than_the_header_is_refused(tmp_path):
    with pytest.raises(DataError, match="mixed time systems"):
        read_mission_file(write_mission(tmp_path / "a.fits", header={"BJDREFI": 2454833}), ReadOptions())


def test_times_in_seconds_become_days(tmp_path):
    path = write_mission(tmp_path / "a.fits", header={"TIMEUNIT": "s"}, TIME=86400.0 * np.arange(40))
    np.testing.assert_allclose(read_mission_file(path, ReadOptions()).time, np.arange(40))


@pytest.mark.parametrize(("day", "seconds"), [(1275.0, 66.184), (1277.0, 67.184)])
def test_early_kepler_files_are_in_utc_whatever_they_say(tmp_path, day, seconds):
    """Statement on Kepler Timing Error; astropy's own leap seconds say the same to 2 ms."""
    time = day + np.arange(40) / 1000
    paths = [
        write_mission(tmp_path / f"{version}.fits", "Kepler", TIME=time, primary={"FILEVER": version})
        for version in ("4.0", "5.0")
    ]
    early, late = (read_mission_file(path, ReadOptions()).time for path in paths)
    np.testing.assert_array_equal(late, time)
    np.testing.assert_allclose((early - time) * 86400, seconds, atol=1e-6)
    clock = Time(2454833, day, format="jd", scale="utc")
    difference = (clock.tdb.jd1 - clock.jd1) + (clock.tdb.jd2 - clock.jd2)
    assert difference * 86400 == pytest.approx(seconds, abs=0.002)


def test_compressed_files_are_the_same(tmp_path):
    path = write_mission(tmp_path / "a.fits")
    (tmp_path / "b.fits.gz").write_bytes(gzip.compress(path.read_bytes()))
    (tmp_path / "c.fits.bz2").write_bytes(bz2.compress(path.read_bytes()))
    first = read_fits_table(path, WANTED)
    for name in ("b.fits.gz", "c.fits.bz2"):
        other = read_fits_table(tmp_path / name, WANTED)
        assert other.units == first.units
        assert other.primary["OBJECT"] == first.primary["OBJECT"]
        for column in first.columns:
            np.testing.assert_array_equal(other.columns[column], first.columns[column])


def unusual(kind):
    """Tables that the fast way must leave to astropy, or read just as well."""
    flux = np.arange(40.0)
    column = {
        "scaled": fits.Column("PDCSAP_FLUX", "I", array=flux.astype(np.int16)),
        "variable-length": fits.Column("X", "PE()", array=np.array([np.ones(2, np.float32)] * 40, object)),
        "array": fits.Column("PDCSAP_FLUX", "2E", array=np.stack([flux, flux], axis=1)),
        "bits": fits.Column("X", "11X", array=np.zeros((40, 11), bool)),
        "text": fits.Column("X", "7A", array=np.array(["some"] * 40)),
        "logical": fits.Column("X", "L", array=np.ones(40, bool)),
        "continued": fits.Column("X", "E", array=flux),
    }[kind]
    columns = [fits.Column("TIME", "D", array=flux + 1300), column]
    if column.name != "PDCSAP_FLUX":
        columns.append(fits.Column("PDCSAP_FLUX", "E", array=flux))
    table = fits.BinTableHDU.from_columns(columns)
    if kind == "continued":
        table.header["REMARK"] = "long " * 30
    first = fits.PrimaryHDU(np.zeros((7, 5), np.int16)) if kind == "bits" else fits.PrimaryHDU()
    return fits.HDUList([first, fits.ImageHDU(np.zeros((3, 3))), table])


@pytest.mark.parametrize("kind", ["scaled", "variable-length", "array", "bits", "text", "logical", "continued"])
def test_tables_of_other_layouts(tmp_path, kind):
    path = tmp_path / "a.fits"
    unusual(kind).writeto(path)
    if kind == "scaled":
        fits.setval(path, "TSCAL2", value=0.5, ext=2)
        fits.setval(path, "TZERO2", value=3.0, ext=2)
    found = read_fits_table(path, ("TIME", "PDCSAP_FLUX"))
    expected = fits.getdata(path, 2)
    for column, values in found.columns.items():
        np.testing.assert_allclose(values, expected[column])


def test_checksums_are_compared(tmp_path, no_astropy):
    path = tmp_path / "a.fits"
    mission_hdus().writeto(path, checksum=True)
    read_fits_table(path, WANTED)
    content = bytearray(path.read_bytes())
    content[-6000] ^= 4
    path.write_bytes(content)
    with pytest.raises(DataError, match="Datasum verification failed"):
        read_fits_table(path, WANTED)


CARDS = st.one_of(
    st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), st.booleans(),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
    .filter(lambda text: not re.search("' */", text)),  # where astropy 8.0 ends the text, against the standard
)  # fmt: skip


@given(st.dictionaries(st.from_regex(r"K[A-Z0-9_-]{0,7}", fullmatch=True), CARDS, max_size=30))
def test_cards_are_read_as_astropy_reads_them(values):
    header = fits.Header()
    for key, value in values.items():
        header[key] = (value, "a / b")
    cards = header.tostring(endcard=False, padding=False).encode("ascii")
    read = fits.Header.fromstring(cards)
    found = fits_table._values(cards)
    assert found.keys() == values.keys()
    for key, value in found.items():
        assert value == read[key]
        assert isinstance(value, str) == isinstance(values[key], str)


@given(length=st.integers(0, 14400), noise=st.binary(max_size=40), place=st.integers(0, 12000))
def test_no_damage_gives_another_error(tmp_path_factory, length, noise, place):
    """A file cut anywhere, with anything written into it, is read or refused."""
    path = tmp_path_factory.getbasetemp() / "damaged.fits"
    whole = tmp_path_factory.getbasetemp() / "whole.fits"
    if not whole.exists():
        write_mission(whole)
    content = bytearray(whole.read_bytes())
    content[place : place + len(noise)] = noise
    path.write_bytes(content[:length])
    with suppress(DataError):
        normalise([read_mission_file(path, ReadOptions())], ReadOptions())


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(InputMissing):
        read_mission_file(tmp_path / "gone.fits", ReadOptions())
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(tmp_path / "image.fits")
    with pytest.raises(DataError, match="the file has no table"):
        read_mission_file(tmp_path / "image.fits", ReadOptions())
    Table({"TIME": [1.0], "PDCSAP_FLUX": [2.0]}).write(tmp_path / "other.fits")
    with pytest.raises(DataError, match="no light curve of Kepler, K2 or TESS"):
        read_mission_file(tmp_path / "other.fits", ReadOptions())
