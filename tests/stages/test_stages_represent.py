"""The `represent` stage: light curves in, one sample set out that networks take, what cannot be represented told."""

import subprocess
import sys

import numpy as np
import pytest
from curve_files import shared, write_long_folder

import astrocnn
from astrocnn.errors import DataError, UnknownName
from astrocnn.pipeline.ledger import read_ledger
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.representations.options import PictureOptions, feature_names
from astrocnn.representations.picture import pictures
from astrocnn.representations.points import points_of
from astrocnn.representations.time_axis import time_span
from astrocnn.stages import represent

STARS = {"1": "mira", "2": "cepheid", "3": "mira", "4": ""}
SMALL = {"height_px": 8, "width_px": 12}


@pytest.fixture
def survey(project):
    """A project with four stars in two bands: survey(**{"as": "picture"}) with other parameters."""
    write_long_folder(project.root / "stars", STARS)

    def make(**parameters):
        project.data["inputs"] = {"stars": "stars"}
        project.data["failure_budget"] = 1.0
        project.data.pop("instrument", None)
        curves = {"use": "light-curves", "curves": "${inputs.stars}", "splits": {"train": 0.5, "test": 0.5}}
        return project.use(curves=curves, shapes={"use": "represent", "curves": "curves", **parameters})

    return make


def rejected(view):
    """Reason by id of everything rejected."""
    ledger = read_ledger(view.folder)
    rows = zip(ledger.ids, ledger.statuses, ledger.reasons, strict=True)
    return {one: reason for one, status, reason in rows if status == "rejected"}


def test_pictures_with_the_table_of_their_curves(survey):
    run = survey(**{"as": "picture", "picture": SMALL}).run()
    samples, curves = run["shapes"].samples, run["curves"].curves
    assert samples.meta.kind == "images"
    assert samples.meta.shape == (8, 12, 2)
    assert samples.meta.bands == ("g", "r")
    assert samples.meta.classes == ("cepheid", "mira")
    assert (samples.meta.scale, samples.meta.scale_unit) == (None, None)
    assert samples.meta.notes["y"] == "value, bright at row 0"
    assert samples.meta.notes["picture"]["width_px"] == 12
    assert samples.column("label").tolist() == [1, 0, 1, -1]
    for name in ("id", "ra", "dec", "group", "split", "class", "period_day", "points"):
        np.testing.assert_array_equal(samples.column(name), curves.column(name))
    points = points_of(curves.read(np.arange(4)), ("g", "r"))
    expected = pictures(points, *time_span(points), PictureOptions(**SMALL))
    np.testing.assert_array_equal(samples.read(np.arange(4)), expected)
    assert run["shapes"].ledger == {"read": {"": 4}}


def test_dmdt(survey):
    samples = survey(**{"as": "dmdt", "dmdt": {"normalise": "none"}}).run()["shapes"].samples
    assert samples.meta.shape == (22, 24, 2)
    data = samples.read(np.arange(4))
    assert data.sum(axis=(1, 2)).tolist() == [[15, 15]] * 4
    assert data[0, 11, :, 0].sum() == 15, "steps of less than 0.1 mag upwards lie in the first bin above 0"


def test_resampled_in_hours_and_in_periods(survey):
    options = {"as": "resampled", "resampled": {"samples": 24, "centre": "none"}}
    samples = survey(**options, span_day=6.0).run()["shapes"].samples
    assert samples.meta.kind == "curves"
    assert samples.meta.shape == (24, 6)
    assert samples.meta.bands[:3] == ("g_value", "g_uncertainty", "g_observed")
    assert (samples.meta.scale, samples.meta.scale_unit, samples.meta.flux_unit) == (6.0, "hour", "mag")
    first = samples.read(np.array([0]))[0]
    assert np.flatnonzero(first[:, 2]).tolist() == [0, 4, 8, 12, 16, 20]
    np.testing.assert_allclose(first[::4, 0], 15 + 0.01 * np.arange(6), rtol=1e-6)
    folded = survey(**options, axis="phase", cycles=2, phase_zero="reference").run()["shapes"].samples
    assert (folded.meta.scale, folded.meta.scale_unit) == (2 / 24, "period")
    data = folded.read(np.arange(4))
    np.testing.assert_array_equal(data[:, :12], data[:, 12:])


def test_one_band_by_name(survey):
    samples = survey(**{"as": "picture", "bands": ["r"], "picture": SMALL}).run()["shapes"].samples
    assert samples.meta.bands == ("r",)
    with pytest.raises(UnknownName, match="no band 'i'; expected g, r"):
        survey(**{"as": "picture", "bands": ["i"]}).run()


def test_what_cannot_be_represented_is_told(survey, project):
    rows = [
        (star, "r", float(time), 15.0, 0.1) for star, number in (("1", 6), ("2", 3), ("3", 9)) for time in range(number)
    ]
    folder = write_long_folder(project.root / "stars", STARS, rows)
    text = (folder / "objects.csv").read_text().replace(",0.5\n", ",\n")
    (folder / "objects.csv").write_text(text)
    view = survey(**{"as": "picture", "axis": "phase", "picture": SMALL}).run()["shapes"]
    assert view.samples.ids.tolist() == ["3"]
    assert rejected(view) == {
        "1": "no period to fold it by; expected days above 0 in the column period_day",
        "2": "too few points; expected 5 or more in a band",
    }
    view = survey(**{"as": "dmdt", "dmdt": {"maximum_points": 7}}).run()["shapes"]
    assert view.samples.ids.tolist() == ["1"]
    assert rejected(view)["3"].startswith("too many points for all pairs; expected at most 7 in a band")


