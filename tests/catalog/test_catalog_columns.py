"""The column dictionary: sound as data, and strict about values."""

import numpy as np
import pytest
from astropy import units
from astropy.io.votable.ucd import check_ucd

from astrocnn.catalog.columns import Column, column_dictionary, converted, define, in_order
from astrocnn.errors import DataError, UnknownName

DICTIONARY = column_dictionary()
FLOAT = Column(dtype="float32", missing="nan", description="a number")
COUNT = Column(dtype="int32", missing=-1, description="a count")
EXACT = Column(dtype="int64", description="a count that is always known")
TEXT = Column(dtype="text", missing="empty", description="a text")
IDENTIFIER = DICTIONARY["id"]


@pytest.mark.parametrize("name", DICTIONARY)
def test_every_entry_is_fit_for_all_formats(name):
    entry = DICTIONARY[name]
    assert check_ucd(entry.ucd, check_controlled_vocabulary=True, has_colon=False), entry.ucd
    assert entry.description.isascii()
    assert 0 < len(entry.description) <= 80 - len("TCOMM10 = ''")  # one FITS card
    if entry.unit not in (None, "given"):
        assert units.Unit(entry.unit).to_string("fits")
        assert units.Unit(entry.unit).to_string("vounit")
    null_of = {"text": ("never", "empty"), "float32": ("never", "nan"), "float64": ("never", "nan")}
    assert isinstance(entry.missing, int) or entry.missing in null_of.get(entry.dtype, ("never",))


def test_units_in_names_are_the_units_of_the_columns():
    spelled = {"_arcsec": "arcsec", "_deg": "deg", "_day": "d", "_hour": "h", "_px": "pix2"}
    for name, entry in DICTIONARY.items():
        for ending, unit in spelled.items():
            if name.endswith(ending):
                assert entry.unit == unit, name


@pytest.mark.parametrize(
    ("name", "ucd", "description"),
    [
        ("flux_F814W", "phot.flux", "Flux in band F814W"),
        ("flux_error_g", "stat.error;phot.flux", "Standard error of the flux in band g"),
        ("score_deeplens_2", "stat.likelihood", "Raw score of network deeplens_2"),
        ("magnitude_dereddened_i", "phot.mag", "AB magnitude in band i corrected for extinction"),
        ("probability", "stat.probability", "Calibrated probability of being a positive at the stated prevalence"),
    ],
)
def test_patterns_are_filled_in(name, ucd, description):
    found = define(name, DICTIONARY)
    assert (found.ucd, found.description) == (ucd, description)


def test_unknown_columns_must_be_declared():
    with pytest.raises(UnknownName, match=r"declare it.*did you mean einstein_radius_arcsec"):
        define("einstein_radius", DICTIONARY)
    declared = {**DICTIONARY, "einstein_radius": Column(dtype="float32", missing="nan", description="own")}
    assert define("einstein_radius", declared).description == "own"


def test_the_dictionary_decides_the_order():
    names = ["flux_i", "my_own", "dec", "flux_g", "id", "ra"]
    declared = {**DICTIONARY, "my_own": FLOAT}
    assert in_order(names, declared) == ["id", "ra", "dec", "flux_i", "flux_g", "my_own"]


def test_identifiers_become_text_to_the_last_digit():
    large = 2**62 + 1
    assert converted("id", IDENTIFIER, np.array([large])).tolist() == [str(large)]
    assert converted("id", IDENTIFIER, np.array([b"a", "b"], dtype=object)).tolist() == ["a", "b"]


def test_integers_stay_integers():
    found = converted("n", EXACT, np.array([2**62 + 1, 3]))
    assert found.dtype == np.int64
    assert found.tolist() == [2**62 + 1, 3]
    assert converted("n", COUNT, np.array([1.0, 7.0])).dtype == np.int32


def test_what_is_missing_in_integers_is_masked():
    for values in (
        np.array([1.0, np.nan]),
        np.ma.MaskedArray([1, 9], [False, True]),
        np.array([1, None], object),
        [1, -1],
    ):
        found = converted("n", COUNT, values)
        assert found.mask.tolist() == [False, True]
        assert found.filled().tolist() == [1, -1]
        assert found.dtype == np.int32


def test_what_is_missing_in_numbers_is_nan_and_in_text_empty():
    for values in (np.array([1, None], object), np.ma.MaskedArray([1, 9], [False, True])):
        np.testing.assert_array_equal(converted("x", FLOAT, values), np.array([1, np.nan], np.float32))
    assert converted("t", TEXT, np.array(["a", None], object)).tolist() == ["a", ""]
    assert converted("t", TEXT, np.ma.MaskedArray(["a", "b"], [False, True])).tolist() == ["a", ""]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        (IDENTIFIER, ["a", ""], "may not be empty; received 1 missing of 2"),
        (EXACT, [1.0, np.nan], "may not be empty"),
        (EXACT, [1.5], "expected int64; received .*1.5"),
        (COUNT, [2**40], "expected int32"),
        (COUNT, [1e300], "expected int32"),
        (FLOAT, ["1.5"], "received text"),
        (FLOAT, [1e300], "expected float32"),
        (Column(dtype="bool", description="yes or no"), [0, 2], "expected bool"),
    ],
)
def test_values_that_do_not_fit_are_refused(column, values, message):
    with pytest.raises(DataError, match=message):
        converted("x", column, np.array(values))


def test_no_rows_keep_their_type():
    assert converted("t", TEXT, np.empty(0, object)).dtype.kind == "U"
    assert converted("n", COUNT, np.empty(0)).dtype == np.int32
    assert converted("x", FLOAT, np.empty(0, object)).dtype == np.float32
