"""`verify`: damage that nobody sees is named, and that alone is made again."""

import pytest

from astrocnn.errors import StoreError
from astrocnn.pipeline.lock import lock
from astrocnn.pipeline.store import invalidate
from astrocnn.pipeline.verify import verify


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)  # into the same inode: a part and its product share it


def damage(tiles):
    return {(one.stage, one.kind, name) for one in verify(tiles.runs / "toy") for name in one.damaged}


def mark_all(tiles):
    for one in verify(tiles.runs / "toy"):
        if one.damaged:
            invalidate(one.folder, "damaged")


@pytest.fixture
def done(tiles):
    tiles.run()
    tiles.made()
    return tiles


def test_what_is_whole_is_looked_at_and_not_touched(done):
    found = list(verify(done.runs / "toy"))
    assert [(one.stage, one.kind) for one in found] == [
        (stage, kind) for stage in ("arcs", "cut") for kind in ("part", "part", "part", "product")
    ]
    assert not any(one.damaged for one in found)
    assert {state for state, _ in done.states().values()} == {"reuse"}


def test_a_flipped_bit_in_a_part_is_named_and_the_part_made_again_alone(done):
    part = sorted((done.runs / "toy" / "cut" / "parts").iterdir())[1]
    before = (part / "part.txt").read_bytes()
    flip_a_bit(part / "part.txt")
    assert {(stage, kind) for stage, kind, _ in damage(done)} == {("cut", "part"), ("cut", "product")}
    assert ("cut", "part", "part.txt") in damage(done)
    mark_all(done)
    assert done.states() == {"cut": ("run", "damaged"), "arcs": ("reuse", "up to date")}
    done.run()
    assert len(done.made()) == 2, "one part, and the product put together"
    assert (part / "part.txt").read_bytes() == before
    assert damage(done) == set()


def test_damage_in_the_product_alone_makes_no_part_again(done):
    flip_a_bit(done.product("cut") / "provenance.json")
    assert damage(done) == {("cut", "product", "provenance.json")}
    mark_all(done)
    done.run()
    assert done.made() == ["cut"]
    assert damage(done) == set()


@pytest.mark.parametrize("spoil", [lambda mark: mark.unlink(), lambda mark: mark.write_text("{")])
def test_a_mark_that_says_nothing_is_damage(done, spoil):
    spoil(done.product("arcs") / "done.json")
    assert damage(done) == {("arcs", "product", "done.json")}
    mark_all(done)
    assert damage(done) == set(), "it is known, and waits for the next run"
    done.run()
    assert done.made() == ["arcs"]


def test_a_missing_file_is_damage(done):
    (done.product("arcs") / "ledger.parquet").unlink()
    assert damage(done) == {("arcs", "product", "ledger.parquet")}


def test_products_that_are_not_current_are_looked_at_too(done):
    old = done.product("cut")
    (done.folder / "tile_c.txt").write_text("5.0")
    done.run()
    flip_a_bit(old / "environment.json")
    assert damage(done) == {("cut", "product", "environment.json")}


def test_each_content_is_read_once(done, monkeypatch):
    from astrocnn.pipeline import verify as module

    read = []
    monkeypatch.setattr(module, "file_sha256", lambda path: read.append(path) or "")
    list(verify(done.runs / "toy"))
    inodes = [path.stat().st_ino for path in read]
    assert len(inodes) == len(set(inodes))


def test_a_folder_that_cannot_be_written_is_told(done, monkeypatch):
    def refuse(self, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        invalidate(done.product("cut"), "damaged")


def test_not_while_a_run_is_at_work(call_verify, done):
    with lock(done.runs / "toy"):
        assert call_verify() == 1


@pytest.fixture
def call_verify(tiles, monkeypatch):
    from astrocnn.cli.main import run_command

    monkeypatch.chdir(tiles.folder)
    return lambda: run_command(["verify", "toy"])


def test_the_command_names_the_damage_and_ends_with_1(done, call_verify, capsys):
    assert call_verify() == 0
    assert capsys.readouterr().out == "arcs: 1 product, 3 parts, all whole\ncut: 1 product, 3 parts, all whole\n"
    flip_a_bit(done.product("arcs") / "ledger.parquet")
    assert call_verify() == 1
    assert f"  product runs/toy/arcs/{done.product('arcs').name}: ledger.parquet\n" in capsys.readouterr().out
