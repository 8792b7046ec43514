"""Views and parts of an object: the authors' description, what a turn of the stamp does to them, and the 45 degrees."""

import keras
import numpy as np
import pytest
from scipy import ndimage

from astrocnn.errors import MismatchError
from astrocnn.networks.layers.dihedral_views import DihedralViews, JoinViews, half_quarter_turn

SIZES = [(13, 9, 6), (12, 8, 6), (99, 69, 45), (98, 68, 45)]
"""Stamp, view and part, of both parities; the network's among them."""


def stamps(size, number=2, bands=3):
    return np.random.default_rng(size).normal(size=(number, size, size, bands)).astype("float32")


def parts_of(images, view, part):
    """(object, view, part, y, x, band)."""
    rows = keras.ops.convert_to_numpy(DihedralViews(view, part)(images))
    return rows.reshape(len(images), 4, 4, part, part, images.shape[-1])


def turned_by_scipy(images, view):
    """Turned by 45 degrees, bilinear, each band by itself, and the middle cut out."""
    turned = ndimage.rotate(images, 45, axes=(2, 1), reshape=False, order=1)
    margin = (images.shape[1] - view) // 2
    return turned[:, margin : margin + view, margin : margin + view]


@pytest.mark.parametrize(("size", "view", "part"), SIZES)
def test_parts_as_the_authors_read_them(size, view, part):
    """The corners of a view: top left as it is, top right with its columns reversed and the axes swapped, bottom right
    with both axes reversed, bottom left with its rows reversed and the axes swapped."""
    images = stamps(size)
    margin = (size - view) // 2
    upright = images[:, margin : margin + view, margin : margin + view]
    tilted = turned_by_scipy(images, view)
    found = parts_of(images, view, part)
    for number, seen in enumerate((upright, upright[:, :, ::-1], tilted, tilted[:, :, ::-1])):
        corners = [
            seen[:, :part, :part],
            seen[:, :part, -part:][:, :, ::-1].swapaxes(1, 2),
            seen[:, -part:, -part:][:, ::-1, ::-1],
            seen[:, -part:, :part][:, ::-1].swapaxes(1, 2),
        ]
        for place, expected in enumerate(corners):
            tolerance = 0 if number < 2 else 1e-5  # only what is interpolated is rounded
            np.testing.assert_allclose(found[:, number, place], expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("size", "view", "part"), SIZES)
def test_the_middle_lies_in_the_same_corner_of_every_part(size, view, part):
    """Light in the middle of the stamp, a few pixels wide, is found around (view - 1) / 2 in all sixteen parts."""
    row, column = np.indices((size, size)) - (size - 1) / 2
    light = np.exp(-(row**2 + column**2) / 2)[None, :, :, None].astype("float32")
    inside = np.indices((part, part)) - (view - 1) / 2
    expected = np.exp(-(inside**2).sum(axis=0) / 2)
    parts = parts_of(light, view, part)[..., 0]
    np.testing.assert_allclose(parts[0, :2], np.broadcast_to(expected, (2, 4, part, part)), atol=1e-6)
    np.testing.assert_allclose(parts[0, 2:], np.broadcast_to(expected, (2, 4, part, part)), atol=0.12)


def after_turn(quarters):
    """Where the parts of a stamp turned by quarters are found among those of the stamp, from the derivation below."""
    return [(view, (place + (-quarters if view % 2 else quarters)) % 4) for view in range(4) for place in range(4)]


def after_flip():
    """The same for the mirror image, from the derivation below."""
    swapped = [(1, 0), (0, 0), (3, 1), (2, -1)]
    return [(view, (place + shift) % 4) for view, shift in swapped for place in range(4)]


