"""The sections of transit candidates and of light curves: the best first, flags in words, nothing drawn that is not."""

import re

import numpy as np
import pytest
from curve_files import write_long_folder
from matplotlib.figure import Figure

from astrocnn.catalog.writers import candidate_table, write_catalog
from astrocnn.report import page as page_module
from astrocnn.report.build import SECTIONS, key_numbers
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun, StageView
from astrocnn.report.sections import transit_search
from astrocnn.report.sections.light_curves import drawn
from astrocnn.report.theme import DARK, LIGHT, png_bytes
from astrocnn.report.transit_figures import candidate_figure
from astrocnn.samples.curve import LightCurve
from astrocnn.search.flags import ODD_EVEN, V_SHAPED
from astrocnn.search.plots import LISTS, write_plots
from astrocnn.search.table import COLUMNS, write_candidates


def plot(name, period=3.3, network=True):
    """What is drawn of a candidate; of a single transit no odd ones and nothing half a period later."""
    rng = np.random.default_rng(0)
    hour = np.linspace(-9, 9, 60)
    shape = -500.0 * (np.abs(hour) < 1.5)
    row = {key: shape + rng.normal(0, 30, 60) for key in LISTS}
    row |= {key: np.full(60, 30.0) for key in LISTS if key.endswith("_error")}
    row |= {"curve_day": 2458325 + np.linspace(0, 27, 60), "curve_probability": rng.random(60), "view_hour": hour}
    row |= {"transit_day": 2458326 + 3.3 * np.arange(8), "duration_hour": 3.0, "depth_ppm": 500.0}
    row["curve_flux"][5] = np.nan
    if np.isinf(period):
        row |= dict.fromkeys([key for key in LISTS if key.startswith(("odd", "even", "half", "orbit"))], np.empty(0))
    if not network:
        row["curve_probability"] = np.empty(0)
    return {"id": name, "period_day": period, **row}


def candidate(name, score, flags=0, **changes):
    values = dict.fromkeys(COLUMNS, np.nan)
    values |= {"id": name, "star": name[:-2], "mean": score, "flags": flags, "period_day": 3.3, "epoch_day": 2458326.5,
               "period_error_day": 0.001, "duration_hour": 3.0, "depth_ppm": 500.0, "depth_error_ppm": 20.0,
               "snr": 25.0, "n_transits": 8, "found_by": "box", "vetted": not flags, "probability": 0.8}  # fmt: skip
    return values | changes


def section(folder, rows, plots, network="finder"):
    rows = [row | ({f"score_{network}": row["mean"]} if network else {}) for row in rows]
    write_candidates(rows, folder / "scores.parquet", {"time_system": "BJD_TDB"}, network)
    write_plots(plots, folder / "plots.parquet")
    stage = StageView("search", "search-transits", "Scores", "made", folder)
    run = ReportRun("r", stages=[stage])
    return SECTIONS["Scores"](stage, ProductFolder(folder), run), key_numbers(run)


@pytest.fixture
def unpainted(monkeypatch):
    monkeypatch.setattr(page_module, "png_bytes", lambda figure: b"")


def test_vetted_candidates_come_first_and_flags_are_words(tmp_path, unpainted, monkeypatch):
    monkeypatch.setattr(transit_search, "candidate_figure", lambda row, theme: Figure())
    rows = [
        candidate("a-1", 0.99, ODD_EVEN | V_SHAPED), candidate("b-1", 0.5),
        candidate("c-1", 0.7, period_day=np.nan, n_transits=1),
    ]  # fmt: skip
    made, numbers = section(tmp_path, rows, [plot("a-1"), plot("b-1"), plot("c-1", np.inf)])
    html = str(made.html)
    assert html.index("c-1: single transit") < html.index("b-1: period 3.30000 ± 0.00100 d") < html.index("a-1:")
    assert "Flags: odd even, v shaped." in html
    assert html.count("Nothing speaks against it.") == 2
    assert "S/N 25.0 of 8 transits, probability 0.800" in html
    assert "The 3 best of 3" in made.lead
    assert (numbers[0].value, numbers[0].label) == ("3", "transit candidates found")
    assert "No network" not in html


def test_a_search_by_boxes_alone_says_so_and_an_empty_one_too(tmp_path, unpainted):
    made, _ = section(tmp_path, [], [], network="")
    assert "No network was given" in str(made.html)
    assert "No candidate is above the least signal to noise." in str(made.html)


