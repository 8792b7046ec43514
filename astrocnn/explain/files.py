"""The files of an explanation: `explanation.json` and `maps.npz`, which hold all that its pictures are drawn from."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np

from astrocnn.errors import StoreError
from astrocnn.explain.explanation import FORMAT_VERSION, Explanation

FACTS, ARRAYS = "explanation.json", "maps.npz"


def write_explanation(explanation: Explanation, folder: Path) -> None:
    """Write the facts as JSON and the arrays as a numpy archive; the same bytes for the same explanation."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(explanation.facts, indent=1, ensure_ascii=False)
    (folder / FACTS).write_text(text + "\n", encoding="utf-8")
    np.savez_compressed(folder / ARRAYS, **explanation.arrays)  # type: ignore[arg-type]


def read_explanation(folder: Path) -> Explanation:
    """Read an explanation; needs no Keras, and runs no code of the file.

    Raises
    ------
    StoreError
        When there is none, it is damaged, or of a newer format.
    """
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        with (folder / ARRAYS).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise StoreError(f"is no explanation: {error}", where=str(folder), expected=f"{FACTS} and {ARRAYS}") from error
    version = facts.get("format_version") if isinstance(facts, dict) else None
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise StoreError(
            "explanation of another format", where=str(folder / FACTS),
            expected=f"format_version {FORMAT_VERSION} or less", received=version, fix="install a newer astrocnn",
        )  # fmt: skip
    return Explanation(facts, arrays)
