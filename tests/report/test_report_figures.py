"""The figures: what is drawn is what was given, the same bytes each time, no global state."""

import io
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, Rectangle
from PIL import Image

from astrocnn.report.field_drawing import field_as_lengths, field_over_stamp
from astrocnn.report.figures import OperatingPoint, completeness_curve, roc_curve, score_histogram, training_curves
from astrocnn.report.theme import DARK, LIGHT, png_bytes, write_png

RATE = np.array([0.0, 0.0, 0.01, 0.1, 1.0])
TRUE = np.array([0.0, 0.4, 0.7, 0.9, 1.0])


def bins(*columns):
    names = ("bin_low", "bin_high", "completeness", "completeness_low", "completeness_high", "n")
    return {name: np.array(values, float) for name, values in zip(names, columns, strict=True)}


def draw_all(theme):
    rng = np.random.default_rng(0)
    stamp = np.zeros((8, 8, 3), np.uint8)
    yield score_histogram({"objects": rng.random(50), "positives": rng.random(20)}, {"1 % FPR": 0.9}, theme=theme)
    yield roc_curve(
        RATE, TRUE, (RATE[2:], TRUE[2:] - 0.1, TRUE[2:]), [OperatingPoint(0.01, 0.7, 0.6, 0.8)], theme=theme
    )
    yield completeness_curve(bins([0, 1], [1, 2], [0.5, 0.9], [0.4, 0.8], [0.6, 1], [7, 8]), "x", theme=theme)
    yield training_curves(np.arange(3), {"training": np.ones(3)}, "loss", theme=theme)
    yield field_over_stamp(stamp, 0.2, 2.0, 1.0, "arcsec", theme=theme)
    yield field_as_lengths(10.0, 5.0, 3.0, "hour", theme=theme)


@pytest.fixture(scope="module")
def light():
    return [png_bytes(figure) for figure in draw_all(LIGHT)]


def test_figures_are_the_same_bytes_whatever_a_user_has_set(light):
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30, "lines.linewidth": 9, "xtick.color": "red"}):
        before = dict(matplotlib.rcParams)
        assert [png_bytes(figure) for figure in draw_all(LIGHT)] == light
        assert dict(matplotlib.rcParams) == before


def test_figures_have_the_themes_ground_and_no_dates(light):
    dark = [png_bytes(figure) for figure in draw_all(DARK)]
    for theme, pngs in ((LIGHT, light), (DARK, dark)):
        for png in pngs:
            picture = Image.open(io.BytesIO(png))
            assert not {"Software", "Creation Time", "date"} & picture.info.keys()
            corner = np.asarray(picture.convert("RGB"))[0, 0] / 255
            np.testing.assert_allclose(corner, to_rgb(theme.background), atol=1 / 255)


def test_pyplot_is_never_imported():
    code = "import sys, astrocnn.report.build; sys.exit('matplotlib.pyplot' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_histogram_is_normalised_sample_by_sample():
    scores = {"objects": np.array([0.05, 0.05, 0.95, np.nan]), "negatives": np.full(10, 0.5), "positives": np.empty(0)}
    axes = score_histogram(scores, bins=10).axes[0]
    heights = [patch.get_xy()[:, 1] for patch in axes.patches]
    assert len(heights) == 2  # the empty sample is not drawn
    assert heights[0].max() == pytest.approx(2 / 3)  # NaN counts in no normalisation
    assert heights[1].max() == pytest.approx(1.0)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["real objects (3)", "test negatives (10)"]


def test_a_histogram_widens_for_scores_beyond_0_and_1_and_survives_nothing():
    assert score_histogram({"objects": np.array([-4.0, 6.0])}).axes[0].get_xlim() == (-4, 6)
    assert score_histogram({"objects": np.array([np.nan])}).axes[0].get_xlim() == (0, 1)
    marks = score_histogram({"objects": np.array([0.5])}, {"in": 0.4, "out": 1.4}).axes[0].lines
    assert [line.get_xdata()[0] for line in marks] == [0.4]


def test_the_roc_shows_the_curve_and_the_marked_points():
    points = [OperatingPoint(0.01, 0.7, 0.6, 0.8), OperatingPoint(0.1, 0.3), OperatingPoint(0.5, float("nan"))]
    axes = roc_curve(RATE, TRUE, points=points).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), TRUE)
    shown = axes.lines[0].get_xdata()
    np.testing.assert_array_equal(shown[2:], RATE[2:])
    assert (shown[:2] == axes.get_xlim()[0]).all()  # rate 0 stands at the left edge
    assert [text.get_text() for text in axes.texts] == ["0.70 at 1 %", "0.30 at 10 %"]
    intervals = [line.get_ydata() for line in axes.lines if list(line.get_ydata()) == [0.6, 0.8]]
    assert len(intervals) == 1


def test_completeness_leaves_out_empty_bins():
    nan = np.nan
    table = bins([0, 1, 2], [1, 2, 3], [0.5, nan, 1.0], [0.4, nan, 0.9], [0.6, nan, 1.0], [10, 0, 2000])
    axes = completeness_curve(table, "Einstein radius (arcsec)").axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0.5, 2.5])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [0.5, 1.0])
    assert [text.get_text() for text in axes.texts] == ["10", "2,000"]
    assert axes.get_xlabel() == "Einstein radius (arcsec)"


def test_training_curves_hold_each_curve():
    axes = training_curves(np.array([1, 2]), {"a": np.array([1, 2]), "b": np.array([3, np.nan])}, "loss").axes[0]
    assert [line.get_label() for line in axes.lines] == ["a", "b"]
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), [3, np.nan])


@pytest.mark.parametrize(("field", "drawn"), [(2.0, True), (15.0, True), (17.0, False)])
def test_the_field_is_drawn_to_scale_or_named(field, drawn):
    stamp = np.zeros((20, 20, 3), np.uint8)
    axes = field_over_stamp(stamp, 0.2, field, 3.0, "arcsec").axes[0]  # an input of 4 arcsec: drawn up to 16
    squares = [patch.get_width() for patch in axes.patches if isinstance(patch, Rectangle)]
    circles = [patch.radius for patch in axes.patches if isinstance(patch, Circle)]
    assert squares == pytest.approx([4.0, field] if drawn else [4.0])
    assert circles == [1.5]
    assert tuple(axes.images[0].get_extent()) == pytest.approx((-2, 2, -2, 2))
    assert axes.get_xlim()[1] >= (field / 2 if drawn else 2.0)
    assert any("beyond this drawing" in text.get_text() for text in axes.texts) is not drawn


def test_lengths_are_bars_of_those_lengths():
    axes = field_as_lengths(48.0, 12.0, None, "hour").axes[0]
    assert [patch.get_width() for patch in axes.patches] == [48.0, 12.0]


def test_a_theme_must_be_one():
    with pytest.raises(TypeError, match="expected a Theme"):
        field_as_lengths(1.0, 1.0, None, "hour", theme="dark")


def test_files_are_written_with_their_folders(tmp_path):
    path = write_png(field_as_lengths(1.0, 1.0, None, "hour"), tmp_path / "figures" / "field.png", resolution=50)
    with Image.open(path) as picture:
        assert picture.size == (260, 100)
