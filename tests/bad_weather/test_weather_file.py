"""Mistakes in the file: each is one line with file, line, key and cure, nothing is made, nothing is lost."""

import re

import pytest
from small_sky import STAGES

MISTAKES = {
    "unknown key": (
        {"galaxies": {"siez_arcsec": 4.8}},
        r"stages\.galaxies\.siez_arcsec: unknown key; did you mean size_arcsec\?",
    ),
    "wrong type": (
        {"galaxies": {"size_arcsec": "large"}},
        r"stages\.galaxies\.size_arcsec: expected a valid number; received 'large'",
    ),
    "unknown stage": (
        {"galaxies": {"use": "cutout"}},
        r"stages\.galaxies\.use: no stage is called 'cutout'; to fix, did you mean cutouts\?",
    ),
    "unknown network": (
        {"finder": {"network": "pockt"}},
        r"stages\.finder\.network: there is no network 'pockt'; to fix, did you mean pocket\?",
    ),
    "split that does not exist": (
        {"skill": {"samples": "lenses.tset"}},
        r"stages\.skill\.samples: no object of lenses is in a split 'tset'; to fix, did you mean test\?",
    ),
    "split of a field that takes none": (
        {"finder": {"samples": "lenses.train"}},
        r"stages\.finder\.samples: takes a whole product; expected 'lenses', received 'lenses\.train'",
    ),
    "samples without labels": (
        {"skill": {"samples": "galaxies"}},
        r"stages\.skill\.samples: galaxies has no labels; expected a labelled SampleSet, as simulated ones are",
    ),
    "product of another kind": (
        {"skill": {"model": "scores"}},
        r"stages\.skill\.model: scores makes Scores; expected Model; to fix, name one of finder",
    ),
    "stage that does not exist": (
        {"lenses": {"galaxies": "galaxis"}},
        r"stages\.lenses\.galaxies: no stage is called 'galaxis'; did you mean galaxies\?",
    ),
    "network that does not see the lens": (
        {"finder": {"covers_arcsec": 3.9}},
        r"stages\.finder\.input_px: receptive field: the input of 16 px is 3\.2 arcsec, smaller than the object of 3\.9"
        r" arcsec.*To fix: inputs of at least 20 px; or inputs of 16 px binned by 2: .*",
    ),
}


@pytest.mark.parametrize(("changes", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_stage(weather, changes, told):
    weather.project.use(*STAGES, **changes)
    assert_refused(weather, rf"small\.yaml:\d+: {told}")


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ({"instrument": "lssst"}, r"4: instrument: no such instrument; received lssst; to fix, did you mean lsst\?.*"),
        ({"instrument": "cam.yaml"}, r"4: instrument: cam\.yaml: cannot be read; expected an instrument file"),
        ({"seed": "one"}, r"3: seed: expected a valid integer; received 'one'"),
        ({"plugins": ["no.py"]}, r"5: plugins\[0\]: no\.py: there is no such plugin; expected a Python file"),
    ],
)
def test_a_mistake_at_the_root(weather, root, told):
    weather.project.data.update(root)
    assert_refused(weather, rf"small\.yaml:{told}")


def test_a_cycle(weather):
    more = {**STAGES["lenses"], "galaxies": "lenses"}
    weather.project.use("galaxies", "lenses", lenses={"galaxies": "more"}, more=more)
    told = r"stages\.lenses: takes its own product: lenses <- more <- lenses; to fix, break one of these edges"
    assert_refused(weather, rf"small\.yaml:\d+: {told}")


def test_bands_that_no_file_has(weather):
    weather.project.stages["galaxies"]["bands"] = ["g", "z"]
    told = r"inputs\.tiles: .*: no tile has all its bands; .*north: no file for band z: expected tiles/north_z\.fits.*"
    assert_refused(weather, rf"small\.yaml:\d+: {told}")


def test_a_pattern_that_no_file_matches(weather):
    weather.project.data["inputs"]["tiles"] = "tile/{tile}_{band}.fits"
    told = (
        r"inputs\.tiles: tile/\{tile\}_\{band\}\.fits: no file matches; expected files tile/\{tile\}_\{band\}\.fits"
        r" with band in g, r; received the folder \. has tiles; to fix, correct the pattern .*"
    )
    assert_refused(weather, rf"small\.yaml:\d+: {told}")


def test_a_file_that_is_not_there(weather):
    weather.project.data["inputs"]["positions"] = "nowhere.csv"
    weather.project.stages["galaxies"]["positions"] = "${inputs.positions}"
    told = r"inputs\.positions: nowhere\.csv: cannot be read; received No such file or directory"
    assert_refused(weather, rf"small\.yaml:\d+: {told}")


def test_all_mistakes_come_at_once(weather):
    """Inputs too: what is wrong with one stage hides nothing of another that does not follow it."""
    weather.project.use("galaxies", other={**STAGES["galaxies"], "bands": ["g", "z"]})
    weather.project.data["inputs"]["positions"] = "nowhere.csv"
    weather.project.stages["galaxies"]["positions"] = "${inputs.positions}"
    result = weather.run()
    assert result.code == 2
    assert [line.split(": ")[2] for line in result.err.splitlines()] == ["inputs.positions", "inputs.tiles"]
    weather.project.stages["galaxies"]["siez_arcsec"] = 4.8
    weather.project.stages["other"]["stars"] = "remove"
    result = weather.run()
    assert [line.split(": ")[2] for line in result.err.splitlines()] == [
        "stages.galaxies.siez_arcsec", "stages.other.stars",
    ]  # fmt: skip
    weather.assert_nothing_is_new()


def assert_refused(weather, told):
    """Exit code 2, an error line that says it, no line that says anything else, and nothing made."""
    result = weather.run()
    assert result.code == 2, result.out
    assert result.out == ""
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert any(re.fullmatch(f"error: {told}", line) for line in errors), result.err
    others = [line for line in result.err.splitlines() if line not in errors]
    assert all(line.startswith("warning: small.yaml:") for line in others), others
    assert len(errors) == 1, errors
    weather.assert_nothing_is_new()
