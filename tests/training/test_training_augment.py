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
    exact_views,
    rotate_and_crop,
    shift_and_cut,
    vary_values,
)


class Draws:
    """A generator whose four rows of draws (angle, flip, shift x, shift y), and then that of a zoom, are given."""

    def __init__(self, angle=0.0, flip=0.9, shift_x=0.5, shift_y=0.5, zoom=None):
        self.rows = {(4, 1): np.array([[angle], [flip], [shift_x], [shift_y]]), 1: np.array([zoom])}

    def random(self, shape):
        return self.rows[shape]


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


@pytest.mark.parametrize("shape", [(20, 20), (21, 21), (21, 24)])
@pytest.mark.parametrize("flip", [0.1, 0.9])
@pytest.mark.parametrize("zoom", [None, 0.0, 0.3, 1.0])
def test_any_angle_and_size_is_the_linear_interpolation_of_scipy(shape, flip, zoom):
    """The zoom is log-uniform from 1 / 1.5 to 2: at 0.3 of the way it is (1 / 1.5)^0.7 * 2^0.3."""
    image = np.random.default_rng(1).normal(size=(1, *shape, 2)).astype(np.float32)
    augmentation = Augmentation(shift_px=1.5, zoom=(1.0, 1.0) if zoom is None else (1 / 1.5, 2.0))
    draws = Draws(angle=0.137, flip=flip, shift_x=0.8, shift_y=0.3, zoom=zoom)
    transforms = draw_transforms(augmentation, 1, shape, draws)
    got = applied(image, transforms, tuple(side // 2 for side in shape))
    theta, mirror = 2 * np.pi * 0.137, -1.0 if flip < 0.5 else 1.0
    enlarged = 1.0 if zoom is None else (1 / 1.5) ** (1 - zoom) * 2.0**zoom
    # In (y, x) order, about the centre: in = R (out - c) / zoom + c + shift.
    matrix = np.array([[np.cos(theta), np.sin(theta) * mirror], [-np.sin(theta), np.cos(theta) * mirror]]) / enlarged
    centre = (np.array(shape) - 1) / 2
    shift = np.array([(2 * 0.3 - 1) * 1.5, (2 * 0.8 - 1) * 1.5])
    offset = centre - matrix @ centre + shift
    # beyond the edge both fill with zeros, but scipy does not fade to them: compare where all is from inside
    inside = affine_transform(np.ones(shape), matrix, offset, order=1, cval=-1e3) > 0.999
    expected = np.stack(
        [affine_transform(image[0, :, :, band], matrix, offset, order=1) for band in (0, 1)] + [inside], axis=-1
    )
    expected = central_crop(expected[None], got.shape[1:3])[0]
    seen = expected[..., 2] > 0.5
    assert seen.mean() > 0.5
    # float32 coordinates of up to 20 px are exact to 2e-6 px, and neighbouring pixels differ by some units
    np.testing.assert_allclose(got[0][seen], expected[..., :2][seen], atol=5e-5)


def test_zoom_above_one_enlarges():
    """A disc of radius 3 becomes one of radius 6."""
    axis = np.arange(41) - 20
    disc = (np.hypot(axis[:, None], axis[None, :]) <= 3).astype(np.float32)[None, :, :, None]
    twice = Augmentation(rotate="none", flip=False, zoom=(2.0, 2.0))
    area = applied(disc, draw_transforms(twice, 1, 41, Draws(zoom=0.5)), 41).sum() / disc.sum()
    assert area == pytest.approx(4.0, rel=0.02)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"zoom": (0.8, 1.2)}, 12),
        ({"zoom": (1.0, 1.3), "shift_px": 1.5}, 13),
        ({"rotate": "none", "zoom": (0.7, 0.9)}, 13),
        ({"rotate": "quarter", "zoom": (0.9, 1.0), "shift_px": 1.0}, 12),
        ({"rotation_deg": (-20.0, 10.0)}, 15),
    ],
)
def test_nothing_beyond_the_stamp_asked_for_is_read(options, size):
    """One pixel around it is NaN, which any weight but none would spread; and what is inside is not filled in.

    An interpolation gives the neighbour of a pixel that it hits exactly a weight of zero, and zero times NaN is NaN:
    the border begins a pixel further out.
    """
    augmentation = Augmentation(**options)
    side = augmentation.stamp_needed(size)
    image = np.full((300, side + 4, side + 4, 1), np.nan, np.float32)
    image[:, 1:-1, 1:-1] = 1.0
    turned = applied(image, draw_transforms(augmentation, 300, side + 4, np.random.default_rng(6)), size)
    np.testing.assert_allclose(turned, 1.0, atol=1e-5)


@pytest.mark.parametrize("options", [{"zoom": (0.8, 1.2)}, {"rotation_deg": (30.0, 60.0)}])
def test_a_stamp_that_is_not_generous_shows_what_is_beyond(options):
    augmentation = Augmentation(**options)
    side = augmentation.stamp_needed(45) - 4  # the pixel's own width is turned and made smaller too, which is generous
    turned = applied(
        np.ones((300, side, side, 1), np.float32),
        draw_transforms(augmentation, 300, side, np.random.default_rng(0)), 45,
    )  # fmt: skip
    assert turned.min() < 0.999


