"""Products made in parts: what is made again, workers by spawn, workers that die, files shared by hard links."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from astrocnn.errors import DataError, StageFailed
from astrocnn.pipeline import publish
from astrocnn.pipeline.publish import link_or_copy

ALL = [f"{stage}:tile_{tile}" for stage in ("arcs", "cut") for tile in "abc"]
ROOT = Path(__file__).resolve().parents[2]


PROC = Path("/proc/self/status").is_file()


def is_alive(process):
    status = Path(f"/proc/{process}/status")
    return status.is_file() and "State:\tZ" not in status.read_text()


def texts(workshop, stage="arcs"):
    return [path.read_text() for path in sorted(workshop.product(stage).glob("*.h5"))]


def part_folders(workshop, stage="cut"):
    return sorted((workshop.runs / "toy" / stage / "parts").iterdir())


def data(workshop):
    """Data files of the current products: all but records that hold times."""
    products = {stage: workshop.product(stage) for stage in ("cut", "arcs")}
    return {
        (stage, path.name): path.read_bytes()
        for stage, folder in products.items()
        for path in folder.iterdir()
        if path.name not in ("environment.json", "done.json")
    }


def test_parts_are_made_and_gathered_in_order(tiles):
    outcome = tiles.run()
    assert tiles.made() == sorted([*ALL, "cut", "arcs"])
    assert texts(tiles, "cut") == ["1.0 seed 1", "2.0 seed 1", "3.0 seed 1"]
    assert texts(tiles) == [f"{value} seed 1 plus 0.0" for value in ("1.0", "2.0", "3.0")]
    assert outcome.ear.counts == {"cut": {"read": {"": 3}}, "arcs": {"simulated": {"": 3}}}
    told = [one[1:] for one in outcome.ear.progress if one[0] == "cut"]
    assert told == [(0, 3, "tile_a"), (1, 3, "tile_b"), (2, 3, "tile_c"), (3, 3, "")]


def test_an_added_file_is_one_part_of_work(tiles):
    tiles.run()
    tiles.made()
    (tiles.folder / "tile_d.txt").write_text("4.0")
    outcome = tiles.run()
    assert tiles.made() == ["arcs", "arcs:tile_d", "cut", "cut:tile_d"]
    assert texts(tiles)[3] == "4.0 seed 1 plus 0.0"
    assert outcome.ear.counts["cut"] == {"read": {"": 4}}


def test_a_removed_file_is_no_work_on_parts(tiles):
    tiles.run()
    tiles.made()
    (tiles.folder / "tile_b.txt").unlink()
    tiles.run()
    assert tiles.made() == ["arcs", "cut"]
    assert texts(tiles, "cut") == ["1.0 seed 1", "3.0 seed 1"]


def test_a_changed_file_is_one_part_of_work(tiles):
    tiles.run()
    tiles.made()
    (tiles.folder / "tile_b.txt").write_text("9.0")
    tiles.run()
    assert tiles.made() == ["arcs", "arcs:tile_b", "cut", "cut:tile_b"]
    assert texts(tiles, "cut")[1] == "9.0 seed 1"


def test_a_renamed_file_is_another_object_and_a_touched_one_is_not(tiles):
    tiles.run()
    tiles.made()
    os.utime(tiles.folder / "tile_a.txt", (1, 1))
    tiles.run()
    assert tiles.made() == []
    (tiles.folder / "tile_a.txt").rename(tiles.folder / "tile_z.txt")
    tiles.run()
    assert tiles.made() == ["arcs", "arcs:tile_z", "cut", "cut:tile_z"]


def test_fewer_parts_of_the_same_kind_are_no_work_on_parts(tiles):
    tiles.run()
    tiles.made()
    tiles.run("stages.cut.first=2")
    assert tiles.made() == ["arcs", "cut"]


def test_a_changed_parameter_makes_all_parts_again(tiles):
    tiles.run()
    tiles.made()
    tiles.run("stages.arcs.plus=1")
    assert tiles.made() == ["arcs", "arcs:tile_a", "arcs:tile_b", "arcs:tile_c"]
    assert texts(tiles)[0] == "1.0 seed 1 plus 1.0"


def test_force_makes_the_parts_again(tiles):
    tiles.run()
    tiles.made()
    tiles.run(force=("cut",))
    assert tiles.made() == ["cut", "cut:tile_a", "cut:tile_b", "cut:tile_c"]
    assert texts(tiles, "cut") == ["1.0 seed 1", "2.0 seed 1", "3.0 seed 1"]


def test_a_stage_without_parts_fails_in_words(tiles):
    with pytest.raises(StageFailed, match="cut: has nothing to do; expected at least one tile or shard"):
        tiles.run("stages.cut.first=0")


def test_a_failing_part_leaves_the_finished_ones(tiles):
    (tiles.folder / "tile_b.txt").write_text("fail")
    with pytest.raises(DataError, match="tile_b"):
        tiles.run()
    assert len(part_folders(tiles)) == 1
    tiles.made()
    (tiles.folder / "tile_b.txt").write_text("2.0")
    tiles.run()
    assert "cut:tile_a" not in tiles.made()


def test_a_damaged_part_is_made_again_with_its_product(tiles):
    tiles.run()
    tiles.made()
    part = part_folders(tiles)[0]
    (part / "part.txt").unlink()
    tiles.run()
    assert tiles.made() == [], "a product that is whole needs no parts"
    tiles.run(force=("arcs",))
    tiles.made()
    (tiles.folder / "tile_d.txt").write_text("4.0")
    tiles.run()
    assert len(tiles.made()) == 5, "the damaged part is made again when the product is put together anew"


def test_products_keep_their_files_when_parts_are_removed(tiles):
    tiles.run()
    tiles.made()
    before = data(tiles)
    file = next(tiles.product("cut").glob("*.h5"))
    assert file.stat().st_nlink == 2
    shutil.rmtree(tiles.runs / "toy" / "cut" / "parts")
    assert file.stat().st_nlink == 1
    assert data(tiles) == before
    tiles.run()
    assert tiles.made() == []
    (tiles.folder / "tile_d.txt").write_text("4.0")
    tiles.run()
    assert [one for one in tiles.made() if one.startswith("cut:")] == [f"cut:tile_{tile}" for tile in "abcd"]


def test_files_are_copied_where_there_are_no_hard_links(tiles, monkeypatch):
    def refused(*_):
        raise OSError("no links here")

    monkeypatch.setattr(publish.os, "link", refused)
    tiles.run()
    file = next(tiles.product("cut").glob("*.h5"))
    assert file.stat().st_nlink == 1
    assert texts(tiles, "cut") == ["1.0 seed 1", "2.0 seed 1", "3.0 seed 1"]


def test_a_link_is_another_name_of_the_same_file(tmp_path):
    (tmp_path / "a").write_text("x")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").samefile(tmp_path / "a")


def test_a_part_says_what_it_is_of(tiles):
    tiles.run()
    plan = tiles.plan()
    for part in plan["cut"].parts:
        folder = tiles.runs / "toy" / "cut" / "parts" / part.hash
        assert sorted(path.name for path in folder.iterdir()) == [
            "done.json", "environment.json", "ledger.parquet", "part.txt", "provenance.json",
        ]  # fmt: skip
        assert part.name in (folder / "provenance.json").read_text()


# Workers


def test_two_workers_give_the_same_bytes_as_one(tiles, tmp_path):
    tiles.run(workers=1)
    tiles.made()
    alone = data(tiles)
    tiles.runs = tmp_path / "two"
    outcome = tiles.run(workers=2)
    assert tiles.made() == sorted([*ALL, "cut", "arcs"])
    assert data(tiles) == alone
    assert [one[1:3] for one in outcome.ear.progress if one[0] == "cut"] == [(1, 3), (2, 3), (3, 3), (3, 3)]


def test_a_worker_that_dies_is_told_and_finished_parts_stay(tiles):
    (tiles.folder / "tile_c.txt").write_text("die")
    with pytest.raises(
        StageFailed, match="cut: a worker process died; to fix, look for a lack of memory; run again to go on"
    ):
        tiles.run(workers=2)
    assert 1 <= len([path for path in part_folders(tiles) if not path.name.startswith(".")]) <= 2
    done = [one for one in tiles.made() if one != "cut:tile_c"]
    (tiles.folder / "tile_c.txt").write_text("3.0")
    tiles.run(workers=2)
    assert not set(done) & set(tiles.made())
    assert texts(tiles, "cut") == ["1.0 seed 1", "2.0 seed 1", "3.0 seed 1"]


def test_an_error_in_a_worker_comes_home_whole(tiles):
    (tiles.folder / "tile_a.txt").write_text("fail")
    with pytest.raises(DataError) as caught:
        tiles.run(workers=2)
    assert (caught.value.what, caught.value.where) == ("cannot be read", str(tiles.folder / "tile_a.txt"))
    tiles.made()
    (tiles.folder / "tile_a.txt").write_text("1.0")
    tiles.run(workers=1)
    assert [one for one in tiles.made() if one.startswith("cut:")] == ["cut:tile_a"], "the others were finished"


def test_a_run_that_is_killed_goes_on_and_leaves_no_workers(tiles, tmp_path):
    """SIGKILL of the main process while its workers are at work."""
    for name in "abcd":
        (tiles.folder / f"tile_{name}.txt").write_text(f"{ord(name)}.0")
    (tiles.folder / "tile_b.txt").write_text("die")  # sleeps a second before it dies
    command = [sys.executable, "-m", "astrocnn", "run", str(tiles.file), "--runs", str(tiles.runs), "--workers", "2"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (tiles.log.exists() and "cut:tile_b" in tiles.log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split() if PROC else []
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    while any(is_alive(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(is_alive(worker) for worker in workers)
    (tiles.folder / "tile_b.txt").write_text("98.0")
    first = tiles.made()
    tiles.run()
    again = tiles.made()
    assert "cut:tile_b" in first
    assert texts(tiles, "cut") == [f"{ord(name)}.0 seed 1" for name in "abcd"]
    assert "cut:tile_b" in again
    assert not [path for path in (tiles.runs / "toy").rglob(".*") if path.name != ".lock"]
