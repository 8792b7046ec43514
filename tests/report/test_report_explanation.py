"""Pictures of an explanation: what is drawn where, on light and dark ground; and their section on the page."""

import json
import shutil

import numpy as np
import pytest
from explained_models import curves, dip_finder, spot_finder, stamps
from PIL import Image
from report_page_elements import Elements

from astrocnn import backend
from astrocnn.explain.choose import Request
from astrocnn.explain.explanation import explain
from astrocnn.explain.files import write_explanation
from astrocnn.report.build import SECTIONS, build_report
from astrocnn.report.explanation_pictures import RECORD, pictures_of, write_pictures
from astrocnn.report.gallery import Compass
from astrocnn.report.maps_drawing import LayerMap, filters_as_tiles, maps_along_time
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.theme import DARK, LIGHT
from astrocnn.report.units_drawing import units_as_stamps
from astrocnn.report.where_drawing import Ground, where_along_curve, where_on_stamp

ON_THE_SKY = Ground(("g",), 0.2, "arcsec", Compass((0.0, -1.0), (-1.0, 0.0)))
LABELS = {"Saliency": "log-odds per sigma", "Occlusion": "fall of the log-odds"}


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """Explanations of stamps and of curves."""
    backend.prepare()
    root = tmp_path_factory.mktemp("samples")
    few = Request(objects=1, units=1)
    return {
        "images": explain(spot_finder(), stamps(root / "stamps"), few, "stamps"),
        "curves": explain(dip_finder(), curves(root / "curves"), few, "curves"),
    }


