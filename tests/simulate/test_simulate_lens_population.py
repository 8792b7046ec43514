"""Populations of lenses: ranges kept, distributions as declared, refusals."""

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import kstest

from astrocnn.samples.seeds import BLOCK, block_generator, draw_blocks
from astrocnn.simulate.lens_population import LensPopulation, as_companion, draw_lenses

BANDS = ("g", "r")
POPULATION = LensPopulation(
    einstein_radius_arcsec=(0.5, 2.5), lens_offset_arcsec=0.1, source_offset=(0.1, 0.6), source_color={"g": (0.3, 1.2)}
)


@pytest.fixture(scope="module")
def lenses():
    drawn = [draw_lenses(POPULATION, block_generator(3, "lenses", block), BANDS) for block in range(16)]
    return {name: np.concatenate([block[name] for block in drawn]) for name in drawn[0]}


def test_a_block_is_drawn_whole(lenses):
    assert {values.shape for values in lenses.values()} == {(16 * BLOCK,)}
    assert {values.dtype for values in lenses.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["einstein_radius_arcsec", "source_half_light_radius_arcsec", "arc_to_galaxy_peak"])
def test_logarithmic_quantities_are_uniform_in_their_logarithm(lenses, name):
    low, high = getattr(POPULATION, name)
    share = np.log(lenses[name] / low) / np.log(high / low)
    assert kstest(share, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("name", ["lens_axis_ratio", "shear", "source_sersic_index", "source_axis_ratio"])
def test_linear_quantities_are_uniform(lenses, name):
    low, high = getattr(POPULATION, name)
    assert kstest((lenses[name] - low) / (high - low), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("name", ["lens_angle_deg", "shear_angle_deg", "source_angle_deg"])
def test_angles_have_no_preferred_direction(lenses, name):
    assert kstest(lenses[name] / 180.0, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(("what", "limits"), [("source", POPULATION.source_offset), ("companion", (0.5, 1.5))])
def test_positions_are_uniform_in_area_in_einstein_radii(lenses, what, limits):
    centre = 0.0 if what == "companion" else 1.0
    x = lenses[f"{what}_x_arcsec"] - centre * lenses["lens_x_arcsec"]
    y = lenses[f"{what}_y_arcsec"] - centre * lenses["lens_y_arcsec"]
    radius = np.hypot(x, y) / lenses["einstein_radius_arcsec"]
    share = (radius**2 - limits[0] ** 2) / (limits[1] ** 2 - limits[0] ** 2)
    assert kstest(share, "uniform").pvalue > 1e-3
    assert kstest((np.arctan2(y, x) / (2 * np.pi)) % 1.0, "uniform").pvalue > 1e-3


def test_quantities_are_drawn_independently(lenses):
    names = [name for name, values in lenses.items() if np.isfinite(values).all() and np.std(values) > 0]
    names = [name for name in names if not name.endswith(("_x_arcsec", "_y_arcsec"))]
    correlation = np.corrcoef([lenses[name] for name in names]) - np.eye(len(names))
    # 4096 rows: a chance correlation has a standard deviation of 1/64
    assert np.abs(correlation).max() < 5 / 64


def test_colours_run_from_red_to_blue(lenses):
    assert lenses["source_flux_g"].min() == pytest.approx(0.3, abs=0.01)
    assert lenses["source_flux_g"].max() == pytest.approx(1.2, abs=0.01)
    assert (lenses["source_flux_r"] == 1.0).all()


def test_ranges_and_bands_do_not_change_the_other_quantities():
    other = POPULATION.model_copy(update={"source_sersic_index": (1.0, 1.0), "snr": (5.0, 50.0)})
    first = draw_lenses(POPULATION, block_generator(1, "lenses", 0), BANDS)
    second = draw_lenses(other, block_generator(1, "lenses", 0), ("r",))
    for name in ("einstein_radius_arcsec", "source_angle_deg", "companion_y_arcsec", "arc_to_galaxy_peak"):
        np.testing.assert_array_equal(first[name], second[name])
    assert np.isnan(first["wanted_snr"]).all()
    assert 5.0 <= second["wanted_snr"].min() < second["wanted_snr"].max() <= 50.0


def test_rows_do_not_depend_on_how_objects_are_shared_out():
    def rows(start, stop):
        draw = lambda generator: draw_lenses(POPULATION, generator, BANDS)  # noqa: E731
        return draw_blocks(start, stop, draw, seed=9, stage="lenses")["shear"]

    np.testing.assert_array_equal(np.concatenate([rows(0, 100), rows(100, 600)]), rows(0, 600))


def test_companion_moves_the_source_and_nothing_else(lenses):
    moved = as_companion(lenses)
    np.testing.assert_array_equal(moved["source_x_arcsec"], lenses["companion_x_arcsec"])
    changed = {name for name in lenses if moved[name] is not lenses[name]}
    assert changed == {"source_x_arcsec", "source_y_arcsec"}


def test_a_fixed_value_is_a_range_of_no_width():
    drawn = draw_lenses(LensPopulation(einstein_radius_arcsec=(1.5, 1.5)), block_generator(1, "lenses", 0), ())
    assert (drawn["einstein_radius_arcsec"] == 1.5).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"einstein_radius_arcsec": (2.0, 1.0)}, "ascending"),
        ({"einstein_radius_arcsec": (0.0, 1.0)}, "above 0"),
        ({"lens_axis_ratio": (0.3, 1.2)}, "at most 1"),
        ({"shear": (-0.1, 0.05)}, "not negative"),
        ({"source_sersic_index": (0.2, 4.0)}, "0.36"),
        ({"source_color": {"g": (-0.1, 1.0)}}, "not negative"),
        ({"einstein_radius": (1.0, 2.0)}, "Extra inputs"),
    ],
)
def test_impossible_populations_are_refused(wrong, message):
    with pytest.raises(ValidationError, match=message):
        LensPopulation(**wrong)
