"""Compares all that stands in a run folder with its checksums, and takes the mark from what was damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from astrocnn.pipeline.identity import file_sha256
from astrocnn.pipeline.store import INVALID, damaged_files, store_folders


@dataclass(frozen=True)
class Verified:
    """One product or part that was looked at.

    Attributes
    ----------
    stage : str
    kind : str
        `product` or `part`.
    folder : Path
    damaged : tuple of str
        Files that are missing or not what they were; the mark itself where it cannot be read.
    """

    stage: str
    kind: str
    folder: Path
    damaged: tuple[str, ...]


def verify(root: Path) -> Iterator[Verified]:
    """Read every file of a run and compare it with the checksum it was stored with.

    Parameters
    ----------
    root : Path
        Folder of a run in which no process is at work.

    Yields
    ------
    Verified
        For each product and part, current or not, stage by stage.
    """
    checksum = _Checksums()
    for stage in sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink()):
        for kind, folders in (("part", store_folders(stage / "parts")), ("product", store_folders(stage))):
            for folder in folders:
                if not (folder / INVALID).is_file():  # found before, and not made again yet
                    yield Verified(stage.name, kind, folder, tuple(damaged_files(folder, checksum)))


class _Checksums:
    """Checksums of files, each content read once however many names it has."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], str] = {}

    def __call__(self, path: Path) -> str:
        stat = path.stat()
        key = stat.st_dev, stat.st_ino
        if key not in self._known:
            self._known[key] = file_sha256(path)
        return self._known[key]
