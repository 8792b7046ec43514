"""Periods of waves: saw teeth seen once a night, false alarms of noise, and the package that is faster."""

import csv
import importlib

import numpy as np
import pytest
from astropy.timeseries import LombScargle
from curve_files import shared
from pyarrow import parquet

from astrocnn.time_series import lomb_scargle
from astrocnn.time_series.lomb_scargle import band_points, wave_search
from astrocnn.time_series.period_options import PeriodOptions

SINE = PeriodOptions(shortest_day=0.25, longest_day=1.2, harmonics=1)
SHAPED = PeriodOptions(shortest_day=0.25, longest_day=1.2)


def nights(seed, number=45, length=300):
    """Times within two hours of midnight."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(length, number, replace=False) + rng.uniform(-1 / 24, 1 / 24, number)), rng


def sawtooth(seed, period):
    """Two bands of a star that rises in a fifth of its period, as RR Lyrae do."""
    bands = []
    for height, shift in ((0.9, 0.0), (0.6, 3.0)):
        time, rng = nights(seed + 1000 * bool(shift))
        phase = (time / period) % 1.0
        shape = np.where(phase < 0.2, phase / 0.2, (1 - phase) / 0.8)
        bands.append(
            band_points(time, 18 + shift + height * shape + rng.normal(0, 0.02, len(time)), np.full(len(time), 0.02))
        )
    return bands


def test_the_shape_of_the_curve_tells_aliases_apart():
    periods = np.linspace(0.45, 0.7, 8)
    right = {
        how.harmonics: sum(
            abs(wave_search(sawtooth(seed, period), how).period_day / period - 1) < 0.01
            for seed, period in enumerate(periods)
        )
        for how in (SINE, SHAPED)
    }
    assert right[3] >= 7
    assert right[3] >= right[1]


def test_power_and_false_alarm_of_one_band_are_those_of_astropy():
    time, rng = nights(3)
    value, error = 1 + 0.6 * np.sin(time) + rng.normal(0, 1.0, len(time)), np.full(len(time), 1.0)
    peak = wave_search([band_points(time, value, error)], PeriodOptions(shortest_day=1.0, harmonics=1))
    expected = LombScargle(time, value, error)
    assert peak.power == pytest.approx(float(expected.power(1 / peak.period_day)), abs=1e-6)
    alarm = float(expected.false_alarm_probability(peak.power, method="baluev", maximum_frequency=1.0))
    assert peak.false_alarm == pytest.approx(alarm, rel=0.2)


def test_noise_raises_false_alarms_as_often_as_it_says():
    """Of 120 curves of noise in two bands, about a tenth has a probability below 0.1."""
    low = 0
    for seed in range(120):
        bands = []
        for band in range(2):
            time, rng = nights(seed + 500 * band, number=30, length=60)
            bands.append(band_points(time, rng.normal(0, 1, 30), np.full(30, 0.3)))  # errors need one factor
        low += wave_search(bands, PeriodOptions(shortest_day=2.0, harmonics=1)).false_alarm < 0.1
    assert 5 <= low <= 24


def test_sparse_bands_and_none():
    time, rng = nights(1)
    few = band_points(time[:6], rng.normal(0, 1, 6), np.full(6, np.nan))
    assert wave_search([few], SHAPED).period_day > 0.25
    assert wave_search([band_points(time[:4], time[:4], time[:4])], SHAPED) is None
    assert wave_search([band_points(time, np.ones(len(time)), time)], SHAPED) is None
    assert wave_search([few], PeriodOptions(shortest_day=1000.0)) is None
    points = band_points(time[:3], np.array([1.0, np.nan, 3.0]), np.array([0.1, 0.1, -1.0]))
    assert (points.value.tolist(), points.error.tolist()) == ([1.0, 3.0], [0.1, 0.1])


@pytest.mark.slow
def test_catalogued_periods_of_rr_lyrae_in_five_bands():
    """Of ten stars of Stripe 82, seen once a night, at least eight (of all 394 it is 94 %)."""
    folder = shared("rrlyrae_snia")
    with (folder / "objects.csv").open() as stream:
        known = {row["id"]: float(row["period_day"]) for row in csv.DictReader(stream) if row["class"].startswith("RR")}
    chosen = list(known)[:: len(known) // 10][:10]
    points = parquet.read_table(folder / "light_curves.parquet", filters=[("id", "in", chosen)]).sort_by("time")
    columns = {name: points[name].to_numpy() for name in points.column_names}
    right = 0
    for name in chosen:
        bands = []
        for band in "ugriz":
            one = (columns["id"] == name) & (columns["band"] == band)
            bands.append(band_points(*(columns[key][one] for key in ("time", "mag", "mag_error"))))
        peak = wave_search(bands, PeriodOptions(shortest_day=0.2, longest_day=1.2))
        right += abs(peak.period_day / known[name] - 1) < 0.01
    assert right >= 8


def test_nifty_ls_gives_the_same_where_it_is_installed(monkeypatch):
    pytest.importorskip("nifty_ls", reason="nifty-ls is not installed")
    importlib.import_module("nifty_ls")
    found = []
    for method in (("fast", {}), ("fastnifty", {"nthreads": 1})):
        monkeypatch.setattr(lomb_scargle, "_fast_method", lambda method=method: method)
        found.append(wave_search(sawtooth(1, 0.55), SHAPED))
    assert found[0].period_day == found[1].period_day
    assert found[0].power == pytest.approx(found[1].power, abs=1e-3)  # 3e-4 apart with astropy 7.1, 1e-9 with 8.0
