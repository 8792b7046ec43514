"""Features of the light-curve package with our period; what is not known is NaN; what is missing is told."""

import sys

import numpy as np
import pytest
from many_points import made, random_curve

from astrocnn.errors import UnknownName
from astrocnn.representations.features import features
from astrocnn.time_series.period_options import PeriodOptions

OPTIONS = PeriodOptions(shortest_day=0.5)


def test_features_of_two_bands():
    pytest.importorskip("light_curve", reason="the extra curves is not installed")
    rows = random_curve(0, 80, bands=2, length=60)
    time = np.array([row[0] for row in rows])
    wave = [(*row[:1], 15 + 2 * row[3] + np.sin(2 * np.pi * row[0] / 3.21), 0.1, row[3]) for row in rows]
    found = features(made(wave, rows, rows[:4], [], bands=("g", "r")), ("g", "r"), OPTIONS)
    assert found["period_day"][0] == pytest.approx(3.21, rel=0.01)
    assert found["g_folded_eta"][0] < 0.1 < 0.5 < found["g_folded_eta"][1]
    assert found["g_r_colour"][0] == pytest.approx(-2, abs=0.5)
    chosen = np.array([row[3] == 0 for row in wave])
    values = np.array([row[1] for row in wave], np.float32)[chosen]
    assert found["g_standard_deviation"][0] == pytest.approx(values.std(ddof=1), rel=1e-5)
    assert found["g_amplitude"][0] == pytest.approx(np.ptp(values) / 2, rel=1e-5)
    assert len(time) == 80
    for name, values in found.items():
        assert values.shape == (4,), name
        assert np.isnan(values[3]), name
    assert np.isnan(found["period_day"][2])


def test_constant_curves_have_no_shape():
    pytest.importorskip("light_curve", reason="the extra curves is not installed")
    found = features(made([(time, 15, 0.1) for time in range(20)]), ("r",), OPTIONS)
    assert found["r_standard_deviation"][0] == 0
    for name in ("period_day", "r_skew", "r_folded_eta"):
        assert np.isnan(found[name][0]), name


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "light_curve", None)
    with pytest.raises(UnknownName, match=r"features need the package light-curve.*astrocnn\[curves\]"):
        features(made(random_curve(0)), ("r",), OPTIONS)
