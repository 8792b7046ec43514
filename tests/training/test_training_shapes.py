"""What a training can do with objects of a shape, and what it says where it cannot."""

import pytest

from astrocnn.training.augment import Augmentation
from astrocnn.training.shapes import input_size, room_problem, views_problem

QUARTER, NONE = Augmentation(rotate="quarter"), Augmentation(rotate="none", flip=False)


@pytest.mark.parametrize(
    ("shape", "input_px", "size"),
    [((24, 24, 2), 16, (16, 16)), ((22, 24, 1), None, (22, 24)), ((180, 1), None, (180,)), ((180, 1), 90, (90,))],
)
def test_the_input_is_what_is_asked_for_or_the_whole_object(shape, input_px, size):
    assert input_size(shape, input_px) == size


@pytest.mark.parametrize(
    ("augmentation", "shape", "size"),
    [
        (QUARTER, (24, 24), (24, 24)),
        (Augmentation(), (26, 26), (18, 18)),
        (NONE, (22, 24), (22, 24)),
        (Augmentation(shift_samples=5), (110,), (100,)),
        (Augmentation(), (100,), (100,)),
    ],
)
def test_there_is_room(augmentation, shape, size):
    assert room_problem(augmentation, shape, size) is None


@pytest.mark.parametrize(
    ("augmentation", "shape", "size", "words"),
    [
        (Augmentation(), (24, 24), (18, 18), ("stamps of 24 px are too small", "26 px or more", "rotate: quarter")),
        (Augmentation(shift_samples=5), (109,), (100,), ("curves of 109 samples", "expected 110 samples or more")),
        (QUARTER, (22, 24), (22, 24), ("22 x 24 px cannot be turned", "augment.rotate: none")),
        (QUARTER, (24, 24), (15, 15), ("15 px cannot stand in the middle of 24 px",)),
        (NONE, (101,), (90,), ("90 samples cannot stand in the middle of 101 samples",)),
        (NONE, (20, 24), (20, 28), ("stamps of 24 px",)),
    ],
)
def test_no_room_is_told_with_what_is_needed(augmentation, shape, size, words):
    told = room_problem(augmentation, shape, size)
    assert all(word in told for word in words), told


@pytest.mark.parametrize(
    ("kind", "views", "size"),
    [("images", 8, (9, 9)), ("images", 1, (9, 7)), ("curves", 2, (9,)), ("curves", 1, (9,))],
)
def test_views_there_are(kind, views, size):
    assert views_problem(kind, views, size) is None


@pytest.mark.parametrize(
    ("kind", "views", "size", "words"),
    [
        ("images", 2, (9, 9), "2 are those of a curve"),
        ("images", 4, (9, 7), "9 x 7 px has one exact view; received 4"),
        ("curves", 8, (9,), "1 or 2 exact views"),
    ],
)
def test_views_there_are_not(kind, views, size, words):
    assert words in views_problem(kind, views, size)


def test_options_of_another_kind_of_object_are_named():
    stated = Augmentation(rotate="none", shift_samples=3, gain=(0.9, 1.1))
    assert stated.not_of("curves") == ["rotate"]
    assert stated.not_of("images") == ["shift_samples"]
    assert Augmentation().not_of("curves") == [], "what is not stated disturbs nobody"
