"""Content hashes: what a product is, told from what defines it and from nothing else.

The hash of a product covers the format version, the stage's name, kind and revision, its effective parameters, the
seed, the instrument, the backend where one is used, the plugins, its sources' hashes and the content of outside
files. Workers, engine, paths, versions of packages and of this one are left out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from astrocnn.errors import InputMissing

FORMAT_VERSION = 1
_BLOCK = 1 << 20


def canonical(data: Any) -> str:
    """Write plain data as JSON that is the same for the same data: sorted keys, shortest exact numbers."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(data: Any) -> str:
    """Hash plain data to 32 hexadecimal digits."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()[:32]


def file_sha256(path: Path) -> str:
    """Hash the bytes of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def backend_identity() -> dict[str, str]:
    """Name the Keras backend and its precision, without importing Keras."""
    settings: dict[str, Any] = {}
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    with suppress(OSError, ValueError, TypeError):
        settings = dict(json.loads((home / "keras.json").read_text()))
    backend = os.environ.get("KERAS_BACKEND") or settings.get("backend", "tensorflow")
    return {"backend": str(backend), "dtype": str(settings.get("floatx", "float32"))}


class FileHashes:
    """Content hashes of outside files, kept so that an unchanged file is read once.

    Parameters
    ----------
    cache : Path
        JSON file that keeps them, keyed by path, size, modification time and inode; it need not exist.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known: dict[str, str] = {}
        self._changed = False
        with suppress(OSError, ValueError, TypeError):  # a damaged cache is no cache
            self._known = dict(json.loads(cache.read_text()))

    def of(self, path: Path) -> str:
        """Hash of a file.

        Raises
        ------
        InputMissing
            When it cannot be read.
        """
        try:
            stat = path.stat()
            key = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{stat.st_ino}"
            if key not in self._known:
                self._known[key] = file_sha256(path)
                self._changed = True
        except OSError as error:
            raise InputMissing("cannot be read", where=str(path), received=error.strerror) from error
        return self._known[key]

    def of_folder(self, folder: Path) -> dict[str, str]:
        """Hash each file below a folder, by its relative path; raises as `of`."""
        if not folder.is_dir():
            raise InputMissing("is no folder", where=str(folder), expected="the folder of a product")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): self.of(path) for path in files}

    def save(self) -> None:
        """Keep what was learnt; a folder that cannot be written only means that files are read again."""
        if self._changed and self._cache.parent.is_dir():
            with suppress(OSError):
                beside = self._cache.with_name(f".{self._cache.name}.{os.getpid()}")
                beside.write_text(json.dumps(self._known, indent=0, sort_keys=True))
                beside.replace(self._cache)


def differences(old: Any, new: Any, path: str = "") -> Iterable[str]:
    """Tell what changed between two identities, one clause a change, such as `parameters.epochs 3 -> 5`."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif path.split(".")[0] in ("sources", "outside", "instrument", "parts"):
        yield f"{path} changed"
    else:
        yield f"{path} {old} -> {new}"
