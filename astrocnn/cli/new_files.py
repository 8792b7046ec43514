"""Where a command writes a file of the user's: never over one that is there."""

from __future__ import annotations

from pathlib import Path

from astrocnn.errors import InputMissing, StoreError


def new_file(destination: Path | None, name: str) -> Path:
    """Path of a file to be written.

    Parameters
    ----------
    destination : Path or None
        The file, or a folder in which it gets its usual name; the working folder by default.
    name : str
        The usual name.

    Raises
    ------
    StoreError
        When there is such a file already.
    InputMissing
        When there is no such folder.
    """
    path = Path(name) if destination is None else destination / name if destination.is_dir() else destination
    if path.exists():
        raise StoreError("is there already", where=str(path), fix="name another file, or remove this one first")
    if not path.parent.is_dir():
        raise InputMissing("there is no such folder", where=str(path.parent), fix="make it first")
    return path
