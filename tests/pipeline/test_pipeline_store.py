"""The run folder: all or nothing, done marks, the current link, and what a killed run leaves."""

import errno
import json
import os

import pytest

from astrocnn.errors import StoreError
from astrocnn.pipeline import store as store_module
from astrocnn.pipeline.identity import file_sha256
from astrocnn.pipeline.store import (
    Store,
    damaged_files,
    mark_done,
    read_json,
    write_atomically,
    write_json,
)

HASH, OTHER = "0" * 32, "f" * 32


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs" / "toy")


def publish(store, digest=HASH, text="content", stage="a"):
    with store.writing(store.product(stage, digest)) as out:
        (out / "deep").mkdir()
        (out / "deep" / "file.txt").write_text(text)
        (out / "empty").touch()
        write_json(out / "provenance.json", {"identity": {"text": text}})
        mark_done(out, {"ledger": {"read": {"": 2}}})
    return store.product(stage, digest)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_product_appears_whole(store):
    with store.writing(store.product("a", HASH)) as out:
        assert out.parent == store.root / "a"
        assert out.name.startswith(".")
        (out / "file.txt").write_text("content")
        assert not store.product("a", HASH).exists()
    assert names(store.root / "a") == [HASH]
    assert names(store.product("a", HASH)) == ["file.txt"]


def write_and_fail(store, error):
    with store.writing(store.product("a", HASH)) as out:
        (out / "file.txt").write_text("half")
        raise error


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(1), OSError(errno.EIO, "x")])
def test_an_exception_leaves_nothing_and_goes_on(store, error):
    with pytest.raises(type(error)) as caught:
        write_and_fail(store, error)
    assert caught.value is error
    assert names(store.root / "a") == []


def test_an_exception_leaves_the_old_product(store):
    publish(store)
    with pytest.raises(ValueError, match="half"):
        write_and_fail(store, ValueError("half"))
    assert store.is_done("a", HASH)
    assert names(store.root / "a") == [HASH]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_is_told(store, number):
    with pytest.raises(StoreError, match="cannot be written") as caught:
        write_and_fail(store, OSError(number, os.strerror(number)))
    assert "free space" in str(caught.value)
    assert caught.value.exit_code == 1
    assert names(store.root / "a") == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file")
    with pytest.raises(StoreError, match="cannot be written"), store.writing(store.product("a", HASH)):
        pass


def test_the_mark_holds_sizes_checksums_and_counts(store):
    folder = publish(store)
    mark = json.loads((folder / "done.json").read_text())
    assert mark == store.done("a", HASH)
    assert mark["ledger"] == {"read": {"": 2}}
    assert mark["files"] == {
        name: {"size": (folder / name).stat().st_size, "sha256": file_sha256(folder / name)}
        for name in ("deep/file.txt", "empty", "provenance.json")
    }


def test_done_means_every_file_with_its_size(store):
    assert not store.is_done("a", HASH)
    folder = publish(store)
    assert store.is_done("a", HASH)
    assert not store.part_is_done("a", HASH)
    (folder / "more.txt").write_text("somebody's note")
    assert store.is_done("a", HASH)
    (folder / "deep" / "file.txt").write_text("conten")
    assert not store.is_done("a", HASH)


@pytest.mark.parametrize("name", ["deep/file.txt", "empty", "provenance.json", "done.json"])
def test_a_file_that_is_gone_makes_it_not_done(store, name):
    folder = publish(store)
    (folder / name).unlink()
    assert not store.is_done("a", HASH)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"files": 5}', '{"files": null}', "\x00\x01"])
def test_a_damaged_mark_makes_it_not_done(store, text):
    folder = publish(store)
    (folder / "done.json").write_text(text)
    assert not store.is_done("a", HASH)
    publish(store)
    assert store.is_done("a", HASH)


def test_a_mark_among_the_files_is_a_file(store):
    with store.writing(store.product("a", HASH)) as out:
        (out / "deep").mkdir()
        (out / "deep" / "done.json").write_text("{}")
        mark_done(out, {})
    assert list(store.done("a", HASH)["files"]) == ["deep/done.json"]


def test_damage_of_the_same_size_is_found_by_checksum(store):
    folder = publish(store)
    assert damaged_files(folder) == []
    (folder / "deep" / "file.txt").write_text("Content")
    assert store.is_done("a", HASH)
    (folder / "empty").unlink()
    assert sorted(damaged_files(folder)) == ["deep/file.txt", "empty"]
    assert damaged_files(store.root) == ["done.json"]


def test_a_product_replaces_the_one_that_is_there(store):
    publish(store, text="old")
    folder = publish(store, text="new!")
    assert (folder / "deep" / "file.txt").read_text() == "new!"
    assert names(store.root / "a") == [HASH]
    assert store.is_done("a", HASH)


# Kills: the file system as it is left at each step of putting a product in place


