"""Star flags on simulated distributions of size and on images with and without spikes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrocnn.ingest.stars import point_like, ridge_end, spike_strength


def population(stars, galaxies, stretch=0.0, seed=4):
    """Log-normal sizes: stars of 0.85 with 8 % scatter, galaxies from 1.2 upwards; size may rise with peak."""
    rng = np.random.default_rng(seed)
    is_star = np.arange(stars + galaxies) < stars
    log_size = np.where(
        is_star,
        np.log(0.85) + rng.normal(0, 0.08, is_star.size),
        np.log(1.3) + np.abs(rng.normal(0, 0.6, is_star.size)) + 0.1,
    )
    peak = np.exp(rng.uniform(0, 5, is_star.size))
    return np.exp(log_size) * peak**stretch, rng.uniform(0.9, 1.0, is_star.size), peak, is_star


@pytest.mark.parametrize("stretch", [0.0, 0.15])
@pytest.mark.parametrize(("stars", "galaxies"), [(300, 100), (150, 400)])
def test_a_ridge_of_stars_is_found_flat_or_stretched(stars, galaxies, stretch):
    size, ratio, peak, is_star = population(stars, galaxies, stretch)
    found = point_like(size, ratio, peak, np.ones(is_star.size, bool))
    # A Gaussian ridge, smoothed from 0.08 to 0.094, falls to a quarter at 1.67 x 0.094 = 1.96 sigma: 97 % are below.
    # Galaxies blur the running edge: 5 % more may be lost.
    assert found[is_star].mean() > 0.9
    assert found[~is_star].mean() < 0.05


def test_without_stars_only_the_most_compact_are_taken():
    rng = np.random.default_rng(6)
    size, peak = np.exp(rng.uniform(0.0, 2.0, 600)), np.exp(rng.uniform(0, 5, 600))
    found = point_like(size, np.ones(600), peak, np.ones(600, bool))
    # Uniform in log size over 2: 5 % below the edge and log(1.1) / 2 = 4.8 % above it.
    assert found.mean() == pytest.approx(0.098, abs=0.03)
    assert size[found].max() < 1.5


def test_only_usable_round_sources_are_stars():
    size, ratio, peak, _ = population(300, 100)
    usable = np.arange(400) % 2 == 0
    ratio[::4] = 0.5
    found = point_like(size, ratio, peak, usable)
    assert found.any()
    assert not found[~usable].any()
    assert not found[::4].any()


def test_too_few_sources_have_no_locus():
    size, ratio, peak, _ = population(39, 0)
    assert not point_like(size, ratio, peak, np.ones(39, bool)).any()
    assert point_like(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, bool)).shape == (0,)


@given(unit=st.floats(1e-3, 1e3), gain=st.floats(1e-3, 1e3))
def test_units_do_not_matter(unit, gain):
    size, ratio, peak, _ = population(150, 150)
    usable = np.ones(300, bool)
    changed = point_like(size * unit, ratio, peak * gain, usable) != point_like(size, ratio, peak, usable)
    assert changed.sum() <= 1  # a source on the limit itself may fall to either side in the last bit


def test_end_of_a_ridge_and_none_without():
    rng = np.random.default_rng(2)
    ridge = np.concatenate([rng.normal(0.15, 0.05, 3000), rng.uniform(0.5, 1.4, 300)])
    # smoothed width sqrt(2) x 0.05, which falls to a quarter at sqrt(2 ln 4) = 1.665 of it
    assert ridge_end(ridge) == pytest.approx(0.15 + 1.665 * np.sqrt(2) * 0.05, abs=0.02)
    assert ridge_end(rng.uniform(0, 1.5, 4000)) is None
    assert ridge_end(np.concatenate([rng.normal(0.15, 0.02, 50), rng.uniform(0.6, 1.4, 950)])) is None  # 5 % of all


def star(spikes, sigma=3.0):
    """A Gaussian with a cross of four arms."""
    rows, columns = np.mgrid[-40:41, -40:41].astype(float)
    core = np.exp(-(rows**2 + columns**2) / (2 * sigma**2))
    arms = np.exp(-np.abs(rows) / 15 - columns**2 / 2) + np.exp(-np.abs(columns) / 15 - rows**2 / 2)
    return core + spikes * arms


def strength(image, size=5.0):
    return float(spike_strength(image, np.array([40.0]), np.array([40.0]), np.array([size]))[0])


def test_spikes_stand_out_at_any_brightness():
    assert strength(star(0.3)) > 0.15
    assert strength(1000 * star(0.3)) == pytest.approx(strength(star(0.3)))
    assert abs(strength(star(0.0))) < 0.01


def test_discs_and_neighbours_have_no_spikes():
    rows, columns = np.mgrid[-40:41, -40:41].astype(float)
    disc = np.exp(-np.sqrt(columns**2 + (rows / 0.4) ** 2) / 4)
    neighbour = star(0.0) + np.exp(-((columns - 8) ** 2 + rows**2) / 8)
    assert strength(disc) < 0
    assert strength(neighbour) < 0


def test_no_light_around_gives_nan():
    assert np.isnan(strength(np.zeros((81, 81))))
    assert spike_strength(np.ones((5, 5)), np.zeros(0), np.zeros(0), np.zeros(0)).shape == (0,)
