"""Signals in windows of real curves: cut where the star was observed, with its group, split and noise."""

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.samples.curve import LightCurve
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.curve_shards import CurveWriter
from astrocnn.samples.light_curves import LightCurves
from astrocnn.samples.seeds import block_generator
from astrocnn.simulate.cadences import load_cadence
from astrocnn.simulate.real_windows import InjectionRecipe
from astrocnn.simulate.transit_population import TransitPopulation

CADENCE = load_cadence("kepler-long")
STEP = CADENCE.interval_hour / 24


def write(folder, spans=(20.0, 20.0, 0.5), quantity="flux", bands=("Kepler",), step=STEP):
    """Three stars, of 20 days with a gap of five, and of half a day; star k has the flux 1000 (k + 1)."""
    curves = []
    for star, span in enumerate(spans):
        time = np.arange(0, span, step)
        time = time[(time < 7) | (time > 12)]
        rng = np.random.default_rng(star)
        value = (1000.0 * (star + 1) * (1 + 1e-3 * rng.normal(size=len(time)))).astype(np.float32)
        value[10::97] = np.nan
        zero = np.zeros(len(time))
        curves.append(LightCurve(f"star-{star}", time, value, zero.astype("f4"), zero.astype("i4"),
                                 zero.astype("i2"), bands))  # fmt: skip
    meta = CurveMeta(time_system="BJD_TDB", time_reference_day=2450000.0, quantity=quantity, bands=bands)
    columns = {"split": np.array(["train", "test", "train"], object), "group": np.array(["a", "b", "c"], object)}
    with CurveWriter(folder / "0000.curves.h5", meta) as writer:
        writer.append(curves, columns)
    return LightCurves.open(folder)


def block(curves, rows=256, **changes):
    population = TransitPopulation(**{"duration_hour": (2.0, 8.0), "depth_ppm": (5e3, 5e3), "inside": 1.0, **changes})
    recipe = InjectionRecipe(population, curves, CADENCE, samples=48)
    return recipe.block(np.arange(rows), block_generator(1, "windows", 0))


def test_windows_are_of_stars_that_hold_one(tmp_path):
    flux, columns = block(write(tmp_path))
    assert flux.shape == (256, 48)
    assert set(columns["star"]) == {"star-0", "star-1"}, "half a day holds no window of a day"
    for star, group, split, share in (("star-0", "a", "train", 2 / 3), ("star-1", "b", "test", 1 / 3)):
        chosen = columns["star"] == star
        assert chosen.mean() == pytest.approx(share, abs=0.1), "the next star stands for one that holds none"
        assert set(columns["group"][chosen]) == {group}
        assert set(columns["split"][chosen]) == {split}
    assert np.isfinite(flux).mean(axis=1).min() >= 0.8
    assert 0.97 < np.isfinite(flux).mean() < 1


def test_what_is_put_in_is_there_and_nothing_else(tmp_path):
    flux, columns = block(write(tmp_path))
    nothing, transit = columns["kind"] == "nothing", columns["kind"] == "transit"
    assert np.nanstd(flux[nothing]) == pytest.approx(1e-3, rel=0.05)
    np.testing.assert_allclose(np.nanmedian(flux[nothing], axis=1), 1.0, atol=1e-6)
    depth = 1 - np.nanmin(flux[transit], axis=1)
    assert np.quantile(depth, 0.1) > 4e-3
    assert columns["label"].sum() == transit.sum()
    assert columns["noise_ppm"].mean() == pytest.approx(1000, rel=0.05)


def test_fewer_rows_are_the_first_of_the_block(tmp_path):
    curves = write(tmp_path)
    whole, few = block(curves), block(curves, rows=10)
    np.testing.assert_array_equal(few[0], whole[0][:10])
    assert few[1]["star"].tolist() == whole[1]["star"][:10].tolist()


def test_curves_that_cannot_be_cut_are_told(tmp_path):
    with pytest.raises(DataError, match=r"no curve holds a window of 23\.5 h.*own cadence"):
        block(write(tmp_path, spans=(0.5, 0.9, 0.5)))
    for kind, changes in {"magnitudes": {"quantity": "magnitude"}, "two": {"bands": ("g", "r")}}.items():
        (folder := tmp_path / kind).mkdir()
        with pytest.raises(DataError, match="flux of one band"):
            block(write(folder, **changes))
    (coarse := tmp_path / "coarse").mkdir()
    with pytest.raises(DataError, match="no curve holds a window"):
        block(write(coarse, step=2 * STEP))