def test_what_was_half_written_is_swept(store):
    publish(store)
    for folder in ("a", "a/parts"):
        left = store.root / folder / f".{OTHER}.99999"
        (left / "deep").mkdir(parents=True)
        (left / "deep" / "half").write_text("half")
    (store.root / "a" / ".current.99999").symlink_to(OTHER)
    (store.root / ".run.json.99999").write_text("{")
    (store.root / ".lock").write_text("1")
    scratch = store.scratch("a", HASH)
    scratch.mkdir(parents=True)
    store.sweep()
    assert names(store.root) == [".lock", "a"]
    assert names(store.root / "a") == [HASH, "parts", "scratch"]
    assert names(store.root / "a" / "parts") == []
    assert scratch.is_dir()
    assert store.is_done("a", HASH)


def test_a_kill_between_the_two_renames_leaves_the_old_product(store, monkeypatch):
    folder = publish(store, text="old")
    rename = type(folder).rename

    def killed(self, target):
        if self.name.startswith(f".{HASH}") and target == folder:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(type(folder), "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(store, text="new")
    assert not folder.exists()
    store.sweep()
    assert store.is_done("a", HASH)
    assert (folder / "deep" / "file.txt").read_text() == "old"
    assert names(store.root / "a") == [HASH]


def test_a_kill_after_the_two_renames_leaves_the_new_product(store, monkeypatch):
    folder = publish(store, text="old")

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store_module.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(store, text="new")
    assert len(names(store.root / "a")) == 2
    store.sweep()
    assert names(store.root / "a") == [HASH]
    assert (folder / "deep" / "file.txt").read_text() == "new"


def test_a_rename_that_fails_puts_the_old_product_back(store, monkeypatch):
    folder = publish(store, text="old")
    rename = type(folder).rename

    def failing(self, target):
        if target == folder and ".old." not in self.name:
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(type(folder), "rename", failing)
    with pytest.raises(StoreError, match="Input/output error"):
        publish(store, text="new")
    assert (folder / "deep" / "file.txt").read_text() == "old"
    assert names(store.root / "a") == [HASH]


def test_sweeping_an_empty_store(store):
    store.sweep()
    assert not store.root.exists()


# The current link


def test_the_current_link_is_relative(store, tmp_path):
    publish(store)
    store.make_current("a", HASH)
    link = store.root / "a" / "current"
    assert os.readlink(link) == HASH
    assert store.current_identity("a") == {"text": "content"}
    (tmp_path / "runs").rename(tmp_path / "moved")
    assert (tmp_path / "moved" / "toy" / "a" / "current" / "deep" / "file.txt").read_text() == "content"


def test_the_current_link_is_replaced_at_once(store, monkeypatch):
    publish(store)
    publish(store, OTHER, "other")
    store.make_current("a", HASH)
    link = store.root / "a" / "current"
    seen = []
    replace = type(link).replace

    def watched(self, target):
        seen.append((os.readlink(link), os.readlink(self)))
        return replace(self, target)

    monkeypatch.setattr(type(link), "replace", watched)
    store.make_current("a", OTHER)
    assert seen == [(HASH, OTHER)]
    assert os.readlink(link) == OTHER
    store.make_current("a", OTHER)
    assert len(seen) == 1
    assert names(store.root / "a") == [HASH, "current", OTHER]


def test_a_link_that_cannot_be_written_is_told(store, monkeypatch):
    publish(store)
    monkeypatch.setattr(type(store.root), "symlink_to", full_disk)
    with pytest.raises(StoreError, match="cannot be written: No space left"):
        store.make_current("a", HASH)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_damaged_record_tells_nothing_of_the_current_product(store, text):
    publish(store)
    store.make_current("a", HASH)
    (store.product("a", HASH) / "provenance.json").write_text(text)
    assert store.current_identity("a") is None
    assert store.current_identity("b") is None


# Small files


def test_json_is_readable_sorted_and_exact(tmp_path):
    write_json(tmp_path / "x.json", {"b": 0.1, "a": ["é", None]})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert text == '{\n "a": [\n  "é",\n  null\n ],\n "b": 0.1\n}\n'
    assert read_json(tmp_path / "x.json") == {"a": ["é", None], "b": 0.1}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert read_json(tmp_path / "x.json") == {"a": ["é", None], "b": 0.1}


def test_json_that_is_not_there_or_damaged(tmp_path):
    assert read_json(tmp_path / "no.json") is None
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(StoreError, match="to fix, remove it and run again"):
        read_json(tmp_path / "x.json")
    with pytest.raises(StoreError):
        read_json(tmp_path)


def test_a_small_file_is_old_or_new(tmp_path, monkeypatch):
    path = tmp_path / "x.txt"
    write_atomically(path, "old")
    with monkeypatch.context() as patch:
        patch.setattr(store_module.os, "fsync", full_disk)
        with pytest.raises(StoreError, match=r"x\.txt: cannot be written: No space left"):
            write_atomically(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x.txt"]


def test_the_last_run_is_remembered(store):
    store.root.mkdir(parents=True)
    assert store.last_run() == {}
    store.remember({"name": "toy", "stages": {}})
    assert store.last_run() == {"name": "toy", "stages": {}}
    written = (store.root / "run.json").stat()
    store.remember({"stages": {}, "name": "toy"})
    assert (store.root / "run.json").stat().st_ino == written.st_ino
    (store.root / "run.json").write_text("{")
    with pytest.raises(StoreError):
        store.last_run()
    store.remember({"name": "toy"})
    assert store.last_run() == {"name": "toy"}
