"""The run folder: products under their content hash, written beside, fsynced and renamed, marked done with checksums.

    runs/<name>/run.json                        stage -> hash of the last run
    runs/<name>/<stage>/<hash>/                 a product, with done.json, provenance.json, environment.json
    runs/<name>/<stage>/current                 relative link to the product of the last run
    runs/<name>/<stage>/parts/<hash>/           parts of products that map over objects
    runs/<name>/<stage>/scratch/<hash>/         checkpoints of what is being made

A kill at any instant leaves the old state or the new one.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from astrocnn.errors import StoreError
from astrocnn.pipeline.identity import file_sha256

DONE = "done.json"
INVALID = "invalid.json"
"""Stands where the mark stood, with the reason, in what must be made again."""
PROVENANCE = "provenance.json"
ENVIRONMENT = "environment.json"
RUN = "run.json"
_RETIRED = ".old."
_HASH = re.compile(r"^[0-9a-f]{32}$")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old content or the new; raises StoreError where that fails."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
        fsync_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def write_json(path: Path, data: Any) -> None:
    """Write plain data as readable JSON, atomically."""
    write_atomically(path, json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON; None when the file is not there.

    Raises
    ------
    StoreError
        When it is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot be read: {error}", where=str(path), fix="remove it and run again") from error


class Store:
    """The folder of one run.

    Parameters
    ----------
    root : Path
        `runs/<name>/`; made when the first product is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def product(self, stage: str, digest: str) -> Path:
        """Folder of a product."""
        return self.root / stage / digest

    def part(self, stage: str, digest: str) -> Path:
        """Folder of a part."""
        return self.root / stage / "parts" / digest

    def scratch(self, stage: str, digest: str) -> Path:
        """Folder that outlives a kill while a product is being made."""
        return self.root / stage / "scratch" / digest

    def is_done(self, stage: str, digest: str) -> bool:
        """Whether a product is complete: marked done, each of its files there with its size."""
        return _is_complete(self.product(stage, digest))

    def part_is_done(self, stage: str, digest: str) -> bool:
        """Whether a part is complete."""
        return _is_complete(self.part(stage, digest))

    def why_invalid(self, stage: str, digest: str) -> str | None:
        """Why a product lost its mark; None where it has it, or never had."""
        return _read_mapping(self.product(stage, digest) / INVALID).get("reason")

    def done(self, stage: str, digest: str) -> dict[str, Any]:
        """What the product's mark says: files with sizes and checksums, ledger counts."""
        return read_json(self.product(stage, digest) / DONE) or {}

    def last_run(self) -> dict[str, Any]:
        """Content of `run.json`: name, stages with hash and state."""
        return read_json(self.root / RUN) or {}

    def remember(self, run: dict[str, Any]) -> None:
        """Write `run.json`, unless it says this already."""
        if _read_mapping(self.root / RUN) != run:
            write_json(self.root / RUN, run)

    def current_identity(self, stage: str) -> Any:
        """What the current product of a stage was made of; None when there is none or its record is damaged."""
        return _read_mapping(self.root / stage / "current" / PROVENANCE).get("identity")

    @contextmanager
    def writing(self, target: Path) -> Iterator[Path]:
        """Give a folder beside `target` to write into, and put it in place when the block ends without an error.

        Raises
        ------
        StoreError
            When the disk is full or cannot be written; errors of the block go on.
        """
        beside = target.parent / f".{target.name}.{os.getpid()}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if beside.exists():
                shutil.rmtree(beside)
            beside.mkdir()
        except OSError as error:
            raise _unwritable(target, error) from error
        try:
            yield beside
        except BaseException as error:
            shutil.rmtree(beside, ignore_errors=True)
            if isinstance(error, OSError) and error.errno in _FULL:
                raise _unwritable(target, error) from error
            raise
        _put_in_place(beside, target)

    def make_current(self, stage: str, digest: str) -> None:
        """Point the stage's `current` link at a product; raises StoreError where it cannot be written."""
        link = self.root / stage / "current"
        if link.is_symlink() and os.readlink(link) == digest:
            return
        beside = link.with_name(f".current.{os.getpid()}")
        try:
            beside.unlink(missing_ok=True)
            beside.symlink_to(digest, target_is_directory=True)
            beside.replace(link)
            fsync_folder(link.parent)
        except OSError as error:
            raise _unwritable(link, error) from error

    def sweep(self) -> None:
        """Remove what a killed run left half written, and put back what it was about to replace."""
        for pattern in ("*/.*", "*/parts/.*", ".*.json.*"):
            for path in self.root.glob(pattern):
                name, retired, _ = path.name[1:].rpartition(_RETIRED)
                if retired and not path.with_name(name).exists():
                    path.rename(path.with_name(name))
                elif path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def mark_done(folder: Path, extra: dict[str, Any]) -> None:
    """Write the mark of a complete folder: each file with size and checksum, made durable first."""
    files = {}
    paths = sorted(folder.rglob("*"))
    for path in paths:
        if path.is_dir():
            fsync_folder(path)
    for path in (path for path in paths if path.is_file() and path != folder / DONE):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        files[path.relative_to(folder).as_posix()] = {"size": path.stat().st_size, "sha256": file_sha256(path)}
    write_json(folder / DONE, {**extra, "files": files})


def damaged_files(folder: Path, checksum: Callable[[Path], str] = file_sha256) -> list[str]:
    """Files of a done folder whose content is not what its mark says; the mark itself where it says nothing."""
    files = _read_mapping(folder / DONE).get("files")
    if not isinstance(files, dict):
        return [DONE]
    return [
        name
        for name, mark in files.items()
        if not (folder / name).is_file() or checksum(folder / name) != mark["sha256"]
    ]


def invalidate(folder: Path, reason: str) -> None:
    """Take the mark from a product or part, so that the next run makes it again and says why.

    Raises
    ------
    StoreError
        When the folder cannot be written.
    """
    write_json(folder / INVALID, {"reason": reason})
    try:
        (folder / DONE).unlink(missing_ok=True)
        fsync_folder(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error


def store_folders(folder: Path, name: re.Pattern[str] = _HASH) -> list[Path]:
    """Folders of the store in a folder, told by their names: what somebody else put there is none of ours."""
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if name.match(path.name) and path.is_dir() and not path.is_symlink()
    )


def _read_mapping(path: Path) -> dict[str, Any]:
    """Read a JSON object; empty when it is not there or damaged, so that what it belongs to is made again."""
    try:
        data = read_json(path)
    except StoreError:
        return {}
    return data if isinstance(data, dict) else {}


def _is_complete(folder: Path) -> bool:
    files = _read_mapping(folder / DONE).get("files")
    return isinstance(files, dict) and all(_size(folder / name) == file["size"] for name, file in files.items())


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _put_in_place(beside: Path, target: Path) -> None:
    retired = target.with_name(f".{target.name}{_RETIRED}{os.getpid()}")
    try:
        if target.exists():
            target.rename(retired)
        beside.rename(target)  # a kill just before this leaves the old one retired: `sweep` puts it back
        fsync_folder(target.parent)
    except OSError as error:
        if retired.exists() and not target.exists():
            retired.rename(target)
        shutil.rmtree(beside, ignore_errors=True)
        raise _unwritable(target, error) from error
    shutil.rmtree(retired, ignore_errors=True)


def _unwritable(target: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot be written: {error.strerror}", where=str(target), fix="free space or choose another --runs folder"
    )
