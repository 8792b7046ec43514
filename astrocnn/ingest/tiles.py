"""Finding the files of tiles: which files belong together, and which are missing. Light: no astropy, no numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from astrocnn.errors import InputMissing
from astrocnn.ingest.file_patterns import nearest_files, pattern_matches

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
            received="; ".join(f"{p.name}: {p.reason}" for p in problems[:3]) or nearest_files(root / pattern),
            fix="correct the pattern in the pipeline file or put the files there",
        )
    return tiles, problems


def _matches(pattern: str, band: str, root: Path) -> list[tuple[str, Path]]:
    """Tile name and path of the files that match the pattern in one band."""
    found = pattern_matches(pattern, ("tile",), root, {"band": band})
    return [(names.get("tile") or _stem(pattern, path.name), path) for names, path in found]


def _stem(pattern: str, path: str) -> str:
    """Tile name where the pattern has no `{tile}`: the file's name without suffix, or the pattern's without band."""
    name = Path(path).name
    if "{band}" in pattern:
        name = Path(pattern).name.replace("{band}", "").replace("__", "_")
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        name = name.removesuffix(suffix)
    return name.strip("_-.") or "tile"
