"""Files by a pattern with names in it, as `{tile}_{band}.fits`. Light: no astropy, no numpy."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path


def pattern_matches(
    pattern: str, names: Sequence[str], root: Path, fixed: Mapping[str, str] | None = None,
    wanted: Callable[[Path], bool] = Path.is_file,
) -> list[tuple[dict[str, str], Path]]:  # fmt: skip
    """Paths that match a pattern, in their order, with what its names stand for.

    Parameters
    ----------
    pattern : str
        `{name}` stands for anything but a slash, the same wherever it is repeated; `*`, `?`, `[...]` and `**` as in a
        shell. A path that exists is itself, whatever characters it holds.
    names : sequence of str
        Names that may stand in the pattern.
    root : Path
        Folder that a relative pattern starts from.
    fixed : mapping of str to str, optional
        Names that stand for a given text.
    wanted : callable
        Which paths count: files by default.
    """
    if wanted(root / pattern):  # its name may hold brackets, which are no pattern then
        return [({}, root / pattern)]
    fixed = fixed or {}
    shell = pattern
    for name in names:
        shell = shell.replace(f"{{{name}}}", "*")
    for name, text in fixed.items():
        shell = shell.replace(f"{{{name}}}", glob.escape(text))
    rule = re.compile(_regular_expression(pattern, names, fixed))
    found = []
    for path in sorted(glob.glob(shell, root_dir=root, recursive=True)):
        match = rule.fullmatch(path)
        if match and wanted(root / path):
            found.append((match.groupdict(), root / path))
    return found


def _regular_expression(pattern: str, names: Sequence[str], fixed: Mapping[str, str]) -> str:
    """The pattern as a regular expression with a group for each name; repeats must agree."""
    parts, seen = [], set()
    braces = "|".join(rf"\{{{name}\}}" for name in (*names, *fixed))
    for piece in re.split(rf"({braces}|\*\*/|\*|\?|\[[^\]]+\])", pattern):
        name = piece[1:-1]
        if piece.startswith("{") and name in fixed:
            parts.append(re.escape(fixed[name]))
        elif piece.startswith("{") and name in names:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+)")
            seen.add(name)
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


def nearest_files(wanted: Path) -> str:
    """The existing files whose names are most like the pattern, in words."""
    folder = next((parent for parent in wanted.parents if parent.is_dir()), Path.cwd())
    names = sorted(path.name for path in folder.iterdir())
    near = get_close_matches(wanted.name, names, n=3, cutoff=0.3) or names[:3]
    return f"the folder {folder} has {', '.join(near)}" if near else f"the folder {folder} is empty"