def test_the_catalog_shows_folded_curves(tmp_path):
    rows = [candidate("a-1", 0.9), candidate("b-1", 0.5)]
    section(tmp_path, rows, [plot("a-1"), plot("b-1")])
    (tmp_path / "planets").mkdir()
    columns = {"id": np.array(["b-1", "a-1"]), "rank": np.array([1, 2], np.int32), "score": np.array([0.9, 0.5])}
    write_catalog(candidate_table(columns, {}), tmp_path / "planets", ["parquet"])
    search = StageView("search", "search-transits", "Scores", "made", tmp_path)
    stage = StageView("planets", "catalog", "Catalog", "made", tmp_path / "planets", parents=("search",))
    run = ReportRun("r", stages=[search, stage])
    html = str(SECTIONS["Catalog"](stage, ProductFolder(stage.folder), run).html)
    assert html.count("<polyline") == 2
    assert html.index("Folded curve of b-1") < html.index("Folded curve of a-1")
    assert "Folded curves of search about mid-transit" in html


def test_only_the_best_are_drawn(tmp_path, unpainted, monkeypatch):
    monkeypatch.setattr(transit_search, "PICTURES", 1)
    monkeypatch.setattr(transit_search, "candidate_figure", lambda row, theme: Figure())
    rows = [candidate(f"s{number}-1", number) for number in range(3)]
    made, _ = section(tmp_path, rows, [plot(row["id"], network=False) for row in rows])
    assert str(made.html).count("<figure") == 1
    assert "s2-1" in str(made.html)
    assert "The 1 best of 3" in made.lead


@pytest.mark.parametrize("row", [plot("a-1"), plot("c-1", np.inf, network=False)], ids=lambda row: row["id"])
def test_a_figure_has_the_views_that_there_are(row):
    figure = candidate_figure(row, theme=DARK)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title for title in titles if title][1:] == ["folded", "odd and even transits", "half a period later"]
    assert len(figure.axes) == (5 if len(row["curve_probability"]) else 4)
    odd = figure.axes[-2]
    assert len(odd.lines) == (0 if np.isinf(row["period_day"]) else 2)
    assert png_bytes(candidate_figure(row, theme=LIGHT), 20)


def curve(time, value, band):
    nothing = np.zeros(len(time), np.int32)
    return LightCurve("a", np.asarray(time, float), np.asarray(value, np.float32), nothing * np.float32(1), nothing,
                      np.asarray(band, np.int16), ("g", "r"))  # fmt: skip


def test_each_band_is_a_line_and_magnitudes_rise_when_the_star_is_bright():
    time, band = np.arange(10.0), np.arange(10) % 2
    assert len(drawn(curve(time, time, band), "flux")) == 2
    (line,) = drawn(curve(time, time, np.zeros(10)), "magnitude")
    height = [float(point.split(",")[1]) for point in line.split()]
    assert height[0] < height[-1], "the picture's rows count downwards"
    assert drawn(curve([1.0], [1.0], [0]), "flux") == []


def test_light_curves_are_counted_and_drawn(project):
    write_long_folder(project.root / "survey", {"one": "STAR", "two": "NOVA", "three": "STAR"})
    project.data |= {"inputs": {"curves": "survey"}, "instrument": None, "plugins": []}
    folder = project.use("curves").run()["curves"].folder
    stage = StageView("curves", "light-curves", "LightCurves", "made", folder)
    made = SECTIONS["LightCurves"](stage, ProductFolder(folder), ReportRun("r", stages=[stage]))
    html = str(made.html)
    assert made.lead == "3 light curves."
    assert html.count("<polyline") == 6
    assert "magnitude in mag" in html or "magnitude in a unit not stated" in html
    assert "g, r" in html
    assert "NOVA</th>" in html
    assert "stands for nothing measured" not in html, "only what there was is told"


def test_points_that_were_left_out_are_told(project):
    rows = [("one", "g", float(day), 15.0 + day, 0.1) for day in range(5)] + [("two", "g", 1.0, 100.01, 99.99)]
    rows += [("two", "g", 2.0, 99.99, 99.99), ("two", "g", 3.0, 15.0, 0.0), ("two", "g", 4.0, 15.0, 0.1)]
    write_long_folder(project.root / "survey", {"one": "STAR", "two": "NOVA"}, rows)
    project.data |= {"inputs": {"curves": "survey"}, "instrument": None, "plugins": []}
    folder = project.use("curves").run()["curves"].folder
    stage = StageView("curves", "light-curves", "LightCurves", "made", folder)
    html = str(SECTIONS["LightCurves"](stage, ProductFolder(folder), ReportRun("r", stages=[stage])).html)
    told = re.sub(r"<[^>]+>|\s+", " ", html)
    assert re.search(r"rows whose value or error stands for nothing measured, as 99\.99\s+2 of 1 objects", told)
    assert re.search(r"errors of zero and infinite ones, now NaN\s+1 of 1 objects", told)