@pytest.mark.parametrize(("size", "view", "part"), SIZES)
@pytest.mark.parametrize("change", [1, 2, 3, 4, "flip"])
def test_turns_and_mirror_images_permute_the_parts(size, view, part, change):
    """Write R for the turn by 90 degrees, D for that by 45 (D D = R), F for the mirror image in x, and c for the corner
    of the first rows and columns. Part k of the four views of x is

        c R^k x,    c R^k F x,    c R^k D x,    c R^k F D x.

    Put R x for x. R^k R = R^(k+1), D R = R D, and a mirror image turns the other way round, F R = R^-1 F. So the new
    part k is the old part

        k + 1 of the same view,    k - 1,    k + 1,    k - 1,

    and after q turns k + q and k - q; after four all is as before. The parts are permuted among themselves, and none
    comes back mirrored, as if corners were only transposed.

    Put F x for x. F F = 1 and D F = F D^-1, where D^-1 = R^-1 D reads the same pixels as D. So

        c R^k F x = part k of view 1,    c R^k F F x = c R^k x = part k of view 0,
        c R^k D F x = c R^k F R^-1 D x = c R^k R F D x = part k + 1 of view 3,
        c R^k F D F x = c R^k D^-1 x = c R^k R^-1 D x = part k - 1 of view 2.
    """
    images = stamps(size)
    changed = images[:, :, ::-1] if change == "flip" else np.rot90(images, change, axes=(1, 2))
    before, after = parts_of(images, view, part), parts_of(np.ascontiguousarray(changed), view, part)
    found = after_flip() if change == "flip" else after_turn(change)
    for number, (seen, place) in enumerate(found):
        here, there = after[:, number // 4, number % 4], before[:, seen, place]
        if number < 8:
            np.testing.assert_array_equal(here, there)
        else:  # the same four pixels, added in another order
            np.testing.assert_allclose(here, there, rtol=0, atol=1e-5)
        mirrored = here.swapaxes(1, 2)
        assert not np.allclose(mirrored, there, atol=1e-3)


def test_parts_differ_from_one_another():
    parts = parts_of(stamps(13, 1), 9, 6).reshape(16, -1)
    assert all(not np.allclose(parts[i], parts[j]) for i in range(16) for j in range(i))


@pytest.mark.parametrize(("size", "view", "part"), SIZES)
def test_no_corner_is_invented(size, view, part):
    """A stamp of ones stays one to its corners; what lies outside the views, one pixel around, is not read, whatever it
    is: a view turned by 45 degrees is the square of all |dy| + |dx| <= (view - 1) / sqrt(2) around the middle."""
    ones = parts_of(np.ones((1, size, size, 1), "float32"), view, part)
    np.testing.assert_allclose(ones, 1, atol=1e-6)
    away = np.abs(np.indices((size, size)) - (size - 1) / 2)
    unread = (away.sum(axis=0) >= (view - 1) / np.sqrt(2) + 2) & (away.max(axis=0) > (view - 1) / 2)
    assert unread.sum() > size
    images = stamps(size)
    spoilt = np.where(unread[None, :, :, None], np.nan, images).astype("float32")
    np.testing.assert_array_equal(parts_of(spoilt, view, part), parts_of(images, view, part))


@pytest.mark.parametrize(("size", "view", "part"), SIZES)
def test_pixels_of_the_45_degrees(size, view, part):
    pixels, weights = half_quarter_turn(size, view)
    assert pixels.min() >= 0
    assert pixels.max() < size**2
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=1e-6)
    rows, columns = pixels // size, pixels % size
    at = np.stack([(weights * rows).sum(axis=0), (weights * columns).sum(axis=0)]) - (size - 1) / 2
    corner = np.hypot(*at[:, 0])
    assert corner == pytest.approx((view - 1) / np.sqrt(2), abs=1e-4)  # its distance is kept
    assert at[:, 0] == pytest.approx([-corner, 0], abs=1e-4)  # the top left has come from the middle of the upper edge
    # The least room for the pixels that are read: one pixel less on each side would not do.
    assert min(rows.min(), size - 1 - rows.max()) <= 1


@pytest.mark.parametrize(
    ("shape", "view", "part"),
    [((13, 12, 1), 9, 6), ((12, 12, 1), 9, 6), ((11, 11, 1), 9, 6), ((13, 13, 1), 9, 10), ((98, 98, 3), 69, 45)],
)
def test_stamps_that_do_not_serve(shape, view, part):
    with pytest.raises(MismatchError, match=f"a square of {99 if view == 69 else 13} px"):
        DihedralViews(view, part)(np.zeros((1, *shape), "float32"))


def test_join_brings_each_object_back_to_one_row():
    """View 2, part 3 of the second object: features 11 * 8 to 12 * 8 of its row, in the order of Flatten."""
    maps = np.random.default_rng(0).normal(size=(3 * 16, 2, 2, 2)).astype("float32")
    joined = keras.ops.convert_to_numpy(JoinViews()(maps))
    assert joined.shape == (3, 16 * 8)
    np.testing.assert_array_equal(joined[1, 11 * 8 : 12 * 8], maps[16 + 2 * 4 + 3].ravel())
    np.testing.assert_array_equal(joined.reshape(48, -1), maps.reshape(48, -1))


def test_join_is_the_way_back_of_the_views():
    images = stamps(13)
    joined = keras.ops.convert_to_numpy(JoinViews()(DihedralViews(9, 6)(images)))
    np.testing.assert_array_equal(joined.reshape(2, 4, 4, 6, 6, 3), parts_of(images, 9, 6))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float32"])
def test_any_precision(policy):
    views = DihedralViews(9, 6, dtype=policy)
    images = stamps(13)
    found = views(images)
    assert keras.backend.standardize_dtype(found.dtype) == views.compute_dtype
    exact = parts_of(images, 9, 6)
    rounded = keras.ops.convert_to_numpy(keras.ops.cast(found, "float32")).reshape(exact.shape)
    np.testing.assert_allclose(rounded, exact, atol={"float32": 1e-6}.get(policy, 0.05))


def test_come_back_from_their_configuration():
    views = DihedralViews(9, 6, name="views")
    again = keras.layers.deserialize(keras.layers.serialize(views))
    assert (type(again), again.view, again.part) == (DihedralViews, 9, 6)
    inputs = keras.Input((13, 13, 2))
    assert views(inputs).shape == (None, 6, 6, 2)
    assert JoinViews()(views(inputs)).shape == (None, 16 * 72)
    assert views.compute_output_shape((4, 13, 13, 2)) == (64, 6, 6, 2)
    assert JoinViews().compute_output_shape((64, 6, 6, 2)) == (4, 16 * 72)