def test_nothing_that_can_be_represented(survey):
    with pytest.raises(DataError, match="no light curve can be represented; received 4 rejected: too few points"):
        survey(**{"as": "dmdt", "minimum_points": 7}).run()
    with pytest.raises(DataError, match="4 rejected: no period to fold it by; expected days above 0 in the column p"):
        survey(**{"as": "picture", "axis": "phase", "period": "p"}).run()


def test_parts_and_blocks_give_what_one_piece_gives(survey, project, monkeypatch):
    whole = survey(**{"as": "dmdt"}).run()["shapes"].samples
    monkeypatch.setattr(represent, "PART_OBJECTS", 2)
    monkeypatch.setattr(represent, "BLOCK_POINTS", 12)
    view = survey(**{"as": "dmdt"}).run(runs=project.root / "again")["shapes"]
    assert len(list(view.folder.glob("*.h5"))) == 2
    assert view.samples.ids.tolist() == whole.ids.tolist()
    np.testing.assert_array_equal(view.samples.read(np.arange(4)), whole.read(np.arange(4)))


def test_one_split_of_the_curves(survey):
    run = survey(**{"as": "dmdt", "curves": "curves.train"}).run()
    expected = run["curves"].curves.split("train").ids
    assert 0 < len(expected) < 4
    assert run["shapes"].samples.ids.tolist() == expected.tolist()


def test_a_product_from_outside_is_made_in_one_piece(survey, project):
    curves = survey(**{"as": "dmdt"}).run()["curves"].folder
    project.data["inputs"] = {"curves": str(curves)}
    project.stages = {"shapes": {"use": "represent", "curves": "${inputs.curves}", "as": "dmdt"}}
    samples = project.run(runs=project.root / "again")["shapes"].samples
    assert samples.ids.tolist() == list(STARS)


def test_shape_and_scale_are_known_before_compute(survey, project, call):
    project.data["inputs"] = {"stars": "stars"}
    survey(**{"as": "picture", "bands": ["g", "r"], "axis": "phase"})
    assert "about 4 objects" in call("plan", project.write(), "--runs", project.runs).out
    for key, changes in (
        ("dmdt", {"as": "picture", "dmdt": {"smear": True}}), ("axis", {"as": "dmdt", "axis": "phase"}),
        ("span_day", {"as": "picture", "axis": "phase", "span_day": 3.0}),
    ):  # fmt: skip
        survey(**changes)
        found = [one.text for one in project.problems()]
        assert any(key in text and "changes nothing" in text for text in found), found


@pytest.mark.parametrize(("wrong", "text"), [
    ({"as": "drawing"}, "picture"), ({"as": "picture", "picture": {"width": 5}}, "width_px"), ({}, "as"),
    ({"as": "picture", "axis": "phase", "cycles": 2, "picture": {"width_px": 9}}, "multiple of cycles, received 9"),
])  # fmt: skip
def test_wrong_parameters(survey, wrong, text):
    with pytest.raises(PipelineFileErrors, match=text):
        survey(**wrong).run()


def test_workers_do_not_import_keras_and_the_command_line_not_scipy():
    code = (
        "import sys; import astrocnn.stages.represent; light = 'scipy' not in sys.modules;"
        "import astrocnn.representations.represent;"
        "sys.exit(not light or any(name.split('.')[0] in ('keras', 'tensorflow', 'jax') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "network"), [("picture", "curve-image"), ("dmdt", "dmdt"), ("resampled", "inceptiontime")]
)
def test_networks_of_the_zoo_take_them(survey, how, network):
    samples = survey(**{"as": how}).run()["shapes"].samples
    found = np.asarray(astrocnn.build(network, samples.meta.shape)(samples.read(np.arange(4))))
    assert len(found) == 4
    assert np.isfinite(found).all()


@pytest.mark.slow
def test_eros(survey, project):
    project.root.joinpath("stars").rename(project.root / "others")
    project.root.joinpath("stars").symlink_to(shared("eros").resolve())
    samples = survey(**{"as": "dmdt", "bands": ["B_E", "R_E"]}).run()["shapes"].samples
    assert len(samples) > 2900
    data = samples.read(np.arange(200))
    assert np.isfinite(data).all()
    assert (data.sum(axis=(1, 2)) <= 255 * (1 + 1e-5)).all()


def test_numbers_and_features_of_the_table(survey):
    """The period of the table is a feature, and a channel beside the shape."""
    numbers = {"of_bands": ["median"], "columns": ["period_day"]}
    samples = survey(**{"as": "resampled", "numbers": numbers, "resampled": {"samples": 8}}).run()["shapes"].samples
    assert samples.meta.bands[-3:] == ("g_median", "r_median", "period_day")
    assert samples.meta.notes["numbers"]["columns"] == ["period_day"]
    np.testing.assert_allclose(samples.read(np.arange(4))[:, 3, -1], np.log10([0.5, 1.5, 2.5, 3.5]), rtol=1e-5)
    with pytest.raises(DataError, match=r"shapes: the curves have no such column.*received snr"):
        survey(**{"as": "dmdt", "numbers": {"columns": ["snr"]}}).run()
    pytest.importorskip("light_curve", reason="the extra curves is not installed")
    samples = survey(**{"as": "features", "bands": ["g", "r"]}).run()["shapes"].samples
    assert samples.meta.shape == (1, len(feature_names(("g", "r"))))
    assert samples.meta.bands == feature_names(("g", "r"))
    data = samples.read(np.arange(4))[:, 0]
    np.testing.assert_allclose(data[:, 0], [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_allclose(data[:, samples.meta.bands.index("r_median")], 15.025, rtol=1e-6)
