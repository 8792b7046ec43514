"""How simulated stars are observed: as real light curves were, with their times, their bad nights and their noise."""

import numpy as np
import pytest

from astrocnn.errors import DataError
from astrocnn.samples.curve import LightCurve
from astrocnn.samples.curve_meta import CurveMeta
from astrocnn.samples.curve_shards import CurveWriter
from astrocnn.samples.light_curves import LightCurves
from astrocnn.samples.seeds import BLOCK, block_generator
from astrocnn.simulate.variable_population import VariablePopulation
from astrocnn.simulate.variable_samples import sampled_variables
from astrocnn.simulate.variable_sampling import RealSampling

NOISE = {"g": 0.02, "r": 0.05}
START = 5000.0


def usual(magnitude, band):
    """Errors of the survey: at 17 mag `NOISE`, ten times that at 19.5 mag."""
    return NOISE[band] * 10.0 ** (0.4 * (magnitude - 17.0))


def survey(folder, number=200, points=50, bad=3.0, quantity="magnitude", errors=True):
    """Stars of 16 to 20 mag in two bands; each tenth night is `bad`."""
    random = np.random.default_rng(1)
    meta = CurveMeta(
        time_system="HJD_UTC", time_reference_day=2450000.0, quantity=quantity, unit="mag", bands=("g", "r")
    )
    folder.mkdir()
    with CurveWriter(folder / "0000.curves.h5", meta) as writer:
        for star in range(number):
            night = START + np.sort(random.choice(400, points, replace=False)) + 0.25 * random.random(points)
            band = (np.arange(points) % 2).astype(np.int16)
            value = random.uniform(16, 20) + random.normal(0, 0.2, points)
            error = np.where(band == 0, usual(value, "g"), usual(value, "r"))
            error = np.where(np.floor(night) % 10 == 0, bad, 1.0) * error if errors else np.full(points, np.nan)
            curve = LightCurve(
                f"s{star}", night, value.astype(np.float32), error.astype(np.float32), np.zeros(points, np.int32), band,
                meta.bands,
            )  # fmt: skip
            writer.append([curve], {"id": np.array([curve.id], object)})
    return LightCurves.open(folder)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return survey(tmp_path_factory.mktemp("survey") / "curves")


def constant_stars(sampling, mean):
    population = VariablePopulation(ranges={"constant": {"mean_mag": [mean, mean], "colour_mag": [0.0, 0.0]}})
    generator = block_generator(1, "stars", 0)
    return sampled_variables(population, generator, sampling, ("g", "r"), {"constant": ["constant"]}, {"constant": 1.0})


def test_errors_are_those_of_the_magnitude_and_of_the_night(real):
    block, _ = constant_stars(RealSampling(real, ("g", "r")), 18.0)
    bad = np.floor(block.time) % 10 == 0
    for number, name in enumerate(block.bands):
        of = block.band == number
        assert np.median(block.error[of & ~bad]) == pytest.approx(usual(18.0, name), rel=0.1)
        assert np.median(block.error[of & bad]) == pytest.approx(3.0 * usual(18.0, name), rel=0.15)
    np.testing.assert_allclose(np.std((block.value - 18.0) / block.error), 1.0, atol=0.03)


def test_each_star_has_the_times_of_one_real_star(real):
    block, _ = constant_stars(RealSampling(real, ("g", "r")), 17.0)
    nights = {tuple(curve.time.tolist()) for curve in real.each()}
    assert len(block) == BLOCK
    assert all(tuple(curve.time.tolist()) in nights for curve in block)
    assert (np.diff(block[0].time) > 0).all()


def test_one_band_alone_and_bands_in_another_order(real):
    turned, _ = constant_stars(RealSampling(real, ("r", "g")), 17.0)
    assert turned.bands == ("r", "g")
    assert np.median(turned.error[turned.band == 0]) == pytest.approx(usual(17.0, "r"), rel=0.1)
    one = RealSampling(real, ("r",)).draw(block_generator(1, "stars", 0))
    assert (one.band == 0).all()
    assert np.isfinite(one.time).sum(axis=1).tolist() == [25] * BLOCK


def test_nothing_is_fainter_than_what_was_seen(real):
    faintest = max(curve.value.max() for curve in real.each())
    block, _ = constant_stars(RealSampling(real, ("g", "r")), 20.3)
    assert 0 < len(block.value) < 0.9 * 50 * BLOCK
    assert block.value.max() <= faintest


@pytest.mark.parametrize(
    ("given", "bands", "expected"),
    [
        ({"quantity": "flux"}, ("g",), "simulated variables are magnitudes"),
        ({}, ("g", "i"), "no band i to take times from"),
        ({"errors": False}, ("g",), "no point of band g has an error"),
    ],
)
def test_curves_that_cannot_be_followed_are_refused(tmp_path, given, bands, expected):
    curves = survey(tmp_path / "curves", number=3, **given)
    with pytest.raises(DataError, match=expected):
        RealSampling(curves, bands)
