"""Names of files without what they end in. Light: no numpy."""

from __future__ import annotations

from pathlib import Path

ENDINGS = (".gz", ".bz2", ".fz", ".fits", ".fit", ".rdb", ".txt", ".csv", ".tsv", ".ecsv", ".vot", ".xml", ".parquet")


def file_stem(path: Path) -> str:
    """A file's name without its endings, one after another; a folder's name."""
    name = path.name
    while ending := next((ending for ending in ENDINGS if name.lower().endswith(ending)), ""):
        name = name[: -len(ending)]
    return name or path.name
