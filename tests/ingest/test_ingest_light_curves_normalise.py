"""The normaliser: times come out finite, sorted and unique, what was changed is counted, the rest is refused."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from astrocnn.errors import DataError
from astrocnn.ingest.light_curves.normalise import Changes, normalise
from astrocnn.ingest.light_curves.observed import Observed, ReadOptions, TimeZero
from astrocnn.samples.curve_columns import CHANGES

OPTIONS = ReadOptions()


def observed(time, value=None, **given):
    time = np.asarray(time)
    value = np.arange(len(time), dtype=float) if value is None else np.asarray(value)
    facts = {"zero": TimeZero("unknown"), "quantity": "magnitude", **given}
    return Observed("star", time, value, **facts)


def changed(found):
    return {name: number for name, number in asdict(found.changes).items() if number}


def test_changes_have_the_names_that_are_told():
    assert list(asdict(Changes())) == list(CHANGES)


def test_nothing_is_changed_in_what_is_in_order():
    found = normalise([observed([1.0, 2.0, 4.0], [15, 16, 15.5], error=np.array([0.1, 0.1, 0.2]))], OPTIONS)
    assert found.curve.time.tolist() == [1, 2, 4]
    assert found.curve.value.tolist() == [15, 16, 15.5]
    assert changed(found) == {}
    assert {name: getattr(found.curve, name).dtype.name for name in ("time", "value", "error", "quality", "band")} == {
        "time": "float64", "value": "float32", "error": "float32", "quality": "int32", "band": "int16",
    }  # fmt: skip


def test_big_endian_and_whole_numbers_become_native():
    found = normalise([observed(np.array([3, 5], ">i4"), np.array([1.5, 2.5], ">f4"))], OPTIONS).curve
    assert found.time.dtype.isnative
    assert found.value.dtype.isnative
    assert found.value.tolist() == [1.5, 2.5]


def test_missing_rows_are_dropped_and_counted():
    time, value = [1, np.nan, 3, 4, 5], [10, 11, np.inf, 12, 14]
    found = normalise([observed(time, value)], OPTIONS)
    assert found.curve.time.tolist() == [1, 4, 5]
    assert changed(found) == {"dropped_missing": 2}


@pytest.mark.parametrize(
    ("value", "error"),
    [
        pytest.param(100.01, 99.99, id="stripe-82"),
        pytest.param(28.606, 99.999, id="stripe-82-error-alone"),
        pytest.param(17.3, 99.99, id="limit-of-asas-sn"),
        pytest.param(99.0, 99.0, id="sextractor"),
        pytest.param(99.0, 0.1, id="value-alone"),
        pytest.param(-999.0, -999.0, id="pan-starrs"),
        pytest.param(15.0, -99.0, id="negative-error-alone"),
        pytest.param(np.float32(99.999), np.nan, id="without-error"),
    ],
)
def test_placeholders_are_no_measurements(value, error):
    given = observed([1, 2, 3, 4], [15.0, value, 15.5, -26.8], error=np.array([0.1, error, np.nan, 4.5]))
    found = normalise([given], OPTIONS)
    assert found.curve.time.tolist() == [1, 3, 4]
    assert found.curve.value.tolist() == pytest.approx([15, 15.5, -26.8]), "the Sun is one"
    assert changed(found) == {"dropped_placeholders": 1}


def test_what_a_placeholder_is_can_be_stated():
    given = observed([1, 2, 3, 4], [15.0, 29.999, 16.0, 15.0], error=np.array([0.1, 0.1, -1.0, 60.0]))
    found = normalise([given], ReadOptions(placeholder_mag=29.0, missing_values=(-1.0,)), 1)
    assert found.curve.time.tolist() == [1]
    assert changed(found) == {"dropped_placeholders": 3}
    found = normalise([given], ReadOptions(placeholder_mag=70.0, missing_values=(-1.0,)))
    assert found.curve.error.tolist() == pytest.approx([0.1, 0.1, 60])


def test_a_flux_of_100_is_one():
    given = observed([1, 2], [99.999, -500.0], quantity="flux", error=np.array([99.0, 99.99]))
    found = normalise([given], OPTIONS)
    assert found.curve.value.tolist() == pytest.approx([99.999, -500])
    assert changed(found) == {}


def test_missing_values_of_fluxes_are_those_of_the_file_in_its_unit():
    given = observed([1, 2, 3], np.float32([1.5, -9999, -9998]), quantity="flux", unit="Jy")
    found = normalise([given], ReadOptions(unit="mJy", missing_values=(-9999.0,)))
    assert found.curve.value.tolist() == pytest.approx([1500, -9998e3])
    assert changed(found) == {"dropped_placeholders": 1}


def test_flags_drop_points_and_the_others_stay():
    found = normalise([observed([1, 2, 3, 4], quality=np.array([0, 8, 3, 16]), dropped_bits=9)], OPTIONS)
    assert found.curve.time.tolist() == [1, 4]
    assert found.curve.quality.tolist() == [0, 16]
    assert changed(found) == {"dropped_flagged": 2}


def test_rows_are_sorted():
    found = normalise([observed([4, 1, 3, 2], [0.4, 0.1, 0.3, 0.2])], OPTIONS)
    assert found.curve.value.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert changed(found) == {"sorted_rows": 2}


def test_bands_one_after_another_are_no_disorder():
    band = np.array([0, 0, 0, 1, 1, 1])
    found = normalise([observed([1, 2, 3, 1, 2, 4], bands=("g", "r"), band=band)], OPTIONS)
    assert found.curve.time.tolist() == [1, 1, 2, 2, 3, 4]
    assert found.curve.band.tolist() == [0, 1, 0, 1, 0, 1]
    assert changed(found) == {}


def test_bands_wanted_and_their_order():
    given = observed([1, 2, 3, 4], bands=("g", "i", "r"), band=np.array([0, 2, 1, 2]))
    found = normalise([given], ReadOptions(bands=("r", "g"))).curve
    assert found.bands == ("r", "g")
    assert found.time.tolist() == [1, 2, 4]
    assert found.band.tolist() == [1, 0, 0]
    with pytest.raises(DataError, match="no point in the bands wanted"):
        normalise([given], ReadOptions(bands=("z",)))


def test_bands_of_two_surveys_become_one():
    sdss = observed([1, 2], [15, 16], bands=("g", "r"), band=np.array([0, 1]))
    ztf = observed([3, 4], [17, 18], bands=("R", "g"), band=np.array([0, 1]))
    found = normalise([sdss, ztf], ReadOptions(rename_bands={"R": "r"})).curve
    assert found.bands == ("g", "r")
    assert found.band.tolist() == [0, 1, 1, 0]
    both = observed([1, 2], [15, 16], bands=("r", "R"), band=np.array([0, 1]))
    assert normalise([both], ReadOptions(bands=("r",), rename_bands={"R": "r"})).curve.band.tolist() == [0, 0]


def test_repeated_times_are_merged():
    """Equal rows become one; others their mean, weighted by 1 / error^2 where all have errors."""
    given = observed(
        [1, 2, 2, 3, 3, 4], [10, 12, 12, 10, 13, 1], error=np.array([1, 1, 1, 1, 0.5, 1]),
        quality=np.array([0, 1, 2, 0, 4, 0]),
    )  # fmt: skip
    found = normalise([given], OPTIONS)
    assert found.curve.time.tolist() == [1, 2, 3, 4]
    assert found.curve.value.tolist() == pytest.approx([10, 12, (10 + 4 * 13) / 5, 1])
    assert found.curve.error.tolist() == pytest.approx([1, 1, 5**-0.5, 1])
    assert found.curve.quality.tolist() == [0, 3, 4, 0]
    assert changed(found) == {"merged_rows": 2}
    without = normalise([observed([1, 1, 2, 3], [10, 14, 5, 6])], OPTIONS).curve
    assert without.value.tolist() == [12, 5, 6]
    assert np.isnan(without.error).all()


def test_errors_that_say_nothing_become_unknown():
    given = observed([1, 2, 3, 4], error=np.array([0.1, 0.0, 0.0, np.inf]))
    found = normalise([given], OPTIONS)
    np.testing.assert_array_equal(found.curve.error, np.array([0.1, np.nan, np.nan, np.nan], np.float32))
    assert changed(found) == {"unknown_errors": 3}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (observed([]), "no rows"),
        (observed([np.nan, np.nan]), "no point with a finite time and value"),
        (observed([1, 2], [np.nan, 99.99]), "only placeholders for nothing measured"),
        (observed([1, 2], error=np.array([99.99, -99])), "only placeholders for nothing measured"),
        (observed([1]), "too few points"),
        (observed([1, 2], error=np.array([0.1, -0.1])), "negative errors"),
        (observed([1, 2], error=np.array([0.1])), "not one error for each time"),
        (observed([1, 2], [1, 2, 3]), "not one value for each time"),
        (observed([5, 5, 5, 6]), None),
        (observed([5, 5, 5, 5, 5, 6, 7]), "most times are repeated"),
        (observed([58000, 58001, 2458002.5]), "mixed time systems"),
        (observed([58000, 58001], zero=TimeZero("JD_UTC", 0.0)), "the times are no dates"),
        (observed([2458000, 2458001], zero=TimeZero("JD_UTC", 2400000.5)), "the times are no dates"),
        (observed([1, 2], quality=np.array([1, 1]), dropped_bits=1), "the quality mask leaves no point"),
        (observed([1, 2], unit="mJy"), "the unit is none of a magnitude"),
        (observed([1, 2], unit="mag", quantity="flux"), "the unit is none of a flux"),
        (observed([1, 2], unit="flurb"), "no known unit"),
    ],
)
def test_what_cannot_be_repaired_is_refused(given, told):
    if told is None:
        assert changed(normalise([given], OPTIONS)) == {"merged_rows": 2}
        return
    with pytest.raises(DataError, match=told) as caught:
        normalise([given], OPTIONS)
    assert caught.value.where == "star"


def test_units_are_converted_or_refused():
    jansky = observed([1, 2], [1.0, 2.0], quantity="flux", unit="Jy", error=np.array([0.1, 0.2]))
    found = normalise([jansky], ReadOptions(unit="mJy"))
    assert found.meta.unit == "mJy"
    assert found.curve.value.tolist() == [1000, 2000]
    assert found.curve.error.tolist() == [100, 200]
    with pytest.raises(DataError, match="wrong units"):
        normalise([jansky], ReadOptions(unit="electron / s"))
    unknown = observed([1, 2], quantity="flux", unit="flurb")
    assert normalise([unknown], ReadOptions(unit="mJy")).meta.unit == "mJy", "what is stated holds"
    assert normalise([observed([1, 2], unit="mag(AB)")], OPTIONS).meta.unit == "mag"


def test_pieces_of_one_object_are_joined():
    kepler = observed([130, 131], zero=TimeZero("BJD_TDB", 2454833.0), bands=("Kepler",))
    tess = observed([1325, 1326], zero=TimeZero("BJD_TDB", 2457000.0), bands=("TESS",))
    found = normalise([tess, kepler], OPTIONS)
    assert found.curve.time.tolist() == [4963, 4964, 8325, 8326]
    assert [found.curve.bands[k] for k in found.curve.band] == ["Kepler", "Kepler", "TESS", "TESS"]
    with pytest.raises(DataError, match="mixed time systems"):
        normalise([tess, observed([1, 2], zero=TimeZero("HJD_UTC", 2457000.0))], OPTIONS)
    with pytest.raises(DataError, match="fluxes and magnitudes"):
        normalise([observed([1, 2]), observed([3, 4], quantity="flux")], OPTIONS)


NUMBERS = st.floats(-1e4, 1e4, width=32) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.0, 2.0])


@given(st.data(), st.integers(1, 30))
def test_whatever_comes_out_is_in_order(data, number):
    """Finite, sorted, unique in a band, no row lost that is not counted, and the same for any order of the rows."""
    time, value = (data.draw(arrays.arrays(np.float32, number, elements=NUMBERS)) for _ in range(2))
    band = data.draw(arrays.arrays(np.int8, number, elements=st.integers(0, 2)))
    order = np.random.default_rng(number).permutation(number)
    results = []
    for rows in (np.arange(number), order):
        given = observed(time[rows], value[rows], quantity="flux", bands=("a", "b", "c"), band=band[rows])
        try:
            results.append(normalise([given], OPTIONS, minimum_points=1))
        except DataError as error:
            results.append(error.what)
    if isinstance(results[0], str):
        assert results[1] == results[0]
        return
    found = results[0].curve
    assert np.isfinite(found.time).all()
    assert np.isfinite(found.value).all()
    step = np.diff(found.time)
    assert ((step > 0) | ((step == 0) & (np.diff(found.band) > 0))).all()
    changes = results[0].changes
    assert len(found) + changes.dropped_missing + changes.merged_rows == number
    np.testing.assert_array_equal(results[1].curve.time, found.time)
    np.testing.assert_allclose(results[1].curve.value, found.value, rtol=1e-5, atol=1e-3)
