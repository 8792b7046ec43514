"""Numbers beside the shape: the same in all places, in the order of their names, finite."""

import numpy as np
import pytest
from many_points import made, random_curve

from astrocnn.representations.numbers import numbers, with_numbers
from astrocnn.representations.options import NumbersOptions, PeriodogramOptions, Representation
from astrocnn.representations.periodogram import periodograms
from astrocnn.representations.represent import represent

ALL = NumbersOptions(
    of_bands=("median", "amplitude", "skewness", "error"), colours=True, columns=("period_day", "period_power")
)


def test_numbers_are_those_of_numpy():
    rows = random_curve(0, 60, bands=2)
    found = numbers(made(rows, bands=("g", "r")), {"period_day": [100.0], "period_power": [0.7]}, ALL)[0]
    by_name = dict(zip(ALL.names(("g", "r")), found.tolist(), strict=True))
    for band in (0, 1):
        value = np.array([row[1] for row in rows if row[3] == band], np.float32)
        low, middle, high = np.quantile(value, (0.05, 0.5, 0.95))
        name = "gr"[band]
        assert by_name[f"{name}_median"] == pytest.approx(middle)
        assert by_name[f"{name}_amplitude"] == pytest.approx(np.log10(high - low), rel=1e-4)
        assert by_name[f"{name}_skewness"] == pytest.approx((high + low - 2 * middle) / (high - low), rel=1e-3)
        assert by_name[f"{name}_error"] == pytest.approx(np.log10(0.05), rel=1e-4)
    assert by_name["g_r_colour"] == pytest.approx(by_name["g_median"] - by_name["r_median"], abs=1e-5)
    assert by_name["period_day"] == 2
    assert by_name["period_power"] == pytest.approx(0.7)


def test_powers_are_samples_of_the_periodogram_in_the_order_of_their_names():
    powers = PeriodogramOptions(samples=4, shortest_day=0.1, longest_day=1000.0, harmonics=2)
    options, points = NumbersOptions(columns=("period_power",), powers=powers), made(random_curve(3), random_curve(4))
    found = numbers(points, {"period_power": [0.1, 0.2]}, options)
    of_powers = [f"power_{wave}_at_{middle}_day" for wave in (1, 2) for middle in ("316.2", "31.62", "3.162", "0.3162")]
    assert options.names(("g",)) == ("period_power", *of_powers)
    expected = periodograms(points, powers)
    np.testing.assert_array_equal(found[:, 1:5], expected[..., 0])
    np.testing.assert_array_equal(found[:, 5:], expected[..., 1])
    assert np.ptp(found[:, 2:5]) > 0


def test_what_is_not_known_is_zero():
    found = numbers(made([], bands=("g", "r")), {"period_day": [np.nan], "period_power": [np.inf]}, ALL)
    assert found.tolist() == [[0.0] * len(ALL.names(("g", "r")))]


def test_planes_beside_curves_and_pictures():
    found = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    for shape in ((2, 5, 3), (2, 4, 6, 1)):
        data = with_numbers(np.zeros(shape, np.float32), found)
        assert data.shape == (*shape[:-1], shape[-1] + 2)
        assert data.dtype == np.float32
        assert not data[..., :-2].any()
        np.testing.assert_array_equal(data.reshape(2, -1, shape[-1] + 2)[:, -1, -2:], found)
        assert (data[..., -2:].std(axis=tuple(range(1, len(shape) - 1))) == 0).all()


@pytest.mark.parametrize("kind", ["picture", "dmdt", "resampled"])
def test_every_representation_takes_them(kind):
    how = Representation(**{"as": kind, "numbers": {"of_bands": ["median"], "columns": ["period_day"]}})
    points = made(random_curve(1, bands=2), random_curve(2, bands=2), bands=("g", "r"))
    data = represent(points, None, how, "magnitude", {"period_day": np.array([10.0, 1000.0])})
    assert data.shape == (2, *how.shape(("g", "r")))
    assert how.channels(("g", "r"))[-3:] == ("g_median", "r_median", "period_day")
    assert data[..., -1].reshape(2, -1).tolist() == [[1.0] * data[0, ..., 0].size, [3.0] * data[0, ..., 0].size]
    alone = represent(points, None, Representation(**{"as": kind}), "magnitude")
    np.testing.assert_array_equal(data[..., :-3], alone)
