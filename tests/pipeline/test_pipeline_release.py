"""`release: NAME` freezes the products of a run: nothing changes them any more, and they open by that name."""

import os
import shutil

import pytest

from astrocnn.errors import InputMissing, PipelineFileError
from astrocnn.pipeline.clean import find_removals, remove
from astrocnn.pipeline.problems import PipelineFileErrors
from astrocnn.pipeline.status import run_status
from astrocnn.pipeline.verify import verify
from astrocnn.pipeline.view import open_run

HEAD = 'inputs: {images: "tile_*.txt"}\nfailure_budget: 1\n'
STAGES = """
cut: {use: tiles, images: "${inputs.images}"}
arcs: {use: follow, tiles: cut}
"""


def write(tiles, release):
    tiles.write(STAGES, f"{HEAD}release: {release}\n" if release else HEAD)


@pytest.fixture
def survey(tiles):
    """Three tiles, released as dr1."""
    write(tiles, "dr1")
    tiles.run()
    tiles.made()
    return tiles


def root(survey):
    return survey.runs / "toy"


def add_tile(survey):
    (survey.folder / "tile_d.txt").write_text("4.0")


def test_the_products_stand_under_the_name_of_the_release(survey):
    folder = root(survey) / "releases" / "dr1"
    assert not os.path.isabs(os.readlink(folder / "cut"))
    assert (folder / "cut").resolve() == survey.product("cut")
    assert (folder / "arcs").resolve() == survey.product("arcs")
    assert run_status(root(survey)).releases == ("dr1",)


def test_the_same_again_changes_nothing(survey):
    before = (root(survey) / "releases" / "dr1" / "release.json").stat().st_mtime_ns
    survey.run()
    assert survey.made() == []
    assert (root(survey) / "releases" / "dr1" / "release.json").stat().st_mtime_ns == before


def test_other_products_under_a_name_that_is_taken_are_refused_before_anything_is_made(survey):
    add_tile(survey)
    with pytest.raises(
        PipelineFileErrors,
        match=r"toy.yaml:\d+: release: release dr1 stands with other products of cut, arcs; to fix, give",
    ):
        survey.run()
    assert survey.made() == []


def test_the_next_release_stands_beside_the_first(survey):
    first = survey.product("arcs")
    add_tile(survey)
    write(survey, "dr2")
    survey.run()
    assert survey.made() == ["arcs", "arcs:tile_d", "cut", "cut:tile_d"]
    assert open_run(root(survey), "dr1")["arcs"].folder.name == first.name
    assert open_run(root(survey), "dr2")["arcs"].folder.name == survey.product("arcs").name != first.name
    assert open_run(root(survey))["arcs"].folder.name == survey.product("arcs").name


def test_clean_keeps_released_products_and_their_parts(survey):
    add_tile(survey)
    (survey.folder / "tile_a.txt").write_text("9.0")
    write(survey, None)
    survey.run()
    (survey.folder / "tile_a.txt").write_text("8.0")
    survey.run()
    remove(find_removals(root(survey)))
    assert not any(one.damaged for one in verify(root(survey)))
    assert len(list((root(survey) / "releases" / "dr1" / "cut").glob("*.h5"))) == 3
    assert len(list((root(survey) / "cut" / "parts").iterdir())) == 5, "three released, two more current ones"
    survey.made()
    (survey.folder / "tile_a.txt").write_text("1.0")
    (survey.folder / "tile_d.txt").unlink()
    write(survey, "dr1")
    survey.run()
    assert survey.made() == [], "all of the release is still there"


def test_a_run_that_is_not_whole_releases_nothing(tiles):
    write(tiles, "dr1")
    tiles.run(to_stage="cut")
    assert not (root(tiles) / "releases").exists()
    tiles.run()
    assert (root(tiles) / "releases" / "dr1" / "release.json").exists()


@pytest.mark.parametrize(
    ("options", "flag"), [({"force": ("cut",)}, "--force"), ({"retry_rejected": True}, "--retry-rejected")]
)
def test_released_products_are_not_made_again(tiles, options, flag):
    (tiles.folder / "tile_b.trouble").touch()
    write(tiles, "dr1")
    tiles.run()
    tiles.made()
    write(tiles, None)  # whatever the file says now: it is the same product
    with pytest.raises(
        PipelineFileError, match=f"{flag}: the product of cut belongs to release dr1 and stays as it is"
    ):
        tiles.run(**options)
    assert tiles.made() == []


def test_a_released_product_that_was_lost_is_made_again(survey):
    digest = survey.product("cut").name
    shutil.rmtree(survey.product("cut"))
    survey.run()
    assert survey.made() == ["cut"]
    assert (root(survey) / "releases" / "dr1" / "cut").resolve().name == digest


def test_a_release_that_is_not_there(survey):
    with pytest.raises(InputMissing, match=r"no such release stands here.*did you mean dr1"):
        open_run(root(survey), "dr11")


@pytest.mark.parametrize("name", ["logs", "releases"])
def test_a_stage_does_not_take_the_name_of_a_folder_of_the_run(workshop, name):
    workshop.write(f"{name}: {{use: numbers}}")
    with pytest.raises(PipelineFileErrors, match=f"stages.{name}: is the name of a folder that every run has"):
        workshop.config()
