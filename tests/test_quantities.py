"""Sizes as people read them."""

import pytest

from astrocnn.quantities import extent_text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (([45], None, None), "45 px"),
        (([45, 60], 0.2, "arcsec"), "45 x 60 px = 9 x 12 arcsec"),
        (([200], 0.5, "hour", "time steps"), "200 time steps = 100 hour"),
        (([15.25], 1 / 3, "arcsec"), "15.25 px = 5.083 arcsec"),
    ],
)
def test_a_size_is_told_in_pixels_and_on_the_sky(given, text):
    assert extent_text(*given) == text
