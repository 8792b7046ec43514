"""Numbers and positions as text, against astropy and by hand."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given
from hypothesis import strategies as st

from astrocnn.report.formats import duration, flattened, interval, number, plain, sexagesimal

DASH = "\N{EN DASH}"


@given(ra=st.floats(0, 359.999), dec=st.floats(-89.999, 89.999))
def test_a_position_says_what_astropy_reads_back(ra, dec):
    text = sexagesimal(ra, dec).replace("\N{MINUS SIGN}", "-")
    read = SkyCoord(text, unit=(u.hourangle, u.deg))
    # Rounded to 0.01 s of right ascension (0.15 arcsec at the equator) and 0.1 arcsec: half a unit each way.
    assert read.separation(SkyCoord(ra, dec, unit="deg")).arcsec <= np.hypot(0.075, 0.05) + 1e-6


@pytest.mark.parametrize(
    ("ra", "dec", "text"),
    [
        (53.1625, -27.7914, "03:32:39.00 \N{MINUS SIGN}27:47:29.0"),
        (359.999999, 0.0, "00:00:00.00 +00:00:00.0"),  # rounds up to a full turn
        (0.0, -0.000001, "00:00:00.00 +00:00:00.0"),  # no negative zero
        (15.0, 89.99999999, "01:00:00.00 +90:00:00.0"),
        (float("nan"), 1.0, ""),
    ],
)
def test_positions_at_the_edges(ra, dec, text):
    assert sexagesimal(ra, dec) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, DASH),
        (float("nan"), DASH),
        (1234567, "1,234,567"),
        (0.123456, "0.123"),
        (3.0, "3"),
        (np.float32(2.5), "2.5"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (53.16251234567, "53.16251235"),  # ten digits: below a milliarcsecond
        (np.float32(0.1), "0.1"),
        (True, "yes"),
        (np.bool_(False), "no"),
        ([1, 2.5, "a"], "1, 2.5, a"),
        ({"g": 1, "r": None}, f"g: 1, r: {DASH}"),
        (np.float64("nan"), DASH),
    ],
)
def test_any_value_on_one_line(value, text):
    assert plain(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4 s"), (12.4, "12 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min"), (None, DASH)],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_nested_values_become_dotted_rows():
    values = {"a": {"b": 1, "c": {"d": [1, 2]}}, "e": [{"f": 3}, {"f": 4}], "g": {}}
    rows = [("a.b", "1"), ("a.c.d", "1, 2"), ("e[0].f", "3"), ("e[1].f", "4"), ("g", "")]
    assert flattened(values) == rows


def test_an_interval_needs_both_ends():
    assert interval(0.5, 0.25, 2) == "0.50 to 0.25"
    assert interval(0.5, None) == interval(float("nan"), 0.5) == ""
