"""What the end-to-end tests share: starting `astrocnn` as its users do, and reading what it left."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
from astropy.table import Table
from processes import command

SMOKE = ("run", "quickstart", "--profile", "smoke")
FOLDER = Path("runs") / "quickstart@smoke"


def environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "XDG_CACHE_HOME": str(cache), "KERAS_BACKEND": "tensorflow"}


def astrocnn(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(folder / "cache"), capture_output=True, text=True, timeout=900
    )


def done_marks(run: Path) -> dict[str, int]:
    """Modification time of the mark of every finished product and part: it changes when something is made twice."""
    return {str(path.relative_to(run)): path.stat().st_mtime_ns for path in run.glob("*/**/done.json")}


def catalog(run: Path) -> Table:
    return Table.read(run / "candidates" / "current" / "candidates.fits")


def assert_same_catalog(one: Path, other: Path) -> None:
    first, second = catalog(one), catalog(other)
    assert first.colnames == second.colnames
    assert len(first) == len(second) > 0
    for name in first.colnames:
        np.testing.assert_array_equal(np.asarray(first[name]), np.asarray(second[name]), err_msg=name)
