"""The stages `detrend` and `find-periods`: light curves in, light curves out, columns added, what is wrong told."""

import numpy as np
import pytest
from curve_files import write_long_folder

from astrocnn.errors import DataError, UnknownName
from astrocnn.pipeline.ledger import read_ledger
from astrocnn.stages.detrend import DetrendStage
from astrocnn.time_series.detrend import detrend
from astrocnn.time_series.ephemeris import Ephemeris

STARS = {"1": "planet", "2": "planet", "3": "", "4": ""}
DAYS = np.arange(0.0, 12.0, 1 / 48)
PLANET = Ephemeris(2.5, 1.0, 4.0)


def rows(name, seed, number=None):
    """A star in two bands that varies slowly, with transits of 1 %: magnitudes."""
    rng = np.random.default_rng(seed)
    magnitude = 15 + 0.05 * np.sin(2 * np.pi * DAYS / 9.0) - 2.5 * np.log10(1 - 0.01 * PLANET.covers(DAYS))
    return [
        (name, band, float(time), float(value + rng.normal(0, 1e-3)), 1e-3)
        for band in "gr"
        for time, value in zip(DAYS[:number], magnitude, strict=False)
    ]


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """Two folders: three stars that can be used and one of four points; one more star."""
    root = tmp_path_factory.mktemp("survey")
    points = [one for seed, name in enumerate("123") for one in rows(name, seed)]
    write_long_folder(root / "a", STARS, points + rows("4", 9, number=4), extra=("epoch_day", "duration_hour"))
    text = (root / "a/objects.csv").read_text().splitlines()
    known = [line.rsplit(",", 1)[0] for line in text[1:]]
    (root / "a/objects.csv").write_text(
        "\n".join([text[0], known[0] + ",2.5,1.0,4.0", *(one + ",,," for one in known[1:])])
    )
    write_long_folder(root / "b", {"5": ""}, rows("5", 5))
    return root


@pytest.fixture
def make(project, survey):
    """make(**stages): run stages after `curves`, which reads the survey's folders."""

    def run(folders="a", **stages):
        project.data["inputs"] = {"stars": str(survey / "{part}") if folders == "all" else str(survey / folders)}
        project.data["failure_budget"] = 1.0
        project.data.pop("instrument", None)
        return project.use(curves={"use": "light-curves", "curves": "${inputs.stars}"}, **stages)

    return run


FLAT = {"use": "detrend", "curves": "curves", "window_hour": 24}


def reasons(view, status="rejected"):
    ledger = read_ledger(view.folder)
    told = zip(ledger.ids, ledger.statuses, ledger.reasons, strict=True)
    return {one: reason for one, found, reason in told if found == status}


def test_bands_are_detrended_alone_and_the_table_goes_along(make):
    run = make(flat=FLAT).run()
    before, after = run["curves"].curves, run["flat"].curves
    assert after.ids.tolist() == ["1", "2", "3"]
    assert (after.meta.quantity, after.meta.unit, after.meta.bands) == ("flux", "", ("g", "r"))
    assert after.meta.notes["detrended"]["window_hour"] == 24
    assert after.meta.time_system == before.meta.time_system
    for name in set(before.columns) - {"points", "part"}:
        np.testing.assert_array_equal(after.column(name), before.column(name)[:3])
    one, made = before.curve(0).in_band("r"), after.curve(0).in_band("r")
    expected = detrend(one.time, one.value, window_hour=24, quantity="magnitude")
    np.testing.assert_allclose(made.value, expected.flux, rtol=1e-6)
    np.testing.assert_allclose(made.error, expected.error(one.error, "magnitude"), rtol=1e-5)
    assert np.median(made.value) == pytest.approx(1, abs=3e-4)
    assert reasons(run["flat"]) == {
        "4": "no trend; expected five or more usable points in a window; to fix, lengthen window_hour and gap_hour"
    }
    assert after["1"]["flux"].unit == ""


def test_known_transits_are_masked_and_others_told(make):
    short = {**FLAT, "window_hour": 8, "dip_sigma": None}
    run = make(flat={**short, "mask_transits": True}, plain=short).run()
    inside = PLANET.covers(DAYS)
    depth = {
        name: [1 - np.median(run[name].curves.curve(star).in_band("g").value[inside]) for star in (0, 1)]
        for name in ("flat", "plain")
    }
    assert depth["flat"][0] == pytest.approx(0.01, rel=0.05)
    assert depth["plain"][0] < 0.0095
    assert depth["flat"][1] == depth["plain"][1]
    assert reasons(run["flat"], "read") == {"1": "", "2": "no known transits to mask", "3": "no known transits to mask"}


