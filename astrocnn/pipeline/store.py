"""The run folder: products under their content hash, written beside, fsynced and renamed, marked done with checksums.

    runs/<name>/run.json                        stage -> hash of the last run
    runs/<name>/<stage>/<hash>/                 a product, with done.json, provenance.json, environment.json
    runs/<name>/<stage>/current                 relative link to the product of the last run
    runs/<name>/<stage>/parts/<hash>/           parts of products that map over objects
    runs/<name>/<stage>/scratch/<hash>/         checkpoints of what is being made

A kill at any instant leaves the old state or the new one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from astrocnn.errors import StoreError
from astrocnn.pipeline.identity import file_sha256

DONE = "done.json"
PROVENANCE = "provenance.json"
ENVIRONMENT = "environment.json"


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old content or the new."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    fsync_folder(path.parent)


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

    def done(self, stage: str, digest: str) -> dict[str, Any]:
        """What the product's mark says: files with sizes and checksums, ledger counts."""
        return read_json(self.product(stage, digest) / DONE) or {}

    def last_run(self) -> dict[str, Any]:
        """Content of `run.json`: name, stages with hash and state."""
        return read_json(self.root / "run.json") or {}

    def current_identity(self, stage: str) -> Any:
        """What the current product of a stage was made of; None when there is none."""
        return (read_json(self.root / stage / "current" / PROVENANCE) or {}).get("identity")

    @contextmanager
    def writing(self, target: Path) -> Iterator[Path]:
        """Give a folder beside `target` to write into, and put it in place when the block ends without an error."""
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
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        _put_in_place(beside, target)

    def make_current(self, stage: str, digest: str) -> None:
        """Point the stage's `current` link at a product."""
        link = self.root / stage / "current"
        if link.is_symlink() and os.readlink(link) == digest:
            return
        beside = link.with_name(f".current.{os.getpid()}")
        with suppress(FileNotFoundError):
            beside.unlink()
        beside.symlink_to(digest, target_is_directory=True)
        beside.replace(link)
        fsync_folder(link.parent)

    def sweep(self) -> None:
        """Remove what a killed run left half written."""
        for pattern in ("*/.*", "*/parts/.*"):
            for path in self.root.glob(pattern):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def mark_done(folder: Path, extra: dict[str, Any]) -> None:
    """Write the mark of a complete folder: each file with size and checksum, made durable first."""
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != DONE):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        files[path.relative_to(folder).as_posix()] = {"size": path.stat().st_size, "sha256": file_sha256(path)}
    write_json(folder / DONE, {**extra, "files": files})


def damaged_files(folder: Path) -> list[str]:
    """Files of a done folder whose content is not what its mark says."""
    files: dict[str, dict[str, Any]] = (read_json(folder / DONE) or {}).get("files", {})
    return [
        name
        for name, mark in files.items()
        if not (folder / name).is_file() or file_sha256(folder / name) != mark["sha256"]
    ]


def _is_complete(folder: Path) -> bool:
    mark = read_json(folder / DONE)
    if mark is None:
        return False
    return all(_size(folder / name) == file["size"] for name, file in mark["files"].items())


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _put_in_place(beside: Path, target: Path) -> None:
    try:
        if target.exists():
            retired = target.parent / f".{target.name}.old.{os.getpid()}"
            target.rename(retired)
            beside.rename(target)
            shutil.rmtree(retired, ignore_errors=True)
        else:
            beside.rename(target)
        fsync_folder(target.parent)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise _unwritable(target, error) from error


def _unwritable(target: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot be written: {error.strerror}", where=str(target), fix="free space or choose another --runs folder"
    )
