"""Display stretches: exact round trips, clipping, closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from astrocnn.instruments import load_instrument
from astrocnn.stretch import Stretch, to_flux, to_picture

STRETCHES = (
    Stretch(kind="linear"),
    Stretch(kind="sqrt", softening=255.0),
    Stretch(kind="asinh", softening=40.0, zero_level=13.7),
    Stretch(kind="asinh", softening=8.0, zero_level=30.0, levels=256),
    Stretch(kind="asinh", softening=300.0, levels=4096),
)


@pytest.mark.parametrize("stretch", STRETCHES)
def test_every_level_comes_back_exactly(stretch):
    levels = np.arange(stretch.levels, dtype=np.float32)
    np.testing.assert_array_equal(stretch.forward(stretch.inverse(levels)), levels)
    # and through float32 flux, as images are stored
    np.testing.assert_array_equal(stretch.forward(stretch.inverse(levels).astype(np.float32)), levels)


@given(
    kind=st.sampled_from(["linear", "sqrt", "asinh"]),
    softening=st.floats(5.0, 500.0),
    zero_level=st.floats(0.0, 100.0),
    level=st.integers(0, 255),
)
def test_every_level_comes_back_exactly_whatever_the_constants(kind, softening, zero_level, level):
    stretch = Stretch(kind=kind, softening=softening, zero_level=zero_level)
    assert stretch.forward(stretch.inverse(np.array(level))) == level


@pytest.mark.parametrize("stretch", STRETCHES)
def test_brighter_is_never_darker(stretch):
    flux = np.linspace(-100.0, 5000.0, 3001)
    assert (np.diff(stretch.forward(flux)) >= 0).all()
    assert (np.diff(stretch.inverse(np.arange(stretch.levels))) > 0).all()


def test_values_beyond_the_levels_are_clipped_and_nan_stays():
    stretch = STRETCHES[2]
    np.testing.assert_array_equal(stretch.forward(np.array([-1e6, 1e9, np.nan])), [0.0, 255.0, np.nan])
    assert np.isnan(stretch.inverse(np.array(np.nan)))


def test_levels_are_whole_numbers():
    levels = STRETCHES[2].forward(np.random.default_rng(0).normal(50, 100, 1000))
    np.testing.assert_array_equal(levels, np.rint(levels))
    assert levels.dtype == np.float32


def test_curves_have_their_closed_forms():
    assert Stretch(kind="linear", zero_level=10.0).inverse(np.array(35.0)) == pytest.approx(25.0)
    assert Stretch(kind="sqrt", softening=100.0).inverse(np.array(50.0)) == pytest.approx(25.0)
    asinh = Stretch(kind="asinh", softening=40.0, zero_level=12.0)
    assert asinh.inverse(np.array(12.0 + 40.0 * np.log(1 + np.sqrt(2)))) == pytest.approx(40.0)
    # one level a unit of flux at the faint end
    assert asinh.inverse(np.array(13.0)) == pytest.approx(1.0, abs=2e-4)


def test_bands_keep_their_own_stretch():
    pictures = np.random.default_rng(1).integers(0, 256, (2, 3, 3, 3)).astype(np.float32)
    stretches = (STRETCHES[2], None, STRETCHES[1])
    flux = to_flux(pictures, stretches)
    np.testing.assert_array_equal(flux[..., 1], pictures[..., 1])
    np.testing.assert_allclose(flux[..., 0], STRETCHES[2].inverse(pictures[..., 0]))
    np.testing.assert_array_equal(to_picture(flux, stretches), pictures)


def test_wrong_number_of_stretches_is_refused():
    with pytest.raises(ValueError, match="3 bands, received 2"):
        to_flux(np.zeros((1, 2, 2, 3)), STRETCHES[:2])


@pytest.mark.parametrize("wrong", [{"softening": 0.0}, {"levels": 1}, {"kind": "log"}, {"gamma": 2.0}])
def test_impossible_stretches_are_refused(wrong):
    with pytest.raises(ValidationError):
        Stretch(**{"kind": "asinh", **wrong})


def test_adding_nothing_to_the_hubble_picture_changes_nothing():
    data = pytest.importorskip("skimage.data")
    picture = data.hubble_deep_field()[:200, :200].astype(np.float32)
    hubble = load_instrument("hubble-xdf-picture")
    stretches = [hubble.band(name).stretch for name in ("red", "green", "blue")]
    np.testing.assert_array_equal(to_picture(to_flux(picture, stretches), stretches), picture)
