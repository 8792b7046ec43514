"""Where the ready pipelines and configurations stand: inside the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    packaged = _PACKAGE / "packaged" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def pipelines_folder() -> Path:
    """Folder of the ready pipelines, one YAML file each."""
    return _folder("pipelines")


def config_folder() -> Path:
    """Folder of the shipped configurations: `cadences/`, `instruments/`, `recipes/`, `decision_trees/`."""
    return _folder("configs")
