"""Removes what a run no longer needs: products neither current nor released, parts no kept product has, scratch."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from astrocnn.pipeline.release import frozen_products
from astrocnn.pipeline.store import DONE, PROVENANCE, read_json, store_folders

_LEFT = re.compile(r"^\.[0-9a-f]{32}\.")


@dataclass(frozen=True)
class Removal:
    """A folder that is not needed, and what it is: `product`, `part` or `unfinished`."""

    stage: str
    kind: str
    folder: Path


def find_removals(root: Path, keep: int = 0) -> list[Removal]:
    """List what is not needed, without removing anything.

    Parameters
    ----------
    root : Path
        Folder of a run in which no process is at work.
    keep : int
        Products of each stage to keep beside the current one, the most recent first.
    """
    stages = sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink())
    frozen = frozen_products(root)
    return [removal for stage in stages for removal in _of_stage(stage, keep, frozen)]


def _of_stage(stage: Path, keep: int, frozen: Collection[tuple[str, str]]) -> Iterator[Removal]:
    link = stage / "current"
    current = os.readlink(link) if link.is_symlink() else None
    products = store_folders(stage)
    free = (path for path in products if path.name != current and (stage.name, path.name) not in frozen)
    others = sorted(free, key=_made, reverse=True)
    needed = {digest for path in products if path not in others[keep:] for digest in _part_hashes(path)}
    yield from (Removal(stage.name, "product", path) for path in others[keep:])
    yield from (Removal(stage.name, "part", path) for path in store_folders(stage / "parts") if path.name not in needed)
    unfinished = [
        *store_folders(stage / "scratch"),
        *store_folders(stage, _LEFT),
        *store_folders(stage / "parts", _LEFT),
    ]
    yield from (Removal(stage.name, "unfinished", path) for path in unfinished)


def _made(product: Path) -> float:
    """Moment a product was finished; one that is not counts as the oldest."""
    mark = product / DONE
    return mark.stat().st_mtime if mark.is_file() else 0.0


def _part_hashes(product: Path) -> Iterable[str]:
    identity = (read_json(product / PROVENANCE) or {}).get("identity", {})
    return identity.get("parts", {}).values()


def freed_bytes(removals: Iterable[Removal]) -> int:
    """Disk space that removing these folders frees: a file with a name in a folder that stays frees nothing."""
    names: Counter[tuple[int, int]] = Counter()
    sizes: dict[tuple[int, int], tuple[int, int]] = {}
    for removal in removals:
        for path in removal.folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                stat = path.stat()
                names[stat.st_dev, stat.st_ino] += 1
                sizes[stat.st_dev, stat.st_ino] = stat.st_size, stat.st_nlink
    return sum(size for file, (size, links) in sizes.items() if names[file] >= links)


def remove(removals: Iterable[Removal]) -> None:
    """Remove the folders; raises OSError where that is not allowed."""
    for removal in removals:
        # out of the store under its own name first: half a product must never look like one
        doomed = removal.folder.with_name(f".{removal.folder.name.lstrip('.')}.removed.{os.getpid()}")
        removal.folder.rename(doomed)
        shutil.rmtree(doomed)
