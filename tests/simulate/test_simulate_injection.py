"""Injection: nothing added changes nothing, light adds linearly, noise belongs to the light."""

import numpy as np
import pytest

from astrocnn.simulate.injection import inject
from astrocnn.stretch import Stretch

ASINH = Stretch(kind="asinh", softening=40.0, zero_level=12.0)
GAIN = (75.0, 4.0)


@pytest.fixture
def generator():
    return np.random.default_rng(4)


@pytest.mark.parametrize("stretches", [(None, None), (ASINH, ASINH), (ASINH, None)])
def test_no_flux_leaves_every_pixel_exactly_as_it_was(generator, stretches):
    galaxies = generator.integers(0, 256, (5, 8, 8, 2)).astype(np.float32)
    galaxies[0, 0, 0] = np.nan
    same = inject(galaxies, np.zeros_like(galaxies), generator, electrons_per_unit=GAIN, stretches=stretches)
    np.testing.assert_array_equal(same, galaxies)
    assert same.dtype == np.float32


def test_linear_images_gain_the_flux_and_its_poisson_variance(generator):
    galaxies, arcs = np.full((200, 16, 16, 2), 7.0, np.float32), np.full((200, 16, 16, 2), 3.0, np.float32)
    added = inject(galaxies, arcs, generator, electrons_per_unit=GAIN, stretches=(None, None)) - galaxies
    # 51200 pixels: standard errors of 0.6 % of the variance
    np.testing.assert_allclose(added.mean(axis=(0, 1, 2)), 3.0, atol=0.02)
    np.testing.assert_allclose(added.var(axis=(0, 1, 2)), [3.0 / 75.0, 3.0 / 4.0], rtol=0.04)


def test_pictures_gain_flux_before_the_stretch(generator):
    # at level 12 + 40 asinh(f / 40) the same flux adds fewer levels to a bright pixel than to the sky
    galaxies = np.array([12.0, 130.0], np.float32).reshape(1, 1, 2, 1)
    arcs = np.full((1, 1, 2, 1), 60.0, np.float32)
    picture = inject(galaxies, arcs, generator, electrons_per_unit=(1e9,), stretches=(ASINH,))
    bright = 40.0 * np.sinh((130.0 - 12.0) / 40.0)
    expected = [12 + 40 * np.arcsinh(60 / 40), 12 + 40 * np.arcsinh((bright + 60) / 40)]
    np.testing.assert_array_equal(picture.ravel(), np.rint(expected))


def test_saturated_pixels_stay_saturated(generator):
    galaxies, arcs = np.full((1, 2, 2, 1), 255.0, np.float32), np.full((1, 2, 2, 1), 500.0, np.float32)
    picture = inject(galaxies, arcs, generator, electrons_per_unit=(75.0,), stretches=(ASINH,))
    np.testing.assert_array_equal(picture, galaxies)
