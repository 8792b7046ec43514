"""Cards: directions on the sky against astropy, rows found by id, examples spread evenly."""

import numpy as np
import pytest
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st
from report_written_run import write_samples

from astrocnn.report.gallery import Compass, cards_of, compass_of, directions, evenly, fields_of, rows_of
from astrocnn.samples.sample_set import SampleSet


def turned(angle: float, flipped: bool, scale: float = 1e-4) -> np.ndarray:
    """CD matrix of an image turned by an angle, mirrored or not."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * turn @ np.diag([1.0 if flipped else -1.0, 1.0])


@given(angle=st.floats(-np.pi, np.pi), flipped=st.booleans(), dec=st.floats(-80, 80))
def test_north_and_east_point_where_astropy_finds_them(angle, flipped, dec):
    cd = turned(angle, flipped)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cd = ["RA---TAN", "DEC--TAN"], [150, dec], [1, 1], cd
    compass = compass_of(cd)
    step = 1e-4
    for found, position in ((compass.north, [150, dec + step]), (compass.east, [150 + step, dec])):
        column, row = wcs.all_world2pix([position], 0)[0]
        length = np.hypot(column, row)
        np.testing.assert_allclose(found, (column / length, -row / length), atol=1e-4)  # rows count upwards


def test_the_usual_orientation_is_named():
    upright = compass_of(turned(0.0, flipped=False))
    assert upright.is_upright
    assert not compass_of(turned(0.0, flipped=True)).is_upright  # east is right
    assert not compass_of(turned(0.2, flipped=False)).is_upright
    cards = [type("Card", (), {"compass": compass})() for compass in (upright, None)]
    assert directions(cards) == "north up, east left"
    cards.append(type("Card", (), {"compass": Compass((1.0, 0.0), (0.0, 1.0))})())
    assert directions(cards) == "compass in the enlarged view"
    assert directions(cards[1:2]) == ""


@pytest.mark.parametrize("cd", [np.zeros((2, 2)), np.full((2, 2), np.nan), np.ones((2, 2))])
def test_without_a_wcs_there_is_no_compass(cd):
    assert compass_of(cd) is None


def test_rows_are_found_by_id_in_the_order_asked():
    ids = np.array(["a", "b", "c", "a2"])
    assert rows_of(ids, ["c", "nowhere", "a"]) == [2, None, 0]
    assert rows_of(ids[:0], ["a"]) == [None]


@given(st.integers(0, 300), st.integers(1, 20))
def test_examples_are_spread_from_first_to_last(total, number):
    rows = np.arange(total) * 3
    chosen = evenly(rows, number)
    assert len(chosen) == min(total, number)
    assert len(np.unique(chosen)) == len(chosen)
    if total and number > 1:
        assert (chosen[0], chosen[-1]) == (rows[0], rows[-1])
        gaps = np.diff(chosen) / 3
        assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1  # rounding, no more


def test_fields_hold_every_column_and_the_position_in_words():
    columns = {"id": np.array(["x"]), "ra": np.array([15.0]), "dec": np.array([-0.5]), "n": np.array([3])}
    expected = [("id", "x"), ("position (ICRS)", "01:00:00.00 −00:30:00.0"), ("ra", "15"), ("dec", "-0.5"), ("n", "3")]  # noqa: RUF001
    assert fields_of(columns, 0) == expected
    columns["ra"] = np.array([np.nan])
    assert [key for key, _ in fields_of(columns, 0)] == ["id", "ra", "dec", "n"]


def test_cards_belong_to_the_objects_asked_for(tmp_path):
    data = np.zeros((5, 8, 10, 1), "f4")
    data[np.arange(5), np.arange(5), np.arange(5), 0] = 1.0
    ids = np.array([f"o{k}" for k in range(5)], dtype=object)
    write_samples(tmp_path / "s", data, {"id": ids}, bands=("r",), scale=1.0, scale_unit="km")
    cards = cards_of(SampleSet.open(tmp_path / "s"), [3, 1], [{"rank": "1"}, {"rank": "2"}])
    assert [(card.name, card.rank, card.alt) for card in cards] == [
        ("o3", "1", "Stamp of o3, scale bar 2 km"),
        ("o1", "2", "Stamp of o1, scale bar 2 km"),
    ]
    assert cards[0].picture != cards[1].picture
    assert (cards[0].rows, cards[0].columns, cards[0].compass) == (8, 10, None)
