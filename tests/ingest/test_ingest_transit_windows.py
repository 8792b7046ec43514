"""Windows of folded curves: placed as stated, the same whichever other stars there are, or as a table says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrocnn.errors import DataError, InputMissing
from astrocnn.ingest.transit_windows import Placement, Windows, generator_of, read_windows, sampled_windows
from astrocnn.samples.curve import LightCurve

HEAD = "id,window_center_day,window_hour,label"


def curve_of(time, value):
    number = len(time)
    return LightCurve(
        "a", np.asarray(time), np.asarray(value, np.float32), np.full(number, np.nan, np.float32),
        np.zeros(number, np.int32), np.zeros(number, np.int16), ("",),
    )  # fmt: skip


@given(period=st.floats(0.5, 100), duration=st.floats(0.5, 20), star=st.text(max_size=5))
def test_windows_are_where_the_protocol_wants_them(period, duration, star):
    windows = Placement(per_star=20).place(period, duration, generator_of(1, "windows", star))
    nearest = (duration + 12) / 24
    if isinstance(windows, str):
        assert "too short" in windows
        assert period / 4 <= nearest
        return
    on, off = windows.centre_day[windows.label == 1], np.abs(windows.centre_day[windows.label == 0])
    assert len(on) == len(off) == 20
    assert np.abs(on).max() <= 0.25
    assert off.min() >= nearest
    assert (period / 2 - off).min() >= nearest - 1e-9


def test_offsets_are_uniform_and_both_sides_are_used():
    windows = Placement(per_star=4000).place(20.0, 3.0, generator_of(1, "windows", "a"))
    on, off = windows.centre_day[windows.label == 1], windows.centre_day[windows.label == 0]
    assert np.std(on) == pytest.approx(0.5 / np.sqrt(12), rel=0.03)  # of a uniform distribution; 3 sigma of 4000 draws
    assert np.mean(off > 0) == pytest.approx(0.5, abs=0.03)


def test_a_star_keeps_its_windows_and_another_seed_or_stage_has_others():
    place = lambda *key: Placement().place(20.0, 3.0, generator_of(*key)).centre_day.tolist()  # noqa: E731
    assert place(1, "windows", "a") == place(1, "windows", "a")
    assert place(1, "windows", "a") != place(1, "windows", "b")
    assert place(1, "windows", "a") != place(2, "windows", "a")
    assert place(1, "windows", "a") != place(1, "others", "a")


@pytest.mark.parametrize(("period", "duration"), [(np.nan, 3.0), (20.0, np.nan), (0.0, 3.0)])
def test_nothing_is_placed_without_period_and_duration(period, duration):
    assert "cannot be placed" in Placement().place(period, duration, generator_of(1, "windows", "a"))


def test_a_table_is_taken_as_it_is(tmp_path):
    path = tmp_path / "windows.csv"
    path.write_text(f"{HEAD}\nb,0.125,24,1\na,3,24.0,0\nb,-4.5,24,0\n")
    found = read_windows(path, 24.0)
    assert list(found) == ["b", "a"]
    assert found["b"].centre_day.tolist() == [0.125, -4.5]
    assert found["b"].label.tolist() == [1, 0]
    assert found["a"].label.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,window_center_day,label\na,1,0\n", "no usable columns"),
        (f"{HEAD}\na,1,24\n", "no usable columns"),
        (f"{HEAD}\na,one,24,0\n", "window_center_day holds no number"),
        (f"{HEAD}\na,nan,24,0\n", "not finite"),
        (f"{HEAD}\na,1,24,2\n", "expected 0 or 1; received 2"),
        (f"{HEAD}\na,1,12,1\n", "window_hour 24; received 12"),
    ],
)
def test_tables_that_say_something_else_are_refused(tmp_path, text, expected):
    path = tmp_path / "windows.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=expected):
        read_windows(path, 24.0)


def test_a_table_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(InputMissing, match="table of windows"):
        read_windows(tmp_path / "windows.csv", 24.0)


def test_samples_are_means_in_equal_steps():
    time = np.arange(-2, 2, 1 / 48) + 1 / 96
    value = np.where(np.abs(time) < 1 / 24, -3.0, 1.0)  # 2 h deep
    flux = sampled_windows(curve_of(time, value), Windows(np.array([0.0, 0.25, 5.0]), np.array([1, 1, 0])), 24.0, 24)
    assert flux.shape == (3, 24)
    assert np.flatnonzero(flux[0] < 0).tolist() == [11, 12]
    assert np.flatnonzero(flux[1] < 0).tolist() == [5, 6]  # the transit is 6 h before the window's middle
    assert np.isnan(flux[2]).all()