@pytest.fixture(scope="module")
def product(explained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("product")
    write_explanation(explained["images"], folder)
    write_pictures(explained["images"], folder)
    return folder


def run_of(folder):
    return ReportRun("r", stages=[StageView("looks", "explain", "Explanation", "made", folder)])


def shown(folder):
    run = run_of(folder)
    return SECTIONS["Explanation"](run.stages[0], ProductFolder(folder), run)


# --- figures


def test_maps_lie_on_the_stamp_with_its_scale_bar_and_compass():
    stamp = np.random.default_rng(0).normal(0, 1, (20, 30, 1))
    maps = {"Saliency": np.abs(stamp[..., 0]), "Occlusion": stamp[..., 0]}
    figure = where_on_stamp("an object", stamp, maps, LABELS, ON_THE_SKY)
    over, saliency, occlusion, *_ = figure.axes
    assert [axes.get_title(loc="left") for axes in (over, saliency, occlusion)] == ["Object", "Saliency", "Occlusion"]
    assert all(axes.images[0].origin == "lower" for axes in (over, saliency, occlusion)), "row 0 at the bottom"
    np.testing.assert_array_equal(occlusion.images[0].get_array(), stamp[..., 0])
    assert saliency.images[0].get_clim() == (0, np.abs(stamp).max())
    assert occlusion.images[0].get_clim() == (-np.abs(stamp).max(), np.abs(stamp).max()), "nought is in the middle"
    bar, north, east = over.lines
    assert bar.get_xdata()[1] - bar.get_xdata()[0] == pytest.approx(2 / 6), "2 arcsec of 6"
    assert {text.get_text() for text in over.texts} == {"2\N{DOUBLE PRIME}", "N", "E"}
    assert north.get_ydata()[1] > north.get_ydata()[0]
    assert east.get_xdata()[1] < east.get_xdata()[0]
    assert {axes.get_xlabel() for axes in figure.axes} >= set(LABELS.values())
    assert figure.get_suptitle() == "an object"


def test_a_map_of_noughts_can_be_drawn():
    stamp = np.zeros((8, 8, 1))
    figure = where_on_stamp("an object", stamp, {"Saliency": stamp[..., 0]}, LABELS, Ground(("g",)))
    assert figure.axes[1].images[0].get_clim() == (0, 1)
    assert figure.axes[0].lines[:] == [], "without a scale there is no bar"


def test_maps_of_a_curve_stand_under_it_in_hours():
    curve, ground = np.random.default_rng(0).normal(1, 0.1, (40, 2)), Ground(("flux", "error"), 0.5, "hour")
    figure = where_along_curve("a curve", curve, {"Occlusion": curve[:, 0] - 1}, LABELS, ground)
    above, below = figure.axes
    times = above.lines[0].get_xdata()
    assert (times[0], times[-1], times[1] - times[0]) == (-9.75, 9.75, 0.5)
    assert below.get_xlabel() == "time from the middle (hour)"
    assert below.get_title(loc="left") == "Occlusion (fall of the log-odds)"
    assert [text.get_text() for text in above.get_legend().get_texts()] == ["flux", "error"]
    assert Ground(("a", "b")).time_label == "time from the middle (samples)"


def test_features_of_a_curve_stand_where_they_look():
    """Strided by 2 without padding: the first of 9 features of 3 samples looks at the second of 19 samples."""
    layer = LayerMap("conv", np.random.default_rng(0).normal(size=(9, 3)), [[1.5, 2]])
    (axes,) = maps_along_time([layer], Ground(("flux",), 0.5, "hour"), 19).axes
    left, right, *_ = axes.images[0].get_extent()
    assert (left, right) == ((1.5 - 1 - 9.5) * 0.5, (1.5 - 1 - 9.5 + 18) * 0.5)
    assert axes.get_xlim() == (-4.75, 4.75)


@pytest.mark.parametrize("bands", [("g",), ("g", "r", "i"), ("u", "g", "r", "i")])
def test_filters_of_any_number_of_bands(bands):
    kernels = np.random.default_rng(0).normal(size=(3, 3, len(bands), 40))
    for theme in (LIGHT, DARK):
        (axes,) = filters_as_tiles(kernels, bands, theme=theme).axes
        assert len(axes.texts) == 32, "not more are shown"
        assert (axes.images[0].get_array().ndim == 3) == (len(bands) == 3)
        assert np.isfinite(axes.images[0].get_array()).all() or len(bands) != 3


def test_what_a_unit_sees_is_outlined_unless_it_is_all():
    made, real = np.ones((1, 8, 8, 1)), np.ones((1, 2, 8, 8, 1))
    found = [
        {"id": "a" * 40, "value": 2.0, "box": [[1, 3], [4, 9]]},
        {"id": "b", "value": 1.0, "box": [[0, 7], [-1, 8]]},
    ]
    figure = units_as_stamps(["unit 3"], made, real, [found], ON_THE_SKY)
    _, first, second = figure.subfigs[0].axes
    (outline,) = first.patches
    assert outline.get_bbox().bounds == (3.5, 0.5, 6, 3)
    assert second.patches[:] == []
    assert len(first.get_title(loc="left").splitlines()[0]) <= 26
    assert figure.subfigs[0].get_suptitle() == "unit 3"


# --- pictures and the page


@pytest.mark.parametrize("kind", ["images", "curves"])
def test_every_picture_is_drawn_in_both_themes_and_names_its_limits(explained, kind):
    pictures = pictures_of(explained[kind])
    assert len({picture.file for picture in pictures}) == len(pictures)
    for picture in pictures:
        grounds = [picture.draw(theme=theme).get_facecolor() for theme in (LIGHT, DARK)]
        assert grounds[0] != grounds[1]
        assert len(picture.alt) > 10
    captions = " ".join(picture.caption for picture in pictures)
    for limit in ("no proof", "blind to what speaks against", "had such a hole", "none that the sky would make"):
        assert limit in captions
    window = {"images": "1 px (0.2 arcsec)", "curves": "4 samples (2 hour)"}
    assert f"a window of {window[kind]} is hidden" in captions


def test_the_section_shows_the_pictures_of_the_product(product):
    section = shown(product)
    pictures = json.loads((product / RECORD).read_text())
    elements = Elements(str(section.html))
    assert len(elements.attributes("img")) == len(pictures)
    assert section.title == "Looking inside"
    facts = json.loads((product / "explanation.json").read_text())
    assert f"<h3>{facts['objects'][0]['id']}: lens" in section.html
    assert "What excites its units</h3>" in section.html
    assert section.html.count("<details>") == 2
    assert section.html.index("Saliency:") < section.html.index("<details>"), "seen without unfolding"
    with Image.open(product / pictures[0]["file"]) as image:
        assert f'width="{round(image.width / 1.6)}"' in section.html
    assert "Not in this product" not in section.html


def test_the_page_is_made_without_the_arrays_and_without_keras(product, tmp_path):
    folder = tmp_path / "product"
    shutil.copytree(product, folder)
    (folder / "maps.npz").unlink()
    page = build_report(tmp_path / "page", run_of(folder)).read_text()
    assert 'id="stage-looks"' in page


def test_pictures_that_are_gone_are_named(product, tmp_path):
    folder = tmp_path / "product"
    shutil.copytree(product, folder)
    (folder / "network-filters.png").unlink()
    assert "<code>network-filters.png</code>" in shown(folder).html
    (folder / "explanation.json").unlink()
    gone = shown(folder)
    assert "<code>explanation.json</code>" in gone.html
    assert "<img" not in gone.html


def test_scores_over_several_views_are_told(product, tmp_path):
    folder = tmp_path / "product"
    shutil.copytree(product, folder)
    path = folder / "explanation.json"
    path.write_text(path.read_text().replace('"views": 1', '"views": 8'))
    assert "means over 8 turns and mirror images" in shown(folder).html


def test_names_of_files_keep_nothing_dangerous_of_an_id(explained):
    facts = {**explained["images"].facts}
    facts["objects"] = [{**facts["objects"][0], "id": "../a/<b> c"}]
    found = pictures_of(type(explained["images"])(facts, explained["images"].arrays))
    assert found[0].file == "01-.._a_b_c-where.png"
