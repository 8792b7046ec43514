"""Finding files of light curves: which belong to one object, and which are made and kept together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from astrocnn.errors import InputMissing
from astrocnn.ingest.file_patterns import nearest_files, pattern_matches
from astrocnn.ingest.light_curves.names import file_stem
from astrocnn.samples.long_table import OBJECTS, POINTS


@dataclass(frozen=True)
class CurveFiles:
    """Files that are read together.

    Parameters
    ----------
    name : str
        What `{part}` stands for, else the object or the folder.
    objects : dict of str to list of Path
        Files of each object, by what `{id}` stands for, else by their name without endings; in the order of the names.
    """

    name: str
    objects: dict[str, list[Path]] = field(default_factory=dict)

    @property
    def folder(self) -> Path | None:
        """The folder of a long table, where this is one."""
        paths = [path for files in self.objects.values() for path in files]
        return paths[0] if len(paths) == 1 and paths[0].is_dir() else None

    @property
    def files(self) -> dict[str, list[Path]]:
        """All files that are read, by object."""
        if self.folder is None:
            return self.objects
        return {self.name: [self.folder / name for name in (POINTS, OBJECTS) if (self.folder / name).is_file()]}


def find_curve_files(curves: str, root: str | Path = ".") -> list[CurveFiles]:
    """Files of light curves, in parts: one an object, or one for each `{part}`.

    Parameters
    ----------
    curves : str
        A pattern: `{id}` is the object, so that its files of several quarters make one curve; `{part}` gathers objects
        that are made and kept together. Or a folder, or several, with `light_curves.parquet`. Or a list: a .txt file
        with a path a line, relative to the list.
    root : path
        Folder that a relative pattern starts from.

    Raises
    ------
    InputMissing
        No file matches, or a list is empty; files of a list that are not there are found when they are read.
    """
    root = Path(root)
    if curves.endswith(".txt") and (root / curves).is_file() and (listed := _listed(root / curves)) is not None:
        found: list[tuple[dict[str, str], Path]] = [({}, path) for path in listed]
    else:
        found = pattern_matches(curves, ("id", "part"), root, wanted=_is_light_curves)
    parts: dict[str, dict[str, list[Path]]] = {}
    for names, path in found:
        identifier = names.get("id") or file_stem(path)
        parts.setdefault(names.get("part") or identifier, {}).setdefault(identifier, []).append(path)
    if not parts:
        raise InputMissing(
            "no file matches", where=curves, expected=f"files {root / curves}, or folders with {POINTS}",
            received=nearest_files(root / curves),
            fix="correct the pattern in the pipeline file or put the files there",
        )  # fmt: skip
    return [CurveFiles(name, parts[name]) for name in sorted(parts)]


def _is_light_curves(path: Path) -> bool:
    return path.is_file() or (path / POINTS).is_file()


def _listed(path: Path) -> list[Path] | None:
    """Paths of a list; None for a text file that is a light curve itself, whose lines are no paths."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    paths = [path.parent / line for line in lines if line and not line.startswith("#")]
    return paths if paths and any(one.exists() for one in paths) else None
