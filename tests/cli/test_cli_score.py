"""`astrocnn score`: a trained model on new images, detected or at given positions, and what it refuses."""

import shutil

import pytest
from astropy.io import fits
from astropy.table import Table

from astrocnn.training.model_folder import read_card


@pytest.fixture
def new_sky(whole_run, project, call):
    """A tile that the model has not seen, and the command line beside it: new_sky("--bands", "r,g")."""
    project.add_tile("east", 5)
    shutil.copytree(whole_run[1]["finder"].folder.resolve(), project.root / "model")

    def score(*arguments, model="model", images="tiles/{tile}_{band}.fits"):
        return call("score", model, "--images", images, "--out", "out", "--workers", "1", *arguments)

    return score


def scores(folder):
    return Table.read(folder / "out" / "candidates.vot")


def test_the_sources_of_new_images_are_ranked(new_sky, tmp_path):
    result = new_sky()
    assert result.code == 0, result.err
    told = [f"out/{name}" for name in ("scores.parquet", "candidates.vot", "candidates.fits", "candidates.parquet")]
    assert result.out.splitlines()[-5:] == [*told, "out/index.html"]
    table = scores(tmp_path)
    assert len(table) == 16
    assert list(table["rank"]) == list(range(1, 17))
    assert (tmp_path / "out" / "index.html").is_file()
    second = new_sky()
    assert "made" not in second.out


def test_more_tiles_are_only_that_much_more_work(new_sky, project, tmp_path):
    new_sky()
    parts = {path.name: path.stat().st_ino for path in (tmp_path / "out/objects/parts").iterdir()}
    project.add_tile("west", 6)
    assert new_sky().code == 0
    now = {path.name: path.stat().st_ino for path in (tmp_path / "out/objects/parts").iterdir()}
    assert parts.items() <= now.items()
    assert len(now) == 2
    assert len(scores(tmp_path)) == 32


def test_objects_of_a_table(new_sky, tmp_path):
    new_sky()
    found = scores(tmp_path)[:3]
    shutil.rmtree(tmp_path / "out")
    wanted = Table({"name": ["a", "b", "c"], "RA": found["ra"], "Dec": found["dec"]})
    wanted.write(tmp_path / "mine.csv")
    result = new_sky("--positions", "mine.csv")
    assert result.code == 0, result.err
    assert set(scores(tmp_path)["id"]) == {"a", "b", "c"}


def test_bands_in_another_order_are_put_into_that_of_the_model(new_sky, tmp_path):
    new_sky()
    first = scores(tmp_path)
    shutil.rmtree(tmp_path / "out")
    assert new_sky("--bands", "r,g").code == 0
    assert scores(tmp_path)["score"].tolist() == first["score"].tolist()
    assert list(read_card(tmp_path / "model").bands) == ["g", "r"]


def test_other_bands_are_refused(new_sky, tmp_path):
    result = new_sky("--bands", "g,i")
    assert (result.code, result.out) == (1, "")
    assert result.err.endswith("model: the model was trained on other bands; expected g, r; received g, i\n")
    assert not (tmp_path / "out").exists()


def test_images_of_another_scale_are_refused(new_sky, project):
    for path in (project.root / "tiles").iterdir():
        with fits.open(path, mode="update") as hdus:
            hdus[0].header["CD1_1"] *= 1.5
            hdus[0].header["CD2_2"] *= 1.5
    result = new_sky()
    assert result.code == 1
    assert "another pixel scale than stated; expected 0.2 arcsec; received 0.3 arcsec" in result.err
    assert [line for line in result.err.splitlines() if line.startswith("error")] == result.err.splitlines()[-1:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "modl"}, "modl: no product stands here"),
        ({"images": "tile/{tile}_{band}.fits"}, "inputs.images: tile/{tile}_{band}.fits: no file matches"),
        ({"images": "sample:hubbel"}, "did you mean hubble?"),
    ],
)
def test_what_is_not_there_is_named(new_sky, change, words):
    result = new_sky(**change)
    assert result.code == 2
    assert words in result.err


def test_a_table_that_is_not_there_is_named(new_sky):
    result = new_sky("--positions", "no.csv")
    assert result.code == 2
    assert "no.csv" in result.err
