"""Augmentation: exact where it can be, from real pixels only, and the same for the same generator."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import affine_transform

from astrocnn import backend
from astrocnn.training.augment import (
    Augmentation,
    central_crop,
    dihedral_views,
    draw_transforms,
    rotate_and_crop,
)


class Draws:
    """A generator whose four rows of draws (angle, flip, shift x, shift y) are given."""

    def __init__(self, angle=0.0, flip=0.9, shift_x=0.5, shift_y=0.5):
        self.rows = np.array([[angle], [flip], [shift_x], [shift_y]])

    def random(self, shape):
        assert shape == (4, 1)
        return self.rows


def stamps(number, size, bands=2, seed=1):
    return np.random.default_rng(seed).normal(size=(number, size, size, bands)).astype(np.float32)


def applied(images, transforms, size):
    backend.prepare()
    return np.asarray(rotate_and_crop(images, transforms, size))


@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flipped", [False, True])
def test_quarter_turns_and_flips_are_those_of_numpy(size, turns, flipped):
    image = stamps(1, size)
    draws = Draws(angle=(turns + 0.5) / 4, flip=0.1 if flipped else 0.9)
    got = applied(image, draw_transforms(Augmentation(rotate="quarter"), 1, size, draws), size)
    # The map goes from output to input pixels: the output is turned the other way, then mirrored along x.
    turned = np.rot90(image, turns, axes=(1, 2))
    expected = turned[:, :, ::-1] if flipped else turned
    np.testing.assert_allclose(got, expected, atol=2e-6)


def test_quarter_draws_fall_on_each_turn_and_flip_equally_often():
    transforms = draw_transforms(Augmentation(rotate="quarter"), 4000, 9, np.random.default_rng(3))
    matrices, counts = np.unique(np.round(transforms[:, [0, 1, 3, 4]]), axis=0, return_counts=True)
    assert len(matrices) == 8
    # 500 each, with a standard deviation of sqrt(4000 * 1/8 * 7/8) = 21
    assert np.abs(counts - 500).max() < 5 * 21


@pytest.mark.parametrize("size", [20, 21])
@pytest.mark.parametrize("flip", [0.1, 0.9])
def test_any_angle_is_the_linear_interpolation_of_scipy(size, flip):
    image = stamps(1, size)
    augmentation = Augmentation(shift_px=1.5)
    transforms = draw_transforms(augmentation, 1, size, Draws(angle=0.137, flip=flip, shift_x=0.8, shift_y=0.3))
    got = applied(image, transforms, 10 if size == 20 else 11)
    theta, mirror = 2 * np.pi * 0.137, -1.0 if flip < 0.5 else 1.0
    # In (y, x) order, about the centre: in = R (out - c) + c + shift.
    matrix = np.array([[np.cos(theta), np.sin(theta) * mirror], [-np.sin(theta), np.cos(theta) * mirror]])
    centre = np.full(2, (size - 1) / 2)
    shift = np.array([(2 * 0.3 - 1) * 1.5, (2 * 0.8 - 1) * 1.5])
    expected = np.stack(
        [affine_transform(image[0, :, :, band], matrix, centre - matrix @ centre + shift, order=1) for band in (0, 1)],
        axis=-1,
    )
    # float32 coordinates of up to 20 px are exact to 2e-6 px, and neighbouring pixels differ by some units
    np.testing.assert_allclose(got[0], central_crop(expected[None], got.shape[1])[0], atol=5e-5)


@pytest.mark.parametrize("size", [12, 13])
@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_no_corner_is_invented_in_a_stamp_of_the_size_asked_for(size, shift):
    """A stamp of ones stays one: a pixel filled in from beyond the edge would be zero, or partly."""
    augmentation = Augmentation(shift_px=shift)
    side = augmentation.stamp_needed(size)
    transforms = draw_transforms(augmentation, 400, side, np.random.default_rng(0))
    turned = applied(np.ones((400, side, side, 1), np.float32), transforms, size)
    np.testing.assert_allclose(turned, 1.0, atol=1e-5)


def test_a_stamp_two_pixels_smaller_than_needed_has_invented_corners():
    """The size asked for is not generous: the same check fails on little less."""
    augmentation = Augmentation()
    side = augmentation.stamp_needed(45) - 2
    transforms = draw_transforms(augmentation, 400, side, np.random.default_rng(0))
    turned = applied(np.ones((400, side, side, 1), np.float32), transforms, 45)
    assert turned.min() < 0.999


def test_nothing_outside_the_circle_is_read():
    """Pixels beyond the circle that a turn can reach hold a marker, and it never comes through."""
    augmentation, size = Augmentation(shift_px=1.0), 12
    side = augmentation.stamp_needed(size) + 10
    axis = np.arange(side) - (side - 1) / 2
    far = np.hypot(axis[:, None], axis[None, :]) > (size - 1) / math.sqrt(2.0) + math.sqrt(2.0) * (1.0 + 1.0)
    image = np.where(far, 1e6, 1.0).astype(np.float32)[None, :, :, None].repeat(200, axis=0)
    turned = applied(image, draw_transforms(augmentation, 200, side, np.random.default_rng(5)), size)
    np.testing.assert_allclose(turned, 1.0, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 200),
    shift=st.floats(0, 20, allow_nan=False),
    rotate=st.sampled_from(["any", "quarter", "none"]),
)
def test_the_stamp_needed_has_the_parity_of_the_input_and_room_for_every_draw(size, shift, rotate):
    augmentation = Augmentation(rotate=rotate, shift_px=shift)
    needed = augmentation.stamp_needed(size)
    assert (needed - size) % 2 == 0
    # The centre of a corner pixel is (size - 1) / sqrt(2) from the middle; that of the last pixel (needed - 1) / 2.
    reach = (size - 1) / 2 * (math.sqrt(2.0) if rotate == "any" else 1.0) + shift
    assert (needed - 1) / 2 >= reach - 1e-9
    assert needed <= 2 * reach + 4


def test_the_stamp_of_the_quickstart():
    """45 * sqrt(2) = 63.6: the 65 px of the quickstart, of odd parity, are what is needed."""
    assert Augmentation().stamp_needed(45) == 65
    assert Augmentation(rotate="quarter").stamp_needed(45) == 45
    assert Augmentation(rotate="none", shift_px=2.0).stamp_needed(45) == 49


def test_draws_depend_on_the_generator_alone():
    def draw(**options):
        return draw_transforms(Augmentation(**options), 6, 21, np.random.default_rng([1, 2]))

    np.testing.assert_array_equal(draw(), draw())
    assert (draw() != draw_transforms(Augmentation(), 6, 21, np.random.default_rng([1, 3]))).any()
    # four draws a stamp whatever the options: the next number of the generator is the same
    ends = []
    for options in ({}, {"rotate": "none", "flip": False}, {"rotate": "quarter", "shift_px": 3.0}):
        rng = np.random.default_rng(4)
        draw_transforms(Augmentation(**options), 6, 21, rng)
        ends.append(rng.random())
    assert len(set(ends)) == 1


def test_nothing_asked_for_changes_nothing():
    image = stamps(5, 11)
    transforms = draw_transforms(Augmentation(rotate="none", flip=False), 5, 11, np.random.default_rng(0))
    np.testing.assert_array_equal(applied(image, transforms, 11), image)


def test_flips_come_half_of_the_time_and_only_when_asked():
    rng = np.random.default_rng(8)
    flipped = draw_transforms(Augmentation(rotate="none"), 1000, 9, rng)[:, 0] < 0
    assert flipped.mean() == pytest.approx(0.5, abs=5 * 0.5 / math.sqrt(1000))
    assert (draw_transforms(Augmentation(rotate="none", flip=False), 1000, 9, rng)[:, 0] == 1.0).all()


def test_shifts_are_uniform_within_their_bound():
    transforms = draw_transforms(
        Augmentation(rotate="none", flip=False, shift_px=3.0), 4000, 9, np.random.default_rng(2)
    )
    for shift in (transforms[:, 2], transforms[:, 5]):
        assert np.abs(shift).max() <= 3.0
        assert shift.mean() == pytest.approx(0.0, abs=5 * 3.0 / math.sqrt(3 * 4000))
        assert shift.std() == pytest.approx(3.0 / math.sqrt(3.0), rel=0.05)


@pytest.mark.parametrize(("side", "size", "first"), [(9, 5, 2), (8, 4, 2), (9, 9, 0), (9, 4, 2), (8, 5, 1)])
def test_the_central_crop_starts_where_it_should(side, size, first):
    """Of equal parity it is the middle; else the half pixel that is missing lies always on the same side."""
    axis = np.arange(side)
    image = (10 * axis[:, None] + axis[None, :])[None, :, :, None]
    got = central_crop(image, size)[0, :, :, 0]
    assert got.shape == (size, size)
    assert got[0, 0] == 11 * first
    assert got[-1, -1] == 11 * (first + size - 1)


@pytest.mark.parametrize("size", [4, 5])
def test_eight_views_are_the_symmetries_of_the_square(size):
    image = stamps(1, size)
    views = dihedral_views(image, 8)
    assert len({view.tobytes() for view in views}) == 8
    np.testing.assert_array_equal(views[0], image)
    seen = {view.tobytes() for view in views}
    for view in views:  # a group: the views of a view are the same eight
        assert {again.tobytes() for again in dihedral_views(view, 8)} == seen
    quarter = dihedral_views(image, 4)
    assert [view.tobytes() for view in quarter] == [np.rot90(image, k, axes=(1, 2)).tobytes() for k in range(4)]
    (alone,) = dihedral_views(image, 1)
    np.testing.assert_array_equal(alone, image)


@pytest.mark.parametrize("wrong", [{"rotate": "some"}, {"shift_px": -1.0}, {"angle": 3}, {"flip": "yes"}])
def test_augmentations_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Augmentation(**wrong)
