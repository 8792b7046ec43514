"""Finding the files of tiles: which files belong together, and which are missing. Light: no astropy, no numpy."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from astrocnn.errors import InputMissing

SUFFIXES = (".fits", ".fit", ".fts", ".fits.gz", ".fits.bz2", ".fits.fz", ".fz")


@dataclass(frozen=True)
class TileFiles:
    """The files of one tile.

    Parameters
    ----------
    name : str
        Of the tile: what `{tile}` stands for, else the file's name without its suffix.
    paths : dict of band to Path
        The same path for every band where one file holds them all.
    """

    name: str
    paths: dict[str, Path]


@dataclass(frozen=True)
class TileProblem:
    """A tile without one of its bands.

    Parameters
    ----------
    name : str
        Of the tile.
    paths : dict of band to Path
        The files that are absent.
    """

    name: str
    paths: dict[str, Path]

    @property
    def reason(self) -> str:
        """What is absent, in words."""
        files = ", ".join(map(str, self.paths.values()))
        return f"no file for band {', '.join(self.paths)}: expected {files}"


def find_tiles(
    images: str | Path, bands: Sequence[str], root: str | Path = "."
) -> tuple[list[TileFiles], list[TileProblem]]:
    """Tiles whose files exist, in order of their names.

    Parameters
    ----------
    images : str or Path
        A pattern: `{tile}` and `{band}` (one file per tile and band), `{tile}` alone, a path or a glob (one file per
        tile, one extension per band named by EXTNAME). `*`, `?`, `[...]` and `**` as in a shell.
    bands : sequence of str
        Band names, as they stand in file names.
    root : str or Path
        Folder that a relative pattern starts from.

    Returns
    -------
    tiles : list of TileFiles
        Tiles with a file for every band.
    problems : list of TileProblem
        Tiles that lack a band.

    Raises
    ------
    InputMissing
        No tile is complete; the message names the pattern, what is missing, and the nearest files there are.
    """
    pattern, root = str(images), Path(root)
    per_band: dict[str, dict[str, Path]] = {}
    for band in bands if "{band}" in pattern else ("",):
        for name, path in _matches(pattern, band, root):
            per_band.setdefault(name, {})[band] = path
    tiles, problems = [], []
    for name in sorted(per_band):
        paths = per_band[name]
        if "" in paths:
            tiles.append(TileFiles(name, dict.fromkeys(bands, paths[""])))
        elif absent := [band for band in bands if band not in paths]:
            wanted = pattern.replace("{tile}", name)
            problems.append(TileProblem(name, {band: root / wanted.replace("{band}", band) for band in absent}))
        else:
            tiles.append(TileFiles(name, {band: paths[band] for band in bands}))
    if not tiles:
        raise InputMissing(
            "no tile has all its bands" if problems else "no file matches",
            where=str(images),
            expected=f"files {root / pattern}" + (f" with band in {', '.join(bands)}" if "{band}" in pattern else ""),
            received="; ".join(f"{p.name}: {p.reason}" for p in problems[:3]) or _nearest(root / pattern),
            fix="correct the pattern in the pipeline file or put the files there",
        )
    return tiles, problems


def _matches(pattern: str, band: str, root: Path) -> list[tuple[str, Path]]:
    """Tile name and path of the files that match the pattern in one band."""
    if (root / pattern).is_file():  # its name may hold brackets, which are no pattern then
        return [(_stem(pattern, pattern), root / pattern)]
    shell = pattern.replace("{tile}", "*").replace("{band}", glob.escape(band))
    rule = re.compile(_regular_expression(pattern, band))
    matches = []
    for path in sorted(glob.glob(shell, root_dir=root, recursive=True)):
        match = rule.fullmatch(path)
        if match and (root / path).is_file():
            matches.append((match["tile"] if "{tile}" in pattern else _stem(pattern, path), root / path))
    return matches


def _regular_expression(pattern: str, band: str) -> str:
    """The pattern as a regular expression whose group `tile` is the tile's name; `{tile}` repeats must agree."""
    parts, tile_seen = [], False
    for piece in re.split(r"(\{tile\}|\{band\}|\*\*/|\*|\?|\[[^\]]+\])", pattern):
        if piece == "{tile}":
            parts.append("(?P=tile)" if tile_seen else "(?P<tile>[^/]+)")
            tile_seen = True
        elif piece == "{band}":
            parts.append(re.escape(band))
        elif piece == "**/":
            parts.append("(?:.*/)?")
        elif piece == "*":
            parts.append("[^/]*")
        elif piece == "?":
            parts.append("[^/]")
        elif piece.startswith("["):
            parts.append("[^" + piece[2:] if piece[1] == "!" else piece)
        else:
            parts.append(re.escape(piece))
    return "".join(parts)


def _stem(pattern: str, path: str) -> str:
    """Tile name where the pattern has no `{tile}`: the file's name without suffix, or the pattern's without band."""
    name = Path(path).name
    if "{band}" in pattern:
        name = Path(pattern).name.replace("{band}", "").replace("__", "_")
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        name = name.removesuffix(suffix)
    return name.strip("_-.") or "tile"


def _nearest(wanted: Path) -> str:
    """The existing files whose names are most like the pattern, in words."""
    folder = next((parent for parent in wanted.parents if parent.is_dir()), Path.cwd())
    names = sorted(path.name for path in folder.iterdir())
    near = get_close_matches(wanted.name, names, n=3, cutoff=0.3) or names[:3]
    return f"the folder {folder} has {', '.join(near)}" if near else f"the folder {folder} is empty"