def test_edges_and_flares_are_left_out(make):
    curves = make(flat={**FLAT, "edge_hour": 6, "clip_sigma": 4}).run()["flat"].curves
    first = curves.curve(0).in_band("g")
    assert first.time[0] == pytest.approx(0.25)
    assert len(first) == curves.column("points")[0] / 2 or first.time[-1] < 11.8


def test_the_window_is_held_against_the_longest_transit_before_any_compute(make):
    told = make(flat={**FLAT, "longest_transit_hour": 9.0, "epoch_zero_day": 5.0}).problems()
    assert [one.level for one in told] == ["warning", "warning"]
    assert "24 h follow transits of 9 h" in told[0].text
    assert "at least 6 times the longest, 54 h" in told[0].text
    assert make(flat={**FLAT, "longest_transit_hour": 4.0}).problems() == []


def test_transits_are_found_in_detrended_curves(make):
    box = {"use": "find-periods", "curves": "flat", "method": "box", "box": {"longest_day": 5.0}}
    curves = make(flat=FLAT, found=box).run()["found"].curves
    np.testing.assert_allclose(curves.column("period_day"), 2.5, rtol=2e-3)
    np.testing.assert_allclose(curves.column("epoch_day"), 1.0, atol=0.05)
    np.testing.assert_allclose(curves.column("depth"), 0.01, rtol=0.1)
    assert curves.column("stated_period_day").tolist()[0] == 2.5
    assert "stated_depth" not in curves.columns
    with pytest.raises(
        DataError, match="relative flux; expected curves of the stage detrend; received magnitude in mag"
    ):
        make(found={**box, "curves": "curves"}).run()


def test_waves_are_found_in_all_bands_and_what_has_none_stays(make):
    options = {"use": "find-periods", "curves": "curves", "lomb_scargle": {"shortest_day": 1.0}}
    run = make(found=options, sure={**options, "maximum_false_alarm": 1e-3}, one={**options, "bands": ["g"]}).run()
    found = run["found"].curves
    assert found.ids.tolist() == ["1", "2", "3", "4"]
    np.testing.assert_allclose(found.column("period_day")[:3], 9.0, rtol=0.05)
    assert (found.column("period_false_alarm")[:3] < 1e-10).all()
    assert np.isnan(found.column("period_day")[3])
    assert np.isfinite(run["sure"].curves.column("period_day")).tolist() == [True, True, True, False]
    assert reasons(run["found"], "read")["4"] == "no period found"
    assert not np.array_equal(run["one"].curves.column("period_power"), found.column("period_power"))
    np.testing.assert_array_equal(found.curve(0).value, run["curves"].curves.curve(0).value)


@pytest.mark.parametrize("method", ["lomb-scargle", "box"])
def test_a_band_that_is_not_there_is_told(make, method):
    found = {"use": "find-periods", "curves": "flat", "method": method, "bands": ["i"]}
    with pytest.raises(UnknownName, match="no band 'i'; expected g, r"):
        make(flat=FLAT, found=found).run()


def test_keys_of_the_other_method_are_told(make):
    found = {"use": "find-periods", "curves": "curves", "box": {"oversampling": 3.0}, "minimum_snr": 5.0}
    assert [one.text.split(": ")[-1] for one in make(found=found).problems()] == ["lomb-scargle", "lomb-scargle"]
    assert "changes nothing with method: lomb-scargle" in make(found=found).problems()[0].text


def test_a_part_more_is_only_its_own_work_and_many_curves_are_several_pieces(make, monkeypatch):
    made, original = [], DetrendStage.make
    monkeypatch.setattr(DetrendStage, "make", lambda *given: made.append(given[3].id) or original(*given))
    small = make(flat=FLAT).run()["flat"].curves
    both = make("all", flat=FLAT).run()["flat"].curves
    assert made == ["1", "2", "3", "4", "5"]
    assert both.ids.tolist() == ["1", "2", "3", "5"]
    assert sorted(set(both.column("part"))) == ["a", "b"]
    monkeypatch.setattr(DetrendStage, "part_objects", 2)
    pieces = make(flat={**FLAT, "edge_hour": 1e-3}).run()["flat"].curves
    assert pieces.ids.tolist() == ["1", "2", "3"]
    assert pieces.column("part").tolist() == ["a-00000", "a-00000", "a-00001"]
    np.testing.assert_array_equal(pieces.curve(1).time, small.curve(1).time[2:-2])


def test_nothing_left_is_an_error(make):
    with pytest.raises(DataError, match="no light curve can be used; received 4 rejected: no trend"):
        make(flat={**FLAT, "window_hour": 0.1}).run()