def test_angles_of_a_range_are_uniform_in_it():
    transforms = draw_transforms(
        Augmentation(flip=False, rotation_deg=(-30.0, 10.0)), 4000, 9, np.random.default_rng(2)
    )
    angles = np.degrees(np.arctan2(transforms[:, 3], transforms[:, 0]))
    assert angles.min() >= -30
    assert angles.max() <= 10
    assert angles.mean() == pytest.approx(-10, abs=5 * 40 / math.sqrt(12 * 4000))


def test_zooms_are_uniform_in_their_logarithm():
    options = Augmentation(rotate="none", flip=False, zoom=(0.5, 2.0))
    logarithms = -np.log2(draw_transforms(options, 4000, 9, np.random.default_rng(2))[:, 0])
    assert np.abs(logarithms).max() <= 1 + 1e-6
    assert logarithms.mean() == pytest.approx(0, abs=5 * 2 / math.sqrt(12 * 4000))
    assert logarithms.std() == pytest.approx(1 / math.sqrt(3), rel=0.05)


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


def test_stamps_needed_for_small_angles_and_sizes():
    """|cos| + |sin| at 30 degrees is 1.366; made smaller by 1.25, 1.25 times as much sky is needed."""
    assert Augmentation(rotation_deg=(-30.0, 30.0)).stamp_needed(100) == 138  # 136.6, of even parity
    assert Augmentation(rotation_deg=(-30.0, 80.0)).stamp_needed(100) == 142
    assert Augmentation(rotation_deg=(60.0, 120.0)).stamp_needed(100) == 138
    assert Augmentation(rotate="none", zoom=(0.8, 1.0), shift_px=2.0).stamp_needed(100) == 130  # 125 + 4
    assert Augmentation(rotate="none", zoom=(1.0, 2.0)).stamp_needed(100) == 100


def test_angles_are_of_any_rotation():
    with pytest.raises(ValueError, match=r"rotation_deg is of rotate: any, and rotate is quarter"):
        Augmentation(rotate="quarter", rotation_deg=(0.0, 10.0))


def curves(number=400, length=20):
    """Each holds the numbers of its samples, so that a value says where it was taken."""
    return np.tile(np.arange(length, dtype=np.float32), (number, 1))[:, :, None]


def test_curves_are_cut_at_each_place_and_in_both_directions():
    cut = shift_and_cut(curves(), Augmentation(shift_samples=3, reverse=True), 10, np.random.default_rng(0))[..., 0]
    backwards = cut[:, 0] > cut[:, -1]
    assert 0.4 < backwards.mean() < 0.6
    forwards = np.where(backwards[:, None], cut[:, ::-1], cut)
    np.testing.assert_array_equal(np.diff(forwards, axis=1), 1.0)
    # the middle of 20 samples begins at 5: from 2 to 8
    assert set(forwards[:, 0]) == set(range(2, 9))


def test_a_curve_no_longer_than_needed_is_read_to_its_ends_and_never_beyond():
    options = Augmentation(shift_samples=4)
    length = options.curve_needed(9)
    starts = shift_and_cut(curves(length=length), options, 9, np.random.default_rng(0))[:, 0, 0]
    assert (length, starts.min(), starts.max()) == (17, 0, 8)


def test_a_curve_that_is_left_alone_is_its_middle():
    np.testing.assert_array_equal(
        shift_and_cut(curves(5), Augmentation(), 10, np.random.default_rng(0)), curves(5)[:, 5:15]
    )


@pytest.mark.parametrize("shape", [(2000, 3, 3, 2), (2000, 5, 2)])
def test_values_get_a_gain_an_offset_and_a_colour_of_each_object(shape):
    data = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    options = Augmentation(gain=(0.8, 1.2), offset=0.1, color_noise=(0.5, -0.25))
    varied = vary_values(data, options, np.random.default_rng(1))
    assert varied.dtype == np.float32
    flat, before = varied.reshape(len(data), -1, 2).astype(float), data.reshape(len(data), -1, 2).astype(float)
    gain = np.ptp(flat[:, :, 0], axis=1) / np.ptp(before[:, :, 0], axis=1)
    assert (gain.min(), gain.max()) == pytest.approx((0.8, 1.2), abs=0.01)
    added = flat - gain[:, None, None] * before  # one number for each object and band
    np.testing.assert_allclose(added, added[:, :1].repeat(added.shape[1], axis=1), atol=1e-5)
    # of both bands together: offset + tint / 2 and offset - tint / 4
    tint = (added[:, 0, 0] - added[:, 0, 1]) / 0.75
    offset = added[:, 0, 0] - 0.5 * tint
    assert (tint.mean(), tint.std()) == pytest.approx((0, 1), abs=5 / math.sqrt(2000))
    assert np.abs(offset).max() <= 0.1 + 1e-5
    assert offset.std() == pytest.approx(0.1 / math.sqrt(3), rel=0.05)


def test_values_that_nothing_is_asked_of_are_the_same_object():
    data, rng = stamps(3, 5), np.random.default_rng(0)
    assert vary_values(data, Augmentation(), rng) is data
    assert rng.random() == np.random.default_rng(0).random(), "and nothing is drawn"


def test_a_curve_is_seen_in_both_directions():
    forwards, backwards = exact_views(curves(2), 2)
    np.testing.assert_array_equal(forwards, curves(2))
    np.testing.assert_array_equal(backwards, curves(2)[:, ::-1])
    assert len(exact_views(curves(2), 1)) == 1
    assert len(exact_views(stamps(2, 5), 8)) == 8
