"""Which files belong together: patterns, missing bands, empty matches."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrocnn.errors import InputMissing
from astrocnn.ingest.tiles import TileFiles, find_tiles

BANDS = ("g", "r", "i")


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_one_file_per_tile_and_band(tmp_path):
    touch(tmp_path, *(f"tiles/{tile}_{band}.fits" for tile in ("b2", "a1") for band in BANDS), "tiles/notes.txt")
    tiles, problems = find_tiles("tiles/{tile}_{band}.fits", BANDS, tmp_path)
    assert problems == []
    assert [tile.name for tile in tiles] == ["a1", "b2"]
    assert tiles[0] == TileFiles("a1", {band: tmp_path / f"tiles/a1_{band}.fits" for band in BANDS})
    assert list(tiles[0].paths) == list(BANDS)


def test_band_folders_and_repeated_tile(tmp_path):
    touch(tmp_path, *(f"{band}/t{n}/t{n}.{band}.fits" for n in (1, 2) for band in BANDS), "g/t1/t2.g.fits")
    tiles, _ = find_tiles("{band}/{tile}/{tile}.{band}.fits", BANDS, tmp_path)
    assert [(tile.name, tile.paths["i"]) for tile in tiles] == [
        ("t1", tmp_path / "i/t1/t1.i.fits"),
        ("t2", tmp_path / "i/t2/t2.i.fits"),
    ]


def test_missing_band_is_a_problem_not_an_error(tmp_path):
    touch(tmp_path, "a_g.fits", "a_r.fits", "a_i.fits", "b_g.fits")
    tiles, problems = find_tiles("{tile}_{band}.fits", BANDS, tmp_path)
    assert [tile.name for tile in tiles] == ["a"]
    assert [problem.name for problem in problems] == ["b"]
    assert "band r, i" in problems[0].reason
    assert str(tmp_path / "b_r.fits") in problems[0].reason


def test_no_complete_tile_is_an_error_that_names_the_band(tmp_path):
    touch(tmp_path, "a_g.fits", "b_g.fits")
    with pytest.raises(InputMissing, match=r"no tile has all its bands.*a: no file for band r, i"):
        find_tiles("{tile}_{band}.fits", BANDS, tmp_path)


def test_a_path_a_glob_and_a_tile_pattern_hold_all_bands(tmp_path):
    touch(tmp_path, "deep.fits.gz", "wide_1.fits", "wide_2.fits")
    (deep,), _ = find_tiles("deep.fits.gz", BANDS, tmp_path)
    assert deep == TileFiles("deep", dict.fromkeys(BANDS, tmp_path / "deep.fits.gz"))
    assert find_tiles(tmp_path / "deep.fits.gz", BANDS)[0] == [deep]
    assert [tile.name for tile in find_tiles("wide_?.fits", BANDS, tmp_path)[0]] == ["wide_1", "wide_2"]
    assert [tile.name for tile in find_tiles("wide_{tile}.fits", BANDS, tmp_path)[0]] == ["1", "2"]
    assert [tile.name for tile in find_tiles("wide_[!1].fits", BANDS, tmp_path)[0]] == ["wide_2"]


def test_bands_without_tile_are_one_tile(tmp_path):
    touch(tmp_path, *(f"field_{band}.fits.bz2" for band in BANDS))
    tiles, problems = find_tiles("field_{band}.fits.bz2", BANDS, tmp_path)
    assert [tile.name for tile in tiles] == ["field"]
    assert problems == []


def test_any_depth(tmp_path):
    touch(tmp_path, "x/y/a.fits", "b.fits")
    assert [tile.name for tile in find_tiles("**/{tile}.fits", ("g",), tmp_path)[0]] == ["a", "b"]


@given(name=st.text("abcXYZ019.-+()[]$^_ ", min_size=1, max_size=12).filter(lambda text: text[0] != "."))
def test_any_tile_name_comes_back(name, tmp_path_factory):
    root = tmp_path_factory.mktemp("names")
    touch(root, f"{name}_g.fits", f"{name}_r.fits")
    assert [tile.name for tile in find_tiles("{tile}_{band}.fits", ("g", "r"), root)[0]] == [name]


def test_hidden_files_are_not_tiles(tmp_path):
    touch(tmp_path, "a_g.fits", "._a_g.fits")
    assert [tile.name for tile in find_tiles("{tile}_{band}.fits", ("g",), tmp_path)[0]] == ["a"]


def test_a_path_with_brackets_is_taken_as_it_is(tmp_path):
    touch(tmp_path, "deep[1].fits", "deep1.fits")
    (tile,), _ = find_tiles("deep[1].fits", ("g",), tmp_path)
    assert tile.paths["g"].name == "deep[1].fits"


def test_root_with_special_characters_is_taken_as_it_is(tmp_path):
    root = tmp_path / "run [1] {x}*"
    touch(root, "a_g.fits")
    assert [tile.name for tile in find_tiles("{tile}_{band}.fits", ("g",), root)[0]] == ["a"]


def test_empty_match_names_the_pattern_and_the_nearest(tmp_path):
    touch(tmp_path, "tiles/a1-g.fits", "tiles/readme.txt")
    with pytest.raises(InputMissing, match=r"\{tile\}_\{band\}\.fits.*band in g, r.*a1-g\.fits.*to fix") as caught:
        find_tiles("tiles/{tile}_{band}.fits", ("g", "r"), tmp_path)
    assert caught.value.exit_code == 2
    with pytest.raises(InputMissing, match="has tiles"):
        find_tiles("tile/{tile}/{band}.fits", ("g", "r"), tmp_path)
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputMissing, match="is empty"):
        find_tiles("nothing/*.fits", ("g",), tmp_path)


def test_folders_are_not_tiles(tmp_path):
    (tmp_path / "a.fits").mkdir()
    with pytest.raises(InputMissing):
        find_tiles("{tile}.fits", ("g",), tmp_path)


def test_finding_imports_neither_astropy_nor_numpy():
    code = "import sys, astrocnn.ingest.tiles; sys.exit('astropy' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
